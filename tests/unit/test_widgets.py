"""The widgets' Python halves: one reply to each message, and no trust in the browser."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import pytest
from PIL import Image
from support.waiting import wait_until

from animelabel_widgets.demo import built_in_tutorial
from animelabel_widgets.errors import (
    AssignmentError,
    HelloError,
    InputError,
    SlowDownError,
    StoreError,
    VolunteerError,
)
from animelabel_widgets.gallery import Gallery
from animelabel_widgets.labeler import Labeler
from animelabel_widgets.labels import (
    KEYS,
    LABELS,
    Answer,
    ImagePlace,
    Known,
    Place,
    Progress,
    Receipt,
    Resumed,
    Task,
)
from animelabel_widgets.pictures import Pictures
from animelabel_widgets.session import Delivery, Session
from animelabel_widgets.widget import PageWidget

NOW: Any = None
ANSWER = Answer.of("text").as_row()


class Visit(Session):
    """A session that gives what the test put into it."""

    def lesson(self) -> None:
        if self.trouble:
            raise self.trouble

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.receipt = Receipt(0, stored=True)
        self.trouble: Exception | None = None
        self.name: str | None = None

    def hello(self, token: str, resume: Sequence[UUID] = ()) -> list[Delivery]:
        return self.deliveries[: len(resume)]

    def again(self, assignments: Sequence[UUID]) -> list[Delivery]:
        return self.deliveries[: len(assignments)]

    def report(self, assignment: UUID, reason: str) -> None:
        if self.trouble:
            raise self.trouble

    def progress(self) -> tuple[int, Progress]:
        return 12, Progress(0.5, 30)

    def week(self) -> tuple[str | None, list[Place]]:
        return self.name, [Place(self.name, 2, own=True)] if self.name else []

    def rename(self, nickname: str | None) -> None:
        self.name = nickname

    def fetch(self, count: int) -> list[Delivery]:
        if self.trouble:
            raise self.trouble
        return self.deliveries[:count]

    def rate(self, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int) -> Receipt:
        if self.trouble:
            raise self.trouble
        return self.receipt


class Wire:
    """Sends a widget messages as a browser does, and notes its replies."""

    def __init__(self, widget: PageWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = widget
        self.replies: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(
            widget, "send", lambda content, buffers: self.replies.append((content, buffers))
        )

    def says(self, content: object, buffers: Sequence[bytes] = ()) -> dict[str, Any]:
        """Give the one reply to a message."""
        before = len(self.replies)
        data = {"method": "custom", "content": content}
        self.widget._handle_msg({"content": {"data": data}, "buffers": list(buffers)})
        (reply,) = self.replies[before:]
        return reply[0]


@pytest.fixture
def visit() -> Visit:
    """Give the session behind the labeler."""
    return Visit()


@pytest.fixture
def wire(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Give a wire to a labeler."""
    labeler = Labeler(
        visit, campaign="c" * 32, tutorial=built_in_tutorial(), app=True, leaderboard=True
    )
    yield Wire(labeler, monkeypatch)
    labeler.close()


def delivery(answer: Answer | None = None) -> Delivery:
    """Make a delivery, rated before where there is an answer."""
    task = Task(uuid4(), 1, "a", "1.jpg", "A", NOW)
    return Delivery(Resumed(task, answer, None if answer is None else 3), b"jpeg")


def rate(**change: object) -> dict[str, object]:
    """Make a rating as a browser sends it."""
    message = {"id": 7, "kind": "rate", "assignment": str(uuid4()), "answer": ANSWER}
    return {**message, "revision": 2, "elapsed_ms": 900, **change}


def test_hello_brings_back_what_the_page_shows(wire: Wire, visit: Visit) -> None:
    """Each task with its former answer, its revision and its picture."""
    visit.deliveries = [delivery(Answer.of("logo")), delivery()]
    asked = [str(uuid4()), str(uuid4())]
    reply = wire.says({"id": 1, "kind": "hello", "token": "0" * 32, "resume": asked})
    assert (reply["id"], reply["kind"]) == (1, "welcome")
    assert [(task["title"], task["answer"], task["revision"]) for task in reply["tasks"]] == [
        ("A", Answer.of("logo").as_row(), 3),
        ("A", None, None),
    ]
    assert wire.replies[0][1] == [b"jpeg", b"jpeg"]


@pytest.mark.parametrize(("count", "finished"), [(1, False), (2, False), (3, True)])
def test_a_fetch_says_when_no_more_are_left(
    wire: Wire, visit: Visit, count: int, *, finished: bool
) -> None:
    """Fewer than asked means finished."""
    visit.deliveries = [delivery(), delivery()]
    reply = wire.says({"id": 2, "kind": "fetch", "count": count})
    assert (reply["kind"], reply["finished"]) == ("tasks", finished)
    assert set(reply["tasks"][0]) == {"assignment", "title", "answer", "revision"}


def test_a_rating_is_acknowledged_or_told_of_a_conflict(wire: Wire, visit: Visit) -> None:
    """The acknowledgement names the revision that was sent, the conflict the one that stands."""
    assert wire.says(rate())["kind"] == "saved"
    visit.receipt = Receipt(5, stored=False)
    assert wire.says(rate())["revision"] == 2
    visit.receipt = Receipt(5, stored=False, conflict=True)
    reply = wire.says(rate())
    assert (reply["kind"], reply["revision"]) == ("conflict", 5)


def test_a_known_answer_comes_with_the_acknowledgement(wire: Wire, visit: Visit) -> None:
    """The page tells then what was missed."""
    visit.receipt = Receipt(0, stored=True, known=Known(Answer.of("logo"), "In the corner."))
    reply = wire.says(rate())
    assert reply["known"] == {
        "answer": Answer.of("logo").as_row(),
        "explanation": "In the corner.",
    }


def test_former_pictures_come_again_and_reports_are_acknowledged(wire: Wire, visit: Visit) -> None:
    """In the forms of new pictures and of ratings."""
    visit.deliveries = [delivery(Answer.of("logo"))]
    reply = wire.says({"id": 1, "kind": "again", "assignments": [str(uuid4())]})
    assert (reply["kind"], len(reply["tasks"])) == ("tasks", 1)
    assignment = str(uuid4())
    report = {"id": 2, "kind": "report", "assignment": assignment, "reason": "broken"}
    assert wire.says(report) == {"id": 2, "kind": "saved", "assignment": assignment, "revision": 0}


def test_a_lesson_has_its_picture_and_its_words(wire: Wire) -> None:
    """Beyond the last one is an error."""
    reply = wire.says({"id": 1, "kind": "lesson", "number": 1})
    assert (reply["kind"], reply["total"]) == ("lesson", 8)
    assert reply["answer"] == Answer.of("text", "person").as_row()
    assert "subtitle" in reply["missed"]["text"]["en"]
    (picture,) = wire.replies[0][1]
    assert picture.startswith(b"\xff\xd8")
    assert wire.says({"id": 2, "kind": "lesson", "number": 8})["code"] == "malformed"


def test_progress_and_the_leaderboard_are_told(wire: Wire) -> None:
    """A new nickname is on the board at once."""
    progress = {"id": 1, "kind": "progress", "own": 12, "share": 0.5, "images": 30}
    assert wire.says({"id": 1, "kind": "progress"}) == progress
    empty = {"id": 2, "kind": "week", "nickname": None, "places": []}
    assert wire.says({"id": 2, "kind": "week"}) == empty
    named = wire.says({"id": 3, "kind": "nickname", "nickname": "Aki"})
    assert named["places"] == [{"nickname": "Aki", "ratings": 2, "own": True}]


def test_without_a_leaderboard_or_a_tutorial_there_is_none(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are refused, and no nickname is stored."""
    labeler = Labeler(visit, campaign="c" * 32)
    bare = Wire(labeler, monkeypatch)
    for message in (
        {"id": 1, "kind": "week"},
        {"id": 1, "kind": "nickname", "nickname": "Aki"},
        {"id": 1, "kind": "lesson", "number": 0},
    ):
        assert bare.says(message)["code"] == "malformed"
    assert visit.name is None
    labeler.close()


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (StoreError("The database me:***@db is down"), "unavailable"),
        (RuntimeError("secret detail"), "unavailable"),
        (AssignmentError("This picture was not handed to this page."), "unassigned"),
        (HelloError("expected hello"), "no-hello"),
        (VolunteerError("This visitor is not known."), "no-hello"),
    ],
)
def test_trouble_becomes_one_friendly_reply(
    wire: Wire, visit: Visit, trouble: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The page learns what to do; the details stay in the log."""
    visit.trouble = trouble
    with caplog.at_level(logging.WARNING, "animelabel_widgets"):
        reply = wire.says(rate())
    assert (reply["id"], reply["kind"], reply["code"]) == (7, "error", code)
    assert "db" not in reply["message"]
    assert "secret" not in reply["message"]
    if code == "unavailable":
        assert str(trouble) in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        rate(),
        {"id": 7, "kind": "fetch", "count": 2},
        {"id": 7, "kind": "lesson", "number": 0},
        {"id": 7, "kind": "report", "assignment": str(uuid4()), "reason": "broken"},
    ],
    ids=lambda message: message["kind"],
)
def test_who_is_over_a_limit_learns_when_to_go_on(
    wire: Wire, visit: Visit, message: object, caplog: pytest.LogCaptureFixture
) -> None:
    """In milliseconds for the page and in words; the log is not filled with it."""
    visit.trouble = SlowDownError(2500)
    with caplog.at_level(logging.INFO, "animelabel_widgets"):
        reply = wire.says(message)
    text = reply.pop("message")
    assert reply == {"id": 7, "kind": "error", "code": "slow-down", "wait_ms": 2500}
    assert "in 3 seconds" in text
    assert "nothing is lost" in text
    assert not caplog.records


@pytest.mark.parametrize(
    ("message", "number"),
    [
        (None, None),
        ("rate", None),
        ({"id": 3}, 3),
        ({"id": [1], "kind": "fetch"}, None),
        (rate(answer={"text": 1}), 7),
        (rate(extra=1), 7),
    ],
)
def test_a_malformed_message_gets_one_short_error(
    wire: Wire, message: object, number: int | None
) -> None:
    """The reply names the message where it can, and nothing is raised."""
    reply = wire.says(message)
    assert (reply["id"], reply["kind"], reply["code"]) == (number, "error", "malformed")
    assert len(reply["message"]) < 200


def test_state_from_the_browser_is_ignored(wire: Wire) -> None:
    """Every synced trait is writable by a visitor, so none is taken from there."""
    labeler = wire.widget
    before = labeler.get_state()
    state = dict.fromkeys([*before, "_session"], "evil")
    wire.widget._handle_msg({"content": {"data": {"method": "update", "state": state}}})
    assert labeler.get_state() == before
    assert [label["key"] for label in labeler.labels] == [label.key for label in LABELS]


def places(ids: Sequence[int]) -> dict[int, ImagePlace]:
    """Give the places of images 0 to 4; the others are not of the project."""
    return {each: ImagePlace("a", f"{each}.jpg", "A") for each in ids if each < 5}


FRAME = pd.DataFrame(
    {"image_id": range(6), "text": [True, False, True, False, True, False], "p_text": [0.9] * 6}
)


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Give a wire to a gallery of six rows; 1 has no file, and 5 is not of the project."""
    (tmp_path / "a").mkdir()
    for number in (0, 2, 3, 4):
        Image.effect_noise((900, 500), 60).save(tmp_path / "a" / f"{number}.jpg")
    widget = Gallery(FRAME, Pictures(tmp_path), places=places, caption="p_text", badges=["text"])
    yield Wire(widget, monkeypatch)
    widget.close()


def later(wire: Wire, message: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Give the reply to a message that is answered beside the kernel's thread."""
    before = len(wire.replies)
    data = {"method": "custom", "content": message}
    wire.widget._handle_msg({"content": {"data": data}, "buffers": []})
    wait_until(lambda: len(wire.replies) > before, "the reply")
    return wire.replies[-1]


def test_rows_come_in_words_and_an_image_of_elsewhere_is_named(gallery: Wire) -> None:
    """With the caption and the badges that were asked for; past the end there is nothing."""
    reply = gallery.says({"id": 1, "kind": "rows", "version": 1, "first": 4, "count": 9})
    assert reply["rows"] == [
        {
            "image_id": 4,
            "title": "A",
            "caption": "Text 90%",
            "badges": [{"text": "Text", "look": "yes"}],
        },
        {"image_id": 5, "title": "Image 5", "caption": "Text 90%", "badges": []},
    ]


def test_thumbnails_come_and_what_has_none_says_why(gallery: Wire) -> None:
    """A vanished file and an unknown image leave the others alone."""
    message = {"id": 1, "kind": "thumbnails", "version": 1, "rows": [0, 1, 5, 2], "side": 240}
    reply, buffers = later(gallery, message)
    first, missing, unknown, last = reply["pictures"]
    assert (first, last, len(buffers)) == (0, 1, 2)
    assert "the file is missing" in missing
    assert "not in the project" in unknown
    assert all(each.startswith(b"\xff\xd8") and len(each) < 60_000 for each in buffers)


def test_a_selection_survives_an_order_and_loses_what_is_gone(gallery: Wire) -> None:
    """The browser selects rows; Python has ids, and is refused those of elsewhere."""
    widget = gallery.widget
    ranges = [[1, 2], [4, 4]]
    gallery.says({"id": 1, "kind": "select", "version": 1, "ranges": ranges})
    assert (widget.selection, widget.selected) == ([1, 2, 4], ranges)
    order = {"id": 2, "kind": "arrange", "sort": "image_id", "descending": True, "group": "text"}
    assert gallery.says(order)["kind"] == "arranged"
    assert widget.shown["groups"] == [["Text: no", 3], ["Text: yes", 3]]
    assert widget.selection == [1, 4, 2]
    widget.frame = FRAME[FRAME["image_id"] < 3]
    assert (widget.selection, widget.sort) == ([1, 2], "image_id")
    with pytest.raises(InputError, match="4 for one"):
        widget.selection = [4]


def test_what_is_asked_of_a_former_order_is_stale(gallery: Wire) -> None:
    """A row number means nothing any more."""
    gallery.widget.arrange("text")
    message = {"id": 1, "kind": "select", "version": 1, "ranges": [[0, 0]]}
    assert gallery.says(message)["kind"] == "stale"
    assert gallery.widget.selection == []


def test_an_image_is_opened_and_closed_from_both_sides(gallery: Wire) -> None:
    """With its large picture; one that is not in the frame is refused."""
    reply, buffers = later(gallery, {"id": 1, "kind": "open", "version": 1, "row": 2})
    assert (reply["kind"], reply["image_id"], reply["file"]) == ("image", 2, "a/2.jpg")
    assert (gallery.widget.opened, len(buffers)) == (2, 1)
    assert gallery.says({"id": 2, "kind": "close"})["kind"] == "closed"
    assert gallery.widget.opened is None
    gallery.widget.opened = 3
    assert gallery.widget.opened_row == 3
    with pytest.raises(InputError, match="99 is not in this gallery"):
        gallery.widget.opened = 99


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"id": [1]}), "a column or an index image_id, and this frame has id"),
        (pd.DataFrame({"image_id": ["a"]}), "must be whole numbers"),
        (pd.DataFrame({"image_id": [1.0, None]}), "must be whole numbers"),
        ([1, 2], "not a list"),
    ],
)
def test_a_frame_without_image_ids_is_refused(tmp_path: Path, frame: Any, said: str) -> None:
    """With what is wrong and what to do."""
    with pytest.raises(InputError, match=said):
        Gallery(frame, Pictures(tmp_path), places=places)


def test_whole_numbers_are_grouped_by_whole_ranges(tmp_path: Path) -> None:
    """Of many different ones, each stands in one range; a gap and an infinity do no harm."""
    votes = [*map(float, range(33)), float("nan"), float("inf")]
    frame = pd.DataFrame({"image_id": range(35), "votes": votes})
    widget = Gallery(frame, Pictures(tmp_path), places=places, group="votes")
    groups = widget.shown["groups"]
    assert groups[:2] == [["votes 0 – 3", 4], ["votes 4 – 7", 4]]
    assert groups[-2:] == [["votes 32 – 32", 2], ["votes?", 1]]
    assert sum(size for _, size in groups) == 35
    widget.close()


def test_an_empty_filter_leaves_an_empty_gallery(tmp_path: Path) -> None:
    """Whatever it is grouped by."""
    widget = Gallery(FRAME[:0], Pictures(tmp_path), places=places, sort="p_text", group="text")
    assert (widget.shown["count"], widget.shown["groups"]) == (0, [])
    widget.close()


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "rows", "version": 1, "first": "0", "count": 2},
        {"kind": "thumbnails", "version": 1, "rows": [9], "side": 240},
        {"kind": "open", "version": 1, "row": 6},
        {"kind": "select", "version": 1, "ranges": [[0, 6]]},
    ],
)
def test_the_gallery_refuses_a_malformed_message(gallery: Wire, message: dict[str, Any]) -> None:
    """Rows beyond the last too; nothing is selected or opened."""
    assert gallery.says({"id": 1, **message})["code"] == "malformed"
    assert (gallery.widget.selection, gallery.widget.opened) == ([], None)


def test_the_answer_on_the_wire_has_every_feature() -> None:
    """The browser's buttons and the database's columns are the same four."""
    assert list(ANSWER) == list(KEYS)
