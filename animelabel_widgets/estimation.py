"""Estimation in the background: verdicts anew, images retired, the unsure ones first.

All ratings are read and estimated together each time: a volunteer's skill is
known from all of his ratings, so a few new ones change verdicts everywhere.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .aggregation import ConsensusWarning, consensus
from .config import Settings
from .errors import StoreError
from .retirement import FIRST, LIMIT, REASONS, Rule, decide, priorities
from .store.reviewing import BROUGHT_BACK
from .tables import State

if TYPE_CHECKING:
    import pandas as pd

    from .store import Store

_log = logging.getLogger(__name__)

PAUSES = 5
"""A round that takes long is followed by a pause so many times as long."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one estimation found and did."""

    verdicts: pd.DataFrame
    changed: int
    retired: dict[str, int]
    reopened: int
    preferred: int

    def summary(self) -> str:
        """Say it in one sentence."""
        attrs = self.verdicts.attrs
        calibrated = ", calibrated" if attrs["calibrated"] else ""
        said = f"{len(self.verdicts)} verdicts ({attrs['method']}{calibrated}), {self.changed} new"
        retired = ", ".join(f"{count} {reason}" for reason, count in self.retired.items() if count)
        if retired:
            said += f"; retired: {retired}"
        if self.reopened:
            said += f"; {self.reopened} opened again"
        return f"{said}."


def rule(settings: Settings) -> Rule:
    """Give the rule that the settings describe."""
    return Rule(settings.sure, min(settings.least, settings.target), settings.target)


def reestimate(
    store: Store, *, method: str = "ds", rule: Rule | None = None, progress: bool = False
) -> Round | None:
    """Estimate all verdicts and store them; with a rule, retire what has been rated enough.

    An image that was retired by a rule and is doubted now is opened again. The priority of
    open images is set to -1 where the crowd is not sure and to 0 elsewhere, unless somebody
    has set another one.

    Parameters
    ----------
    store
        Where the ratings are.
    method
        As of `consensus`.
    rule
        When an image has been rated enough; None retires none.
    progress
        Show a progress bar where reading takes long.

    Returns
    -------
    Round or None
        None where another process is at it.

    Raises
    ------
    StoreError
        If the database cannot be reached.
    """
    with store.alone("consensus") as mine:
        if not mine:
            return None
        ratings = store.ratings(progress=progress)
        with warnings.catch_warnings():
            # The verdicts say so themselves.
            warnings.simplefilter("ignore", ConsensusWarning)
            verdicts = store.decided(consensus(ratings, store.gold(), method=method))
        changed = store.put_verdicts(verdicts)
        if rule is None:
            return Round(verdicts, changed, {}, 0, 0)
        everywhere = store.places()
        verdicts = verdicts[verdicts.index.isin(everywhere.index)]
        places = everywhere.loc[verdicts.index]
        reasons = decide(verdicts, rule)
        # What a reviewer brought back stays until it has all votes it may get.
        brought_back = (places["reason"] == BROUGHT_BACK) & (reasons != LIMIT)
        reasons = reasons.mask(brought_back & (places["state"] == State.OPEN))
        is_open = places["state"] == State.OPEN
        retired = {
            reason: store.retire(_ids(places[is_open & (reasons == reason)]), reason)
            for reason in REASONS
        }
        by_rule = (places["state"] == State.RETIRED) & places["reason"].isin(REASONS)
        voteless = everywhere[(everywhere["votes"] == 0) & everywhere["reason"].isin(REASONS)]
        reopened = store.reopen({*_ids(places[by_rule & reasons.isna()]), *_ids(voteless)})
        wanted = priorities(verdicts, reasons, rule)
        ours = places["priority"].isin([0, FIRST]) & (wanted != places["priority"])
        unlike = wanted[ours & reasons.isna()]
        preferred = store.prioritise(dict(zip(_ids(unlike), unlike.tolist(), strict=True)))
        return Round(verdicts, changed, retired, reopened, preferred)


def watch(
    store: Store,
    rule: Rule,
    *,
    every: float,
    wait: Callable[[float], bool],
    told: Callable[[Round], None] = lambda _: None,
) -> None:
    """Estimate again and again, where something has come since the last time.

    Parameters
    ----------
    store, rule
        As for `reestimate`.
    every
        Seconds between two rounds, at least.
    wait
        Waits so many seconds, and tells whether to end.
    told
        Called after each round that did something.
    """
    known, pause = None, every
    while not wait(pause):
        try:
            found = store.mark()
            if found == known:
                continue
            start = time.monotonic()
            done = reestimate(store, rule=rule)
            pause = max(every, PAUSES * (time.monotonic() - start))
        except StoreError as error:
            _log.warning("The verdicts wait for the next round: %s", error)
            continue
        except Exception:  # noqa: BLE001 - without rounds, nothing would be retired any more
            _log.exception("The verdicts wait for the next round")
            continue
        if done is not None:
            known = found
            told(done)


def _ids(rows: pd.DataFrame | pd.Series) -> list[int]:
    """Give the image ids of a frame."""
    found: list[int] = rows.index.tolist()
    return found
