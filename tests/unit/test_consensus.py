"""From ratings to verdicts on all four features."""

from __future__ import annotations

import doctest
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ratings import rated

import animelabel_widgets.aggregation.verdicts as verdicts_module
from animelabel_widgets.aggregation import ConsensusWarning, consensus
from animelabel_widgets.aggregation import ratings as rated_module
from animelabel_widgets.aggregation.states import HAS, STATES, estimate
from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer

GOOD = "person & ~text & ~logo & ~empty"
PROBABILITIES = [f"p_{key}" for key in KEYS]

answers = st.one_of(
    st.just(Answer.of(EXCLUSIVE)),
    st.frozensets(st.sampled_from([key for key in KEYS if key != EXCLUSIVE])).map(Answer),
)


def frame(votes: list[tuple[int, Answer]]) -> pd.DataFrame:
    """Make ratings of image ids and answers, each by another volunteer."""
    rows = [
        {"image_id": image_id, "volunteer_id": number, **answer.as_row()}
        for number, (image_id, answer) in enumerate(votes)
    ]
    types = {"image_id": "int64", "volunteer_id": "int64", **dict.fromkeys(KEYS, "bool")}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def errors(found: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """Count, for each feature, the images that are decided wrong or not at all."""
    keys = list(KEYS)
    return (found[keys] != truth.loc[found.index, keys].astype("boolean")).fillna(True).sum()  # noqa: FBT003


def test_a_majority_decides_and_a_tie_does_not() -> None:
    """Counts, shares and verdicts of two images, known by hand."""
    person, text, none = Answer.of("person"), Answer.of("person", "text"), Answer()
    votes = [(9, person), (9, text), (9, none), (4, text), (4, person)]
    found = consensus(frame(votes), method="majority")
    assert found.index.tolist() == [4, 9]
    assert found["votes"].tolist() == [2, 3]
    assert found["p_person"].tolist() == [1, pytest.approx(2 / 3)]
    assert found["p_text"].tolist() == [0.5, pytest.approx(1 / 3)]
    assert found["person"].tolist() == [True, True]
    assert found["text"].tolist() == [pd.NA, False]
    assert found.attrs["method"] == "majority"


def test_a_query_selects_what_is_decided_only() -> None:
    """An undecided feature neither selects nor passes its negation."""
    votes = [(1, Answer.of("person")), (2, Answer.of("person")), (2, Answer.of("person", "text"))]
    found = consensus(frame(votes), method="majority")
    assert found.query(GOOD).index.tolist() == [1]
    assert found.query("text").index.tolist() == []
    assert found.query("person").index.tolist() == [1, 2]


@pytest.mark.parametrize("method", ["ds", "majority"])
def test_no_ratings_give_no_verdicts_of_the_right_types(method: str) -> None:
    """A notebook runs on an empty campaign too."""
    found = consensus(frame([]), method=method)
    assert found.index.name == "image_id"
    assert found.query(GOOD).empty
    assert set(found[list(KEYS)].dtypes.astype(str)) == {"boolean"}


@given(st.lists(st.tuples(st.integers(1, 4), answers), max_size=20))
def test_a_verdict_of_the_majority_never_contradicts_itself(
    votes: list[tuple[int, Answer]],
) -> None:
    """Empty excludes the other three, whatever the votes are."""
    found = consensus(frame(votes), method="majority")
    others = [key for key in KEYS if key != EXCLUSIVE]
    assert not (found[EXCLUSIVE] & found[others].any(axis=1)).any()


def test_the_model_is_right_more_often_than_the_majority() -> None:
    """On each feature, where some volunteers are better than others."""
    skill = np.r_[np.full(14, 0.93), np.full(6, 0.6)]
    ratings, truth = rated(1500, skill=skill)
    by_model, by_majority = consensus(ratings), consensus(ratings, method="majority")
    assert (errors(by_model, truth) < errors(by_majority, truth)).all()
    assert by_model.attrs == {
        "method": "ds", "calibrated": False, "temperature": 1, "reason": "",
    }  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 3, 5]), st.sampled_from([0.5, 0.7, 0.95]))
def test_a_verdict_of_the_model_never_contradicts_itself(
    seed: int, votes: int, skill: float
) -> None:
    """The probabilities of the nine states sum to one, and those of two that exclude each other."""
    ratings, _ = rated(60, votes, 9, skill=skill, seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = consensus(ratings)
        read = rated_module.read(ratings)
        states = verdicts_module.probabilities(estimate(read.reports), np.full(60, -1))
    np.testing.assert_allclose(states.sum(axis=1), 1)
    np.testing.assert_allclose(states @ HAS, found[PROBABILITIES], atol=1e-9)
    others = [f"p_{key}" for key in KEYS if key != EXCLUSIVE]
    assert (found[others].max(axis=1) + found[f"p_{EXCLUSIVE}"] <= 1 + 1e-9).all()
    assert not (
        found[EXCLUSIVE] & found[[key for key in KEYS if key != EXCLUSIVE]].any(axis=1)
    ).any()
    assert len(STATES) == 9


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_and_the_names_of_ids_change_nothing(seed: int) -> None:
    """The same verdicts, to the last digits that sums in another order leave."""
    ratings, _ = rated(80, 4, 12, seed=seed)
    found = consensus(ratings)
    other = ratings.sample(frac=1, random_state=seed)
    other["image_id"] = "image " + other["image_id"].astype(str).str.zfill(3)
    other["volunteer_id"] = -other["volunteer_id"] * 7
    again = consensus(other)
    np.testing.assert_allclose(again[PROBABILITIES], found[PROBABILITIES], atol=1e-6)
    assert again.index.tolist() == [f"image {number:03}" for number in found.index]


@pytest.mark.parametrize(
    ("images", "votes", "volunteers", "reason"),
    [
        (1, 1, 1, "only 1 images, of at least 50"),
        (49, 3, 9, "only 49 images, of at least 50"),
        (60, 2, 2, "only 2 volunteers, of at least 3"),
        (60, 1, 9, r"only 1\.0 votes per image, of at least 2"),
    ],
)
def test_too_little_to_estimate_from_is_said(
    images: int, votes: int, volunteers: int, reason: str
) -> None:
    """Majority is given instead, with a warning and in the result."""
    ratings, _ = rated(images, votes, volunteers)
    with pytest.warns(ConsensusWarning, match=rf"not to be trusted \({reason}"):
        found = consensus(ratings)
    assert found.attrs["method"] == "majority"
    pd.testing.assert_frame_equal(found, consensus(ratings, method="majority"))


def test_equal_votes_of_all_are_their_verdict() -> None:
    """Nobody to compare with, and nothing to be unsure of."""
    same = frame([(n, Answer.of("person")) for n in range(60) for _ in range(3)])
    same["volunteer_id"] %= 5
    found = consensus(same)
    assert found.query(GOOD).index.tolist() == list(range(60))
    assert (found["p_person"] > 0.9).all()


def test_gold_stands_and_calibrates_the_rest() -> None:
    """Known images keep their answer; the others are less sure, and better calibrated."""
    skill = np.r_[np.full(14, 0.9), np.full(6, 0.6)]
    ratings, truth = rated(1200, 4, skill=skill, seed=3)
    # Volunteers who copy each other make the model too sure of itself.
    copied = ratings[ratings["volunteer_id"] < 4].assign(
        volunteer_id=lambda f: f["volunteer_id"] + 50
    )
    ratings = pd.concat([ratings, copied]).drop_duplicates(["image_id", "volunteer_id"])
    gold, rest = truth.iloc[:200], truth.index[200:]
    blind, calibrated = consensus(ratings), consensus(ratings, gold)
    assert calibrated.attrs["calibrated"]
    assert calibrated.attrs["temperature"] > 1
    assert errors(calibrated.iloc[:200], truth).sum() == 0
    np.testing.assert_array_equal(calibrated.iloc[:200][PROBABILITIES], gold.astype(float))

    def loss(found: pd.DataFrame) -> float:
        said = found.loc[rest, PROBABILITIES].to_numpy()
        right = np.where(truth.loc[rest], said, 1 - said)
        return float(-np.log(np.clip(right, 1e-12, 1)).mean())

    assert loss(calibrated) < loss(blind)


def test_little_gold_stands_but_does_not_calibrate() -> None:
    """Nineteen answers are too few; gold of unknown images is left out."""
    ratings, truth = rated(100, seed=4)
    gold = pd.concat([truth.iloc[:19], truth.iloc[:5].set_axis(range(900, 905))])
    found = consensus(ratings, gold.rename_axis("image_id").reset_index())
    assert not found.attrs["calibrated"]
    assert errors(found.iloc[:19], truth).sum() == 0
    assert found.index.tolist() == list(range(100))


def test_a_model_that_is_further_from_the_gold_is_not_used() -> None:
    """Here most volunteers are wrong together, and the few images of gold show it."""
    skill = np.r_[np.full(8, 0.97), np.full(12, 0.6)]
    ratings, truth = rated(200, 5, 20, skill=skill, seed=5)
    gold = truth.iloc[:30]
    decided = consensus(ratings, method="majority").loc[gold.index, list(KEYS)]
    gold = decided.fillna(False).astype(bool)  # noqa: FBT003
    assert errors(consensus(ratings).loc[gold.index], gold).sum() > 0
    with pytest.warns(ConsensusWarning, match="known answers wrong, and 0 by majority"):
        found = consensus(ratings, gold)
    assert found.attrs["method"] == "majority"


def test_the_last_of_several_ratings_counts() -> None:
    """With a warning that says how many there are."""
    votes = frame([(1, Answer.of("text")), (1, Answer.of("person"))]).assign(volunteer_id=7)
    with pytest.warns(
        UserWarning, match="1 votes are by a worker on a task that he voted on again"
    ):
        found = consensus(votes, method="majority")
    assert (found["votes"].item(), found["person"].item(), found["text"].item()) == (1, True, False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns=["image_id", "logo"]), "no column image_id"),
        (lambda f: f.drop(columns=["logo", "text"]), "no column text, logo"),
        (lambda f: f.assign(text=[None, True]), "text has missing values"),
        (lambda f: f.assign(text=[2, 1]), "text has the value 2: expected True or False"),
        (lambda f: f.assign(logo=["yes", "no"]), "logo has the value 'yes'"),
        (lambda f: f.assign(empty=True), "2 rows say 'empty' and another feature at once"),
    ],
)
def test_ratings_that_cannot_be_used_are_refused(change: object, message: str) -> None:
    """One sentence says what is wrong."""
    votes = frame([(1, Answer.of("text")), (2, Answer.of("person"))])
    with pytest.raises(InputError, match=message):
        consensus(change(votes))


def test_numbers_and_nullable_booleans_are_truth_values_too() -> None:
    """As they come out of a CSV file or a query."""
    votes = frame([(1, Answer.of("text")), (2, Answer.of("person"))])
    expected = consensus(votes, method="majority")
    for kind in ("int64", "float64", "boolean", "object"):
        other = votes.astype(dict.fromkeys(KEYS, kind))
        pd.testing.assert_frame_equal(consensus(other, method="majority"), expected)


def test_wrong_methods_and_contradictory_gold_are_refused() -> None:
    """The message names the methods, or the image."""
    votes = frame([(1, Answer.of("text")), (2, Answer.of("person"))])
    with pytest.raises(InputError, match="unknown: use one of ds, majority"):
        consensus(votes, method="median")
    gold = frame([(2, Answer.of("text")), (2, Answer.of("person"))])
    with pytest.raises(InputError, match="two answers to image 2"):
        consensus(votes, gold)
    twice = frame([(2, Answer.of("text")), (2, Answer.of("text"))])
    assert consensus(votes, twice, method="majority")["text"].tolist() == [True, True]


def test_the_examples_are_true() -> None:
    """The docstring's example prints what it says."""
    found = doctest.testmod(verdicts_module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (found.attempted, found.failed) == (2, 0)
