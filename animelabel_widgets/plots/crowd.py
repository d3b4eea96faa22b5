"""Plots of the volunteers, and of what their time buys."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..labels import KEYS
from .figure import (
    BLUE,
    GREEN,
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

_FLAGS = ("spammer", "always_the_same", "too_fast")
_WIDE = 30
MANY = 2000
"""More points than that are drawn as one picture, which is smaller."""


def volunteers(skills: pd.DataFrame) -> Plot:
    """Draw each volunteer's skill against the number of ratings.

    Parameters
    ----------
    skills
        As of `al.volunteers`. The skill is the mean over the features: 0 is chance, 1 is
        perfect. Those with a flag are marked.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = [f"skill_{key}" for key in KEYS]
    require(skills, ["ratings", *columns, *_FLAGS], "what al.volunteers gives")
    title = "Volunteers: skill and number of ratings"
    if skills.empty:
        return empty_plot(title, "Nobody has rated yet.")
    skill = skills[columns].mean(axis=1)
    odd = skills[list(_FLAGS)].any(axis=1)
    figure, (axes,) = new_plot(title, height=3.8)
    for chosen, name, colour, marker in (
        (~odd, "volunteer", BLUE, "o"),
        (odd, "flagged: at random, always the same, or too fast", VERMILLION, "X"),
    ):
        if chosen.any():
            axes.scatter(
                skills["ratings"][chosen], skill[chosen], s=36, color=colour, marker=marker,
                alpha=0.85, label=f"{name} ({chosen.sum():,})", rasterized=len(skills) > MANY,
            )  # fmt: skip
    if skills["ratings"].max() > _WIDE * max(skills["ratings"].min(), 1):
        axes.set_xscale("log")
    axes.axhline(0, color=GREY, linestyle="--", linewidth=1.2)
    axes.annotate(
        "chance", (1, 0), xycoords=("axes fraction", "data"), xytext=(0, 4), ha="right",
        textcoords="offset points", fontsize=8, color=INK,
    )  # fmt: skip
    axes.set(ylim=(min(-0.1, float(skill.min()) - 0.1), 1.05))
    axes.set(xlabel="ratings given", ylabel="skill (0 chance, 1 perfect)")
    gridlines(axes, "y")
    legend(axes, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure


def effort_saved(efforts: pd.DataFrame) -> Plot:
    """Draw the votes that retiring images early needs, and the errors that it costs.

    Parameters
    ----------
    efforts
        As of `retirement.efforts`: one row by `sure`, with `votes_per_image`, `votes_of_all`,
        `error` and `error_of_all`.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["votes_per_image", "votes_of_all", "error", "error_of_all"]
    require(efforts, columns, "what retirement.efforts gives")
    title = "Effort saved by retiring images of which the crowd is sure"
    if efforts.empty:
        return empty_plot(title, "There are no ratings to replay yet.")
    figure, (votes, errors) = new_plot(title, width=8, height=3.4, columns=2, sharey=False)
    places = np.arange(len(efforts))
    for axes, value, all_, colour in (
        (votes, "votes_per_image", "votes_of_all", GREEN),
        (errors, "error", "error_of_all", VERMILLION),
    ):
        axes.bar(places, efforts[value], width=0.7, color=colour, label="retired when sure")
        line = float(efforts[all_].iloc[0])
        axes.axhline(line, color=INK, linestyle="--", linewidth=1.2, label="all votes")
        axes.set_xticks(places, [f"{sure:.0%}" for sure in efforts.index])
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel("sure from")
        axes.set_ylim(0, max(float(efforts[value].max()), line, 1e-3) * 1.15)
        gridlines(axes, "y")
    saved = 1 - efforts["votes_per_image"] / efforts["votes_of_all"]
    for place, (height, share) in enumerate(zip(efforts["votes_per_image"], saved, strict=True)):
        words = f"{share:.0%}\nsaved"
        votes.text(place, height / 2, words, ha="center", va="center", color="black", fontsize=9)
    votes.yaxis.set_major_locator(MaxNLocator(5))
    votes.set_ylabel("votes per image")
    errors.set_ylabel("features decided wrong")
    errors.yaxis.set_major_formatter(PercentFormatter(1))
    legend(errors, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure
