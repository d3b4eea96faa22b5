"""Votes as arrays: the contract `task, worker, label`, read, checked and coded as integers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import InputError

Codes = NDArray[np.int64]

_SAME = 1e-9
"""Probabilities nearer than that are equal, but for rounding."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes, sorted by task: three arrays of equal length, and what their numbers mean."""

    task: Codes
    worker: Codes
    label: Codes
    tasks: pd.Index
    workers: pd.Index
    labels: pd.Index

    def __len__(self) -> int:
        """Give the number of votes."""
        return len(self.task)


def coded(votes: pd.DataFrame) -> Votes:
    """Read votes; of several by one worker on one task, the last counts.

    Parameters
    ----------
    votes
        The columns `task`, `worker`, `label`; ids and labels of any hashable kind, rows in any
        order.

    Raises
    ------
    InputError
        If a column is missing or has missing values.
    """
    require(votes, ("task", "worker", "label"), "votes with the columns task, worker and label")
    task, tasks = numbered(votes["task"])
    worker, workers = numbered(votes["worker"])
    label, labels = numbered(votes["label"])
    kept = last_of_each(task, worker)
    task, worker, label = task[kept], worker[kept], label[kept]
    order = np.argsort(task, kind="stable")
    return Votes(task[order], worker[order], label[order], tasks, workers, labels)


def require(frame: pd.DataFrame, columns: tuple[str, ...], expected: str) -> None:
    """Refuse a frame without these columns, or with missing values in them.

    Raises
    ------
    InputError
        If it is so.
    """
    missing = [column for column in columns if column not in frame]
    if missing:
        raise InputError(f"There is no column {', '.join(missing)}: pass {expected}.")
    holes = [column for column in columns if frame[column].isna().any()]
    if holes:
        raise InputError(
            f"The column {', '.join(holes)} has missing values: remove those rows, and pass "
            f"{expected}."
        )


def numbered(values: pd.Series) -> tuple[Codes, pd.Index]:
    """Give each different value a number, in rising order."""
    codes, different = pd.factorize(values, sort=values.dtype != object)
    if values.dtype == object:  # pandas does not sort what is of several kinds
        places = range(len(different))
        try:
            order = sorted(places, key=different.__getitem__)
        except TypeError:
            order = sorted(places, key=lambda at: _name(different[at]))
        codes, different = np.argsort(order)[codes], different[order]
    return codes.astype(np.int64), pd.Index(different)


def last_of_each(task: Codes, worker: Codes) -> slice | NDArray[np.bool_]:
    """Select the last vote of each worker on each task, with a warning where there are more."""
    if not len(task):
        return slice(None)
    pairs = pd.Series(task * (int(worker.max()) + 1) + worker)
    repeated = pairs.duplicated(keep="last").to_numpy()
    if not repeated.any():
        return slice(None)
    warnings.warn(
        f"{repeated.sum()} votes are by a worker on a task that he voted on again: "
        "the last one counts.",
        stacklevel=4,
    )
    return ~repeated


def known(gold: Mapping[Any, Any] | pd.Series | None, tasks: pd.Index, labels: pd.Index) -> Codes:
    """Give each task's known label, or -1; gold of tasks without votes is left out.

    Raises
    ------
    InputError
        If a task has two different known labels, or one that nobody voted for.
    """
    found = np.full(len(tasks), -1, dtype=np.int64)
    if gold is None or not len(gold):
        return found
    answers = gold if isinstance(gold, pd.Series) else pd.Series(dict(gold))
    answers = answers[answers.index.isin(tasks)]
    twice = contradicting(answers)
    if twice is not None:
        raise InputError(f"The gold has two answers to the task {twice}: keep one of them.")
    codes = labels.get_indexer(pd.Index(answers))
    if (codes < 0).any():
        stray = answers[codes < 0].tolist()[0]
        raise InputError(
            f"The gold has the label {stray!r}, which no vote has: expected one of "
            f"{labels.tolist()}."
        )
    found[tasks.get_indexer(answers.index)] = codes
    return found


def decided(probabilities: NDArray[np.float64], labels: pd.Index, tasks: pd.Index) -> pd.Series:
    """Give each task's most probable label, NA where two are equally probable.

    Parameters
    ----------
    probabilities
        Of shape (tasks, labels).
    labels, tasks
        What the columns and the rows stand for.
    """
    best = probabilities.max(axis=1, initial=0)
    tied = (probabilities >= best[:, None] - _SAME).sum(axis=1) > 1
    # A nullable type, in which NA leaves whole numbers and bools what they are.
    nullable = pd.Series(labels.to_numpy(), dtype=object).convert_dtypes().array
    first = probabilities.argmax(axis=1) if len(labels) else np.zeros(len(tied), dtype=np.int64)
    codes = np.where(tied, -1, first)
    found = nullable.take(codes, allow_fill=True, fill_value=pd.NA)
    return pd.Series(found, index=tasks, name="label")


def _name(value: object) -> tuple[str, str]:
    """Give what orders values of several kinds."""
    return type(value).__name__, repr(value)


def contradicting(answers: pd.Series) -> Any:
    """Give a key of the index that has two different values, or None."""
    different = answers.reset_index().drop_duplicates().iloc[:, 0]
    twice = different[different.duplicated()].tolist()
    return twice[0] if twice else None
