"""Simulated ratings as DataFrames, with the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from animelabel_widgets.labels import EXCLUSIVE, KEYS

SHARES = {"text": 0.3, "logo": 0.2, "person": 0.6, "empty": 0.1}


def rated(
    images: int = 300,
    votes: int = 5,
    volunteers: int = 20,
    *,
    skill: float | np.ndarray = 0.9,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let volunteers rate; give the ratings, and the truth by `image_id`.

    Each volunteer is right about each feature with a probability, `skill`, of
    shape () or (volunteers,). Who presses empty and something else by mistake
    keeps one or the other.
    """
    rng = np.random.default_rng(seed)
    truth = rng.random((images, len(KEYS))) < [SHARES[key] for key in KEYS]
    _exclude(truth, np.ones(images, dtype=bool))
    image = np.repeat(np.arange(images), votes)
    volunteer = np.concatenate([rng.permutation(volunteers)[:votes] for _ in range(images)])
    right = np.broadcast_to(np.asarray(skill, dtype=float), volunteers)[volunteer]
    said = truth[image] ^ (rng.random((len(image), len(KEYS))) >= right[:, None])
    _exclude(said, rng.random(len(image)) < 0.5)
    ratings = pd.DataFrame(said, columns=list(KEYS))
    ratings.insert(0, "image_id", image)
    ratings.insert(1, "volunteer_id", volunteer)
    ratings["elapsed_ms"] = rng.integers(800, 4000, len(image))
    columns = pd.DataFrame(truth, columns=list(KEYS))
    return ratings, columns.rename_axis("image_id")


def _exclude(said: np.ndarray, keeps_empty: np.ndarray) -> None:
    """Let answers that say empty and something else say one of both, in place."""
    empty = KEYS.index(EXCLUSIVE)
    others = [column for column in range(len(KEYS)) if column != empty]
    both = said[:, empty] & said[:, others].any(axis=1)
    said[np.ix_(both & keeps_empty, others)] = False
    said[both & ~keeps_empty, empty] = False
