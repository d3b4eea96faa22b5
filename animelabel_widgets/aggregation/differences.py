"""Differences: where two sets of verdicts say something else about the same image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import InputError
from ..labels import KEYS


def differences(verdicts: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Find the features of images that two sets of verdicts do not agree on.

    Parameters
    ----------
    verdicts
        As of `consensus`.
    other
        What to compare with: other verdicts, or known answers, indexed by `image_id`.

    Returns
    -------
    DataFrame
        One row by `image_id` and `feature`, of images that both have: `said` by the verdicts,
        with which `probability` (0.5 to 1; of majority, the share of votes), and what the
        `other` says; NA is undecided, and differs from both. The surest come first: a mistake
        that one is sure of is the most worth a look.

    Raises
    ------
    InputError
        If a column is missing.
    """
    _require(verdicts, [*KEYS, *(f"p_{key}" for key in KEYS)], "what al.consensus gives")
    _require(other, KEYS, "verdicts or known answers, indexed by image_id")
    common = verdicts.index.intersection(other.index)
    parts = []
    for key in KEYS:
        said = verdicts.loc[common, key].astype("boolean")
        others = other.loc[common, key].astype("boolean")
        yes = verdicts.loc[common, f"p_{key}"]
        found = pd.DataFrame(
            {"feature": key, "said": said, "probability": np.maximum(yes, 1 - yes), "other": others}
        )
        same = (said == others).fillna(False) | (said.isna() & others.isna())  # noqa: FBT003
        parts.append(found[~same])
    together: pd.DataFrame = (
        pd.concat(parts).rename_axis("image_id").set_index("feature", append=True)
    )
    ordered: pd.DataFrame = together.sort_values("probability", ascending=False, kind="stable")
    return ordered


def _require(frame: pd.DataFrame, columns: Sequence[str], expected: str) -> None:
    """Refuse a frame without these columns; missing values are verdicts, of not having decided."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise InputError(f"There is no column {', '.join(missing)}: pass {expected}.")
