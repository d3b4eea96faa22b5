"""The plots: what is drawn is what the frames say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from support.ratings import rated

import animelabel_widgets as al
from animelabel_widgets import plots
from animelabel_widgets.labels import KEYS, LABELS
from animelabel_widgets.plots.figure import COLOURS, GREY, INK, Plot
from animelabel_widgets.retirement import Rule, efforts, replay

VERDICTS = pd.DataFrame(
    {
        "votes": [2, 2, 2, 3],
        "p_text": [0.9, 0.1, 0.5, 1.0],
        "p_logo": 0.0,
        "p_person": 1.0,
        "p_empty": 0.0,
        "text": pd.array([True, False, None, True], dtype="boolean"),
        "logo": pd.array([False] * 4, dtype="boolean"),
        "person": pd.array([True] * 4, dtype="boolean"),
        "empty": pd.array([False] * 4, dtype="boolean"),
        "title": ["A", "A", "A", "星"],
        "is_anime": pd.array([False, False, False, None], dtype="boolean"),
    },
    index=pd.Index([1, 2, 3, 4], name="image_id"),
)
RATINGS, TRUTH = rated(60)


def bars(axes: Axes) -> list[float]:
    """Give the heights of bars."""
    return [patch.get_height() for patch in axes.patches]


def words(plot: Plot) -> str:
    """Give all that is written in a figure."""
    return " ".join(text.get_text() for text in plot.findobj() if hasattr(text, "get_text"))


def test_days_without_ratings_are_drawn_as_zero() -> None:
    """Three days, the middle one empty; the time of day does not matter."""
    times = pd.to_datetime(["2026-03-01 23:59", "2026-03-03 00:00", "2026-03-03 12:00"], utc=True)
    (axes,) = plots.votes_per_day(pd.DataFrame({"created_at": times})).axes
    assert bars(axes) == [1, 0, 2]
    assert axes.get_xlabel() == "day (UTC)"
    assert axes.get_xticklabels()[0].get_text() == "2026-03-01"


def test_coverage_counts_images_that_nobody_has_rated() -> None:
    """Of a frame and of counts alike, with a gap."""
    for counts in (pd.DataFrame({"votes": [0, 0, 2]}), {0: 2, 2: 1}):
        (axes,) = plots.coverage(counts).axes
        assert bars(axes) == [2, 0, 1]


def test_coverage_tells_retired_images_apart() -> None:
    """And leaves out what volunteers do not see."""
    images = pd.DataFrame(
        {"votes": [0, 1, 1, 0], "state": ["open", "open", "retired", "prefiltered"]}
    )
    (axes,) = plots.coverage(images).axes
    assert [[bar.get_height() for bar in group] for group in axes.containers] == [[1, 1], [0, 1]]
    assert axes.patches[3].get_y() == 1


def test_times_are_drawn_with_their_median() -> None:
    """Every rating is in a bar, also those beyond the ends."""
    (axes,) = plots.time_per_rating(pd.DataFrame({"elapsed_ms": [0, 2000, 3000, 10**9]})).axes
    assert sum(bars(axes)) == 4
    assert axes.lines[0].get_xdata()[0] == 2.5
    assert "median 2.5 s" in axes.get_legend().get_texts()[0].get_text()


def test_series_show_their_shares_of_what_is_decided() -> None:
    """Half of two decided images of A have text, and the one of the other series."""
    plot = plots.features_by_series(VERDICTS)
    assert [axes.get_title("left") for axes in plot.axes] == [label.name for label in LABELS]
    assert [bar.get_width() for bar in plot.axes[0].patches] == [1.0, 0.5]
    assert [tick.get_text() for tick in plot.axes[0].get_yticklabels()] == ["星", "A"]


def test_of_many_series_the_largest_are_drawn() -> None:
    """The title says so."""
    titles = [f"series {number}" for number in range(40)] * 2 + ["series 7"]
    many = pd.concat([VERDICTS.iloc[[0]]] * 81, ignore_index=True).assign(title=titles)
    plot = plots.features_by_series(many)
    assert len(plot.axes[0].patches) == 30
    assert "the 30 largest of 40" in words(plot)
    assert "series 7" in words(plot)


def test_kinds_are_drawn_side_by_side() -> None:
    """Cartoons, and what is of no known kind."""
    (axes,) = plots.features_by_kind(VERDICTS).axes
    assert bars(axes) == [0.5, 0, 1, 0, 1, 0, 1, 0]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["cartoon (3 images)", "unknown (1 image)"]


def test_posteriors_are_counted_by_feature() -> None:
    """Twenty bins from 0 to 1."""
    plot = plots.posteriors(VERDICTS)
    text = bars(plot.axes[0])
    assert (len(text), sum(text), text[-1]) == (20, 4, 1)
    assert bars(plot.axes[1])[0] == 4


def test_calibration_compares_what_is_said_with_what_is_true() -> None:
    """Of ten answers said to be 80 % sure, eight are right: a point on the diagonal."""
    said = pd.DataFrame({f"p_{key}": [0.8] * 10 for key in KEYS})
    gold = pd.DataFrame({key: [True] * 8 + [False] * 2 for key in KEYS})
    (axes,) = plots.calibration(said, gold).axes
    points = axes.lines[1]
    assert np.allclose(points.get_xydata(), [[0.8, 0.8]])
    assert "expected error 0.0%" in axes.get_xlabel()
    (interval,) = axes.collections[0].get_segments()
    # Wilson's 95 % interval of 32 of 40.
    assert np.allclose(interval[:, 1], [0.6524, 0.8950], atol=1e-4)


def test_volunteers_are_points_and_flagged_ones_stand_out() -> None:
    """Nobody is left out."""
    skill = np.r_[np.full(9, 0.95), 0.5]
    ratings, _ = rated(200, volunteers=10, skill=skill)
    skills = al.volunteers(ratings)
    (axes,) = plots.volunteers(skills).axes
    usual, odd = (np.asarray(each.get_offsets()) for each in axes.collections)
    assert (len(usual), len(odd)) == (9, 1)
    assert odd[0][0] == skills["ratings"][9]
    assert odd[0][1] < usual[:, 1].min()


def test_a_crowd_is_one_picture() -> None:
    """A page gets no element for each of ten thousand volunteers."""
    skills = al.volunteers(RATINGS)
    many = pd.concat([skills] * -(-10_000 // len(skills)))
    assert len(plots.volunteers(many).to_svg()) < 100_000


def test_effort_is_drawn_beside_its_price() -> None:
    """Votes and errors of the replays, with those of all votes as a line."""
    found = efforts(RATINGS, TRUTH, sure=(0.8, 0.99))
    by_hand = replay(RATINGS, Rule(0.99), TRUTH)
    assert found.loc[0.99, "votes_per_image"] == by_hand.votes_per_image
    votes, errors = plots.effort_saved(found).axes
    assert bars(votes) == list(found["votes_per_image"])
    assert bars(errors) == list(found["error"])
    assert votes.lines[0].get_ydata()[0] == 5
    assert [tick.get_text() for tick in votes.get_xticklabels()] == ["80%", "99%"]


EMPTY: dict[str, Callable[[], Plot]] = {
    "votes_per_day": lambda: plots.votes_per_day(RATINGS[:0].assign(created_at=[])),
    "coverage": lambda: plots.coverage({}),
    "time_per_rating": lambda: plots.time_per_rating(RATINGS[:0]),
    "features_by_series": lambda: plots.features_by_series(VERDICTS[:0]),
    "features_by_kind": lambda: plots.features_by_kind(VERDICTS[:0]),
    "posteriors": lambda: plots.posteriors(VERDICTS[:0]),
    "calibration": lambda: plots.calibration(VERDICTS, VERDICTS[:0]),
    "volunteers": lambda: plots.volunteers(al.volunteers(RATINGS[:0])),
    "effort_saved": lambda: plots.effort_saved(efforts(RATINGS[:0])),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_draw_is_said_in_words(name: str) -> None:
    """And the figure can be shown as any other."""
    plot = EMPTY[name]()
    assert " yet" in words(plot)
    assert plot.to_svg()
    assert set(EMPTY) == set(plots.__all__) - {"Plot"}


@pytest.mark.parametrize("name", sorted(set(EMPTY) - {"calibration"}))
def test_a_frame_of_another_kind_is_refused(name: str) -> None:
    """With the missing columns, and what to pass."""
    with pytest.raises(al.InputError, match=r"There is no column .*: pass "):
        getattr(plots, name)(pd.DataFrame({"other": [1]}))


def test_a_figure_takes_the_colour_of_the_page() -> None:
    """No background, no ink of its own, no style for the rest of the page; letters are text."""
    shown = plots.features_by_series(VERDICTS)._repr_mimebundle_()
    svg = shown["text/html"]
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert INK not in svg
    assert "<style" not in svg
    assert ">星<" in svg
    assert shown["image/png"].startswith(b"\x89PNG")


def test_the_colours_stand_out_from_light_and_dark_pages() -> None:
    """At 3 : 1 or more, as WCAG 2.2 asks of graphics, on white and on Jupyter's dark #111."""

    def luminance(colour: str) -> float:
        parts = np.array(to_rgb(colour))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for colour in (*COLOURS, GREY):
        for page in ("#ffffff", "#111111"):
            low, high = sorted((luminance(colour), luminance(page)))
            assert (high + 0.05) / (low + 0.05) >= 3


def test_a_volunteers_page_loads_no_plots() -> None:
    """Nor what serves it."""
    code = (
        "import sys, animelabel_widgets.apps, animelabel_widgets.labeler;"
        "import animelabel_widgets.project;"
        "print({'matplotlib', 'pandas', 'animelabel_widgets.plots'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
