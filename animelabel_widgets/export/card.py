"""The data card: what is in a set, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..aggregation import agreement
from ..labels import KEYS

if TYPE_CHECKING:
    from .dataset import Recipe

_ATTRS = ("method", "calibrated", "temperature", "reason", "computed_at")
_USUAL = "a feature is there above a probability of 0.5, and undecided at 0.5"


def write_card(
    file: Path,
    images: pd.DataFrame,
    recipe: Recipe,
    ratings: pd.DataFrame | None,
    settled: pd.DataFrame | None,
    attrs: Mapping[Any, Any],
) -> None:
    """Write the card of a set.

    Parameters
    ----------
    file
        Where to.
    images
        What is in the set: `kind`, `folder`, `title`, `split` where there is one, and what is
        said of each feature.
    recipe
        How it was made.
    ratings
        The ratings of these images, where they are known.
    settled
        The reviewers' decisions, where they are known.
    attrs
        What the verdicts say of themselves.
    """
    parts = [
        "# Data set of anime and cartoon frames",
        f"{len(images):,} images of {images['folder'].nunique():,} series.",
        "## Images",
        _counts(images),
        "## How it was made",
        _table(("", ""), [*_facts(recipe, attrs), *_decisions(images, settled)]),
        "## Ratings",
        _ratings(ratings),
        "## Series",
        _series(images),
    ]
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _facts(recipe: Recipe, attrs: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Give what is needed to make the set again."""
    from .. import __version__

    split = "none"
    if recipe.split is not None:
        shares = ", ".join(f"{name} {share:g}" for name, share in recipe.split.items())
        split = f"{shares}, by series: none is in two"
    rows = [
        ("date", f"{datetime.now(UTC):%Y-%m-%d} (UTC)"),
        ("filter", f"`{recipe.condition}`" if recipe.condition else "not known: rows were passed"),
        ("mode", recipe.mode),
        ("split", split),
        ("balanced", "as many anime as cartoon images" if recipe.balanced else "no"),
        ("seed", str(recipe.seed)),
        ("animelabel_widgets", __version__),
    ]
    return rows + [(name, str(attrs[name])) for name in _ATTRS if attrs.get(name) not in (None, "")]


def _decisions(images: pd.DataFrame, settled: pd.DataFrame | None) -> list[tuple[str, str]]:
    """Tell from which probability on a feature is there, as the rows show it, and who decided."""
    estimated = [key for key in KEYS if _is_estimated(images, key)]
    odd = [key for key in estimated if not _above_half(images[key], images[f"p_{key}"])]
    if not estimated:
        rows = [("threshold", "not known: the rows have no probabilities")]
    elif not odd:
        rows = [
            ("threshold", "a feature is there above a probability of 0.5, and undecided at 0.5")
        ]
    else:
        said = "; ".join(_seen(key, images[key], images[f"p_{key}"]) for key in odd)
        rows = [("threshold", f"not 0.5 for all features: as the rows show, {said}")]
    if estimated and len(images):
        spans = (f"{key} {_span(images[f'p_{key}'])}" for key in estimated)
        rows.append(("probabilities", ", ".join(spans)))
    if settled is not None and set(KEYS) <= set(images.columns):
        common = images.index.intersection(settled.index)
        same = (images.loc[common, list(KEYS)] == settled.loc[common, list(KEYS)]).all(axis=1)
        rows.append(("settled by reviewers", f"{int(same.sum()):,} images"))
    return rows


def _is_estimated(images: pd.DataFrame, key: str) -> bool:
    """Tell whether there is a probability beside a true or false."""
    types = pd.api.types
    return (
        {key, f"p_{key}"} <= set(images.columns)
        and types.is_bool_dtype(images[key])
        and types.is_numeric_dtype(images[f"p_{key}"])
    )


def _above_half(said: pd.Series, probability: pd.Series) -> bool:
    """Tell whether a feature is there above one half, and undecided at it."""
    usual = (probability > 0.5).astype("boolean").mask(probability == 0.5)  # noqa: PLR2004
    return said.astype("boolean").equals(usual)


def _seen(key: str, said: pd.Series, probability: pd.Series) -> str:
    """Tell the probabilities of the images that show a feature, and of those that do not."""
    there = said.astype("boolean").fillna(value=False).astype("bool")
    absent = (~said.astype("boolean")).fillna(value=False).astype("bool")
    return f"{key} is there at {_span(probability[there])}, absent at {_span(probability[absent])}"


def _span(probability: pd.Series) -> str:
    """Give the least and the greatest probability."""
    known = probability.dropna()
    return "none" if known.empty else f"{known.min():.2f} to {known.max():.2f}"


def _counts(images: pd.DataFrame) -> str:
    """Count the images by kind and by split."""
    if images.empty:
        return "None was chosen."
    splits = images["split"] if "split" in images else images["kind"].map(lambda _: "all")
    counts = images.groupby([splits, "kind"], sort=False).size().unstack(fill_value=0)  # noqa: PD010
    kinds = sorted(counts.columns)
    rows = [(name, *(f"{counts.loc[name, kind]:,}" for kind in kinds)) for name in counts.index]
    return _table(("", *kinds), rows)


def _series(images: pd.DataFrame) -> str:
    """Count the images of each series."""
    keys = ["folder", "title", "kind", *(["split"] if "split" in images else [])]
    counts = images.groupby(keys, sort=True).size()
    table = counts.rename("images").reset_index().astype("str")
    rows = [tuple(row) for row in table.to_numpy()]
    return _table((*keys, "images"), rows)


def _ratings(ratings: pd.DataFrame | None) -> str:
    """Tell how many ratings and volunteers there are, and how far they agree."""
    if ratings is None or ratings.empty:
        return "None are known."
    people = ratings["volunteer_id"].nunique()
    said = f"{len(ratings):,} ratings by {people:,} volunteers on these images."
    measured = agreement(ratings)
    rows = [
        (key, _number(alpha), _number(unanimous))
        for key, alpha, unanimous in zip(
            measured.index, measured["alpha"], measured["unanimous"], strict=True
        )
    ]
    return f"{said}\n\n" + _table(("feature", "Krippendorff's alpha", "unanimous"), rows)


def _number(value: float) -> str:
    """Write a share with two digits, or a dash where there is none."""
    return "–" if value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table of Markdown; what is in a cell stays in it."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """Keep a text in its cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
