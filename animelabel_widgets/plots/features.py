"""Plots of what the images show: features by series and by kind, and how sure the crowd is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, PercentFormatter

from ..labels import KEYS, LABELS
from .figure import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    VERMILLION,
    Plot,
    empty_plot,
    gridlines,
    legend,
    new_plot,
    require,
)

MOST_SERIES = 30
_NOBODY = "There are no verdicts yet: let volunteers rate first."


def features_by_series(verdicts: pd.DataFrame) -> Plot:
    """Draw the share of each series' images that show a feature, of those decided.

    Parameters
    ----------
    verdicts
        As of `consensus`, joined with the `title` of `Project.images`. The thirty series with
        the most images are drawn.

    Raises
    ------
    InputError
        If a column is missing.
    """
    require(verdicts, ["title", *KEYS], "verdicts joined with the title of project.images()")
    title = "Features by series"
    if verdicts.empty:
        return empty_plot(title, _NOBODY)
    sizes = verdicts["title"].value_counts()
    if len(sizes) > MOST_SERIES:
        title += f": the {MOST_SERIES} largest of {len(sizes)}"
    chosen = sorted(sizes.index[:MOST_SERIES], reverse=True)
    shares = _shares(verdicts, "title").loc[chosen]
    figure, panels = new_plot(title, width=9, height=1.5 + 0.3 * len(chosen), columns=len(KEYS))
    for axes, label, colour in zip(panels, LABELS, COLOURS, strict=True):
        values = shares[label.key].to_numpy()
        axes.barh(np.arange(len(chosen)), np.nan_to_num(values), height=0.7, color=colour)
        for place, value in enumerate(values):
            words = "undecided" if np.isnan(value) else f"{value:.0%}"
            axes.text(np.nan_to_num(value) + 0.03, place, words, va="center", fontsize=8, color=INK)
        axes.set(xlim=(0, 1.25), xticks=[0, 0.5, 1], xlabel="share of images")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_title(label.name, loc="left", fontsize=10, color=INK)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(np.arange(len(chosen)), [_short(name) for name in chosen])
    return figure


def features_by_kind(verdicts: pd.DataFrame) -> Plot:
    """Draw the share of the images of anime and of cartoons that show a feature.

    Parameters
    ----------
    verdicts
        As of `consensus`, joined with `is_anime` of `Project.images`; NA is a kind of its own.

    Raises
    ------
    InputError
        If a column is missing.
    """
    require(verdicts, ["is_anime", *KEYS], "verdicts joined with is_anime of project.images()")
    title = "Features by kind"
    if verdicts.empty:
        return empty_plot(title, _NOBODY)
    kinds = verdicts["is_anime"].map({True: "anime", False: "cartoon"}).fillna("unknown")
    sizes = kinds.value_counts()
    shares = _shares(verdicts.assign(kind=kinds.astype("str")), "kind")
    colours = {"anime": BLUE, "cartoon": VERMILLION, "unknown": GREY}
    shown = [kind for kind in colours if kind in sizes]
    figure, (axes,) = new_plot(title)
    width = 0.8 / len(shown)
    for number, kind in enumerate(shown):
        places = np.arange(len(KEYS)) + (number - (len(shown) - 1) / 2) * width
        heights = np.nan_to_num(shares.loc[kind, list(KEYS)].to_numpy(dtype=float))
        count = int(sizes[kind])
        name = f"{kind} ({count:,} image{'s' if count != 1 else ''})"
        axes.bar(places, heights, width=width * 0.94, color=colours[kind], label=name)
    axes.set_xticks(np.arange(len(KEYS)), [label.name for label in LABELS])
    axes.tick_params(axis="x", length=0)
    axes.set(ylim=(0, 1), xlabel="feature", ylabel="share of decided images")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    gridlines(axes, "y")
    legend(axes, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(shown))
    return figure


def posteriors(verdicts: pd.DataFrame) -> Plot:
    """Draw how probable the features are: both ends are sure, the middle is doubt.

    Parameters
    ----------
    verdicts
        As of `consensus`.

    Raises
    ------
    InputError
        If a column is missing.
    """
    require(verdicts, [f"p_{key}" for key in KEYS], "what al.consensus gives")
    title = "How sure the crowd is"
    if verdicts.empty:
        return empty_plot(title, _NOBODY)
    figure, panels = new_plot(title, width=9, height=3, columns=len(KEYS))
    for axes, label, colour in zip(panels, LABELS, COLOURS, strict=True):
        axes.hist(verdicts[f"p_{label.key}"], bins=20, range=(0, 1), color=colour, log=True)
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="probability")
        axes.set_title(label.name, loc="left", fontsize=10, color=INK)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        gridlines(axes, "y")
        axes.minorticks_off()
    panels[0].set_ylim(bottom=0.5)  # one image is a bar too
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    panels[0].set_ylabel("images (logarithmic)")
    return figure


def _shares(verdicts: pd.DataFrame, by: str) -> pd.DataFrame:
    """Give the share of yes among what is decided, by group and feature; NaN where nothing is."""
    decided = verdicts[list(KEYS)].astype("boolean").astype("Float64")
    return decided.groupby(verdicts[by]).mean().astype("float64")


def _short(title: str, most: int = 34) -> str:
    """Cut a long title."""
    return title if len(title) <= most else title[: most - 1] + "…"
