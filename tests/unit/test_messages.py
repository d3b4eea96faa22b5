"""A kernel's messages: as `jupyter_client` reads and writes them, and closed to what is forged."""

from __future__ import annotations

import json

import pytest
from jupyter_client.session import Session

from animelabel_widgets.serving.hosted.messages import Messages

KEY, SCHEME = b"a key of the test", "hmac-sha256"


@pytest.fixture
def messages() -> Messages:
    """Give the kernel's side."""
    return Messages(KEY, SCHEME)


@pytest.fixture
def session() -> Session:
    """Give the other side, as notebooks and their servers have it."""
    return Session(key=KEY, signature_scheme=SCHEME)


def test_what_a_session_writes_is_read(messages: Messages, session: Session) -> None:
    """Identities, all parts, and buffers."""
    sent = session.msg("comm_msg", {"data": {"é": 1}}, metadata={"m": 2})
    parts = session.serialize(sent, ident=[b"me", b"you"])
    identities, message = messages.read([*parts, b"a buffer"])
    assert identities == [b"me", b"you"]
    assert (message["msg_type"], message["msg_id"]) == ("comm_msg", sent["msg_id"])
    assert (message["content"], message["metadata"]) == ({"data": {"é": 1}}, {"m": 2})
    assert [bytes(each) for each in message["buffers"]] == [b"a buffer"]


def test_what_is_written_a_session_reads(messages: Messages, session: Session) -> None:
    """The answer names the request; each message has an id of its own."""
    asked = session.msg("comm_msg", {})
    _, parent = messages.read(session.serialize(asked, ident=b"me"))
    ids = set()
    for _ in range(2):
        parts = messages.write([b"topic"], "status", {"execution_state": "idle"}, parent=parent)
        told, signed = session.feed_identities(parts)
        answer = session.deserialize(signed)
        assert told == [b"topic"]
        assert answer["content"] == {"execution_state": "idle"}
        assert answer["parent_header"]["msg_id"] == asked["msg_id"]
        assert answer["parent_header"]["session"] == session.session
        ids.add(answer["msg_id"])
    assert len(ids) == 2


@pytest.mark.parametrize("place", range(1, 6))
def test_a_forged_message_is_refused(messages: Messages, session: Session, place: int) -> None:
    """Each part is signed, and the signature is looked at."""
    parts = session.serialize(session.msg("comm_msg", {"a": 1}), ident=b"me")
    parts[place + 1] = parts[place + 1].replace(b"a", b"b") + b" "
    with pytest.raises(ValueError, match="not signed"):
        messages.read(parts)


@pytest.mark.parametrize("cut", [2, 3, 5])
def test_half_a_message_is_refused(messages: Messages, session: Session, cut: int) -> None:
    """It has not even a signature, or not all of its parts."""
    parts = session.serialize(session.msg("comm_msg", {}), ident=b"me")
    with pytest.raises(ValueError, match="not"):
        messages.read(parts[:cut])


@pytest.mark.parametrize(
    "header",
    [
        {"date": "2020-99-99T00:00:00Z", "username": "2020-99-99T00:00:00Z"},
        {"session": "2020-99-99T00:00:00Z"},
        {"session": "\ud800"},
        {"session": [[[]]], "more": {"a": []}},
    ],
)
def test_an_answer_repeats_nothing_that_trips_the_server(
    messages: Messages, session: Session, header: dict[str, object]
) -> None:
    """The server reads dates wherever it finds them, and a page may send anything."""
    whole = json.dumps({**session.msg_header("comm_msg"), "date": "", **header}).encode()
    signed = [whole, b"{}", b"{}", b"{}"]
    _, parent = messages.read([b"<IDS|MSG>", session.sign(signed), *signed])
    parts = messages.write([], "status", {}, parent=parent)
    answer = session.deserialize(session.feed_identities(parts)[1])
    assert set(answer["parent_header"]) <= {"msg_id", "msg_type", "session"}
    session.serialize(answer)
