"""Plots of how far the verdicts can be trusted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from ..labels import KEYS
from .figure import BLUE, GREY, Plot, empty_plot, gridlines, legend, new_plot, require

BINS = 10
_Z = 1.96


def calibration(verdicts: pd.DataFrame, gold: pd.DataFrame) -> Plot:
    """Draw how often what is said to be so probable is true: on the diagonal, as often as said.

    Parameters
    ----------
    verdicts
        As of `consensus`, which must not have known the gold.
    gold
        Known answers, indexed by `image_id`, a bool for each feature.

    Raises
    ------
    InputError
        If a column is missing.

    Notes
    -----
    All features together, in ten bins of equal width, with Wilson's 95 % intervals. The expected
    calibration error is the mean distance from the diagonal, weighted by the bins' answers.
    """
    require(verdicts, [f"p_{key}" for key in KEYS], "what al.consensus gives")
    title = "Calibration: what is said against what is true"
    if len(gold):
        require(gold, list(KEYS), "known answers with True or False for each feature")
    common = verdicts.index.intersection(gold.index)
    if not len(common):
        return empty_plot(title, "No image with a known answer has been rated yet.")
    bins = _reliability(
        verdicts.loc[common, [f"p_{key}" for key in KEYS]].to_numpy(dtype=float).ravel(),
        gold.loc[common, list(KEYS)].to_numpy(dtype=bool).ravel(),
    )
    error = float(((bins["said"] - bins["true"]).abs() * bins["answers"]).sum())
    error /= bins["answers"].sum()
    figure, (axes,) = new_plot(title, width=5.5, height=4.6)
    axes.plot([0, 1], [0, 1], linestyle="--", color=GREY, linewidth=1.2, label="perfect")
    spans = [bins["true"] - bins["low"], bins["high"] - bins["true"]]
    axes.errorbar(
        bins["said"], bins["true"], yerr=np.clip(spans, 0, None), color=BLUE, fmt="o",
        capsize=3, elinewidth=1.5, label="verdicts, with 95 % interval",
    )  # fmt: skip
    axes.set(
        xlim=(-0.03, 1.03),
        ylim=(-0.03, 1.03),
        xlabel=f"probability as said ({len(common):,} images; expected error {error:.1%})",
        ylabel="share that is true",
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    gridlines(axes, "both")
    legend(axes, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure


def _reliability(said: np.ndarray, true: np.ndarray) -> pd.DataFrame:
    """Give, by bin that has answers, the mean `said`, the share `true` and its interval."""
    number = np.minimum((said * BINS).astype(int), BINS - 1)
    each = pd.DataFrame({"said": said, "true": true.astype(float)}).groupby(number)
    bins = each.mean().assign(answers=each.size())
    # E. B. Wilson, "Probable inference …", JASA 22 (1927).
    count, share = bins["answers"], bins["true"]
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count)
    half *= np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return bins.assign(low=centre - half, high=centre + half)
