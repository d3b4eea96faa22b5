"""The rows of a gallery: a DataFrame checked, sorted, grouped, and put into words.

Nothing here knows pictures or widgets. A row is known by its number in the order shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..labels import LABELS

MOST_GROUPS = 1000
BINS = 10
FEW = 24
"""Numbers of more different values than that are grouped by ranges."""

LARGEST_ID = 2**53
"""The largest whole number that a browser tells from its neighbours."""

NAMES = {label.key: label.name for label in LABELS}

Range = tuple[int, int]
"""The first and the last row of some that follow each other."""


@dataclass(frozen=True)
class Arrangement:
    """How rows are shown: the columns to sort and to group by, if any."""

    sort: str | None = None
    descending: bool = False
    group: str | None = None


class Rows:
    """The rows of a frame in the order in which a gallery shows them.

    Parameters
    ----------
    frame
        Has a column or an index `image_id`; it is not changed, and later changes of it do no harm.
    arrangement
        Their order.

    Raises
    ------
    InputError
        If there is no `image_id`, or no such column to sort or group by.
    """

    def __init__(self, frame: pd.DataFrame, arrangement: Arrangement) -> None:
        ids = image_ids(frame)
        self.frame = frame.copy(deep=False)
        self.arrangement = arrangement
        self._order, self.groups = _arranged(self.frame, arrangement)
        self.ids = ids[self._order]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    @cached_property
    def columns(self) -> list[str]:
        """The columns that a gallery can be sorted and grouped by."""
        return [name for name in self.frame.columns if isinstance(name, str) and name != "image_id"]

    def rearranged(self, arrangement: Arrangement) -> Rows:
        """Give the same rows in another order."""
        return Rows(self.frame, arrangement)

    def row_of(self, image_id: int) -> int | None:
        """Give the first row of an image."""
        found = np.flatnonzero(self.ids == image_id)
        return int(found[0]) if len(found) else None

    def ranges(self, chosen: Iterable[int]) -> list[Range]:
        """Give the rows of some images as ranges."""
        wanted = np.fromiter(chosen, dtype=np.int64)
        rows = np.flatnonzero(np.isin(self.ids, wanted))
        if not len(rows):
            return []
        ends = np.flatnonzero(np.diff(rows) > 1)
        first = rows[np.append(0, ends + 1)]
        last = rows[np.append(ends, len(rows) - 1)]
        return list(zip(first.tolist(), last.tolist(), strict=True))

    def chosen(self, ranges: Sequence[Range]) -> list[int]:
        """Give the images in these ranges, each once, in the order shown."""
        inside = np.zeros(len(self) + 1, dtype=bool)
        for first, last in ranges:
            inside[first : last + 1] = True
        return list(dict.fromkeys(self.ids[inside[:-1]].tolist()))

    def records(self, first: int, count: int) -> list[dict[Any, Any]]:
        """Give the values of some rows that follow each other."""
        part = self.frame.iloc[self._order[first : first + count]]
        return part.to_dict("records")


def image_ids(frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the image ids of a frame, of its column or its index.

    Raises
    ------
    InputError
        If it has none, or they are no whole numbers.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"A gallery shows a DataFrame with image_id, not a {type(frame).__name__}: "
            "pass rows of project.verdicts() or project.images()."
        )
    if "image_id" in frame.columns:
        ids = pd.Series(frame["image_id"])
    elif "image_id" in frame.index.names:
        ids = pd.Series(frame.index.get_level_values("image_id"))
    else:
        columns = ", ".join(map(str, frame.columns[:8])) or "no columns"
        raise InputError(
            f"A gallery needs a column or an index image_id, and this frame has {columns}: "
            "name its ids so, as in frame.rename(columns={'id': 'image_id'})."
        )
    if not len(ids):
        return np.empty(0, dtype=np.int64)
    try:
        # Whole numbers may be floats or NA after a merge; texts and fractions are no ids.
        if pd.api.types.is_bool_dtype(ids) or not pd.api.types.is_numeric_dtype(ids):
            raise ValueError  # noqa: TRY301 - the same sentence for all
        numbers = ids.to_numpy(dtype=np.float64, na_value=np.nan)
        if not (np.floor(numbers) == numbers).all() or np.abs(numbers).max() > LARGEST_ID:
            raise ValueError  # noqa: TRY301
    except (ValueError, TypeError):
        raise InputError(
            "image_id must be whole numbers without gaps, and some of these are not: "
            "drop the rows without an id, as in frame.dropna(subset='image_id')."
        ) from None
    return numbers.astype(np.int64)


def words(name: str, value: object) -> str:
    """Say a value with the name of its column, as a caption does."""
    if isinstance(value, str):
        return value
    if _missing(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return _name(name) if value else ""
    return f"{_name(name)} {_number(name, value)}"


def badge(name: str, value: object) -> dict[str, str] | None:
    """Give a badge: a yes, an unsure one where it is not known, or a value; None for a no."""
    if _missing(value):
        return {"text": f"{_name(name)}?", "look": "unsure"}
    if isinstance(value, (bool, np.bool_)):
        return {"text": _name(name), "look": "yes"} if value else None
    text = value if isinstance(value, str) else f"{_name(name)} {_number(name, value)}"
    return {"text": text, "look": "value"}


def _arranged(
    frame: pd.DataFrame, arrangement: Arrangement
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], list[tuple[str, int]]]:
    """Give the order of the rows, and the name and the size of each group."""
    order: Any = np.arange(len(frame))
    if arrangement.sort is not None:
        values = _column(frame, arrangement.sort)
        try:
            ascending = not arrangement.descending
            order = values.sort_values(ascending=ascending, kind="stable").index.to_numpy()
        except TypeError:
            raise InputError(
                f"The values of {arrangement.sort} have no order: sort by a column of numbers, "
                "texts or times."
            ) from None
    elif arrangement.descending:
        order = order[::-1]
    if arrangement.group is None:
        return order, []
    codes, names = _groups(arrangement.group, _column(frame, arrangement.group))
    order = order[np.argsort(codes[order], kind="stable")]
    sizes = np.bincount(codes, minlength=len(names)).tolist()
    return order, [pair for pair in zip(names, sizes, strict=True) if pair[1]]


def _groups(name: str, values: pd.Series) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Give the number of each row's group, and the groups' names; those without a value last."""
    kinds = pd.api.types
    if kinds.is_numeric_dtype(values) and not kinds.is_bool_dtype(values):
        different = values.nunique()
        if different > FEW:
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            edges, names = _ranges(name, numbers[np.isfinite(numbers)])
            # A share is compared in thousandths, where 0.3 is not just below 0.3.
            codes = np.searchsorted(edges, numbers + 1e-9, side="right") - 1
            codes = np.clip(codes, 0, len(names) - 1)
            codes = np.where(np.isnan(numbers), len(names), codes)
            return codes, [f"{_name(name)} {each}" for each in names] + [f"{_name(name)}?"]
    try:
        codes, found = pd.factorize(values, sort=True)
    except TypeError:
        raise InputError(
            f"The values of {name} cannot be told apart: group by a column of numbers, texts, "
            "times, or true and false."
        ) from None
    if len(found) > MOST_GROUPS:
        raise InputError(
            f"{name} has {len(found):,} different values: group by a column that has at most "
            f"{MOST_GROUPS:,}."
        )
    names = [_group_name(name, each) for each in found]
    return np.where(codes < 0, len(names), codes), [*names, f"{_name(name)}?"]


def _ranges(
    name: str, numbers: np.ndarray[Any, np.dtype[np.float64]]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[str]]:
    """Give the edges of the ranges that numbers are grouped by, and the ranges' names."""
    low, high = float(numbers.min()), float(numbers.max())
    if (np.floor(numbers) == numbers).all():
        width = np.ceil((high - low + 1) / BINS)
        edges = np.arange(low, high + width + 1, width)
        edges = edges[: np.searchsorted(edges, high, side="right") + 1]
        # A whole number stands in one range only: 0 – 9 is followed by 10 – 19.
        return edges, [
            f"{_number(name, int(one))} – {_number(name, int(min(two - 1, high)))}"
            for one, two in pairwise(edges)
        ]
    shares = low >= 0 and high <= 1
    edges = np.linspace(0, 1, BINS + 1) if shares else np.linspace(low, high, BINS + 1)
    texts = [_number(name, float(edge)) for edge in edges]
    return edges, [f"{one} – {two}" for one, two in pairwise(texts)]


def _group_name(name: str, value: object) -> str:
    """Name the group of one value."""
    if isinstance(value, (bool, np.bool_)):
        return f"{_name(name)}: {'yes' if value else 'no'}"
    return words(name, value)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Give a column with its rows counted from 0."""
    if name == "image_id":
        return pd.Series(image_ids(frame))
    if name not in frame.columns:
        raise InputError(
            f"There is no column {name!r} to arrange by: use one of "
            f"{', '.join(map(str, frame.columns[:12]))}."
        )
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise InputError(f"Two columns are named {name!r}: rename one of them.")
    return column.reset_index(drop=True)


def _name(column: str) -> str:
    """Give the words for a column; a feature's are those on its button."""
    return NAMES.get(column.removeprefix("p_"), column)


def _missing(value: object) -> bool:
    """Tell whether there is no value."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))  # type: ignore[call-overload]


def _number(column: str, value: object) -> str:
    """Write a number short; a probability in percent."""
    if isinstance(value, (float, np.floating)):
        if column.startswith("p_"):
            return f"{value:.0%}"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return str(value)
