"""Simulated volunteers: they visit through the same session and store as real ones."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from .errors import InputError
from .labels import EXCLUSIVE, KEYS, Answer
from .session import PictureSource, Session, TaskStore

BATCH = 5

SITTING = 4
"""Batches that a volunteer of a campaign rates in one go."""

Truth = Mapping[tuple[str, str], Answer]
"""The right answer by folder and filename."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a simulated volunteer rates: how well, how much, and how fast (milliseconds)."""

    skill: float
    ratings: int
    fastest: int = 800
    slowest: int = 6000


class Clock:
    """A clock to open a store with, which shows what it was set to."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        """Give the time."""
        return self.time


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
        _visit(Session(store, pictures), truth, Habits(skill, ratings), rng)
        for _ in range(volunteers)
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


def simulate_campaign(
    store: TaskStore,
    pictures: PictureSource,
    truth: Truth,
    clock: Clock,
    *,
    days: int = 14,
    seed: int | None = None,
    progress: bool = True,
) -> int:
    """Let a mixed crowd rate over some days: careful people, hasty ones, and a few who only press.

    Parameters
    ----------
    store, pictures
        As for `Session`; the store was opened with `clock`.
    truth
        The right answers.
    clock
        Shows when the campaign begins, and is set forward from visit to visit.
    days
        How long the campaign is.
    seed
        Repeats the same crowd; with None it is a new one each time.
    progress
        Show a progress bar.

    Returns
    -------
    int
        How many ratings were given.

    Raises
    ------
    InputError
        If an image was handed out whose right answer is not known.
    """
    rng = random.Random(seed)  # noqa: S311 - play, not secrets
    begin = clock()
    visits: list[tuple[datetime, Iterator[int]]] = []
    planned = 0
    for habits in _crowd(rng):
        visit = _visit(Session(store, pictures), truth, habits, rng)
        visits += [(begin + after, visit) for after in _plan(habits.ratings, days, rng)]
        planned += habits.ratings
    given = 0
    with tqdm(total=planned, unit=" ratings", disable=not progress) as bar:
        for time, visit in sorted(visits, key=lambda each: each[0]):
            clock.time = time
            rated = next(visit, 0)
            given += rated
            bar.update(rated)
    return given


def _crowd(rng: random.Random) -> Iterator[Habits]:
    """Give the habits of the volunteers of a campaign; most rate little, and a few very much."""
    for _ in range(9):
        yield Habits(rng.uniform(0.94, 0.99), int(15 * 5 ** rng.random()), 1200, 9000)
    for _ in range(4):
        yield Habits(rng.uniform(0.7, 0.85), int(20 * 3 ** rng.random()), 600, 4000)
    for _ in range(4):
        yield Habits(0.5, rng.randint(40, 60), 500, 3000)
    yield Habits(0.55, 40, 120, 380)


def _plan(ratings: int, days: int, rng: random.Random) -> Iterator[timedelta]:
    """Give when a volunteer takes each batch: from some day on, a sitting at a time."""
    joined = rng.uniform(0, days * 0.7)
    for batch in range(-(-ratings // BATCH)):
        if batch % SITTING == 0:
            start = timedelta(days=rng.uniform(joined, days - 0.1))
        yield start + timedelta(minutes=batch % SITTING)


def _visit(session: Session, truth: Truth, habits: Habits, rng: random.Random) -> Iterator[int]:
    """Rate batch after batch as one volunteer; give how many each time."""
    session.hello(rng.randbytes(16).hex())
    ratings = habits.ratings
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
            said = answer(right, habits.skill, rng)
            span = habits.slowest / habits.fastest
            elapsed_ms = int(habits.fastest * span ** rng.betavariate(2, 3))
            session.rate(task.assignment_id, said, 0, elapsed_ms)
        ratings -= len(deliveries)
        yield len(deliveries)


def answer(right: Answer, skill: float, rng: random.Random) -> Answer:
    """Give the answer of a volunteer who is right about each feature with probability `skill`."""
    said = {key for key in KEYS if (key in right.features) == (rng.random() < skill)}
    if EXCLUSIVE in said and len(said) > 1:
        said = {EXCLUSIVE} if EXCLUSIVE in right.features else said - {EXCLUSIVE}
    return Answer(frozenset(said))
