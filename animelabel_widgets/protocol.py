"""The messages of the labeler and the gallery: the one place that reads what a browser sent.

A browser sends `{"id": …, "kind": …, …}`; each message gets exactly one reply
with the same `id`. Whatever differs in its keys, types, sizes or ranges is a
`ProtocolError`. Parsing stores nothing and trusts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
class Page:
    """The gallery wants page `number`, counted from 0."""

    id: int
    number: int


LabelerMessage = Hello | Fetch | Rate


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
    kind = message["kind"]
    if kind == "hello":
        _keys(message, "token", "resume")
        return Hello(message["id"], _token(message["token"]), _uuids(message["resume"]))
    if kind == "fetch":
        _keys(message, "count")
        return Fetch(message["id"], _integer(message["count"], "count", 1, MAX_FETCH))
    if kind == "rate":
        _keys(message, "assignment", "answer", "revision", "elapsed_ms")
        return Rate(
            message["id"],
            _uuid(message["assignment"]),
            _answer(message["answer"]),
            _integer(message["revision"], "revision", 0, MAX_REVISION),
            _integer(message["elapsed_ms"], "elapsed_ms", 0, MAX_ELAPSED_MS),
        )
    raise ProtocolError("expected kind hello, fetch or rate")


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
        raise ProtocolError(f"expected the keys id, kind, {', '.join(names)}")


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


def _uuids(value: object) -> tuple[UUID, ...]:
    """Check a short list of assignments."""
    if type(value) is not list or len(value) > MAX_RESUME:
        raise ProtocolError(f"expected resume as a list of at most {MAX_RESUME}")
    return tuple(_uuid(each) for each in value)


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
