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
MAX_WINDOW = 200
MAX_THUMBNAILS = 16
MAX_RANGES = 100_000
MAX_COLUMN = 200
SIDES = (240, 480)
"""Longest sides of thumbnails, in pixels: for plain and for dense screens."""

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
class Window:
    """The gallery wants the words of `count` rows, from row `first` on."""

    id: int
    version: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """The gallery wants the thumbnails of some rows, `side` pixels long."""

    id: int
    version: int
    rows: tuple[int, ...]
    side: int


@dataclass(frozen=True, slots=True)
class Select:
    """The rows in these ranges, first and last, are selected, and no others."""

    id: int
    version: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Arrange:
    """The rows are to be sorted and grouped by columns, or by none."""

    id: int
    sort: str | None
    descending: bool
    group: str | None


@dataclass(frozen=True, slots=True)
class Open:
    """A row is to be shown large."""

    id: int
    version: int
    row: int


@dataclass(frozen=True, slots=True)
class Close:
    """No row is shown large any more."""

    id: int


GalleryMessage = Window | Thumbnails | Select | Arrange | Open | Close
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
    message = read_message(content, buffers)
    read = _READERS.get(message["kind"])
    if read is None:
        raise ProtocolError(f"expected a kind of {', '.join(_READERS)}")
    return read(message)


def parse_gallery(content: object, buffers: object = ()) -> GalleryMessage:
    """Read a message to the gallery.

    Raises
    ------
    ProtocolError
        If anything about the message is not as it must be.
    """
    message = read_message(content, buffers)
    read = _GALLERY_READERS.get(message["kind"])
    if read is None:
        raise ProtocolError(f"expected a kind of {', '.join(_GALLERY_READERS)}")
    return read(message)


def read_window(message: Mapping[str, Any]) -> Window | Thumbnails:
    """Read a wish for rows or for thumbnails: both grids have them."""
    return _window(message) if message["kind"] == "rows" else _thumbnails(message)


def _window(message: Mapping[str, Any]) -> Window:
    """Read a wish for rows."""
    check_keys(message, "version", "first", "count")
    count = read_integer(message["count"], "count", 1, MAX_WINDOW)
    return Window(message["id"], _version(message), _row(message["first"]), count)


def _thumbnails(message: Mapping[str, Any]) -> Thumbnails:
    """Read a wish for thumbnails."""
    check_keys(message, "version", "rows", "side")
    rows = message["rows"]
    if type(rows) is not list or not 1 <= len(rows) <= MAX_THUMBNAILS:
        raise ProtocolError(f"expected rows as a list of 1 to {MAX_THUMBNAILS}")
    side = message["side"]
    if type(side) is not int or side not in SIDES:
        raise ProtocolError("expected side as one of the sizes of thumbnails")
    return Thumbnails(message["id"], _version(message), tuple(map(_row, rows)), side)


def _select(message: Mapping[str, Any]) -> Select:
    """Read what is selected."""
    check_keys(message, "version", "ranges")
    ranges = message["ranges"]
    if type(ranges) is not list or len(ranges) > MAX_RANGES:
        raise ProtocolError(f"expected ranges as a list of at most {MAX_RANGES}")
    return Select(message["id"], _version(message), tuple(map(_range, ranges)))


def _range(value: object) -> tuple[int, int]:
    """Check a range of rows."""
    if type(value) is not list or len(value) != 2:  # noqa: PLR2004 - first and last
        raise ProtocolError("expected a range as its first and its last row")
    first, last = map(_row, value)
    if first > last:
        raise ProtocolError("expected a range whose first row is not after its last")
    return first, last


def _arrange(message: Mapping[str, Any]) -> Arrange:
    """Read an order."""
    check_keys(message, "sort", "descending", "group")
    for name in ("sort", "group"):
        value = message[name]
        if value is not None and (type(value) is not str or len(value) > MAX_COLUMN):
            raise ProtocolError(f"expected {name} as the name of a column or null")
    if type(message["descending"]) is not bool:
        raise ProtocolError("expected descending as true or false")
    return Arrange(message["id"], message["sort"], message["descending"], message["group"])


def _open(message: Mapping[str, Any]) -> Open:
    """Read which row is shown large."""
    check_keys(message, "version", "row")
    return Open(message["id"], _version(message), _row(message["row"]))


def _close(message: Mapping[str, Any]) -> Close:
    """Read that no row is shown large."""
    check_keys(message)
    return Close(message["id"])


_GALLERY_READERS: dict[str, Callable[[Mapping[str, Any]], GalleryMessage]] = {
    "rows": _window,
    "thumbnails": _thumbnails,
    "select": _select,
    "arrange": _arrange,
    "open": _open,
    "close": _close,
}


def _version(message: Mapping[str, Any]) -> int:
    """Check which order of the rows a message is about."""
    return read_integer(message["version"], "version", 0, MAX_ID)


def _row(value: object) -> int:
    """Check the number of a row."""
    return read_integer(value, "row", 0, MAX_ID)


def _hello(message: Mapping[str, Any]) -> Hello:
    """Read a hello."""
    check_keys(message, "token", "resume")
    resume = _uuids(message["resume"], "resume", MAX_RESUME)
    return Hello(message["id"], _token(message["token"]), resume)


def _fetch(message: Mapping[str, Any]) -> Fetch:
    """Read a fetch."""
    check_keys(message, "count")
    return Fetch(message["id"], read_integer(message["count"], "count", 1, MAX_FETCH))


def _again(message: Mapping[str, Any]) -> Again:
    """Read a wish for former pictures."""
    check_keys(message, "assignments")
    return Again(message["id"], _uuids(message["assignments"], "assignments", MAX_AGAIN))


def _rate(message: Mapping[str, Any]) -> Rate:
    """Read a rating."""
    check_keys(message, "assignment", "answer", "revision", "elapsed_ms")
    return Rate(
        message["id"],
        _uuid(message["assignment"]),
        read_answer(message["answer"]),
        read_integer(message["revision"], "revision", 0, MAX_REVISION),
        read_integer(message["elapsed_ms"], "elapsed_ms", 0, MAX_ELAPSED_MS),
    )


def _report(message: Mapping[str, Any]) -> Report:
    """Read a report."""
    check_keys(message, "assignment", "reason")
    reason = message["reason"]
    if type(reason) is not str or reason not in REASONS:
        raise ProtocolError(f"expected a reason of {', '.join(REASONS)}")
    return Report(message["id"], _uuid(message["assignment"]), reason)


def _lesson(message: Mapping[str, Any]) -> Lesson:
    """Read a wish for an example of the tutorial."""
    check_keys(message, "number")
    return Lesson(message["id"], read_integer(message["number"], "number", 0, MAX_LESSON))


def _progress(message: Mapping[str, Any]) -> Progress:
    """Read a question for the progress."""
    check_keys(message)
    return Progress(message["id"])


def _week(message: Mapping[str, Any]) -> Week:
    """Read a question for the leaderboard."""
    check_keys(message)
    return Week(message["id"])


def _rename(message: Mapping[str, Any]) -> Rename:
    """Read a nickname."""
    check_keys(message, "nickname")
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


def read_message(content: object, buffers: object) -> Mapping[str, Any]:
    """Check what all messages share."""
    if type(content) is not dict:
        raise ProtocolError("expected an object")
    if buffers:
        raise ProtocolError("expected no buffers")
    read_integer(content.get("id"), "id", 0, MAX_ID)
    if type(content.get("kind")) is not str:
        raise ProtocolError("expected kind as text")
    return content


def check_keys(message: Mapping[str, Any], *names: str) -> None:
    """Check that the message has these keys and no others."""
    if message.keys() != {"id", "kind", *names}:
        raise ProtocolError(f"expected the keys {', '.join(('id', 'kind', *names))}")


def read_integer(value: object, name: str, low: int, high: int) -> int:
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


def read_answer(value: object) -> Answer:
    """Check an answer: each feature, true or false, nothing else."""
    if type(value) is not dict or value.keys() != set(KEYS):
        raise ProtocolError(f"expected answer with the keys {', '.join(KEYS)}")
    if any(type(each) is not bool for each in value.values()):
        raise ProtocolError("expected true or false for each feature")
    try:
        return Answer.from_row(value)
    except ValueError as error:
        raise ProtocolError(str(error)) from None
