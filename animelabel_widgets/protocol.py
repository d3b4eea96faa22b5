"""The messages of the labeler and the gallery: the one place that reads what a browser sent.

A browser sends `{"id": …, "kind": …, …}`; each message gets exactly one reply
with the same `id`. Whatever differs in its keys, types, sizes or ranges is a
`ProtocolError`. Parsing stores nothing and trusts nothing. A little longer than
other modules, so that all of what a browser may say stands in one place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from .errors import ProtocolError
from .labels import KEYS, Answer

MAX_FETCH = 10
MAX_RESUME = 20
MAX_REVISION = 1_000_000
MAX_ELAPSED_MS = 86_400_000
MAX_ID = 2**31
MAX_AGAIN = 4
MAX_LESSON = 99
MAX_NICKNAME = 24
REASONS = ("broken", "offensive", "unclear")
"""Why a picture is reported."""

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hello:
    """A page opened: its volunteer's token, and the assignments it still shows."""

    id: int
    token: str
    resume: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The page wants `count` more pictures."""

    id: int
    count: int


@dataclass(frozen=True, slots=True)
class Rate:
    """The volunteer's answer to an assignment."""

    id: int
    assignment: UUID
    answer: Answer
    revision: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Again:
    """The page wants pictures again that it showed before."""

    id: int
    assignments: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The volunteer cannot rate an assignment, for one of `REASONS`."""

    id: int
    assignment: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """The page wants example `number` of the tutorial, counted from 0."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The page wants to know how far the campaign and the volunteer are."""

    id: int


@dataclass(frozen=True, slots=True)
class Week:
    """The page wants the week's leaderboard."""

    id: int


@dataclass(frozen=True, slots=True)
class Rename:
    """The volunteer chose a nickname, or none any more."""

    id: int
    nickname: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """The gallery wants page `number`, counted from 0."""

    id: int
    number: int


LabelerMessage = Hello | Fetch | Again | Rate | Report | Lesson | Progress | Week | Rename


def parse(content: object, buffers: object = ()) -> LabelerMessage:
    """Read a message to the labeler.

    Parameters
    ----------
    content, buffers
        What the widget's comm delivered.

    Raises
    ------
    ProtocolError
        If anything about the message is not as it must be.
    """
    message = _message(content, buffers)
    read = _READERS.get(message["kind"])
    if read is None:
        raise ProtocolError(f"expected a kind of {', '.join(_READERS)}")
    return read(message)


def parse_gallery(content: object, buffers: object = ()) -> Page:
    """Read a message to the gallery.

    Raises
    ------
    ProtocolError
        If anything about the message is not as it must be.
    """
    message = _message(content, buffers)
    if message["kind"] != "page":
        raise ProtocolError("expected kind page")
    _keys(message, "number")
    return Page(message["id"], _integer(message["number"], "number", 0, MAX_ID))


def _hello(message: Mapping[str, Any]) -> Hello:
    """Read a hello."""
    _keys(message, "token", "resume")
    resume = _uuids(message["resume"], "resume", MAX_RESUME)
    return Hello(message["id"], _token(message["token"]), resume)


def _fetch(message: Mapping[str, Any]) -> Fetch:
    """Read a fetch."""
    _keys(message, "count")
    return Fetch(message["id"], _integer(message["count"], "count", 1, MAX_FETCH))


def _again(message: Mapping[str, Any]) -> Again:
    """Read a wish for former pictures."""
    _keys(message, "assignments")
    return Again(message["id"], _uuids(message["assignments"], "assignments", MAX_AGAIN))


def _rate(message: Mapping[str, Any]) -> Rate:
    """Read a rating."""
    _keys(message, "assignment", "answer", "revision", "elapsed_ms")
    return Rate(
        message["id"],
        _uuid(message["assignment"]),
        _answer(message["answer"]),
        _integer(message["revision"], "revision", 0, MAX_REVISION),
        _integer(message["elapsed_ms"], "elapsed_ms", 0, MAX_ELAPSED_MS),
    )


def _report(message: Mapping[str, Any]) -> Report:
    """Read a report."""
    _keys(message, "assignment", "reason")
    reason = message["reason"]
    if type(reason) is not str or reason not in REASONS:
        raise ProtocolError(f"expected a reason of {', '.join(REASONS)}")
    return Report(message["id"], _uuid(message["assignment"]), reason)


def _lesson(message: Mapping[str, Any]) -> Lesson:
    """Read a wish for an example of the tutorial."""
    _keys(message, "number")
    return Lesson(message["id"], _integer(message["number"], "number", 0, MAX_LESSON))


def _progress(message: Mapping[str, Any]) -> Progress:
    """Read a question for the progress."""
    _keys(message)
    return Progress(message["id"])


def _week(message: Mapping[str, Any]) -> Week:
    """Read a question for the leaderboard."""
    _keys(message)
    return Week(message["id"])


def _rename(message: Mapping[str, Any]) -> Rename:
    """Read a nickname."""
    _keys(message, "nickname")
    nickname = message["nickname"]
    return Rename(message["id"], None if nickname is None else _nickname(nickname))


_READERS: dict[str, Callable[[Mapping[str, Any]], LabelerMessage]] = {
    "hello": _hello,
    "fetch": _fetch,
    "again": _again,
    "rate": _rate,
    "report": _report,
    "lesson": _lesson,
    "progress": _progress,
    "week": _week,
    "nickname": _rename,
}


def message_id(content: object) -> int | None:
    """Give the id of a message that may be malformed, for the error reply."""
    found = content.get("id") if isinstance(content, dict) else None
    return found if type(found) is int and 0 <= found <= MAX_ID else None


def _message(content: object, buffers: object) -> Mapping[str, Any]:
    """Check what all messages share."""
    if type(content) is not dict:
        raise ProtocolError("expected an object")
    if buffers:
        raise ProtocolError("expected no buffers")
    _integer(content.get("id"), "id", 0, MAX_ID)
    if type(content.get("kind")) is not str:
        raise ProtocolError("expected kind as text")
    return content


def _keys(message: Mapping[str, Any], *names: str) -> None:
    """Check that the message has these keys and no others."""
    if message.keys() != {"id", "kind", *names}:
        raise ProtocolError(f"expected the keys {', '.join(('id', 'kind', *names))}")


def _integer(value: object, name: str, low: int, high: int) -> int:
    """Check a whole number; `True` is none."""
    if type(value) is not int or not low <= value <= high:
        raise ProtocolError(f"expected {name} as a whole number from {low} to {high}")
    return value


def _token(value: object) -> str:
    """Check a volunteer's token."""
    if type(value) is not str or not _TOKEN.fullmatch(value):
        raise ProtocolError("expected token as 32 hexadecimal digits")
    return value


def _uuid(value: object) -> UUID:
    """Check an assignment's id."""
    if type(value) is not str or not _UUID.fullmatch(value):
        raise ProtocolError("expected assignment as a UUID in lower case")
    return UUID(value)


def _uuids(value: object, name: str, most: int) -> tuple[UUID, ...]:
    """Check a short list of assignments."""
    if type(value) is not list or len(value) > most:
        raise ProtocolError(f"expected {name} as a list of at most {most}")
    return tuple(_uuid(each) for each in value)


def _nickname(value: object) -> str:
    """Check a nickname: short, of one line, and without marks that turn or hide other text."""
    if type(value) is not str or len(value) > 4 * MAX_NICKNAME:
        raise ProtocolError(f"expected nickname as text of at most {MAX_NICKNAME} characters")
    name = " ".join(unicodedata.normalize("NFC", value).split())
    if not 1 <= len(name) <= MAX_NICKNAME or not name.isprintable():
        raise ProtocolError(f"expected nickname as 1 to {MAX_NICKNAME} printable characters")
    return name


def _answer(value: object) -> Answer:
    """Check an answer: each feature, true or false, nothing else."""
    if type(value) is not dict or value.keys() != set(KEYS):
        raise ProtocolError(f"expected answer with the keys {', '.join(KEYS)}")
    if any(type(each) is not bool for each in value.values()):
        raise ProtocolError("expected true or false for each feature")
    try:
        return Answer.from_row(value)
    except ValueError as error:
        raise ProtocolError(str(error)) from None
