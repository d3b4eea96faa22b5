"""Images whose answer is known: mixed in, kept apart, counted nowhere, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

import animelabel_widgets as al
from animelabel_widgets.errors import AssignmentError, InputError
from animelabel_widgets.ingest import import_gold
from animelabel_widgets.labels import KEYS, Answer, Gold, Known, NewImage, Series
from animelabel_widgets.store import Store

ALWAYS = {0: 1.0}
RIGHT = Known(Answer.of("logo"), "In the corner: <b>a star</b>.")


def fill(store: Store, images: int) -> list[int]:
    """Add a series of open images; give their ids."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 10, 10, 5000) for n in range(images)])
    return list(store.images()["image_id"])


def gold(*numbers: int, known: Known = RIGHT) -> list[Gold]:
    """Make known answers to images of that series."""
    return [Gold("a", f"{number}.jpg", known) for number in numbers]


@pytest.fixture
def store(database_url: str) -> Store:
    """Give a store that mixes known images in whenever it can."""
    with closing(Store.open(database_url, gold=ALWAYS)) as opened:
        yield opened


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    """Read rows past the public face."""
    return [tuple(row) for row in store._database.read(lambda c: c.execute(text(query)).all())]


def test_an_answer_to_a_known_image_is_kept_apart(store: Store) -> None:
    """No rating, no counter, no event of the history; every revision is kept."""
    fill(store, 4)
    assert store.put_gold(gold(1)) == []
    volunteer = store.volunteer("0" * 32)
    before = rows(store, "SELECT * FROM pool ORDER BY image_id")
    (task,) = store.hand_out_gold(volunteer, 3)
    assert task.filename == "1.jpg"
    receipt = store.rate(volunteer, task.assignment_id, Answer.of("text"), 0, 900)
    assert (receipt.stored, receipt.known) == (True, RIGHT)
    again = store.rate(volunteer, task.assignment_id, Answer.of("text"), 0, 900)
    assert (again.stored, again.conflict, again.known) == (False, False, RIGHT)
    assert store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 900).conflict
    assert store.rate(volunteer, task.assignment_id, Answer.of("logo"), 1, 900).stored
    assert rows(store, "SELECT * FROM pool ORDER BY image_id") == before
    assert rows(store, "SELECT COUNT(*) FROM rating_events") == [(0,)]
    assert rows(store, "SELECT revision FROM gold_answers ORDER BY 1") == [(0,), (1,)]
    assert store.ratings().empty
    assert store.check() == []
    (resumed,) = store.resume(volunteer, [task.assignment_id])
    assert (resumed.answer, resumed.revision) == (Answer.of("logo"), 1)


def test_a_known_image_is_met_once_and_never_again_as_another(store: Store) -> None:
    """Who knows its answer does not rate it; who rated it is not tested with it."""
    fill(store, 4)
    store.put_gold(gold(0, 1))
    volunteer, other = store.volunteer("0" * 32), store.volunteer("1" * 32)
    met = {task.image_id for task in store.hand_out_gold(volunteer, 5)}
    assert len(met) == 2
    assert store.hand_out_gold(volunteer, 5) == []
    rated = {task.image_id for task in store.hand_out(volunteer, 9)}
    assert len(rated) == 2
    assert not met & rated
    assert len(store.hand_out(other, 9)) == 4
    assert store.hand_out_gold(other, 5) == []


def test_a_known_image_never_expires_and_is_no_load(database_url: str) -> None:
    """The sweeper leaves it alone, and its answer is taken any time."""
    time = [datetime(2026, 1, 1, tzinfo=UTC)]
    with closing(Store.open(database_url, gold=ALWAYS, clock=lambda: time[0])) as store:
        fill(store, 1)
        store.put_gold(gold(0))
        volunteer = store.volunteer("0" * 32)
        (task,) = store.hand_out_gold(volunteer, 1)
        time[0] = datetime(2026, 2, 1, tzinfo=UTC)
        assert store.release_expired() == 0
        assert rows(store, "SELECT `load` FROM pool") == [(0,)]
        assert store.rate(volunteer, task.assignment_id, Answer(), 0, 5).stored
        assert store.check() == []


def test_nobody_else_may_answer(store: Store) -> None:
    """An assignment is its volunteer's own."""
    fill(store, 1)
    store.put_gold(gold(0))
    (task,) = store.hand_out_gold(store.volunteer("0" * 32), 1)
    with pytest.raises(AssignmentError):
        store.rate(store.volunteer("1" * 32), task.assignment_id, Answer(), 0, 5)


def test_a_reviewers_decision_is_a_known_answer(store: Store) -> None:
    """As long as it stands; the newest one counts, and a row of gold before it."""
    images = fill(store, 3)

    def decide(image_id: int, end: str | None = None, **said: bool) -> None:
        values = {**dict.fromkeys(KEYS, False), **said}
        query = text(
            "INSERT INTO reviews (image_id, reviewer, created_at, withdrawn_at, "
            + ", ".join(f"`{key}`" for key in KEYS)
            + ") VALUES (:image, 'me', '2026-01-01', :end, :text, :logo, :person, :empty)"
        )
        store._database.write(lambda c: c.execute(query, {**values, "image": image_id, "end": end}))

    decide(images[0], text=True)
    decide(images[0], person=True)
    decide(images[1], "2026-01-02", text=True)
    volunteer = store.volunteer("0" * 32)
    (task,) = store.hand_out_gold(volunteer, 5)
    assert task.image_id == images[0]
    receipt = store.rate(volunteer, task.assignment_id, Answer.of("person", "logo"), 0, 5)
    assert receipt.known == Known(Answer.of("person"), None)
    answers = store.gold_answers()
    assert answers[[f"right_{key}" for key in KEYS]].iloc[0].tolist() == [0, 0, 1, 0]
    store.put_gold(gold(0))
    assert store.rate(volunteer, task.assignment_id, Answer(), 1, 5).known == RIGHT
    counts = store.stats()
    assert (counts.known, counts.known_answers, counts.reports) == (1, 2, 0)


def test_the_first_answers_make_the_skill(store: Store) -> None:
    """What was corrected after the page had told does not count."""
    fill(store, 3)
    store.put_gold([*gold(0, 1), *gold(2, known=Known(Answer.of("person")))])
    volunteer = store.volunteer("0" * 32)
    tasks = {task.filename: task.assignment_id for task in store.hand_out_gold(volunteer, 3)}
    store.rate(volunteer, tasks["0.jpg"], Answer.of("logo"), 0, 5)
    store.rate(volunteer, tasks["1.jpg"], Answer.of("text"), 0, 5)
    store.rate(volunteer, tasks["1.jpg"], Answer.of("logo"), 1, 5)
    store.rate(volunteer, tasks["2.jpg"], Answer.of("person"), 0, 5)
    skills = store.skills().set_index("label")
    assert set(skills["volunteer_id"]) == {volunteer}
    assert skills.loc["logo", ["there", "seen", "absent", "not_seen"]].tolist() == [2, 1, 1, 1]
    assert skills.loc["text", ["there", "seen", "absent", "not_seen"]].tolist() == [0, 0, 3, 2]
    assert skills.loc["person", ["there", "seen", "absent", "not_seen"]].tolist() == [1, 1, 2, 2]


def test_without_answers_the_skill_is_an_empty_frame(store: Store) -> None:
    """With the columns of a full one."""
    assert store.gold_answers().empty
    assert list(store.skills()) == ["volunteer_id", "label", "there", "seen", "absent", "not_seen"]


@pytest.mark.parametrize(("ratings", "low", "high"), [(0, 322, 478), (20, 227, 373), (60, 52, 148)])
def test_known_images_come_less_and_less(
    database_url: str, ratings: int, low: int, high: int
) -> None:
    """0.4, 0.3 and 0.1 of a thousand draws, each within five standard deviations."""
    with closing(Store.open(database_url, gold=al.Settings().gold_chances())) as store:
        fill(store, ratings + 1)
        store.put_gold(gold(0))
        volunteer = store.volunteer("0" * 32)
        while len(store.ratings()) < ratings:
            for task in store.hand_out(volunteer, ratings - len(store.ratings())):
                store.rate(volunteer, task.assignment_id, Answer(), 0, 5)
        assert low <= store.gold_due(volunteer, 1000) <= high


@pytest.mark.parametrize("chances", [{}, {0: 0.0}, {5: 1.0}])
def test_known_images_can_be_turned_off_or_begin_later(
    database_url: str, chances: dict[int, float]
) -> None:
    """A new volunteer gets none then."""
    with closing(Store.open(database_url, gold=chances)) as store:
        fill(store, 1)
        store.put_gold(gold(0))
        assert store.gold_due(store.volunteer("0" * 32), 50) == 0


def test_without_known_images_none_are_drawn(store: Store) -> None:
    """Whatever the chance."""
    fill(store, 1)
    assert store.gold_due(store.volunteer("0" * 32), 50) == 0
    assert store.hand_out_gold(store.volunteer("0" * 32), 5) == []


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str], Path]:
    """Give a function that writes a file of known answers."""

    def write(
        lines: str, header: str = "folder,filename,text,logo,person,empty,explanation"
    ) -> Path:
        file = tmp_path / "gold.csv"
        file.write_text(f"{header}\n{lines}", encoding="utf-8")
        return file

    return write


def test_known_answers_come_from_a_file(store: Store, csv: Callable[[str], Path]) -> None:
    """A second import replaces the first; images that are not there are named."""
    fill(store, 2)
    report = import_gold(store, csv("a,0.jpg,0,1,0,0,Look\na,9.jpg,0,0,0,1,\n"))
    assert (report.stored, report.unknown) == (1, (("a", "9.jpg"),))
    assert report.summary() == "1 right answers are stored, 1 refused."
    assert import_gold(store, csv("a,0.jpg,1,0,0,0,\na,1.jpg,0,0,0,1,\n")).stored == 2
    stored = rows(store, "SELECT `text`, `logo`, `empty`, explanation FROM gold ORDER BY image_id")
    assert stored == [(1, 0, 0, None), (0, 0, 1, None)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a,0.jpg,2,0,0,0,\n", "line 2: expected 0 or 1 for text"),
        ("a,0.jpg,1,0,0,1,\n", "line 2: 'empty' excludes the other features"),
        ("a,0.jpg,1,0\n", "line 2: expected 0 or 1"),
        ("a,0.jpg,1,0,0,0,\na,0.jpg,1,0,0,0,\n", "lists a/0.jpg twice"),
        (f"a,0.jpg,1,0,0,0,{'x' * 1001}\n", "explanation of up to 1000"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(
    store: Store, csv: Callable[[str], Path], lines: str, message: str
) -> None:
    """Half a file would be hard to tell from the whole."""
    fill(store, 1)
    with pytest.raises(InputError, match=message):
        import_gold(store, csv(lines))
    assert rows(store, "SELECT COUNT(*) FROM gold") == [(0,)]


def test_a_file_of_another_kind_is_refused(store: Store, tmp_path: Path) -> None:
    """With the columns that are expected."""
    (tmp_path / "gold.csv").write_text("image,answer\n1,2\n")
    with pytest.raises(InputError, match="has the columns image, answer: expected folder"):
        import_gold(store, tmp_path / "gold.csv")
    (tmp_path / "gold.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="save it as CSV in UTF-8"):
        import_gold(store, tmp_path / "gold.csv")
    with pytest.raises(InputError, match="cannot be read"):
        import_gold(store, tmp_path / "none.csv")


def handed(store: Store, token: str) -> tuple[int, UUID]:
    """Hand the one image to a volunteer."""
    volunteer = store.volunteer(token * 32)
    (task,) = store.hand_out(volunteer, 1)
    return volunteer, task.assignment_id


def test_an_image_that_two_report_leaves_the_pool(store: Store) -> None:
    """Once is not enough, nor is one volunteer twice; each report is stored."""
    fill(store, 1)
    first, assignment = handed(store, "0")
    for reason in ("unclear", "unclear", "broken"):
        store.report(first, assignment, reason)
    assert rows(store, "SELECT reason FROM reports ORDER BY 1") == [("broken",), ("unclear",)]
    assert list(store.images()["state"]) == ["open"]
    assert store.check() == []
    assert store.hand_out(first, 1) == []
    second, assignment = handed(store, "1")
    store.report(second, assignment, "offensive")
    (image,) = store.images().to_dict("records")
    assert image["state"] == "reported"
    assert image["reason"] == "reported by 2 volunteers, the last said: offensive"
    assert store.hand_out(store.volunteer("2" * 32), 1) == []
    assert rows(store, "SELECT `load`, votes FROM pool") == [(0, 0)]
    assert store.check() == []


def test_a_report_is_no_vote_and_takes_none_back(store: Store) -> None:
    """What was said before stands, and what is said afterwards counts."""
    fill(store, 1)
    first, assignment = handed(store, "0")
    store.rate(first, assignment, Answer.of("text"), 0, 5)
    store.report(first, assignment, "unclear")
    second, other = handed(store, "1")
    store.report(second, other, "unclear")
    store.rate(second, other, Answer.of("logo"), 0, 5)
    assert rows(store, "SELECT `load`, votes, n_text, n_logo FROM pool") == [(2, 2, 1, 1)]
    assert len(store.ratings()) == 2
    assert store.check() == []


def test_a_report_of_what_was_not_handed_out_is_refused(store: Store) -> None:
    """Nobody takes images away that they never saw."""
    fill(store, 1)
    _, assignment = handed(store, "0")
    for volunteer, named in ((store.volunteer("1" * 32), assignment), (1, uuid4())):
        with pytest.raises(AssignmentError):
            store.report(volunteer, named, "broken")
    assert rows(store, "SELECT COUNT(*) FROM reports") == [(0,)]


def test_the_progress_counts_ratings_up_to_the_target(database_url: str) -> None:
    """Retired images are done; broken ones are not asked for."""
    with closing(Store.open(database_url, target=2)) as store:
        images = fill(store, 5)
        assert store.progress().share == 0
    with closing(Store.open(database_url, target=2)) as store:
        for token in "01":
            volunteer, assignment = handed(store, token)
            store.rate(volunteer, assignment, Answer(), 0, 5)
        rated = set(store.ratings()["image_id"])
        left = [image for image in images if image not in rated]
        store.retire(left[:1], "sure")
        store.mark_broken(left[1], "gone")
        progress = store.progress()
        assert (progress.share, progress.images) == (pytest.approx(4 / 8), 4)
        assert store.own_ratings(volunteer) == 1


def test_the_leaderboard_is_of_this_week_and_of_who_wants_it(database_url: str) -> None:
    """Since Monday, by number, without those who have no nickname."""
    time = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]
    with closing(Store.open(database_url, clock=lambda: time[0])) as store:
        fill(store, 3)
        ids = [store.volunteer(token * 32) for token in "012"]

        def rate(volunteer: int) -> None:
            (task,) = store.hand_out(volunteer, 1)
            store.rate(volunteer, task.assignment_id, Answer(), 0, 5)

        rate(ids[0])
        rate(ids[0])
        time[0] = datetime(2026, 3, 2, 0, 1, tzinfo=UTC)
        rate(ids[0])
        for volunteer in (ids[1], ids[1], ids[2], ids[2], ids[2]):
            rate(volunteer)
        assert store.week(ids[0]) == []
        store.rename(ids[0], "Aki 星")
        store.rename(ids[1], "<b>Bo</b>")
        places = [(place.nickname, place.ratings, place.own) for place in store.week(ids[0])]
        assert places == [("<b>Bo</b>", 2, False), ("Aki 星", 1, True)]
        store.rename(ids[1], None)
        assert store.nickname(ids[1]) is None
        assert [place.nickname for place in store.week(ids[1])] == ["Aki 星"]
