"""A visit, with a store and pictures that live in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from animelabel_widgets.errors import HelloError, PictureError
from animelabel_widgets.labels import Answer, Receipt, Resumed, Task
from animelabel_widgets.session import Session


class Shelf:
    """A store that hands out the images of a list, in order."""

    def __init__(self, *filenames: str) -> None:
        self.waiting = [
            Task(uuid4(), number, "a", filename, "A", datetime.now(UTC))
            for number, filename in enumerate(filenames)
        ]
        self.broken: dict[int, str] = {}
        self.rated: list[tuple[int, UUID, Answer, int, int]] = []

    def volunteer(self, token: str) -> int:
        return int(token, 16)

    def hand_out(self, volunteer_id: int, count: int) -> list[Task]:
        given, self.waiting = self.waiting[:count], self.waiting[count:]
        return given

    def resume(self, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
        return [Resumed(task, Answer.of("logo"), 2) for task in self.waiting[: len(ids)]]

    def rate(
        self, volunteer_id: int, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int
    ) -> Receipt:
        self.rated.append((volunteer_id, assignment, answer, revision, elapsed_ms))
        return Receipt(revision, stored=True)

    def mark_broken(self, image_id: int, reason: str) -> None:
        self.broken[image_id] = reason


class Album:
    """Pictures that are there unless their name says otherwise."""

    def jpeg(self, folder: str, filename: str) -> bytes:
        if filename.startswith("gone"):
            raise PictureError("the file is missing")
        return filename.encode()


def test_a_fetch_brings_as_many_pictures_as_asked() -> None:
    """Every delivery has the picture of its own task."""
    session = Session(Shelf("1", "2", "3"), Album())
    session.hello("1")
    assert [each.jpeg for each in session.fetch(2)] == [b"1", b"2"]
    assert [each.jpeg for each in session.fetch(2)] == [b"3"]
    assert session.fetch(2) == []


def test_a_vanished_picture_is_marked_broken_and_another_one_comes() -> None:
    """The volunteer gets the next one, and the log says why."""
    shelf = Shelf("gone1", "gone2", "3", "gone4", "5")
    session = Session(shelf, Album())
    session.hello("1")
    assert [each.jpeg for each in session.fetch(2)] == [b"3", b"5"]
    assert shelf.broken == dict.fromkeys((0, 1, 3), "the file is missing")


def test_hello_resumes_what_the_page_still_shows() -> None:
    """The former answer comes with the picture."""
    session = Session(Shelf("1", "2"), Album())
    (delivery,) = session.hello("1", [uuid4()])
    assert (delivery.rated.answer, delivery.rated.revision) == (Answer.of("logo"), 2)


def test_a_rating_is_stored_for_the_visitor() -> None:
    """The volunteer is the one who said hello, whatever the message says."""
    shelf = Shelf()
    session = Session(shelf, Album())
    session.hello("2a")
    assignment = uuid4()
    session.rate(assignment, Answer.of("text"), 1, 900)
    assert shelf.rated == [(42, assignment, Answer.of("text"), 1, 900)]


def test_nothing_works_before_hello() -> None:
    """Who did not say hello gets nothing and stores nothing."""
    shelf = Shelf("1")
    session = Session(shelf, Album())
    with pytest.raises(HelloError):
        session.fetch(1)
    with pytest.raises(HelloError):
        session.rate(uuid4(), Answer(), 0, 0)
    assert shelf.rated == []
