"""Retirement: which images have been rated enough. It knows DataFrames only.

A volunteer's time is what a campaign spends. An image of which the crowd is
sure after two votes needs no third one, and one of which it is not gets them
first.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .aggregation import ConsensusWarning, consensus
from .errors import InputError
from .labels import EXCLUSIVE, KEYS

CONSENSUS, BLANK, LIMIT = "consensus", "blank", "limit"
REASONS = (CONSENSUS, BLANK, LIMIT)
"""Why an image is retired: the crowd is sure; sure that it is empty; or has said enough."""

EQUAL, AT_MOST = 3, 5
"""Without a model: equal answers on each feature, and votes at most."""

FIRST = -1
"""The priority of an image of which the crowd is not sure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When an image has been rated enough.

    Parameters
    ----------
    sure
        The probability from which on a feature is decided, above 0.5 and at most 1. All four
        must be.
    least, most
        Votes that an image gets at least, and at most.
    """

    sure: float = 0.95
    least: int = 2
    most: int = 7

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not 0.5 < self.sure <= 1:  # noqa: PLR2004 - below, nothing is sure
            raise InputError(f"sure must be above 0.5 and at most 1, not {self.sure}.")
        if not 1 <= self.least <= self.most:
            raise InputError(
                f"least must be from 1 to most, not {self.least} with most {self.most}."
            )


def decide(verdicts: pd.DataFrame, rule: Rule) -> pd.Series:
    """Say why each image is retired, NA where it is not.

    Parameters
    ----------
    verdicts
        What `consensus` gave. Of majority, whose shares are no probabilities, an image is
        retired after three equal answers on each feature, or five votes.
    rule
        When it has been rated enough.
    """
    said = verdicts[[f"p_{key}" for key in KEYS]].to_numpy()
    certainty = np.maximum(said, 1 - said)
    votes = verdicts["votes"].to_numpy()
    if verdicts.attrs.get("method") == "majority":
        sure = (np.round(certainty * votes[:, None]) >= EQUAL).all(axis=1)
        enough = votes >= min(AT_MOST, rule.most)
    else:
        sure = (certainty >= rule.sure).all(axis=1)
        enough = votes >= rule.most
    sure &= votes >= rule.least
    empty = said[:, KEYS.index(EXCLUSIVE)] > 0.5  # noqa: PLR2004 - more probable than not
    reasons = np.select([sure & empty, sure, enough], [BLANK, CONSENSUS, LIMIT], default="")
    found = pd.Series(reasons, index=verdicts.index, dtype="str", name="reason")
    return found.mask(found == "")


def priorities(verdicts: pd.DataFrame, reasons: pd.Series, rule: Rule) -> pd.Series:
    """Give the priority of each image: those first that are neither new nor decided."""
    unsure = reasons.isna() & (verdicts["votes"] >= rule.least)
    return pd.Series(np.where(unsure, FIRST, 0), index=verdicts.index, name="priority")


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule would have done with ratings that are there.

    `error` and `error_of_all` are the shares of features that are not as they are known to be:
    with the votes that the rule would have asked for, and with all.
    """

    images: int
    votes_per_image: float
    votes_of_all: float
    error: float
    error_of_all: float
    verdicts: pd.DataFrame

    def summary(self) -> str:
        """Say it in one sentence."""
        saved = 1 - self.votes_per_image / self.votes_of_all
        return (
            f"{self.votes_per_image:.2f} votes per image instead of {self.votes_of_all:.2f} "
            f"({saved:.0%} saved), with {self.error:.2%} of the features decided wrong instead "
            f"of {self.error_of_all:.2%}, over {self.images} images."
        )


def replay(ratings: pd.DataFrame, rule: Rule, truth: pd.DataFrame | None = None) -> Replay:
    """Let a rule decide as if the ratings arrived once more, in the order of the rows.

    In each round, every image that is open gets its next vote, all is estimated anew, and
    images are retired, or opened again where they are doubted.

    Parameters
    ----------
    ratings
        As for `consensus`.
    rule
        When an image has been rated enough.
    truth
        The known answers, indexed by `image_id`, a bool for each feature; without them, the
        consensus of all ratings is taken for them.

    Raises
    ------
    InputError
        If there are no ratings, or `consensus` cannot use them.
    """
    if ratings.empty:
        raise InputError("There are no ratings to replay: let volunteers rate first.")
    place = ratings.groupby("image_id").cumcount().to_numpy()
    available = ratings.groupby("image_id").size()
    given = pd.Series(0, index=available.index)
    still_open = pd.Series(data=True, index=available.index)
    image = available.index.get_indexer(pd.Index(ratings["image_id"]))
    while still_open.any():
        given[still_open] += 1
        verdicts = _quiet(ratings[place < given.to_numpy()[image]])
        reasons = decide(verdicts, rule)
        still_open = reasons.isna() & (given < available)
    everything = _quiet(ratings)
    right = everything if truth is None else truth
    return Replay(
        images=len(given),
        votes_per_image=float(given.mean()),
        votes_of_all=float(available.mean()),
        error=_error(verdicts, right),
        error_of_all=_error(everything, right),
        verdicts=verdicts,
    )


def efforts(
    ratings: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    *,
    sure: Sequence[float] = (0.8, 0.9, 0.95, 0.99),
) -> pd.DataFrame:
    """Replay ratings by rules that ask for more and more certainty.

    Parameters
    ----------
    ratings, truth
        As for `replay`.
    sure
        The probabilities from which on a feature is decided.

    Returns
    -------
    DataFrame
        One row by `sure`: `votes_per_image`, `votes_of_all`, `error` and `error_of_all`, as of
        `Replay`; no row where there are no ratings.

    Raises
    ------
    InputError
        If a probability makes no rule, or `consensus` cannot use the ratings.
    """
    columns = ["votes_per_image", "votes_of_all", "error", "error_of_all"]
    replays = {} if ratings.empty else {each: replay(ratings, Rule(each), truth) for each in sure}
    rows = [[getattr(found, name) for name in columns] for found in replays.values()]
    index = pd.Index(list(replays), dtype="float64", name="sure")
    return pd.DataFrame(rows, columns=columns, index=index, dtype="float64")


def _quiet(ratings: pd.DataFrame) -> pd.DataFrame:
    """Aggregate; that the first rounds have few votes goes without saying."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConsensusWarning)
        return consensus(ratings)


def _error(verdicts: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Give the share of features that are not as they are known to be; undecided ones are not."""
    common = verdicts.index.intersection(truth.index)
    keys = list(KEYS)
    said = verdicts.loc[common, keys]
    wrong = (said != truth.loc[common, keys].astype("boolean")).fillna(True)  # noqa: FBT003
    return float(wrong.to_numpy(dtype=bool).mean()) if len(common) else 0.0
