"""Agreement: how far volunteers say the same of the same image, beyond chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..labels import KEYS
from .ratings import EXPECTED, truth_values
from .votes import require


def agreement(ratings: pd.DataFrame, by: str | pd.Series | None = None) -> pd.DataFrame:
    """Measure how far volunteers agree on each feature.

    Parameters
    ----------
    ratings
        One row per volunteer and image: `image_id` and a bool for each feature.
    by
        What to measure apart: the name of a column, such as "title" after
        `ratings.merge(project.images())`, or a Series with the same index, such as
        `ratings["created_at"].dt.date` for the agreement over time.

    Returns
    -------
    DataFrame
        Indexed by `feature`, or by the group and `feature`: `alpha`, Krippendorff's for nominal
        data (1 is full agreement, 0 is chance, below is worse than chance; NaN where nobody
        rated what another one did, or where all answers are the same); `unanimous`, the share
        of images with two ratings or more on which all say the same; `images` of that kind, and
        their `ratings`.

    Notes
    -----
    K. Krippendorff, "Content Analysis", chapter 12 (2013), by the package `krippendorff`.

    Raises
    ------
    InputError
        If a column is missing, has missing values, or other values than true and false.
    """
    require(ratings, ("image_id",), EXPECTED)
    said = pd.DataFrame(truth_values(ratings, EXPECTED), columns=list(KEYS))
    said["image_id"] = ratings["image_id"].to_numpy()
    if by is None:
        return _measured(said)
    if isinstance(by, str):
        require(ratings, (by,), f"ratings with a column {by}")
        by = ratings[by]
    groups: dict[Any, pd.DataFrame] = {
        key: _measured(group) for key, group in said.groupby(by.to_numpy())
    }
    if not groups:
        return _measured(said)
    return pd.concat(groups, names=[by.name or "group"])


def _measured(said: pd.DataFrame) -> pd.DataFrame:
    """Measure one group."""
    # Imported here: it is of use to a data scientist alone.
    import krippendorff

    images = said.groupby("image_id")
    votes = images.size()
    yes = images[list(KEYS)].sum()[votes > 1]
    votes = votes[votes > 1]
    rows = []
    for key in KEYS:
        counts = np.stack([votes - yes[key], yes[key]], axis=1)
        alpha = np.nan
        if len(counts) and counts.any(axis=0).all():
            alpha = float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
        unanimous = float((counts == 0).any(axis=1).mean()) if len(counts) else np.nan
        rows.append((alpha, unanimous, len(votes), int(votes.sum())))
    columns = ["alpha", "unanimous", "images", "ratings"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(KEYS, name="feature"))
