"""Simulated volunteers: they visit through the same session and store as real ones."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from .errors import InputError
from .labels import EXCLUSIVE, KEYS, Answer
from .session import PictureSource, Session, TaskStore

BATCH = 5

Truth = Mapping[tuple[str, str], Answer]
"""The right answer by folder and filename."""


def read_truth(file: Path) -> dict[tuple[str, str], Answer]:
    """Read the right answers.

    Parameters
    ----------
    file
        A CSV file with the columns `folder`, `filename`, and 0 or 1 for each feature.

    Raises
    ------
    InputError
        If the file is missing or not like that.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return {
                (row["folder"], row["filename"]): Answer.from_row(
                    {key: int(row[key]) for key in KEYS}
                )
                for row in csv.DictReader(lines)
            }
    except FileNotFoundError:
        raise InputError(f"There is no file {file}: give the right answers with --truth.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file} cannot be used ({error}): expected the columns folder, filename, "
            f"{', '.join(KEYS)}, with 0 or 1 for each feature."
        ) from None


def simulate(
    store: TaskStore,
    pictures: PictureSource,
    truth: Truth,
    *,
    volunteers: int,
    ratings: int,
    skill: float = 0.9,
    seed: int | None = None,
    progress: bool = True,
) -> int:
    """Let simulated volunteers rate what they are handed.

    Parameters
    ----------
    store, pictures
        As for `Session`.
    truth
        The right answers.
    volunteers
        How many visit; they take turns.
    ratings
        Ratings by each of them, at most.
    skill
        The probability that a volunteer is right about a feature, 0 to 1.
    seed
        Repeats the same volunteers and mistakes; with None they are new each time.
    progress
        Show a progress bar.

    Returns
    -------
    int
        How many ratings were given: fewer than asked where no image was left.

    Raises
    ------
    InputError
        If an image was handed out whose right answer is not known.
    """
    rng = random.Random(seed)  # noqa: S311 - play, not secrets
    waiting = [
        _visit(Session(store, pictures), truth, ratings, skill, rng) for _ in range(volunteers)
    ]
    given = 0
    with tqdm(total=volunteers * ratings, unit=" ratings", disable=not progress) as bar:
        while waiting:
            going = []
            for visit in waiting:
                rated = next(visit, 0)
                given += rated
                bar.update(rated)
                if rated:
                    going.append(visit)
            waiting = going
    return given


def _visit(
    session: Session, truth: Truth, ratings: int, skill: float, rng: random.Random
) -> Iterator[int]:
    """Rate batch after batch as one volunteer; give how many each time."""
    session.hello(rng.randbytes(16).hex())
    while ratings > 0:
        deliveries = session.fetch(min(BATCH, ratings))
        if not deliveries:
            return
        for delivery in deliveries:
            task = delivery.rated.task
            right = truth.get((task.folder, task.filename))
            if right is None:
                raise InputError(
                    f"The right answer to {task.folder}/{task.filename} is not known: "
                    "give a truth.csv that has every image."
                )
            session.rate(task.assignment_id, answer(right, skill, rng), 0, rng.randint(800, 6000))
        ratings -= len(deliveries)
        yield len(deliveries)


def answer(right: Answer, skill: float, rng: random.Random) -> Answer:
    """Give the answer of a volunteer who is right about each feature with probability `skill`."""
    said = {key for key in KEYS if (key in right.features) == (rng.random() < skill)}
    if EXCLUSIVE in said and len(said) > 1:
        said = {EXCLUSIVE} if EXCLUSIVE in right.features else said - {EXCLUSIVE}
    return Answer(frozenset(said))
