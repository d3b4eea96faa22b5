"""The model of Dawid and Skene, one label at a time."""

from __future__ import annotations

import doctest
import warnings
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.real_votes import POSSENT, RTE, made, votes_and_truth

import animelabel_widgets as al
from animelabel_widgets.aggregation import dawid_skene

# With `prior_strength=0`, crowd-kit 1.4.2's DawidSkene(n_iter=100) gives .9275 and .96; see
# benchmarks/consensus_accuracy.py, which runs both.
FIGURES = {RTE: (0.92, 0.9275), POSSENT: (0.957, 0.96)}

vote_lists = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 4)), st.booleans(), min_size=1, max_size=30
)


def frame(votes: dict[tuple[int, int], bool]) -> pd.DataFrame:
    """Make votes of tasks, workers and labels."""
    rows = [(task, worker, label) for (task, worker), label in votes.items()]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


@pytest.mark.parametrize("name", [RTE, POSSENT])
def test_real_votes_give_the_truth_as_often_as_expected(name: str) -> None:
    """With the prior at least the figure, without it what another implementation gives."""
    votes, truth = votes_and_truth(name)
    least, plain = FIGURES[name]
    assert (al.DawidSkene().fit_predict(votes) == truth).mean() >= least
    if "w0" in set(votes["worker"]):  # the real ones
        exactly = (al.DawidSkene(prior_strength=0).fit_predict(votes) == truth).mean()
        assert exactly == pytest.approx(plain, abs=0.002)


def test_it_is_better_than_the_majority_where_workers_differ() -> None:
    """On made votes, in which good workers outweigh many poor ones."""
    votes, truth = made(tasks=2000, workers=30, votes=5, seed=4)
    by_model = (al.DawidSkene().fit_predict(votes) == truth).mean()
    by_majority = (al.majority(votes)["label"] == truth).mean()
    assert by_model > by_majority + 0.005


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_skills_come_near_the_truth_for_any_number_of_classes(classes: int) -> None:
    """The diagonal of each worker's confusions is how often he is right."""
    votes, truth = made(tasks=3000, workers=10, votes=8, classes=classes)
    model = al.DawidSkene(prior_strength=0).fit(votes)
    right = votes.assign(right=votes["label"] == votes["task"].map(truth))
    recall = np.diagonal(model.confusions_, axis1=1, axis2=2).mean(axis=1)
    assert recall == pytest.approx(right.groupby("worker")["right"].mean().to_numpy(), abs=0.03)
    skills = model.worker_skills_
    assert skills["n"].tolist() == right.groupby("worker").size().tolist()
    assert skills["sensitivity"].isna().all() == (classes > 2)
    if classes == 2:
        expected = skills["sensitivity"] + skills["specificity"] - 1
        assert skills["informedness"].to_numpy() == pytest.approx(expected.to_numpy())
    assert model.probas_.sum(axis=1).to_numpy() == pytest.approx(1)
    assert model.class_prior_.to_numpy() == pytest.approx(1 / classes, abs=0.03)


@pytest.mark.filterwarnings("ignore:Dawid-Skene has not converged")
@pytest.mark.parametrize("known", [0, 30])
def test_the_likelihood_rises_with_every_iteration(known: int) -> None:
    """As it must in EM, whose steps are each a maximum; with gold too."""
    votes, truth = made(tasks=200, workers=15, votes=4, seed=9)
    model = al.DawidSkene(0, tol=-1)
    rising = []
    for model.max_iter in range(1, 25):
        model.fit(votes, truth[:known])
        rising.append(model.log_likelihood_)
        assert model.log_posterior_ == model.log_likelihood_
    assert np.diff(rising).min() > -1e-9
    assert rising[-1] > rising[0] + 1


def test_with_a_prior_the_posterior_rises_with_every_iteration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both while all workers are one and after, where each step is a maximum too."""
    votes, _ = made(tasks=200, workers=40, votes=4, seed=9)
    model = al.DawidSkene(5, tol=1e-12)
    seen: list[tuple[float, int]] = []
    confusions = dawid_skene._confusions

    def watched(counts: Any, mean: Any, strength: float) -> Any:
        if hasattr(model, "log_posterior_"):
            seen.append((model.log_posterior_, len(counts)))
        return confusions(counts, mean, strength)

    monkeypatch.setattr(dawid_skene, "_confusions", watched)
    model.fit(votes)
    for workers in (1, 40):
        # What is seen on entry is of the step before; the first entry of a stage is of the other.
        rising = [value for value, count in seen if count == workers][1 if workers > 1 else 0 :]
        assert len(rising) > 3
        assert np.diff(rising).min() > -1e-9


def test_not_converging_is_said() -> None:
    """With what to do, and the result of the last iteration stands."""
    votes, _ = made(tasks=50)
    with pytest.warns(UserWarning, match="not converged after 2 iterations: raise max_iter"):
        model = al.DawidSkene(max_iter=2).fit(votes)
    assert model.n_iter_ == 4  # two for the prior, and two with it
    assert len(model.labels_) == 50


def test_it_gives_the_same_again() -> None:
    """Bit by bit, for nothing is drawn."""
    votes, _ = made()
    first, second = (al.DawidSkene().fit_predict_proba(votes) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_known_labels_stay_and_teach() -> None:
    """Gold keeps its label against all votes, and tells who is right."""
    rows = [(task, worker, True) for task in range(30) for worker in "ab"]
    rows += [(task, "c", False) for task in range(30)]
    votes = pd.DataFrame(rows, columns=["task", "worker", "label"])
    gold = dict.fromkeys(range(15), False)
    model = al.DawidSkene().fit(votes, gold)
    assert (model.probas_.loc[:14, False] == 1).all()
    assert not model.labels_.loc[:14].any()
    plain = al.DawidSkene().fit(votes).worker_skills_
    taught = model.worker_skills_
    assert taught.loc["c", "informedness"] > plain.loc["c", "informedness"]


def test_twenty_known_labels_calibrate() -> None:
    """Fewer do not; the log-loss of the others falls where workers agree more than the model."""
    votes, truth = votes_and_truth(RTE)
    assert not al.DawidSkene().fit(votes, truth.iloc[:19]).calibrated_
    model = al.DawidSkene().fit(votes, truth.iloc[:200])
    assert model.calibrated_
    plain = al.DawidSkene().fit(votes)
    assert plain.temperature_ == 1
    rest = truth.index[200:]

    def loss(probabilities: pd.DataFrame) -> float:
        said = probabilities.loc[rest].to_numpy()[np.arange(len(rest)), truth[rest]]
        return float(-np.log(np.clip(said, 1e-12, 1)).mean())

    assert loss(model.probas_) < loss(plain.probas_) + 0.01


@pytest.mark.filterwarnings("ignore:Dawid-Skene has not converged")
@settings(max_examples=60, deadline=None)
@given(vote_lists, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(
    votes: dict[tuple[int, int], bool], rng: object
) -> None:
    """Each order of the same votes gives the same probabilities."""
    given_order = frame(votes)
    shuffled = given_order.sample(frac=1, random_state=len(votes))
    first, second = (al.DawidSkene().fit(each) for each in (given_order, shuffled))
    assert first.probas_.to_numpy() == pytest.approx(second.probas_.to_numpy(), abs=1e-9)
    pd.testing.assert_series_equal(first.labels_, second.labels_)


@pytest.mark.filterwarnings("ignore:Dawid-Skene has not converged")
@settings(max_examples=60, deadline=None)
@given(vote_lists)
def test_the_names_change_nothing_but_the_names(votes: dict[tuple[int, int], bool]) -> None:
    """Tuples, texts and numbers as ids, in another order, give the same probabilities."""
    plain = frame(votes)
    names: dict[str, dict[int, Hashable]] = {
        "task": {0: ("z", 1), 1: "a", 2: 7.5, 3: frozenset({1}), 4: b"x", 5: "q"},
        "worker": {0: "e", 1: "d", 2: "c", 3: "b", 4: "a"},
    }
    renamed = plain.assign(
        **{column: plain[column].map(mapping) for column, mapping in names.items()}
    )
    first = al.DawidSkene().fit(plain)
    second = al.DawidSkene().fit(renamed)
    found = dict(zip(second.probas_.index, second.probas_.to_numpy(), strict=True))
    for task, row in first.probas_.iterrows():
        assert found[names["task"][task]] == pytest.approx(row.to_numpy(), abs=1e-6)


@pytest.mark.filterwarnings("ignore:Dawid-Skene has not converged")
@settings(max_examples=60, deadline=None)
@given(vote_lists)
def test_swapping_the_classes_swaps_the_probabilities(votes: dict[tuple[int, int], bool]) -> None:
    """Neither class is preferred, also where they tie."""
    plain = frame(votes)
    swapped = plain.assign(label=~plain["label"])
    first, second = (al.DawidSkene().fit(each) for each in (plain, swapped))
    for label in first.probas_:
        assert second.probas_[not label].to_numpy() == pytest.approx(
            first.probas_[label].to_numpy(), abs=1e-6
        )
    pd.testing.assert_series_equal(
        second.labels_.astype("boolean"), ~first.labels_.astype("boolean")
    )


@pytest.mark.filterwarnings("ignore:Dawid-Skene has not converged")
@settings(max_examples=40, deadline=None)
@given(vote_lists)
def test_all_that_may_come_gives_probabilities(votes: dict[tuple[int, int], bool]) -> None:
    """One worker, one task, one answer only: no division by nothing, with and without a prior."""
    for strength in (0, 5):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            model = al.DawidSkene(prior_strength=strength).fit(frame(votes))
        assert np.isfinite(model.probas_.to_numpy()).all()
        assert model.probas_.sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_tie_is_undecided() -> None:
    """Two workers of whom nothing is known contradict each other."""
    votes = pd.DataFrame({"task": [1, 1], "worker": [1, 2], "label": [True, False]})
    model = al.DawidSkene().fit(votes)
    assert model.labels_.isna().all()
    assert model.labels_.dtype == "boolean"


def test_one_class_only_is_certain() -> None:
    """Where all votes are equal."""
    votes = pd.DataFrame({"task": [1, 2], "worker": [1, 1], "label": ["yes", "yes"]})
    model = al.DawidSkene().fit(votes)
    assert model.labels_.tolist() == ["yes", "yes"]
    assert model.probas_["yes"].tolist() == [1, 1]


def test_of_two_votes_by_a_worker_on_a_task_the_last_counts() -> None:
    """With a warning that says how many there were."""
    votes = pd.DataFrame({"task": [1, 1, 1], "worker": [1, 2, 1], "label": ["a", "b", "b"]})
    with pytest.warns(UserWarning, match="1 votes are by a worker on a task that he voted on"):
        model = al.DawidSkene().fit(votes)
    assert model.labels_.tolist() == ["b"]
    assert model.worker_skills_["n"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ({"task": [], "worker": [], "label": []}, "There are no votes"),
        ({"task": [1], "who": [1], "label": [1]}, "no column worker"),
        ({"task": [1], "worker": [1], "label": [np.nan]}, "label has missing values"),
        ({"task": [None], "worker": [1], "label": [1]}, "task has missing values"),
    ],
)
def test_what_is_no_vote_is_refused(votes: dict[str, list[object]], message: str) -> None:
    """In one sentence that says what to pass."""
    with pytest.raises(al.InputError, match=message):
        al.DawidSkene().fit(pd.DataFrame(votes))


def test_gold_that_does_not_fit() -> None:
    """Unknown tasks are left out; an unknown label and two answers to one task are refused."""
    votes, _ = made(tasks=20)
    expected = al.DawidSkene().fit_predict_proba(votes)
    pd.testing.assert_frame_equal(al.DawidSkene().fit_predict_proba(votes, {999: 1}), expected)
    with pytest.raises(al.InputError, match="has the label 7, which no vote has"):
        al.DawidSkene().fit(votes, {3: 7})
    with pytest.raises(al.InputError, match="two answers to the task 3: keep one"):
        al.DawidSkene().fit(votes, pd.Series([0, 1], index=[3, 3]))
    with pytest.raises(al.InputError, match="0 or more, not -1"):
        al.DawidSkene(prior_strength=-1)


def test_the_example_in_the_documentation_is_true() -> None:
    """The docstring's output is what comes out."""
    found = doctest.testmod(dawid_skene, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (found.failed, found.attempted) == (0, 2)
