"""The volunteers: how much each has rated, how well, and whether something is odd."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..labels import KEYS
from . import ratings as rated
from .calibration import Floats, softmax
from .hasty import HASTY_MS, hasty
from .states import HAS, estimate

SPAMMER, ENOUGH_VOTES = 0.2, 30
"""Who knows no more than that, after so many ratings, does not look at the pictures."""

FAST_MS = HASTY_MS
"""A median below that is not enough to see a picture and press a button, in milliseconds."""

DRAWS = 1000
PRIOR = 5.0


def volunteers(ratings: pd.DataFrame, gold: pd.DataFrame | None = None) -> pd.DataFrame:
    """Describe each volunteer.

    Parameters
    ----------
    ratings
        As for `consensus`; with a column `elapsed_ms`, the times are described too.
    gold
        Images whose answer is known, as for `consensus`.

    Returns
    -------
    DataFrame
        Indexed by `volunteer_id`, those with the most ratings first: `ratings`; `median_ms` per
        rating; `hasty`, the share of ratings in implausibly fast series of equal answers (see
        `al.hasty`); for each feature `sensitivity_<feature>`, `specificity_<feature>` and their sum
        minus one, `skill_<feature>` (0 is chance, 1 is perfect), with the bounds
        `skill_<feature>_low` and `skill_<feature>_high` of its 95 % credible interval;
        `informedness`, over all features together and without a prior; `agreement`, the share
        of features answered as the consensus does; `gold_score`, the same for images whose
        answer is known; and the flags `spammer` (informedness below 0.2 after 30 ratings),
        `always_the_same` (one answer in 30 ratings or more) and `too_fast` (a median below
        400 ms in 30 ratings or more). What cannot be known is NA.

    Notes
    -----
    The skills are Beta distributions: what a volunteer said, weighted by how probable each truth
    is, and five pseudo-answers that all volunteers pool. Their interval is of 1,000 draws with a
    fixed seed.

    Raises
    ------
    InputError
        As `consensus` does.
    """
    read = rated.read(ratings)
    count = len(read.volunteers)
    number = np.bincount(read.reports.volunteer, minlength=count)
    found = pd.DataFrame({"ratings": number}, index=read.volunteers)
    if "elapsed_ms" in ratings:
        times = ratings.groupby("volunteer_id")["elapsed_ms"].median()
        found["median_ms"] = times.reindex(read.volunteers).astype("float64")
        share = pd.Series(hasty(ratings)).groupby(ratings["volunteer_id"].to_numpy()).mean()
        found["hasty"] = share.reindex(read.volunteers).astype("float64")
    else:
        found["median_ms"] = found["hasty"] = np.nan
    if not count:
        return _flagged(found.assign(**dict.fromkeys(_COLUMNS, np.nan)), number)
    fixed = rated.known(gold, read.images)
    truth = _truth(read, fixed)
    hits, yes, rejections, no = _counts(read, truth)
    for column, key in enumerate(KEYS):
        parts = hits[:, column], yes[:, column], rejections[:, column], no[:, column]
        for name, values in _skill(*parts).items():
            found[name.format(key)] = values
    with np.errstate(invalid="ignore"):
        recall = hits.sum(axis=1) / yes.sum(axis=1), rejections.sum(axis=1) / no.sum(axis=1)
    found["informedness"] = recall[0] + recall[1] - 1
    said = truth[read.reports.image] > 0.5  # noqa: PLR2004 - more probable than not
    same = (said == read.answers).mean(axis=1)
    found["agreement"] = np.bincount(read.reports.volunteer, same, minlength=count) / number
    on_gold = fixed[read.reports.image] >= 0
    right = (HAS[fixed[read.reports.image]] > 0) == read.answers
    golden = np.bincount(read.reports.volunteer[on_gold], minlength=count)
    score = np.bincount(
        read.reports.volunteer[on_gold], right[on_gold].mean(axis=1), minlength=count
    )
    found["gold_score"] = np.where(golden > 0, score / np.maximum(golden, 1), np.nan)
    answers = pd.Series(read.reports.state).groupby(read.reports.volunteer).nunique()
    return _flagged(found, answers.to_numpy())


_SKILLS = (
    "sensitivity_{0}",
    "specificity_{0}",
    "skill_{0}",
    "skill_{0}_low",
    "skill_{0}_high",
)
_COLUMNS = (
    *(name.format(key) for key in KEYS for name in _SKILLS),
    "informedness",
    "agreement",
    "gold_score",
)


def _truth(read: rated.Ratings, fixed: np.ndarray) -> Floats:
    """Give the probability of each image's features; shape (images, features)."""
    states = softmax(estimate(read.reports, fixed=fixed).scores)
    features: Floats = states @ HAS
    return np.where((fixed >= 0)[:, None], HAS[fixed], features)


def _counts(read: rated.Ratings, truth: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Count, for each volunteer and feature, hits of how many yes and rejections of how many no."""
    count = len(read.volunteers)
    expected = truth[read.reports.image]

    def summed(weights: Floats) -> Floats:
        columns = [
            np.bincount(read.reports.volunteer, weights[:, column], minlength=count)
            for column in range(len(KEYS))
        ]
        return np.stack(columns, axis=1)

    hits = summed(expected * read.answers)
    rejections = summed((1 - expected) * ~read.answers)
    return hits, summed(expected), rejections, summed(1 - expected)


def _skill(hits: Floats, yes: Floats, rejections: Floats, no: Floats) -> dict[str, Floats]:
    """Describe the skill of each volunteer for one feature."""
    generator = np.random.default_rng(0)
    means, draws = [], []
    for right, of in ((hits, yes), (rejections, no)):
        pooled = (right.sum() + 0.5) / (of.sum() + 1)
        alpha = right + PRIOR * pooled
        beta = np.maximum(of - right, 0) + PRIOR * (1 - pooled)
        means.append(alpha / (alpha + beta))
        draws.append(generator.beta(alpha[:, None], beta[:, None], size=(len(alpha), DRAWS)))
    low, high = np.quantile(draws[0] + draws[1] - 1, (0.025, 0.975), axis=1)
    return dict(zip(_SKILLS, (*means, means[0] + means[1] - 1, low, high), strict=True))


def _flagged(found: pd.DataFrame, answers: np.ndarray) -> pd.DataFrame:
    """Add what is odd, and sort."""
    enough = found["ratings"] >= ENOUGH_VOTES
    found["spammer"] = enough & (found["informedness"] < SPAMMER)
    found["always_the_same"] = enough & (answers == 1)
    found["too_fast"] = enough & (found["median_ms"] < FAST_MS)
    return found.sort_values("ratings", ascending=False, kind="stable")
