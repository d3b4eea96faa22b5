"""Probabilities that mean what they say: one temperature, fitted on known answers.

Dawid–Skene takes the votes on a task for independent, and so it is too sure of
itself. Dividing the log-odds by one temperature repairs most of that
(Guo, Pleiss, Sun & Weinberger, "On Calibration of Modern Neural Networks", 2017).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ENOUGH = 20
"""Known answers from which on a temperature can be fitted."""

_RANGE = (1.0, 20.0)
"""Never below 1: where a few known answers are all right, any model would become too sure."""

_TINY = 1e-12
_CLOSE = 1e-3


def log_loss(probabilities: Floats, truth: NDArray[np.bool_]) -> float:
    """Give the mean negative log-probability of what is true, in nats."""
    said = np.where(truth, probabilities, 1 - probabilities)
    return float(-np.log(np.clip(said, _TINY, 1)).mean())


def fit_temperature(loss: Callable[[float], float]) -> float:
    """Find the temperature with the least loss, by golden-section search on its logarithm.

    Parameters
    ----------
    loss
        Of a temperature; taken on answers that the model did not see.
    """
    low, high = np.log(_RANGE)
    ratio = (np.sqrt(5) - 1) / 2
    while high - low > _CLOSE:
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        if loss(float(np.exp(first))) < loss(float(np.exp(second))):
            high = second
        else:
            low = first
    return float(np.exp((low + high) / 2))


def softmax(scores: Floats) -> Floats:
    """Turn log-weights, rows of shape (n, k), into probabilities."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    normed: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normed
