"""The joint model of an image's four features, of which "empty" excludes the others.

An image is in one of nine states: any of the eight combinations of text, logo
and character, or empty. A volunteer first says whether it is empty, and only if
not, whether each other feature is there; each of the four answers is a coin of
two sides (Dawid & Skene 1979), with a prior that all volunteers pool. So the
probabilities of the nine states sum to one, and no verdict contradicts itself.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..labels import EXCLUSIVE, KEYS
from .calibration import Floats
from .votes import Codes

OTHERS = tuple(key for key in KEYS if key != EXCLUSIVE)
STATES: tuple[frozenset[str], ...] = (
    *(
        frozenset(key for key, there in zip(OTHERS, combination, strict=True) if there)
        for combination in product((False, True), repeat=len(OTHERS))
    ),
    frozenset({EXCLUSIVE}),
)
"""The features of each state."""

HAS: Floats = np.array([[key in state for key in KEYS] for state in STATES], dtype=float)
"""Which state has which feature; shape (states, features)."""

_EMPTY = len(STATES) - 1
_EXCLUSIVE = KEYS.index(EXCLUSIVE)
_ASKED: Floats = np.where(np.arange(len(KEYS)) == _EXCLUSIVE, 1, 1 - HAS[:, [_EXCLUSIVE]])
"""Which feature an answer says something of: who says empty says nothing of the others."""
_PRESUMED, _RIGHT = 10, (0.1, 0.9)
"""Volunteers are presumed to be right: so many answers, of which so many say yes to a no and to a
yes. Without them, where all say the same, right and wrong could not be told apart."""
_PORTION = 200_000
"""Votes looked at together: more would leave the processor's cache."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Answers sorted by image: of each, the image, the volunteer, and the state that he said."""

    image: Codes
    volunteer: Codes
    state: Codes
    images: int
    volunteers: int


@dataclass(frozen=True, slots=True)
class Skills:
    """How volunteers err.

    `coins` are the probabilities of a yes, shape (volunteers, features, 2), given a true no and
    a true yes; those of the other features are of answers that do not say empty. `mistakes` is
    what is said of an empty image by those who do not see it, shape (states,), alike for all.
    """

    coins: Floats
    mistakes: Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the model says; `scores` are the log-weights of each image's states."""

    scores: Floats
    skills: Skills
    prior: Floats
    log_likelihood: float


def state_of(answers: NDArray[np.bool_]) -> Codes:
    """Give the number of the state of each answer; rows of one truth value for each feature.

    An answer that says empty and something else has the number -1.
    """
    others = [KEYS.index(key) for key in OTHERS]
    number = np.zeros(len(answers), dtype=np.int64)
    for column in others:
        number = 2 * number + answers[:, column]
    empty = answers[:, _EXCLUSIVE]
    return np.where(empty, np.where(number > 0, -1, _EMPTY), number)


def estimate(
    reports: Reports,
    *,
    fixed: Codes | None = None,
    prior_strength: float = 5,
    max_iter: int = 200,
    tol: float = 1e-5,
) -> Estimate:
    """Estimate the states of all images and the skills of all volunteers by EM.

    Parameters
    ----------
    reports
        The answers; every image and every volunteer has at least one.
    fixed
        The known state of each image, -1 where it is not known.
    prior_strength
        How many answers the pooled prior of a volunteer's skill weighs.
    max_iter, tol
        Iterations at most, and the gain in log-likelihood per answer that ends them.
    """
    answers = _Answers(reports)
    states = answers.shares()
    former = -np.inf
    for _ in range(max_iter):
        if fixed is not None:
            clamp(states, fixed)
        prior = (states.sum(axis=0) + 1) / (len(states) + len(STATES))
        skills = answers.skills(states @ HAS, prior_strength)
        scores, constant = answers.scores(skills, prior)
        states, evidence = _normed(scores)
        log_likelihood = constant + evidence
        if abs(log_likelihood - former) <= tol * len(reports.state):
            break
        former = log_likelihood
    else:
        warnings.warn(f"The consensus has not settled after {max_iter} iterations.", stacklevel=3)
    return Estimate(scores, skills, prior, log_likelihood)


def clamp(states: Floats, fixed: Codes) -> None:
    """Give the images that are known their state."""
    rows = np.flatnonzero(fixed >= 0)
    states[rows] = 0
    states[rows, fixed[rows]] = 1


class _Answers:
    """The answers of all images, in the form in which EM goes through them again and again."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._cells = reports.volunteer * len(STATES) + reports.state
        shape = reports.volunteers, len(STATES)
        self._counts = np.bincount(self._cells, minlength=shape[0] * shape[1]).reshape(shape)
        self._first = np.flatnonzero(np.diff(reports.image, prepend=-1))
        self._sizes = np.diff(self._first, append=len(self._cells))

    def shares(self) -> Floats:
        """Give each state's share of the answers to each image."""
        shape = self._reports.images, len(STATES)
        cells = self._reports.image * len(STATES) + self._reports.state
        counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        shares: Floats = counts / counts.sum(axis=1, keepdims=True)
        return shares

    def skills(self, features: Floats, prior_strength: float) -> Skills:
        """Estimate the skills, given the probability of each image's features."""
        counts = self._counts
        coins = np.empty((len(counts), len(KEYS), 2))
        for column in range(len(KEYS)):
            asked = _ASKED[:, column]
            weights = np.repeat(features[:, column], self._sizes)
            if_yes = np.bincount(self._cells, weights, minlength=counts.size).reshape(counts.shape)
            for truth, expected in ((1, if_yes), (0, counts - if_yes)):
                total = expected @ asked
                said = expected @ (HAS[:, column] * asked)
                mean = (said.sum() + _PRESUMED * _RIGHT[truth]) / (total.sum() + _PRESUMED)
                # Of whom nothing is known, nothing but the average can be said.
                strength = np.where(total > 0, prior_strength, max(prior_strength, 1))
                coins[:, column, truth] = (said + strength * mean) / (total + strength)
            if column == _EXCLUSIVE:
                mistakes = np.where(HAS[:, _EXCLUSIVE] > 0, 0, if_yes.sum(axis=0) + 0.5)
        return Skills(np.clip(coins, 1e-6, 1 - 1e-6), mistakes / mistakes.sum())

    def scores(self, skills: Skills, prior: Floats) -> tuple[Floats, float]:
        """Give the log-weights of each image's states, and what all states have in common."""
        yes, no = np.log(skills.coins), np.log1p(-skills.coins)
        # Of each volunteer, state said, feature: the log-probability of what is said, if not so.
        said = HAS[None] > 0
        unless = np.where(said, yes[:, None, :, 0], no[:, None, :, 0]) * _ASKED
        gains = np.where(said, yes[:, None, :, 1], no[:, None, :, 1]) * _ASKED - unless
        others = np.delete(np.arange(len(STATES)), _EMPTY)
        features = np.delete(np.arange(len(KEYS)), _EXCLUSIVE)
        # What is said of an empty image besides is no sign of a skill.
        beside = unless[:, others][:, :, features].sum(axis=2)
        gains[:, others, _EXCLUSIVE] += np.log(skills.mistakes[others]) - beside
        sums = self._sums(gains.reshape(-1, len(KEYS)))
        constant = float((unless.sum(axis=2) * self._counts).sum())
        return sums @ HAS.T + np.log(prior), constant

    def _sums(self, table: Floats) -> Floats:
        """Add up, for each image, the rows of the table that its answers name."""
        first, ends = self._first, np.append(self._first[1:], len(self._cells))
        sums = np.empty((len(first), table.shape[1]))
        image = 0
        while image < len(first):
            # Whole images, so that no image's answers are cut in two.
            last = max(image + 1, int(np.searchsorted(ends, first[image] + _PORTION, "right")))
            some = table[self._cells[first[image] : ends[last - 1]]]
            sums[image:last] = np.add.reduceat(some, first[image:last] - first[image], axis=0)
            image = last
        return sums


def _normed(scores: Floats) -> tuple[Floats, float]:
    """Turn log-weights into probabilities; give the sum of the logarithms of their totals too."""
    most = scores.max(axis=1, keepdims=True)
    weights = np.exp(scores - most)
    totals = weights.sum(axis=1, keepdims=True)
    weights /= totals
    return weights, float((most + np.log(totals)).sum())
