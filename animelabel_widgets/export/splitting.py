"""Which image goes into which split, so that no series is in two; and balance between the kinds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..errors import InputError

SPLITS = ("train", "validation", "test")
BALANCED = ("anime", "cartoon")


def check_shares(shares: Mapping[str, float]) -> None:
    """Refuse shares that are no split.

    Raises
    ------
    InputError
        If a name is not of `SPLITS`, a share is not above 0, or they do not sum to 1.
    """
    total = sum(shares.values())
    if (
        not set(shares) <= set(SPLITS)
        or not all(share > 0 for share in shares.values())
        or not math.isclose(total, 1, abs_tol=1e-6)
    ):
        said = ", ".join(f"{name} {share}" for name, share in shares.items())
        raise InputError(
            f"A split is of {', '.join(SPLITS)}, with shares above 0 that sum to 1, not {said}: "
            "give train 0.8, validation 0.1, test 0.1, for example."
        )


def split_by_series(
    rows: pd.DataFrame, shares: Mapping[str, float], seed: int, *, kinds: bool = False
) -> pd.Series:
    """Give the split of each image; all images of a series (`folder`) are in the same one.

    Series come in an order drawn by the seed, each to the split that lacks most of its share of
    the images of that `kind`. A split that got none takes the smallest series of the split that
    has most of them; with `kinds`, so does one that got none of a kind which has enough series.

    Raises
    ------
    InputError
        If there are fewer series than splits.
    """
    sizes = rows.groupby(["kind", "folder"], sort=True).size()
    if len(sizes) < len(shares):
        raise InputError(
            f"{len(shares)} splits without a series in two need {len(shares)} series at least, "
            f"and the chosen images are of {len(sizes)}: choose more, or do not split."
        )
    order = np.random.default_rng(seed).permutation(len(sizes))
    homes: dict[str, str] = {}
    lacks = {
        kind: {name: share * total for name, share in shares.items()}
        for kind, total in sizes.groupby("kind").sum().items()
    }
    for kind, folder in sizes.index[order]:
        lack = lacks[kind]
        homes[folder] = max(lack, key=lack.__getitem__)
        lack[homes[folder]] -= sizes[kind, folder]
    images = {str(folder): int(size) for folder, size in sizes.droplevel("kind").items()}
    groups = [list(images)]
    if kinds:
        groups += [
            list(map(str, part.index)) for _, part in sizes.reset_index("kind").groupby("kind")
        ]
    for folders in groups:
        if len(folders) >= len(shares):
            _fill(homes, folders, images, shares)
    return rows["folder"].map(homes).astype("str")


def _fill(
    homes: dict[str, str],
    folders: list[str],
    images: Mapping[str, int],
    shares: Mapping[str, float],
) -> None:
    """Give each split that has none of these series one of the split that has most of them."""
    for name in shares:
        used = [homes[each] for each in folders]
        if name not in used:
            most = max(shares, key=used.count)
            movable = [each for each in folders if homes[each] == most]
            homes[min(movable, key=images.__getitem__)] = name


def balance(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw as many images of anime as of cartoons, in each split; others are left out.

    Raises
    ------
    InputError
        If one of the kinds has no image at all, or none in a split.
    """
    known = rows[rows["kind"].isin(BALANCED)]
    missing = set(BALANCED).difference(known["kind"])
    if missing:
        raise InputError(
            f"A balanced set needs images of anime and of cartoons, and there are none of "
            f"{' and '.join(sorted(missing))}: choose more, or do not balance."
        )
    rng = np.random.default_rng(seed)
    groups = known["split"] if "split" in known else pd.Series("", index=known.index)
    kept: list[int] = []
    for split, part in known.groupby(groups, sort=True):
        kinds = [part.index[part["kind"] == kind].to_numpy() for kind in BALANCED]
        least = min(map(len, kinds))
        if not least:
            raise InputError(
                f"In the split {split} all images are of one kind, and a balanced one needs both: "
                "choose images of more series, name fewer splits, or do not balance."
            )
        for ids in kinds:
            kept += rng.permutation(np.sort(ids))[:least].tolist()
    return known[known.index.isin(kept)]
