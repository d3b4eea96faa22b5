"""A visit, with a store and pictures that live in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from animelabel_widgets.errors import ConfigError, HelloError, PictureError, SlowDownError
from animelabel_widgets.labels import Answer, Known, Place, Progress, Receipt, Resumed, Task
from animelabel_widgets.limits import Limit, Limits
from animelabel_widgets.session import Session


class Shelf:
    """A store that hands out the images of a list, in order."""

    def __init__(self, *filenames: str) -> None:
        self.waiting = [
            Task(uuid4(), number, "a", filename, "A", datetime.now(UTC))
            for number, filename in enumerate(filenames)
        ]
        self.broken: dict[int, str] = {}
        self.released: list[UUID] = []
        self.rated: list[tuple[int, UUID, Answer, int, int]] = []
        self.gold: list[Task] = []
        self.reported: list[tuple[int, UUID, str]] = []
        self.names: dict[int, str | None] = {}
        self.tokens: dict[str, int] = {}

    def find_volunteer(self, token: str) -> int | None:
        return self.tokens.get(token)

    def volunteer(self, token: str) -> int:
        self.tokens[token] = int(token, 16)
        return int(token, 16)

    def hand_out(self, volunteer_id: int, count: int) -> list[Task]:
        given, self.waiting = self.waiting[:count], self.waiting[count:]
        return given

    def gold_due(self, volunteer_id: int, count: int) -> int:
        return min(len(self.gold), count)

    def hand_out_gold(self, volunteer_id: int, count: int) -> list[Task]:
        given, self.gold = self.gold[:count], self.gold[count:]
        return given

    def release(self, volunteer_id: int, ids: Sequence[UUID]) -> int:
        self.released += ids
        return len(ids)

    def report(self, volunteer_id: int, assignment: UUID, reason: str) -> None:
        self.reported.append((volunteer_id, assignment, reason))

    def progress(self) -> Progress:
        return Progress(0.25, 8)

    def own_ratings(self, volunteer_id: int) -> int:
        return len(self.rated)

    def nickname(self, volunteer_id: int) -> str | None:
        return self.names.get(volunteer_id)

    def rename(self, volunteer_id: int, nickname: str | None) -> None:
        self.names[volunteer_id] = nickname

    def week(self, volunteer_id: int) -> list[Place]:
        return [Place(name, 3, own=who == volunteer_id) for who, name in self.names.items() if name]

    def resume(self, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
        return [Resumed(task, Answer.of("logo"), 2) for task in self.waiting[: len(ids)]]

    def rate(
        self, volunteer_id: int, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int
    ) -> Receipt:
        self.rated.append((volunteer_id, assignment, answer, revision, elapsed_ms))
        return Receipt(revision, stored=True, known=Known(Answer.of("logo"), "Look."))

    def mark_broken(self, image_id: int, reason: str) -> None:
        self.broken[image_id] = reason


class Album:
    """Pictures that are there unless their name says otherwise."""

    def jpeg(self, folder: str, filename: str) -> bytes:
        if filename.startswith("gone"):
            raise PictureError("the file is missing")
        if filename.startswith("away"):
            raise ConfigError("Pictures cannot be read just now.")
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


def test_pictures_that_cannot_be_read_just_now_are_given_back() -> None:
    """All of those that were handed out: else they would be held until their leases end."""
    store = Shelf("1", "gone", "away", "3", "4")
    ids = [task.assignment_id for task in store.waiting]
    session = Session(store, Album())
    session.hello("1")
    with pytest.raises(ConfigError):
        session.fetch(3)
    assert (store.released, store.broken) == (ids[:3], {1: "the file is missing"})
    assert [each.jpeg for each in session.fetch(2)] == [b"3", b"4"]


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
    for ask in (session.progress, session.week, lambda: session.again([uuid4()])):
        with pytest.raises(HelloError):
            ask()
    for tell in (lambda: session.report(uuid4(), "broken"), lambda: session.rename("A")):
        with pytest.raises(HelloError):
            tell()
    assert shelf.rated == shelf.reported == []


def known(*filenames: str) -> list[Task]:
    """Make tasks with a known answer."""
    return [
        Task(uuid4(), 90 + number, "a", filename, "A", datetime.now(UTC))
        for number, filename in enumerate(filenames)
    ]


def test_images_with_a_known_answer_are_mixed_in() -> None:
    """They come in place of others, and the number that was asked for is full."""
    shelf = Shelf("1", "2", "3", "4")
    shelf.gold = known("g1", "g2")
    session = Session(shelf, Album())
    session.hello("1")
    assert {each.jpeg for each in session.fetch(4)} == {b"1", b"2", b"g1", b"g2"}
    assert {each.jpeg for each in session.fetch(2)} == {b"3", b"4"}


def test_who_is_through_gets_no_known_image_either() -> None:
    """It would keep volunteers busy with nothing."""
    shelf = Shelf()
    shelf.gold = known("g1")
    session = Session(shelf, Album())
    session.hello("1")
    assert session.fetch(2) == []
    assert len(shelf.gold) == 1


def test_a_single_picture_is_never_only_a_known_one() -> None:
    """One that needs rating comes with it."""
    shelf = Shelf("1", "2")
    shelf.gold = known("g1")
    session = Session(shelf, Album())
    session.hello("1")
    assert {each.jpeg for each in session.fetch(1)} == {b"1", b"g1"}


def test_reports_counts_and_names_are_those_of_the_visitor() -> None:
    """Whatever the message says."""
    shelf = Shelf()
    session = Session(shelf, Album())
    session.hello("7")
    assignment = uuid4()
    session.report(assignment, "unclear")
    assert shelf.reported == [(7, assignment, "unclear")]
    assert session.progress() == (0, Progress(0.25, 8))
    session.rename("Aki")
    assert session.week() == ("Aki", [Place("Aki", 3, own=True)])


def limited(**bursts: int) -> Limits:
    """Make limits that give nothing back: the clock stands still."""
    return Limits({name: Limit(burst, 1) for name, burst in bursts.items()}, lambda: 0.0)


def test_a_limit_counts_the_pictures_that_came() -> None:
    """Also known ones, former ones and those of the tutorial; what did not come is given back."""
    shelf = Shelf(*"12345678")
    shelf.gold = known("g1")
    session = Session(shelf, Album(), limits=limited(pictures=8))
    session.hello("1")
    assert len(session.fetch(1)) == 2
    assert len(session.again([uuid4(), uuid4()])) == 2
    session.lesson()
    assert len(session.fetch(2)) == 2
    with pytest.raises(SlowDownError) as refused:
        session.fetch(2)
    assert refused.value.wait_ms == 2000
    assert len(shelf.waiting) == 5
    session.lesson()
    with pytest.raises(SlowDownError):
        session.lesson()


def test_who_is_through_does_not_pay_for_asking() -> None:
    """The page asks again and again, and new pictures come at once."""
    shelf = Shelf()
    session = Session(shelf, Album(), limits=limited(pictures=3))
    session.hello("1")
    for _ in range(50):
        assert session.fetch(2) == []
    shelf.waiting = Shelf("1", "2").waiting
    assert len(session.fetch(2)) == 2


def test_ratings_over_a_limit_are_refused_and_not_stored() -> None:
    """Reports count as well; another volunteer goes on, unless the address is at its limit."""
    shelf = Shelf()
    limits = limited(ratings=2, address_ratings=3)
    first = Session(shelf, Album(), limits=limits, address="home")
    second = Session(shelf, Album(), limits=limits, address="home")
    elsewhere = Session(shelf, Album(), limits=limits)
    for session, token in ((first, "1"), (second, "2"), (elsewhere, "3")):
        session.hello(token)
    first.rate(uuid4(), Answer(), 0, 900)
    first.report(uuid4(), "unclear")
    with pytest.raises(SlowDownError):
        first.rate(uuid4(), Answer(), 0, 900)
    second.rate(uuid4(), Answer(), 0, 900)
    with pytest.raises(SlowDownError):
        second.report(uuid4(), "unclear")
    elsewhere.rate(uuid4(), Answer(), 0, 900)
    assert [each[0] for each in shelf.rated] == [1, 2, 3]
    assert len(shelf.reported) == 1


def test_new_volunteers_of_one_address_are_limited_and_known_ones_are_not() -> None:
    """Nobody is made over the limit; where no address is known, all may come."""
    shelf = Shelf()
    limits = limited(address_newcomers=2)
    for token in ("1", "2", "1", "2", "1"):
        Session(shelf, Album(), limits=limits, address="school").hello(token)
    with pytest.raises(SlowDownError):
        Session(shelf, Album(), limits=limits, address="school").hello("3")
    assert list(shelf.tokens) == ["1", "2"]
    Session(shelf, Album(), limits=limits).hello("3")
    Session(shelf, Album(), limits=limits, address="school").hello("3")
