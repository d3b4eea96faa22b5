"""From ratings to verdicts."""

from __future__ import annotations

import doctest

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelabel_widgets import aggregation
from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer

GOOD = "person & ~text & ~logo & ~empty"

answers = st.one_of(
    st.just(Answer.of(EXCLUSIVE)),
    st.frozensets(st.sampled_from([key for key in KEYS if key != EXCLUSIVE])).map(Answer),
)


def frame(votes: list[tuple[int, Answer]]) -> pd.DataFrame:
    """Make ratings of image ids and answers."""
    rows = [{"image_id": image_id, **answer.as_row()} for image_id, answer in votes]
    types = {"image_id": "int64", **dict.fromkeys(KEYS, "bool")}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def test_a_majority_decides_and_a_tie_does_not() -> None:
    """Counts, shares and verdicts of two images, known by hand."""
    person, text, none = Answer.of("person"), Answer.of("person", "text"), Answer()
    votes = [(9, person), (9, text), (9, none), (4, text), (4, person)]
    verdicts = aggregation.consensus(frame(votes))
    assert verdicts.index.tolist() == [4, 9]
    assert verdicts["votes"].tolist() == [2, 3]
    assert verdicts["p_person"].tolist() == [1, pytest.approx(2 / 3)]
    assert verdicts["p_text"].tolist() == [0.5, pytest.approx(1 / 3)]
    assert verdicts["person"].tolist() == [True, True]
    assert verdicts["text"].tolist() == [pd.NA, False]


def test_a_query_selects_what_is_decided_only() -> None:
    """An undecided feature neither selects nor passes its negation."""
    votes = [(1, Answer.of("person")), (2, Answer.of("person")), (2, Answer.of("person", "text"))]
    verdicts = aggregation.consensus(frame(votes))
    assert verdicts.query(GOOD).index.tolist() == [1]
    assert verdicts.query("text").index.tolist() == []
    assert verdicts.query("person").index.tolist() == [1, 2]


def test_no_ratings_give_no_verdicts_of_the_right_types() -> None:
    """A notebook runs on an empty campaign too."""
    verdicts = aggregation.consensus(frame([]))
    assert verdicts.index.name == "image_id"
    assert verdicts.query(GOOD).empty
    assert set(verdicts[list(KEYS)].dtypes.astype(str)) == {"boolean"}


@given(st.lists(st.tuples(st.integers(1, 5), answers), max_size=40))
def test_a_verdict_never_contradicts_itself(votes: list[tuple[int, Answer]]) -> None:
    """Empty excludes the rest, whatever the crowd says, and the counts are right."""
    verdicts = aggregation.consensus(frame(votes))
    others = [key for key in KEYS if key != EXCLUSIVE]
    contradicting = verdicts[EXCLUSIVE] & verdicts[others].any(axis=1)
    assert not contradicting.fillna(value=False).any()
    for image_id, row in verdicts.iterrows():
        mine = [answer for voted, answer in votes if voted == image_id]
        assert row["votes"] == len(mine)
        for key in KEYS:
            yes = sum(key in answer.features for answer in mine)
            assert row[f"p_{key}"] == pytest.approx(yes / len(mine))
            assert row[key] is pd.NA if yes * 2 == len(mine) else row[key] == (yes * 2 > len(mine))


def test_a_wrong_method_or_frame_is_named() -> None:
    """The message says what to pass instead."""
    with pytest.raises(InputError, match="'median' is unknown: use one of majority"):
        aggregation.consensus(frame([]), method="median")
    with pytest.raises(InputError, match="no column image_id, logo"):
        aggregation.consensus(frame([]).drop(columns=["image_id", "logo"]))


def test_the_example_in_the_documentation_is_true() -> None:
    """The docstring's output is what comes out."""
    found = doctest.testmod(aggregation, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (found.failed, found.attempted) == (0, 2)
