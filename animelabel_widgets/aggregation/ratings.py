"""Ratings as arrays: frames of four features, read, checked and coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import InputError
from ..labels import EXCLUSIVE, KEYS
from .states import Reports, state_of
from .votes import Codes, contradicting, last_of_each, numbered, require

EXPECTED = "what project.ratings() gives"


@dataclass(frozen=True, slots=True)
class Ratings:
    """Reports, the ids behind their numbers, and the answers themselves in the same order."""

    reports: Reports
    images: pd.Index
    volunteers: pd.Index
    answers: NDArray[np.bool_]


def read(ratings: pd.DataFrame) -> Ratings:
    """Read ratings; of several by one volunteer of one image, the last counts.

    Raises
    ------
    InputError
        If a column is missing, has missing values or other values than true and false, or an
        answer contradicts itself.
    """
    require(ratings, ("image_id", "volunteer_id"), EXPECTED)
    said = truth_values(ratings, EXPECTED)
    image, images = numbered(ratings["image_id"])
    volunteer, volunteers = numbered(ratings["volunteer_id"])
    kept = last_of_each(image, volunteer)
    image, volunteer, said = image[kept], volunteer[kept], said[kept]
    if (np.diff(image) < 0).any():
        order = np.argsort(image, kind="stable")
        image, volunteer, said = image[order], volunteer[order], said[order]
    reports = Reports(image, volunteer, states(said, EXPECTED), len(images), len(volunteers))
    return Ratings(reports, images.rename("image_id"), volunteers.rename("volunteer_id"), said)


def truth_values(frame: pd.DataFrame, expected: str) -> NDArray[np.bool_]:
    """Give the features of each row as truth values; shape (rows, features).

    Raises
    ------
    InputError
        If a column is missing, has missing values, or other values than true and false.
    """
    require(frame, KEYS, expected)
    for key in KEYS:
        if not pd.api.types.is_bool_dtype(frame[key]) and not frame[key].isin([0, 1]).all():
            (stray, *_) = frame[key][~frame[key].isin([0, 1])].tolist()
            raise InputError(
                f"The column {key} has the value {stray!r}: expected True or False in each row."
            )
    return frame[list(KEYS)].astype(bool).to_numpy()


def states(said: NDArray[np.bool_], expected: str) -> Codes:
    """Give the state of each answer.

    Raises
    ------
    InputError
        If an answer contradicts itself.
    """
    found = state_of(said)
    wrong = int((found < 0).sum())
    if wrong:
        raise InputError(
            f"{wrong} rows say '{EXCLUSIVE}' and another feature at once: pass {expected}."
        )
    return found


def known(gold: pd.DataFrame | None, images: pd.Index) -> Codes:
    """Give each image's known state, or -1; gold of images without ratings is left out.

    Raises
    ------
    InputError
        If the gold has no `image_id`, contradicts itself, or has two answers to one image.
    """
    fixed = np.full(len(images), -1, dtype=np.int64)
    if gold is None or not len(gold):
        return fixed
    expected = "gold with image_id and True or False for each feature"
    rows = gold if "image_id" in gold else gold.rename_axis("image_id").reset_index()
    require(rows, ("image_id",), expected)
    found = states(truth_values(rows, expected), expected)
    answers = pd.Series(found, index=pd.Index(rows["image_id"]))
    twice = contradicting(answers)
    if twice is not None:
        raise InputError(f"The gold has two answers to image {twice}: keep one of them.")
    answers = answers[answers.index.isin(images)]
    fixed[images.get_indexer(answers.index)] = answers
    return fixed
