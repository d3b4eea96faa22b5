"""The messages of the reviewers' page: read as strictly as those of `protocol`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ProtocolError
from ..labels import KEYS, Answer, Decision
from ..protocol import (
    MAX_ID,
    Thumbnails,
    Window,
    check_keys,
    read_answer,
    read_integer,
    read_message,
    read_window,
)
from ..store.board import REASONS, STATES
from ..tables import REVIEWER_LENGTH
from .dashboard import ORDERS as LISTS
from .dashboard import PLOTS
from .filtering import CHOICES, KINDS, ORDERS, Filter

MAX_EXPLANATION = 500
MAX_BIG = 2**53


@dataclass(frozen=True, slots=True)
class Hello:
    """The page opened, for a reviewer of this name."""

    reviewer: str


@dataclass(frozen=True, slots=True)
class Find:
    """The reviewer chose a filter."""

    wanted: Filter


@dataclass(frozen=True, slots=True)
class Load:
    """The page wants all images to be read again."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The page wants the counts."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The page wants a plot."""

    plot: str


@dataclass(frozen=True, slots=True)
class People:
    """The page wants some of the list of volunteers."""

    order: str
    start: int


@dataclass(frozen=True, slots=True)
class Open:
    """The reviewer wants to see an image."""

    image: int


@dataclass(frozen=True, slots=True)
class Settle:
    """The reviewer decided, having seen the acts up to `version`."""

    image: int
    version: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Move:
    """The reviewer does something to an image: withdraw, retire or reopen."""

    what: str
    image: int
    version: int


@dataclass(frozen=True, slots=True)
class Block:
    """The reviewer blocks a volunteer, or ends that; seen beside `image`, or in the list."""

    volunteer: int
    blocked: bool
    image: int | None


@dataclass(frozen=True, slots=True)
class Undo:
    """The reviewer takes an act back."""

    act: int


Message = (
    Hello | Find | Window | Thumbnails | Load | Dashboard | Draw | People | Open | Settle | Move
    | Block | Undo
)  # fmt: skip


def parse(content: object, buffers: object = ()) -> Message:  # noqa: C901, PLR0911 - a case a kind
    """Read a message of the reviewers' page.

    Raises
    ------
    ProtocolError
        If anything about the message is not as it must be.
    """
    message = read_message(content, buffers)
    match message["kind"]:
        case "hello":
            check_keys(message, "reviewer")
            return Hello(_line(message["reviewer"], "reviewer", REVIEWER_LENGTH))
        case "find":
            check_keys(message, "filter")
            return Find(_filter(message["filter"]))
        case "rows" | "thumbnails":
            return read_window(message)
        case "load":
            check_keys(message)
            return Load()
        case "dashboard":
            check_keys(message)
            return Dashboard()
        case "plot":
            check_keys(message, "name")
            return Draw(_one_of(message["name"], PLOTS))
        case "volunteers":
            check_keys(message, "order", "start")
            start = read_integer(message["start"], "start", 0, MAX_ID)
            return People(_one_of(message["order"], LISTS), start)
        case "open":
            check_keys(message, "image")
            return Open(_big(message, "image"))
        case "settle":
            check_keys(message, "image", "version", "answer", "teaches", "explanation")
            return Settle(_big(message, "image"), _big(message, "version"), _decision(message))
        case "withdraw" | "retire" | "reopen":
            check_keys(message, "image", "version")
            return Move(message["kind"], _big(message, "image"), _big(message, "version"))
        case "block" | "unblock":
            check_keys(message, "volunteer", "image")
            blocked = message["kind"] == "block"
            image = _optional(message["image"], "image", MAX_BIG)
            return Block(_big(message, "volunteer"), blocked, image)
        case "undo":
            check_keys(message, "act")
            return Undo(_big(message, "act"))
    raise ProtocolError("expected a kind of the reviewers' page")


def _big(message: Mapping[str, Any], name: str) -> int:
    """Check an id of the database."""
    return read_integer(message[name], name, 0, MAX_BIG)


def _line(value: object, name: str, most: int) -> str:
    """Check a text of one line."""
    if type(value) is not str or len(value) > 4 * most:
        raise ProtocolError(f"expected {name} as text of at most {most} characters")
    line = " ".join(unicodedata.normalize("NFC", value).split())
    if not 1 <= len(line) <= most or not line.isprintable():
        raise ProtocolError(f"expected {name} as 1 to {most} printable characters")
    return line


def _decision(message: Mapping[str, Any]) -> Decision:
    """Check a decision; without "use as gold" it has no explanation."""
    answer: Answer = read_answer(message["answer"])
    teaches, explanation = message["teaches"], message["explanation"]
    if type(teaches) is not bool:
        raise ProtocolError("expected teaches as true or false")
    if explanation is not None:
        explanation = _line(explanation, "explanation", MAX_EXPLANATION)
    if explanation is not None and not teaches:
        raise ProtocolError("expected no explanation of what is not shown to volunteers")
    return Decision(answer, teaches, explanation)


def _filter(value: object) -> Filter:
    """Check a filter."""
    names = ("features", "confidence", "votes", "disagreement", "series", "kind", "state")
    if type(value) is not dict or value.keys() != {*names, "reason", "order"}:
        raise ProtocolError("expected a filter with all of its parts")
    features = value["features"]
    if type(features) is not dict or features.keys() != set(KEYS):
        raise ProtocolError(f"expected features with the keys {', '.join(KEYS)}")
    for name, choices in ((value["kind"], KINDS), (value["order"], ORDERS)):
        _one_of(name, choices)
    if any(type(each) is not str or each not in CHOICES for each in features.values()):
        raise ProtocolError(f"expected {', '.join(CHOICES)} for each feature")
    low, high = _pair(value["confidence"], "confidence", 0, 100)
    return Filter(
        features=features,
        confidence=(low / 100, high / 100),
        votes=_pair(value["votes"], "votes", 0, 1_000_000),
        disagreement=read_integer(value["disagreement"], "disagreement", 0, 50) / 100,
        series=_optional(value["series"], "series", MAX_ID),
        kind=value["kind"],
        state=_optional(value["state"], "state", len(STATES) - 1),
        reason=_optional(value["reason"], "reason", len(REASONS) - 1),
        order=value["order"],
    )


def _one_of(value: object, choices: tuple[str, ...]) -> str:
    """Check a choice."""
    if type(value) is not str or value not in choices:
        raise ProtocolError(f"expected one of {', '.join(choices)}")
    return value


def _pair(value: object, name: str, low: int, high: int) -> tuple[int, int]:
    """Check two whole numbers."""
    if type(value) is not list or len(value) != 2:  # noqa: PLR2004 - the least and the greatest
        raise ProtocolError(f"expected {name} as a list of two numbers")
    return read_integer(value[0], name, low, high), read_integer(value[1], name, low, high)


def _optional(value: object, name: str, high: int) -> int | None:
    """Check a whole number or nothing."""
    return None if value is None else read_integer(value, name, 0, high)
