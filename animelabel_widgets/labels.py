"""The four features, and the records that travel between the layers.

This is the one place that defines which features a volunteer rates. The rest
of the package loops over `LABELS`. It uses the standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Label:
    """A feature that a volunteer says yes or no to.

    Parameters
    ----------
    key
        Its name in the database, in DataFrames and on the wire.
    name
        The word on its button.
    question
        What the volunteer is asked.
    shortcut
        The keyboard key that toggles it.
    icon
        The path data of a 24 × 24 SVG icon.
    """

    key: str
    name: str
    question: str
    shortcut: str
    icon: str


LABELS: tuple[Label, ...] = (
    Label(
        key="text",
        name="Text",
        question="Does the image contain text (subtitles, signs, credits)?",
        shortcut="1",
        icon="M4 5h16v4h-2V7h-5v10h2v2H9v-2h2V7H6v2H4z",
    ),
    Label(
        key="logo",
        name="Logo",
        question="Is a TV channel's logo visible?",
        shortcut="2",
        icon="M12 3l2.6 5.6 6.1.7-4.5 4.2 1.2 6-5.4-3-5.4 3 1.2-6-4.5-4.2 6.1-.7z",
    ),
    Label(
        key="person",
        name="Character",
        question="Does it show one or more characters?",
        shortcut="3",
        icon="M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 10c4.4 0 8 2 8 4.5V20H4v-1.5C4 16 7.6 14 12 14z",
    ),
    Label(
        key="empty",
        name="Empty",
        question="Is it black, one colour, or unrecognisable?",
        shortcut="4",
        icon="M5 5h14v14H5zm2 2v10h10V7z",
    ),
)
"""The features, in the order of the buttons."""

KEYS: tuple[str, ...] = tuple(label.key for label in LABELS)
"""The keys of `LABELS`, in the same order."""

EXCLUSIVE = "empty"
"""The feature that excludes all others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a volunteer says about an image: the features it shows.

    No feature at all is an answer too: a background.

    Parameters
    ----------
    features
        The keys of the features that are there.

    Raises
    ------
    ValueError
        If a key is unknown, or "empty" comes with another one.
    """

    features: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse unknown and contradicting features."""
        unknown = self.features.difference(KEYS)
        if unknown:
            raise ValueError(f"expected features of {KEYS}, got {sorted(unknown)}")
        if EXCLUSIVE in self.features and len(self.features) > 1:
            raise ValueError(f"'{EXCLUSIVE}' excludes the other features")

    @classmethod
    def of(cls, *features: str) -> Answer:
        """Make an answer from feature keys."""
        return cls(frozenset(features))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Answer:
        """Make an answer from a mapping of every key to something true or false."""
        return cls(frozenset(key for key in KEYS if row[key]))

    def as_row(self) -> dict[str, bool]:
        """Give every key its yes or no, in the order of `KEYS`."""
        return {key: key in self.features for key in KEYS}


@dataclass(frozen=True, slots=True)
class Task:
    """An image handed to a volunteer: the right to rate it.

    `assignment_id` is unguessable; whoever knows it may rate this image, as
    the volunteer it was handed to, until it expires at `expires_at` (UTC).
    """

    assignment_id: UUID
    image_id: int
    folder: str
    filename: str
    title: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    """A task, with the volunteer's answer and its revision where it was rated before."""

    task: Task
    answer: Answer | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The right answer to an image, with the words that explain it, if there are any."""

    answer: Answer
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Gold:
    """The right answer to the image in this file, as a project knows it."""

    folder: str
    filename: str
    known: Known


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a rating.

    Parameters
    ----------
    revision
        The highest revision stored for the assignment.
    stored
        False where nothing had to be stored, or nothing could be.
    conflict
        True where this revision is taken by another answer, or a higher one is stored.
    known
        The right answer, where the image was handed out to compare with it.
    """

    revision: int
    stored: bool
    conflict: bool = False
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: `share` is from 0 to 1, `images` counts those to rate."""

    share: float
    images: int


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the week's leaderboard; `own` marks that of the volunteer who asks."""

    nickname: str
    ratings: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image about to be added to a series.

    `prefiltered` is the reason why volunteers do not see it, or None.
    """

    filename: str
    width: int
    height: int
    byte_size: int
    prefiltered: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A series of images: its folder below the pictures' root, title and kind."""

    folder: str
    title: str
    is_anime: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided about an image.

    `teaches` says whether volunteers get the image as one with a known answer, and
    `explanation` what they are told then.
    """

    answer: Answer
    teaches: bool = False
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What a reviewer did, to an image or to a volunteer.

    `was` and `became` are what it changed, as JSON has it; `undoes` is the id of the act that
    it takes back.
    """

    act_id: int
    kind: str
    image_id: int | None
    volunteer_id: int | None
    reviewer: str
    undoes: int | None
    was: dict[str, Any]
    became: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image's file is, below the pictures' root, and the title of its series."""

    folder: str
    filename: str
    title: str
