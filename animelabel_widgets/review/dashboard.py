"""What the reviewers' dashboard shows: the campaign's counts, its plots, and its volunteers.

All ratings are read for it, and all volunteers' skills estimated: only once somebody looks, beside
the kernel's thread, and again only where something has come since.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..aggregation import ConsensusWarning, consensus, volunteers
from ..labels import KEYS
from ..store import Store
from ..store.board import STATES
from .filtering import SURE, certainty

if TYPE_CHECKING:
    from ..plots import Plot

PLOTS = ("coverage", "days", "certainty", "calibration", "volunteers")
"""The plots, in the order in which they are made: those that need no ratings are quick."""

ORDERS = ("ratings", "skill", "blocked")
"""How volunteers are listed: the busiest, the least skilled, or the blocked ones first."""

FLAGS = {"spammer": "at random", "always_the_same": "always the same", "too_fast": "too fast"}


@dataclass(frozen=True, slots=True)
class _Crowd:
    """The ratings that count, the known answers, and what both say of the volunteers."""

    mark: tuple[int, ...]
    ratings: pd.DataFrame
    gold: pd.DataFrame
    volunteers: pd.DataFrame


class Dashboard:
    """Counts, plots and lists what the store has.

    Parameters
    ----------
    store
        The database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._crowd: _Crowd | None = None

    def counts(self, board: pd.DataFrame | None) -> dict[str, object]:
        """Count the campaign; of `board`, the share of the rated images of which all is sure."""
        stats = self._store.stats()
        sure = 0.0
        rated = None if board is None else board[board["votes"] > 0]
        if rated is not None and len(rated):
            said = rated[[f"p_{key}" for key in KEYS]].to_numpy()
            sure = float((certainty(said) >= SURE).mean())
        return {
            "images": sum(stats.images.values()),
            "states": stats.images,
            "ratings": stats.ratings,
            "volunteers": stats.volunteers,
            "settled": len(self._store.reviews()),
            "sure": sure,
        }

    def plot(self, name: str, board: pd.DataFrame) -> dict[str, str]:
        """Draw one of `PLOTS`, as an SVG element with its title."""
        draw: dict[str, Callable[[pd.DataFrame], Plot]] = {
            "coverage": self._coverage,
            "certainty": self._certainty,
            "days": self._days,
            "calibration": self._calibration,
            "volunteers": self._volunteers,
        }
        figure = draw[name](board)
        return {"title": figure.get_suptitle(), "svg": figure.to_svg()}

    def volunteers(self, order: str, start: int, count: int) -> dict[str, object]:
        """List some volunteers in one of `ORDERS`, with how many there are.

        Whoever is blocked keeps the skill that was known before, if it was.
        """
        crowd = self._known(again=False)
        found = crowd.volunteers
        blocked = self._store.blocked()
        listed = found[["ratings", *FLAGS]].assign(
            skill=found[[f"skill_{key}" for key in KEYS]].mean(axis=1),
            seconds=found["median_ms"] / 1000,
        )
        listed = listed.reindex(listed.index.union(pd.Index(list(blocked), dtype="int64")))
        listed["blocked"] = listed.index.isin(list(blocked))
        counted = pd.Series(blocked, dtype="float64").reindex(listed.index)
        listed["ratings"] = counted.fillna(listed["ratings"])
        columns = [*{"ratings": [], "skill": ["skill"], "blocked": ["blocked"]}[order], "ratings"]
        ascending = [name == "skill" for name in columns]
        listed = listed.sort_values(columns, ascending=ascending, kind="stable")
        shown = listed.iloc[start : start + count].reset_index(names="volunteer")
        return {"total": len(listed), "rows": list(map(_in_words, shown.to_dict("records")))}

    def _known(self, *, again: bool) -> _Crowd:
        """Read the crowd, or give what is known: with `again`, where nothing has come since."""
        with self._lock:
            mark = self._store.mark()
            if self._crowd is None or (again and self._crowd.mark != mark):
                ratings, gold = self._store.ratings(), self._store.gold()
                self._crowd = _Crowd(mark, ratings, gold, volunteers(ratings, gold))
            return self._crowd

    def _coverage(self, board: pd.DataFrame) -> Plot:
        from ..plots import coverage

        states = np.array([state.value for state in STATES])[board["state"].to_numpy()]
        return coverage(pd.DataFrame({"votes": board["votes"].to_numpy(), "state": states}))

    def _certainty(self, board: pd.DataFrame) -> Plot:
        from ..plots import posteriors

        return posteriors(board.dropna(subset=[f"p_{key}" for key in KEYS]))

    def _days(self, _board: pd.DataFrame) -> Plot:
        from ..plots import votes_per_day

        return votes_per_day(self._known(again=True).ratings)

    def _calibration(self, board: pd.DataFrame) -> Plot:
        from ..plots import calibration

        crowd = self._known(again=True)
        if crowd.gold.empty:
            return calibration(board.iloc[:0], crowd.gold)
        with warnings.catch_warnings():
            # The plot shows how far the verdicts can be trusted.
            warnings.simplefilter("ignore", ConsensusWarning)
            blind = consensus(crowd.ratings)
        return calibration(blind, crowd.gold)

    def _volunteers(self, _board: pd.DataFrame) -> Plot:
        from ..plots import volunteers as drawn

        return drawn(self._known(again=True).volunteers)


def _number(value: Any) -> float | None:
    """Round a number for the page, which knows no NaN."""
    return None if pd.isna(value) else round(float(value), 3)


def _in_words(row: dict[Any, Any]) -> dict[str, object]:
    """Put a volunteer into what the list says."""
    return {
        "volunteer": int(row["volunteer"]),
        "ratings": int(row["ratings"]),
        "skill": _number(row["skill"]),
        "seconds": _number(row["seconds"]),
        "blocked": bool(row["blocked"]),
        "odd": [words for flag, words in FLAGS.items() if row[flag] is True],
    }
