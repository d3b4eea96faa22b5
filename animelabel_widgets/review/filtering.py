"""Which images a reviewer sees, and in which order. It knows DataFrames only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..labels import KEYS

ANY, YES, NO, UNSURE = "any", "yes", "no", "unsure"
CHOICES = (ANY, YES, NO, UNSURE)
KINDS = ("any", "anime", "cartoon")
ORDERS = ("hardest", "disagreement", "votes", "number")
SURE = 0.95


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reviewer wants to see.

    Parameters
    ----------
    features
        Of each feature one of `CHOICES`; "unsure" is a probability below 95 % either way.
    confidence
        The least and the greatest certainty of the least certain feature, 0.5 to 1.
    votes
        The least and the greatest number of votes.
    disagreement
        The least share of votes that are against the majority of some feature, 0 to 0.5.
    series, state, reason
        Their ids or codes; None for all.
    kind, order
        One of `KINDS` and of `ORDERS`.
    """

    features: dict[str, str] = field(default_factory=dict)
    confidence: tuple[float, float] = (0.5, 1.0)
    votes: tuple[int, int] = (0, 1_000_000)
    disagreement: float = 0.0
    series: int | None = None
    kind: str = "any"
    state: int | None = None
    reason: int | None = None
    order: str = "hardest"


def chosen(board: pd.DataFrame, series: pd.DataFrame, wanted: Filter) -> NDArray[np.int64]:
    """Give the ids of the images that a filter lets through, in its order.

    Parameters
    ----------
    board
        As `Store.board` gives it.
    series
        As `Store.series` gives it.
    wanted
        The filter.
    """
    said = board[[f"p_{key}" for key in KEYS]].to_numpy()
    votes = board["votes"].to_numpy()
    sure = certainty(said)
    against = disagreement(board)
    keep = (votes >= wanted.votes[0]) & (votes <= wanted.votes[1])
    keep &= (sure >= wanted.confidence[0]) & (sure <= wanted.confidence[1])
    keep &= against >= wanted.disagreement
    for column, key in enumerate(KEYS):
        choice, here = wanted.features.get(key, ANY), said[:, column]
        if choice == YES:
            keep &= here > 0.5  # noqa: PLR2004 - more probable than not
        elif choice == NO:
            keep &= here < 0.5  # noqa: PLR2004 - the same
        elif choice == UNSURE:
            keep &= ~(np.maximum(here, 1 - here) >= SURE)
    for name in ("state", "reason"):
        code = getattr(wanted, name)
        if code is not None:
            keep &= board[name].to_numpy() == code
    if wanted.series is not None:
        keep &= board["series_id"].to_numpy() == wanted.series
    if wanted.kind != "any":
        is_kind = series["is_anime"] == (wanted.kind == "anime")
        keep &= board["series_id"].isin(series.index[is_kind.fillna(value=False)]).to_numpy()
    ids = board.index.to_numpy()[keep]
    if wanted.order == "number":
        return ids
    # Who has votes and is least certain is the hardest; images without votes come last.
    hardest = np.where(votes > 0, sure, 2.0)
    ranks = {"hardest": hardest, "disagreement": -against, "votes": -votes}
    return ids[np.lexsort((ids, ranks[wanted.order][keep]))]


def certainty(said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the certainty of each image's least certain feature; 0.5 where nothing is estimated."""
    sure: NDArray[np.float64] = np.maximum(said, 1 - said).min(axis=1)
    return np.nan_to_num(sure, nan=0.5)


def disagreement(board: pd.DataFrame) -> NDArray[np.float64]:
    """Give the share of votes against the majority, of the feature where it is greatest."""
    votes = np.maximum(board["votes"].to_numpy(), 1)[:, None]
    shares = board[[f"n_{key}" for key in KEYS]].to_numpy() / votes
    found: NDArray[np.float64] = np.minimum(shares, 1 - shares).max(axis=1)
    found[board["votes"].to_numpy() == 0] = 0
    return found
