"""What a browser may say, and that everything else is refused."""

import contextlib
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animelabel_widgets.errors import ProtocolError
from animelabel_widgets.labels import KEYS, Answer
from animelabel_widgets.protocol import (
    Again,
    Fetch,
    Hello,
    Lesson,
    Progress,
    Rate,
    Rename,
    Report,
    Week,
    Window,
    message_id,
    parse,
    parse_gallery,
)

ASSIGNMENT = uuid4()
HELLO: dict[str, Any] = {"id": 1, "kind": "hello", "token": "0af9" * 8, "resume": [str(ASSIGNMENT)]}
FETCH: dict[str, Any] = {"id": 2, "kind": "fetch", "count": 3}
RATE: dict[str, Any] = {
    "id": 3,
    "kind": "rate",
    "assignment": str(ASSIGNMENT),
    "answer": Answer.of("text", "person").as_row(),
    "revision": 0,
    "elapsed_ms": 1200,
}
AGAIN: dict[str, Any] = {"id": 5, "kind": "again", "assignments": [str(ASSIGNMENT)]}
REPORT: dict[str, Any] = {
    "id": 6,
    "kind": "report",
    "assignment": str(ASSIGNMENT),
    "reason": "offensive",
}
LESSON: dict[str, Any] = {"id": 7, "kind": "lesson", "number": 2}
NICKNAME: dict[str, Any] = {"id": 8, "kind": "nickname", "nickname": "Aki 星"}
PAGE = {"id": 4, "kind": "rows", "version": 1, "first": 0, "count": 60}

ANSWER = RATE["answer"]
MALFORMED: dict[str, dict[str, Any]] = {
    "no kind": {"id": 1},
    "unknown kind": {**FETCH, "kind": "delete"},
    "kind of a list": {**FETCH, "kind": ["fetch"]},
    "no id": {"kind": "fetch", "count": 1},
    "negative id": {**FETCH, "id": -1},
    "true as id": {**FETCH, "id": True},
    "extra key": {**FETCH, "volunteer_id": 7},
    "count of zero": {**FETCH, "count": 0},
    "count too large": {**FETCH, "count": 11},
    "true as count": {**FETCH, "count": True},
    "count as text": {**FETCH, "count": "1"},
    "count with a fraction": {**FETCH, "count": 1.0},
    "token too short": {**HELLO, "token": "0af9"},
    "token in upper case": {**HELLO, "token": "0AF9" * 8},
    "token with a line end": {**HELLO, "token": "0af9" * 8 + "\n"},
    "token of other digits": {**HELLO, "token": "٣" * 32},
    "resume as text": {**HELLO, "resume": str(ASSIGNMENT)},
    "resume too long": {**HELLO, "resume": [str(ASSIGNMENT)] * 21},
    "resume of numbers": {**HELLO, "resume": [1]},
    "assignment in braces": {**RATE, "assignment": "{" + str(ASSIGNMENT) + "}"},
    "assignment as a number": {**RATE, "assignment": 12},
    "answer without a feature": {**RATE, "answer": dict.fromkeys(KEYS[:-1], False)},
    "answer with one more": {**RATE, "answer": {**ANSWER, "nude": True}},
    "answer of numbers": {**RATE, "answer": dict.fromkeys(KEYS, 1)},
    "answer as a list": {**RATE, "answer": ["text"]},
    "answer that contradicts itself": {**RATE, "answer": {**ANSWER, "empty": True}},
    "negative revision": {**RATE, "revision": -1},
    "enormous revision": {**RATE, "revision": 10**30},
    "time as text": {**RATE, "elapsed_ms": "12"},
    "time of two days": {**RATE, "elapsed_ms": 2 * 86_400_000},
    "time not a number": {**RATE, "elapsed_ms": float("nan")},
    "too many again": {**AGAIN, "assignments": [str(ASSIGNMENT)] * 5},
    "reason unknown": {**REPORT, "reason": "boring"},
    "reason as a list": {**REPORT, "reason": ["broken"]},
    "lesson of a hundred": {**LESSON, "number": 100},
    "progress of another": {"id": 1, "kind": "progress", "volunteer": 2},
    "nickname of spaces": {**NICKNAME, "nickname": "   "},
    "nickname too long": {**NICKNAME, "nickname": "x" * 25},
    "nickname enormous": {**NICKNAME, "nickname": " " * 10**6},
    "nickname of two lines": {**NICKNAME, "nickname": "a\x00b"},
    "nickname that turns text": {**NICKNAME, "nickname": "a\u202eb"},
    "nickname as a number": {**NICKNAME, "nickname": 7},
}


def test_each_message_is_read() -> None:
    """A proper message becomes its record."""
    assert parse(HELLO) == Hello(1, "0af9" * 8, (ASSIGNMENT,))
    assert parse(FETCH) == Fetch(2, 3)
    assert parse(RATE) == Rate(3, ASSIGNMENT, Answer.of("text", "person"), 0, 1200)
    assert parse(AGAIN) == Again(5, (ASSIGNMENT,))
    assert parse(REPORT) == Report(6, ASSIGNMENT, "offensive")
    assert parse(LESSON) == Lesson(7, 2)
    assert parse({"id": 1, "kind": "progress"}) == Progress(1)
    assert parse({"id": 1, "kind": "week"}) == Week(1)
    assert parse(NICKNAME) == Rename(8, "Aki 星")
    assert parse({**NICKNAME, "nickname": None}) == Rename(8, None)
    assert parse({**NICKNAME, "nickname": "  A   B "}) == Rename(8, "A B")
    assert parse_gallery(PAGE) == Window(4, 1, 0, 60)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_refused(name: str) -> None:
    """Whatever differs in keys, types, sizes or ranges does not pass."""
    with pytest.raises(ProtocolError):
        parse(MALFORMED[name])


@pytest.mark.parametrize("content", [None, [], "hello", 7, [FETCH]])
def test_what_is_no_object_is_refused(content: object) -> None:
    """A message is an object."""
    with pytest.raises(ProtocolError):
        parse(content)


def test_buffers_are_refused() -> None:
    """No message of a browser carries binary data."""
    with pytest.raises(ProtocolError, match="buffers"):
        parse(FETCH, [memoryview(b"x" * 9)])


@pytest.mark.parametrize("page", [{**PAGE, "first": -1}, {**PAGE, "size": 9}, FETCH])
def test_the_gallery_refuses_what_is_not_its_own(page: dict[str, Any]) -> None:
    """The gallery knows its own messages only."""
    with pytest.raises(ProtocolError):
        parse_gallery(page)


def test_the_id_of_a_malformed_message_is_found_where_it_is_one() -> None:
    """The error reply names the message where it can."""
    assert message_id({"id": 5, "kind": 3}) == 5
    assert [message_id(each) for each in (None, {}, {"id": "5"}, {"id": True}, {"id": -1})] == [
        None
    ] * 5


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)


@given(base=st.sampled_from([HELLO, FETCH, RATE, PAGE]), key=st.data(), value=values)
def test_nothing_but_a_protocol_error_comes_out(
    base: dict[str, Any], key: st.DataObject, value: object
) -> None:
    """Any value in any place gives a record or a ProtocolError, never another error."""
    changed = {**base, key.draw(st.sampled_from(sorted(base))): value}
    for read in (parse, parse_gallery):
        with contextlib.suppress(ProtocolError):
            read(changed)
