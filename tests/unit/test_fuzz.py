"""Ten thousand hostile messages to the widget: one short error each, and nothing is stored."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from animelabel_widgets.demo import built_in_tutorial
from animelabel_widgets.errors import ProtocolError
from animelabel_widgets.labeler import Labeler
from animelabel_widgets.labels import KEYS, NewImage, Series
from animelabel_widgets.pictures import Pictures
from animelabel_widgets.protocol import parse
from animelabel_widgets.session import Session
from animelabel_widgets.store import Store

MESSAGES = 10_000
HUGE = "x" * 9_000_000
BUFFERS = [[memoryview(b"\0" * 9_000_000)], [b"", b"\xff"]]
KINDS = [
    "hello", "fetch", "again", "rate", "report", "lesson", "progress", "week", "nickname",
    "page", "HELLO", "", "__class__", "delete",
]  # fmt: skip
NAMES = [
    "token", "resume", "count", "assignments", "assignment", "answer", "revision", "elapsed_ms",
    "reason", "number", "nickname", "volunteer_id", "__proto__",
]  # fmt: skip

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=40),
    st.sampled_from([HUGE, "\u202eabc", "\0", "'; DROP TABLE ratings; --", b"x"]),
    st.sampled_from([10**400, -1, 2**63]),
    st.uuids().map(str),
)
# Two levels by hand: a recursive strategy takes most of the test's time.
parts = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from([*KEYS, *NAMES]), scalars, max_size=4),
)
values = st.one_of(parts, st.lists(parts, max_size=2))


def deep(levels: int) -> list[Any]:
    """Nest a list that deep."""
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


DEEP = [deep(500), deep(100_000), {"id": 1, "kind": "rate", "answer": deep(100_000)}]
foreign = st.builds(
    lambda number, revision, chosen: {
        "id": number,
        "kind": "rate",
        "assignment": str(uuid4()),
        "answer": {key: key == chosen for key in KEYS},
        "revision": revision,
        "elapsed_ms": 5,
    },
    st.integers(0, 2**31),
    st.integers(0, 10**6),
    st.sampled_from(KEYS),
) | st.builds(
    lambda number, reason: {
        "id": number,
        "kind": "report",
        "assignment": str(uuid4()),
        "reason": reason,
    },
    st.integers(0, 2**31),
    st.sampled_from(["broken", "offensive", "unclear"]),
)
nearly = st.builds(
    lambda number, kind, rest: {"id": number, "kind": kind, **rest},
    values | st.integers(0, 99),
    st.sampled_from(KINDS) | values,
    st.dictionaries(st.sampled_from(NAMES), values, max_size=5),
)
damaged = st.builds(
    lambda message, name, value: {**message, name: value},
    foreign,
    st.sampled_from(["id", "kind", "assignment", "answer", "revision", "elapsed_ms", "reason"]),
    values,
)
messages = st.one_of(values, nearly, damaged, foreign, st.sampled_from(DEEP))


class Visitor:
    """A labeler that a real store stands behind, and what it replied."""

    def __init__(self, store: Store, pictures: Path) -> None:
        self.store = store
        self.replies: list[dict[str, Any]] = []
        session = Session(store, Pictures(pictures))
        session.hello("0" * 32)
        self.labeler = Labeler(
            session, campaign="c" * 32, tutorial=built_in_tutorial(), leaderboard=True
        )
        self.labeler.send = lambda content, buffers=None: self.replies.append(content)

    def counts(self) -> dict[str, int]:
        """Count the rows of every table."""
        database = self.store._database
        names = inspect(database.engine).get_table_names()
        return {
            name: database.read(
                lambda c, name=name: c.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one()
            )
            for name in names
        }


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Give a visitor of a campaign with one image that somebody else holds."""
    folder = tmp_path_factory.mktemp("fuzz")
    with closing(Store.open(f"sqlite:///{folder / 'fuzz.db'}")) as store:
        series = store.put_series(Series("a", "A"), update=False)
        store.add_images(series, [NewImage("1.jpg", 9, 9, 5000)])
        store.hand_out(store.volunteer("1" * 32), 1)
        found = Visitor(store, folder)
        yield found
        found.labeler.close()


def test_ten_thousand_hostile_messages_store_nothing(visitor: Visitor) -> None:
    """Wrong types, huge texts, unknown kinds, foreign assignments, NaN, depth, nine megabytes."""
    before = visitor.counts()

    @settings(
        max_examples=MESSAGES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(messages, st.sampled_from([(), (), (), (), *BUFFERS]))
    def hostile(content: Any, buffers: Any) -> None:
        with contextlib.suppress(ProtocolError):
            # What a page may say is not hostile, unless it is of an assignment that is not its own.
            parsed = parse(content, buffers)
            assume(hasattr(parsed, "reason") or hasattr(parsed, "revision"))
        visitor.replies.clear()
        visitor.labeler._handle_custom_msg(content, buffers)
        (reply,) = visitor.replies
        assert reply["kind"] == "error"
        assert reply["code"] in ("malformed", "unassigned")
        assert len(reply["message"]) < 250

    logging.disable(logging.CRITICAL)
    try:
        hostile()
    finally:
        logging.disable(logging.NOTSET)
    assert visitor.counts() == before
    assert visitor.store.check() == []
