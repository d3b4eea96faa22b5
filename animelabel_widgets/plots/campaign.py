"""Plots of how a campaign goes: ratings by day, coverage, and the time that a rating takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .figure import BLUE, GREEN, INK, Plot, empty_plot, gridlines, legend, new_plot, require

_SHORTEST, _LONGEST = 0.1, 600.0
_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)
_MINUTE = 60
_DATES = 7


def votes_per_day(ratings: pd.DataFrame) -> Plot:
    """Draw how many ratings each day brought, days without any among them.

    Parameters
    ----------
    ratings
        As of `Project.ratings`; the column `created_at` (UTC) counts.

    Raises
    ------
    InputError
        If there is no such column.
    """
    require(ratings, ["created_at"], "what project.ratings() gives")
    title = "Ratings per day"
    if ratings.empty:
        return empty_plot(title, "There are no ratings yet.")
    days = pd.to_datetime(ratings["created_at"], utc=True).dt.floor("D")
    counts = days.value_counts().sort_index().asfreq("D", fill_value=0)
    figure, (axes,) = new_plot(title)
    axes.bar(counts.index.to_numpy(), counts.to_numpy(), width=0.85, color=BLUE)
    shown = counts.index[:: -(-len(counts) // _DATES)]  # bars are days, and so are the ticks
    axes.set_xticks(shown.to_numpy(), [f"{day:%Y-%m-%d}" for day in shown])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="day (UTC)", ylabel="ratings")
    gridlines(axes, "y")
    return figure


def coverage(counts: pd.DataFrame | Mapping[int, int]) -> Plot:
    """Draw how many images have how many ratings.

    Parameters
    ----------
    counts
        A frame with a row per image and the column `votes`, such as `Project.images` gives;
        with a column `state`, images that volunteers do not see are left out, and retired ones
        are told apart. Or how many images there are by their votes, as in `Stats.coverage`.

    Raises
    ------
    InputError
        If there is no column `votes`.
    """
    title = "Coverage: images by number of ratings"
    groups: dict[str, pd.Series] = {}
    if isinstance(counts, pd.DataFrame):
        require(counts, ["votes"], "a frame with the votes of each image")
        if "state" in counts:
            for state, name in (("open", "still open"), ("retired", "retired: rated enough")):
                groups[name] = counts.loc[counts["state"] == state, "votes"].value_counts()
        else:
            groups["images"] = counts["votes"].value_counts()
    else:
        groups["images"] = pd.Series(dict(counts), dtype="int64")
    groups = {name: group for name, group in groups.items() if group.sum()}
    if not groups:
        return empty_plot(title, "There are no images to rate yet.")
    levels = np.arange(max(int(group.index.max()) for group in groups.values()) + 1)
    figure, (axes,) = new_plot(title)
    below = np.zeros(len(levels))
    for name, group in groups.items():
        colour = GREEN if name.startswith("retired") else BLUE
        heights = group.reindex(levels, fill_value=0).to_numpy()
        axes.bar(levels, heights, bottom=below, width=0.85, color=colour, label=name)
        below += heights
    for which in (axes.xaxis, axes.yaxis):
        which.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="ratings per image", ylabel="images")
    gridlines(axes, "y")
    if "images" not in groups:
        legend(axes, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure


def time_per_rating(ratings: pd.DataFrame) -> Plot:
    """Draw how long ratings took, on a logarithmic scale, with the median.

    Parameters
    ----------
    ratings
        As of `Project.ratings`; the column `elapsed_ms` (milliseconds) counts. What is below
        0.1 s or above 10 min is drawn at that end.

    Raises
    ------
    InputError
        If there is no such column.
    """
    require(ratings, ["elapsed_ms"], "what project.ratings() gives")
    title = "Time per rating"
    seconds = ratings["elapsed_ms"].dropna().to_numpy(dtype=float) / 1000
    if not len(seconds):
        return empty_plot(title, "There are no ratings yet.")
    median = float(np.median(seconds))
    figure, (axes,) = new_plot(title)
    edges = np.geomspace(_SHORTEST, _LONGEST, 49)
    axes.hist(np.clip(seconds, _SHORTEST, _LONGEST), bins=edges, color=BLUE)  # type: ignore[arg-type]
    axes.axvline(median, color=INK, linestyle="--", linewidth=1.2, label=f"median {median:.1f} s")
    axes.set_xscale("log")
    axes.set_xticks(_SECONDS)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _duration(value)))
    axes.minorticks_off()
    axes.set_xlim(
        max(_SHORTEST, min(seconds.min(), median) / 1.5),
        max(min(_LONGEST, seconds.max() * 1.5), 1.0),
    )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="time from picture to answer (logarithmic)", ylabel="ratings")
    gridlines(axes, "y")
    legend(axes, loc="upper right")
    return figure


def _duration(seconds: float) -> str:
    """Give a time as a tick says it."""
    return f"{seconds:g} s" if seconds < _MINUTE else f"{seconds / _MINUTE:g} min"
