"""What all plots share: colours, fonts, axes, and how a figure reaches a page.

Figures are made without pyplot, which keeps every one of them in memory. Text and
lines have one ink; in a page, as SVG, the ink becomes the colour of the page's text.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError

INK = "#1b1b1d"
GREY = "#858585"
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE)
"""Of Okabe and Ito (2008), those that stand out from white as from black, at 3 : 1 or more."""

_SVG_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_SVG_FONT = re.compile(r"(?<=px )'DejaVu Sans'[^;\"]*")


class Plot(Figure):
    """A figure that shows itself in a notebook, in the light or dark colours of the page."""

    def to_svg(self) -> str:
        """Give it as an SVG element without a background, to stand in an HTML page."""
        text = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
            # The browser has the fonts, whichever are missing here.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            self.savefig(text, format="svg", transparent=True, metadata={"Date": None})
        svg = text.getvalue()
        svg = _SVG_STYLE.sub("", svg[svg.index("<svg") :])  # it would hold for the whole page
        svg = _SVG_FONT.sub("system-ui, sans-serif", svg)
        return svg.replace(INK, "currentColor").replace(
            "<svg ", '<svg role="img" style="max-width: 100%; height: auto" ', 1
        )

    def to_png(self) -> bytes:
        """Give it as a PNG file with dark ink on white, for where there is no page."""
        data = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            self.savefig(data, format="png", dpi=144, facecolor="white")
        return data.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Give what a notebook may show."""
        return {"text/html": self.to_svg(), "image/png": self.to_png(), "text/plain": repr(self)}


def new_plot(
    title: str,
    *,
    width: float = 7,
    height: float = 3.2,
    columns: int = 1,
    sharey: bool = True,
) -> tuple[Plot, list[Axes]]:
    """Make a figure with a title and axes side by side; sizes in inches."""
    figure = Plot(figsize=(width, height), layout="constrained")
    family = _family()
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=12, weight="bold", family=family)
    grid = figure.subplots(1, columns, sharey=sharey, squeeze=False)
    axes = list(grid[0])
    for each in axes:
        each.patch.set_alpha(0)
        each.spines[["top", "right"]].set_visible(False)
        each.spines[["left", "bottom"]].set_color(GREY)
        each.tick_params(colors=GREY, labelcolor=INK, labelfontfamily=family, labelsize=9)
        each.xaxis.label.set(color=INK, fontsize=10, family=family)
        each.yaxis.label.set(color=INK, fontsize=10, family=family)
        each.set_axisbelow(True)
    return figure, axes


def empty_plot(title: str, words: str) -> Plot:
    """Make a figure that says in words why there is nothing to draw."""
    figure, (axes,) = new_plot(title, height=1.6)
    axes.set_axis_off()
    axes.text(
        0.5, 0.5, words, ha="center", va="center", color=INK, fontsize=10, wrap=True,
        transform=axes.transAxes,
    )  # fmt: skip
    return figure


def gridlines(axes: Axes, axis: str) -> None:
    """Draw faint lines across one axis, to read values by."""
    axes.grid(axis=axis, color=GREY, alpha=0.3, linewidth=0.7)  # type: ignore[arg-type]


def legend(axes: Axes, **places: Any) -> None:
    """Add a legend without a frame."""
    axes.legend(frameon=False, labelcolor=INK, prop={"family": _family(), "size": 9}, **places)


def require(frame: pd.DataFrame, columns: Sequence[str], expected: str) -> None:
    """Refuse a frame without these columns.

    Raises
    ------
    InputError
        If one is missing.
    """
    missing = [column for column in columns if column not in frame]
    if missing:
        raise InputError(f"There is no column {', '.join(missing)}: pass {expected}.")


@cache
def _family() -> list[str]:
    """Give the fonts: with one for Chinese, Japanese and Korean where there is one."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *sorted(name for name in installed if "CJK" in name)[:1]]
