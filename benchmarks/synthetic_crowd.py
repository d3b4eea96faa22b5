"""A crowd that never was: images with a truth, volunteers with skills, and what they say.

The volunteers' process is not the model's: each feature is a coin by itself,
and where "empty" fell together with another feature, the one pressed last
stays, as on the page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from animelabel_widgets.labels import EXCLUSIVE, KEYS

FREQUENCY = {"text": 0.25, "logo": 0.2, "person": 0.65, "empty": 0.06}
KINDS = {"good": (0.9, 0.85, 0.98), "mediocre": (0.08, 0.6, 0.8), "spammer": (0.02, 0.0, 1.0)}
"""Of each kind its share of the volunteers, and the range of sensitivity and specificity."""

ACTIVITY = 1.1
"""The spread of the logarithm of the volunteers' activity: few do much, many do little."""

_EMPTY = KEYS.index(EXCLUSIVE)
_OTHERS = [KEYS.index(key) for key in KEYS if key != EXCLUSIVE]


@dataclass(frozen=True)
class Crowd:
    """Images and volunteers, numbered from 0.

    Parameters
    ----------
    truth
        Of shape (images, features).
    right
        Of shape (volunteers, features, 2): how often a volunteer is right where the feature is
        not there, and where it is.
    activity
        Each volunteer's share of the ratings.
    """

    truth: NDArray[np.bool_]
    right: NDArray[np.float64]
    activity: NDArray[np.float64]

    def answers(
        self, image: NDArray[np.int64], volunteer: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Let volunteers rate images; shape (ratings, features)."""
        truth = self.truth[image]
        features = np.arange(len(KEYS))
        chance = self.right[volunteer[:, None], features, truth.astype(np.int64)]
        said = truth == (rng.random(truth.shape) < chance)
        both = said[:, _EMPTY] & said[:, _OTHERS].any(axis=1)
        empty_last = rng.random(len(said)) < 0.5
        said[np.ix_(both & empty_last, _OTHERS)] = False
        said[both & ~empty_last, _EMPTY] = False
        return said

    def ratings(self, votes: int, rng: np.random.Generator) -> pd.DataFrame:
        """Let different volunteers rate each image so often, in random order."""
        images = len(self.truth)
        chosen = rng.choice(len(self.activity), (images, votes), p=self.activity)
        while True:
            in_order = np.sort(chosen, axis=1)
            twice = np.flatnonzero((in_order[:, 1:] == in_order[:, :-1]).any(axis=1))
            if not len(twice):
                break
            chosen[twice] = rng.choice(len(self.activity), (len(twice), votes), p=self.activity)
        order = rng.permutation(images * votes)
        image, volunteer = order // votes, chosen.ravel()[order]
        return frame(image, volunteer, self.answers(image, volunteer, rng))


def make_crowd(images: int, volunteers: int, rng: np.random.Generator) -> Crowd:
    """Draw the truth and the volunteers; see `FREQUENCY` and `KINDS`."""
    truth = rng.random((images, len(KEYS))) < [FREQUENCY[key] for key in KEYS]
    truth[np.ix_(truth[:, _EMPTY], _OTHERS)] = False
    shares, lows, highs = (np.array(each) for each in zip(*KINDS.values(), strict=True))
    kind = rng.choice(len(KINDS), volunteers, p=shares)
    low, high = lows[kind][:, None, None], highs[kind][:, None, None]
    right = low + (high - low) * rng.random((volunteers, len(KEYS), 2))
    # A spammer says yes as often whatever the image shows.
    spammers = kind == list(KINDS).index("spammer")
    right[spammers, :, 0] = 1 - right[spammers, :, 1]
    activity = np.exp(rng.normal(0, ACTIVITY, volunteers))
    return Crowd(truth, right, activity / activity.sum())


def frame(
    image: NDArray[np.int64], volunteer: NDArray[np.int64], said: NDArray[np.bool_]
) -> pd.DataFrame:
    """Give ratings as `Project.ratings` does, without the times."""
    answers = {key: said[:, column] for column, key in enumerate(KEYS)}
    ids = {"image_id": image.astype(np.int32), "volunteer_id": volunteer.astype(np.int32)}
    return pd.DataFrame({**ids, **answers})


def errors(verdicts: pd.DataFrame, truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give by feature the share of images that are not decided as they are; undecided is half."""
    right = truth[verdicts.index]
    said = verdicts[list(KEYS)].to_numpy(dtype=np.float64, na_value=0.5)
    found: NDArray[np.float64] = np.abs(said - right).mean(axis=0)
    return found
