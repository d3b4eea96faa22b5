"""The majority of the votes, one label at a time."""

from __future__ import annotations

import doctest
from importlib import import_module

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import animelabel_widgets as al

vote_lists = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 4)), st.sampled_from("abc"), max_size=30
)


def frame(votes: dict[tuple[int, int], str]) -> pd.DataFrame:
    """Make votes of tasks, workers and labels."""
    rows = [(task, worker, label) for (task, worker), label in votes.items()]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


@given(vote_lists)
def test_the_most_frequent_label_wins_and_ties_are_undecided(
    votes: dict[tuple[int, int], str],
) -> None:
    """Counted again in plain Python."""
    found = al.majority(frame(votes))
    assert sorted(found.index) == sorted({task for task, _ in votes})
    for task, row in found.iterrows():
        mine = [label for (voted, _), label in votes.items() if voted == task]
        most = max(map(mine.count, mine))
        winners = {label for label in mine if mine.count(label) == most}
        assert row["votes"] == len(mine)
        assert row["probability"] == pytest.approx(most / len(mine))
        assert row["label"] is pd.NA if len(winners) > 1 else row["label"] in winners


@given(vote_lists)
def test_order_and_names_change_nothing_but_names(votes: dict[tuple[int, int], str]) -> None:
    """Shuffled rows, renamed tasks and workers, swapped labels."""
    plain = frame(votes)
    swap = {"a": "c", "b": "b", "c": "a"}
    changed = plain.assign(
        task=plain["task"].map(lambda each: f"t{9 - each}"),
        worker=-plain["worker"],
        label=plain["label"].map(swap),
    ).sample(frac=1, random_state=1)
    first, second = al.majority(plain), al.majority(changed)
    for task, row in first.iterrows():
        other = second.loc[f"t{9 - task}"]
        assert (row["votes"], row["probability"]) == (other["votes"], other["probability"])
        assert row["label"] is other["label"] is pd.NA or swap[row["label"]] == other["label"]


def test_numbers_and_bools_stay_what_they_are() -> None:
    """NA among them makes neither floats nor objects."""
    votes = pd.DataFrame({"task": [1, 1, 2], "worker": [1, 2, 1], "label": [True, False, True]})
    assert al.majority(votes)["label"].dtype == "boolean"
    assert al.majority(votes.astype({"label": int}))["label"].dtype == "Int64"


def test_no_votes_give_no_labels() -> None:
    """A table without rows, with all its columns."""
    found = al.majority(frame({}))
    assert found.empty
    assert list(found) == ["votes", "label", "probability"]


def test_what_is_no_vote_is_refused() -> None:
    """A missing column, and a missing value."""
    with pytest.raises(al.InputError, match="no column worker, label: pass votes with"):
        al.majority(pd.DataFrame({"task": [1]}))
    with pytest.raises(al.InputError, match="label has missing values"):
        al.majority(pd.DataFrame({"task": [1], "worker": [1], "label": [None]}))


def test_the_example_in_the_documentation_is_true() -> None:
    """The docstring's output is what comes out."""
    module = import_module("animelabel_widgets.aggregation.majority")
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (found.failed, found.attempted) == (0, 1)
