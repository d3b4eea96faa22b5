"""Plots of a campaign, as figures of matplotlib that follow the page's light or dark colours.

For notebooks and reviewers; the volunteers' page never imports it.
"""

from .campaign import coverage, time_per_rating, votes_per_day
from .crowd import effort_saved, volunteers
from .features import features_by_kind, features_by_series, posteriors
from .figure import Plot
from .quality import calibration

__all__ = [
    "Plot",
    "calibration",
    "coverage",
    "effort_saved",
    "features_by_kind",
    "features_by_series",
    "posteriors",
    "time_per_rating",
    "volunteers",
    "votes_per_day",
]
