"""Hasty ratings: long runs of one and the same answer, each given faster than one can look."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..labels import KEYS
from .ratings import EXPECTED, truth_values
from .votes import require

HASTY_RUN = 10
"""So many equal answers in a row, at least."""

HASTY_MS = 400
"""Each given in less than so many milliseconds: not enough to see a picture and press a button."""


def hasty(
    ratings: pd.DataFrame, *, run: int = HASTY_RUN, below_ms: int = HASTY_MS
) -> NDArray[np.bool_]:
    """Find the ratings that belong to an implausibly fast series of equal answers.

    Parameters
    ----------
    ratings
        As `project.ratings` gives them: each volunteer's in the order in which they were given.
    run
        How many of one volunteer's consecutive answers must be equal in all four features.
    below_ms
        Each of them must have taken less than so many milliseconds.

    Returns
    -------
    array of bool, shape (rows,)
        True for each rating of such a series.

    Raises
    ------
    InputError
        If a column is missing, or a feature has other values than true and false.

    Notes
    -----
    A run of equal answers is the "long string" index of careless answering, and the time
    another one (Meade and Craig, "Identifying careless responses in survey data",
    *Psychological Methods* 17(3), 437-455, 2012). The two bounds are our own. Together they
    spare both who rates a row of black frames and who is quick.
    """
    require(ratings, ("volunteer_id", "elapsed_ms"), EXPECTED)
    said = truth_values(ratings, EXPECTED) @ (1 << np.arange(len(KEYS)))
    volunteer = ratings["volunteer_id"].to_numpy()
    fast = (ratings["elapsed_ms"] < below_ms).to_numpy(dtype=bool)
    flags = np.zeros(len(ratings), dtype=bool)
    # Only who was fast often enough can have a run: all others need no sorting.
    ids, counts = np.unique(volunteer[fast], return_counts=True)
    rows = np.flatnonzero(np.isin(volunteer, ids[counts >= run]))
    if not len(rows):
        return flags
    rows = rows[np.argsort(volunteer[rows], kind="stable")]
    volunteer, said, fast = volunteer[rows], said[rows], fast[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (np.diff(volunteer) != 0) | (np.diff(said) != 0) | ~(fast[1:] & fast[:-1])
    lengths = np.diff(np.append(np.flatnonzero(new), len(rows)))
    flags[rows] = fast & (np.repeat(lengths, lengths) >= run)
    return flags
