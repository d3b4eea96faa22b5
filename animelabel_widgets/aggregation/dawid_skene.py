"""Dawid and Skene's model: tasks have a true class, workers confuse classes each in their way.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates
Using the EM Algorithm", Applied Statistics 28 (1979), with a Dirichlet prior on
each worker's confusions. Its mean is what the model finds if all workers are one,
so that a worker of few votes is taken for an ordinary one; plain maximum
likelihood takes three lucky votes for perfection.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from ..errors import InputError
from .calibration import ENOUGH, Floats, fit_temperature, softmax
from .votes import Codes, Votes, coded, decided, known

_TINY = 1e-300


class DawidSkene:
    """Estimates the true label of each task and the skill of each worker.

    Parameters
    ----------
    prior_strength
        How many votes the prior of a worker's confusions weighs for each true class; 0 is plain
        maximum likelihood.
    max_iter
        Iterations at most.
    tol
        The gain in log-posterior (with `prior_strength=0`: in log-likelihood) per vote, in nats,
        below which it has converged.

    Attributes
    ----------
    labels_ : Series
        The most probable label by task; NA where two are equally probable.
    probas_ : DataFrame
        The probability of each label by task; rows sum to 1.
    worker_skills_ : DataFrame
        By worker: `sensitivity`, `specificity` (of the last of two classes in their order;
        NaN where there are more), `informedness` (0 is chance, 1 is perfect; with k classes
        (k · mean recall - 1) / (k - 1)), and `n`, the number of votes.
    confusions_ : ndarray
        Shape (workers, classes, classes): the probability of each label given the true class.
    class_prior_ : Series
        The estimated share of each class.
    n_iter_ : int
        Iterations done, with those for the prior.
    log_likelihood_ : float
        Of the votes, in nats.
    log_posterior_ : float
        The same plus the logarithm of the prior's density, but for a constant: what every
        iteration raises.
    temperature_ : float
        By which the log-probabilities were divided; 1 where it was not calibrated.
    calibrated_ : bool
        Whether there was enough gold to fit the temperature.

    Examples
    --------
    >>> votes = pd.DataFrame({"task": [1, 1, 1, 2, 2, 2], "worker": list("abcabc"),
    ...                       "label": [True, True, False, False, False, False]})
    >>> DawidSkene(prior_strength=5).fit_predict(votes).to_dict()
    {1: True, 2: False}
    """

    def __init__(
        self, prior_strength: float = 5, *, max_iter: int = 200, tol: float = 1e-6
    ) -> None:
        if not prior_strength >= 0:
            raise InputError(f"prior_strength must be 0 or more, not {prior_strength}.")
        self.prior_strength = prior_strength
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, votes: pd.DataFrame, gold: Mapping[Any, Any] | pd.Series | None = None) -> Self:
        """Estimate from votes.

        Parameters
        ----------
        votes
            The columns `task`, `worker`, `label`, of any hashable kind and in any order.
        gold
            The known label of some tasks. These keep it; with 20 or more, the probabilities of
            the others are calibrated by a temperature, fitted by the log-loss on the gold as
            the model estimates it without knowing it.

        Raises
        ------
        InputError
            If there are no votes, a column is missing or has missing values, or the gold
            contradicts itself.
        """
        found = coded(votes)
        if not len(found):
            raise InputError("There are no votes: pass at least one.")
        fixed = known(gold, found.tasks, found.labels)
        self.temperature_ = 1.0
        self.calibrated_ = int((fixed >= 0).sum()) >= ENOUGH
        if self.calibrated_:
            scores, _ = self._estimate(found, np.full_like(fixed, -1))
            is_known = fixed >= 0
            right = fixed[is_known]

            def loss(temperature: float) -> float:
                said = softmax(scores[is_known] / temperature)[np.arange(len(right)), right]
                return float(-np.log(np.maximum(said, 1e-12)).mean())

            self.temperature_ = fit_temperature(loss)
        scores, confusions = self._estimate(found, fixed)
        probabilities = _clamped(softmax(scores / self.temperature_), fixed)
        tasks = found.tasks.rename("task")
        self.probas_ = pd.DataFrame(probabilities, index=tasks, columns=found.labels)
        self.labels_ = decided(probabilities, found.labels, tasks)
        self.confusions_ = confusions
        self.worker_skills_ = _skills(found, confusions)
        return self

    def fit_predict(
        self, votes: pd.DataFrame, gold: Mapping[Any, Any] | pd.Series | None = None
    ) -> pd.Series:
        """Estimate, and give `labels_`; see `fit`."""
        return self.fit(votes, gold).labels_

    def fit_predict_proba(
        self, votes: pd.DataFrame, gold: Mapping[Any, Any] | pd.Series | None = None
    ) -> pd.DataFrame:
        """Estimate, and give `probas_`; see `fit`."""
        return self.fit(votes, gold).probas_

    def _estimate(self, votes: Votes, fixed: Codes) -> tuple[Floats, Floats]:
        """Give the log-weights of each task's classes, and the workers' confusions.

        First as if all workers were one, whose confusions are then everybody's prior.
        """
        start = _shares(votes)
        self.n_iter_ = 0
        mean = np.full((len(votes.labels),) * 2, 1 / len(votes.labels))
        if self.prior_strength:
            crowd = np.zeros_like(votes.worker)
            start, confusions = self._maximise(votes, crowd, 1, fixed, start, mean, 0)
            start, mean = softmax(start), confusions[0]
        workers = len(votes.workers)
        return self._maximise(votes, votes.worker, workers, fixed, start, mean, self.prior_strength)

    def _maximise(
        self,
        votes: Votes,
        worker: Codes,
        workers: int,
        fixed: Codes,
        probabilities: Floats,
        mean: Floats,
        strength: float,
    ) -> tuple[Floats, Floats]:
        """Run EM from probabilities of the classes; `mean` and `strength` make up the prior."""
        classes = len(votes.labels)
        cells = worker * classes + votes.label
        known_rows = np.flatnonzero(fixed >= 0)
        impossible = fixed[known_rows, None] != np.arange(classes)
        probabilities = _clamped(probabilities, fixed)
        former, converged = -np.inf, False
        for _ in range(self.max_iter):
            prior = np.maximum(probabilities.mean(axis=0), _TINY)
            counts = _counts(votes.task, cells, probabilities, workers)
            confusions = _confusions(counts, mean, strength)
            logs = np.log(np.maximum(confusions, _TINY))
            scores = np.tile(np.log(prior), (len(votes.tasks), 1))
            for true in range(classes):
                weights = logs[:, true].ravel()[cells]
                scores[:, true] += np.bincount(votes.task, weights, minlength=len(votes.tasks))
            scores[known_rows] = np.where(impossible, -np.inf, scores[known_rows])
            self.n_iter_ += 1
            self.log_likelihood_ = float(np.logaddexp.reduce(scores, axis=1).sum())
            self.log_posterior_ = self.log_likelihood_ + strength * float((mean * logs).sum())
            self.class_prior_ = pd.Series(prior, index=votes.labels)
            probabilities = softmax(scores)
            converged = self.log_posterior_ - former <= self.tol * len(votes)
            if converged:
                break
            former = self.log_posterior_
        if not converged:
            warnings.warn(
                f"Dawid-Skene has not converged after {self.max_iter} iterations: "
                "raise max_iter, or take a larger tol.",
                stacklevel=5,
            )
        return scores, confusions


def _counts(task: Codes, cells: Codes, probabilities: Floats, workers: int) -> Floats:
    """Count each worker's labels by true class; shape (workers, classes, labels)."""
    classes = probabilities.shape[1]
    counts = np.empty((workers, classes, classes))
    for true in range(classes):
        weights = probabilities[:, true][task]
        found = np.bincount(cells, weights, minlength=workers * classes)
        counts[:, true] = found.reshape(workers, classes)
    return counts


def _confusions(counts: Floats, mean: Floats, strength: float) -> Floats:
    """Give each worker's probability of each label, given the true class."""
    counts = counts + strength * mean
    total = counts.sum(axis=2, keepdims=True)
    # Where nothing is known of a worker, he is as everybody.
    shares: Floats = np.where(total > 0, counts / np.maximum(total, _TINY), mean)
    return shares


def _shares(votes: Votes) -> Floats:
    """Give each label's share of the votes on each task."""
    shape = len(votes.tasks), len(votes.labels)
    cells = votes.task * shape[1] + votes.label
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _clamped(probabilities: Floats, fixed: Codes) -> Floats:
    """Give the tasks that are known their label."""
    rows = np.flatnonzero(fixed >= 0)
    probabilities[rows] = 0
    probabilities[rows, fixed[rows]] = 1
    return probabilities


def _skills(votes: Votes, confusions: Floats) -> pd.DataFrame:
    """Describe each worker."""
    classes = len(votes.labels)
    recall = np.diagonal(confusions, axis1=1, axis2=2)
    two = classes == 2  # noqa: PLR2004 - sensitivity and specificity are of two classes
    nothing = np.full(len(votes.workers), np.nan)
    chance = max(classes - 1, 1)
    return pd.DataFrame(
        {
            "sensitivity": recall[:, 1] if two else nothing,
            "specificity": recall[:, 0] if two else nothing,
            "informedness": (classes * recall.mean(axis=1) - 1) / chance,
            "n": np.bincount(votes.worker, minlength=len(votes.workers)),
        },
        index=votes.workers.rename("worker"),
    )
