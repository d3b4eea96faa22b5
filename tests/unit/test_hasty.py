"""Implausibly fast series of equal answers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelabel_widgets.aggregation import hasty, volunteers
from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import KEYS


def frame(rows: list[tuple[int, str, int]]) -> pd.DataFrame:
    """Make ratings of (volunteer, the feature said or nothing, milliseconds)."""
    return pd.DataFrame(
        [
            {
                "image_id": image,
                "volunteer_id": who,
                **{key: key == said for key in KEYS},
                "elapsed_ms": elapsed,
            }
            for image, (who, said, elapsed) in enumerate(rows)
        ],
        columns=["image_id", "volunteer_id", *KEYS, "elapsed_ms"],
    )


def test_a_fast_run_is_flagged_also_between_those_of_others() -> None:
    """Ten equal answers in a row of one volunteer, and nobody else's."""
    rows = [(1, "text", 900)]
    for turn in range(10):
        rows += [(1, "text", 399), (2, "logo" if turn % 2 else "", 399), (3, "text", 400)]
    found = hasty(frame([*rows, (1, "logo", 100)]))
    assert found.tolist() == [who == 1 and ms == 399 for who, _, ms in rows] + [False]


def test_a_run_that_is_short_or_broken_is_not() -> None:
    """By another answer, or by a moment to look."""
    fast = [(1, "", 100)] * 9
    assert not hasty(frame(fast)).any()
    assert not hasty(frame([*fast, (1, "text", 100), *fast])).any()
    assert not hasty(frame([*fast, (1, "", 2000), *fast])).any()
    assert hasty(frame([*fast, (1, "", 100)])).all()
    assert hasty(frame(fast), run=9).all()
    assert not hasty(frame(fast), run=9, below_ms=100).any()


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "text"]), st.sampled_from([1, 999])))
)
def test_the_rule_is_the_same_as_counted_one_by_one(rows: list[tuple[int, str, int]]) -> None:
    """With a run of three."""
    expected = np.zeros(len(rows), dtype=bool)
    for who in (1, 2, 3):
        run: list[int] = []
        for place in [place for place, row in enumerate(rows) if row[0] == who]:
            joins = rows[place][2] < 400
            run = [*run, place] if run and joins and rows[run[-1]][1] == rows[place][1] else []
            run = run or ([place] if joins else [])
            if len(run) >= 3:
                expected[run] = True
    assert hasty(frame(rows), run=3).tolist() == expected.tolist()


def test_volunteers_have_the_share_of_their_hasty_ratings() -> None:
    """And it is not known without times."""
    ratings = frame([(1, "text", 100)] * 10 + [(1, "logo", 5000)] * 10 + [(2, "text", 900)] * 20)
    assert volunteers(ratings)["hasty"].to_dict() == {1: 0.5, 2: 0.0}
    assert volunteers(ratings.drop(columns="elapsed_ms"))["hasty"].isna().all()


def test_no_ratings_have_no_flags_and_a_missing_column_is_named() -> None:
    """As everywhere."""
    assert hasty(frame([])).tolist() == []
    with pytest.raises(InputError, match="no column elapsed_ms"):
        hasty(frame([]).drop(columns="elapsed_ms"))
