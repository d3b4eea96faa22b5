"""The majority: what most say, and nothing where as many say otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .votes import coded, decided


def majority(votes: pd.DataFrame) -> pd.DataFrame:
    """Aggregate votes by their numbers.

    Parameters
    ----------
    votes
        The columns `task`, `worker`, `label`; of several votes by one worker on one task, the
        last counts.

    Returns
    -------
    DataFrame
        Indexed by `task`: `votes`; `label`, the most frequent one, or NA where two are equally
        frequent; `probability`, its share of the votes, 0 to 1.

    Raises
    ------
    InputError
        If a column is missing or has missing values.

    Examples
    --------
    >>> majority(pd.DataFrame({"task": [1, 1, 2, 2], "worker": [1, 2, 1, 2],
    ...                        "label": ["cat", "cat", "cat", "dog"]}))
          votes label  probability
    task
    1         2   cat          1.0
    2         2  <NA>          0.5
    """
    found = coded(votes)
    classes = len(found.labels)
    counts = np.bincount(
        found.task * classes + found.label, minlength=len(found.tasks) * classes
    ).reshape(len(found.tasks), classes)
    total = counts.sum(axis=1)
    shares = counts / np.maximum(total, 1)[:, None]
    tasks = found.tasks.rename("task")
    return pd.DataFrame(
        {
            "votes": total,
            "label": decided(shares, found.labels, tasks),
            "probability": shares.max(axis=1, initial=0),
        },
        index=tasks,
    )
