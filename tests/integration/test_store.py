"""Hand-out and ratings on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from animelabel_widgets.errors import AssignmentError, InputError, StoreError, VolunteerError
from animelabel_widgets.labels import KEYS, Answer, NewImage, Receipt, Series
from animelabel_widgets.store import Difference, Store

TOKEN = "0123456789abcdef" * 2


def fill(store: Store, images: int) -> int:
    """Add a series of open images; give its id."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 10, 10, 5000) for n in range(images)])
    return series_id


def counters(store: Store) -> list[tuple[int, ...]]:
    """Read each image's load, votes and feature counts as stored."""
    columns = ", ".join(f"n_{key}" for key in KEYS)
    query = text(f"SELECT image_id, `load`, votes, {columns} FROM pool ORDER BY image_id")
    return [tuple(row) for row in store._database.read(lambda c: c.execute(query).all())]


def recounted(store: Store) -> list[tuple[int, ...]]:
    """Count the same from the ratings and the live leases."""
    columns = ", ".join(f"COALESCE(SUM(r.`{key}`), 0)" for key in KEYS)
    query = text(
        "SELECT p.image_id, COUNT(r.rating_id) + (SELECT COUNT(*) FROM assignments a "
        "WHERE a.image_id = p.image_id AND a.lease = 'live'), COUNT(r.rating_id), "
        f"{columns} FROM pool p LEFT JOIN ratings r ON r.image_id = p.image_id "
        "GROUP BY p.image_id ORDER BY p.image_id"
    )
    rows = store._database.read(lambda c: c.execute(query).all())
    return [tuple(int(value) for value in row) for row in rows]


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Run `work` in threads and raise the first error of any."""
    errors: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_volunteer_keeps_one_id_and_only_a_hash_is_stored(store: Store) -> None:
    """The token itself is nowhere in the database."""
    assert store.volunteer(TOKEN) == store.volunteer(TOKEN) != store.volunteer("f" * 32)
    hashes = store._database.read(
        lambda c: list(c.execute(text("SELECT token_hash FROM volunteers")).scalars())
    )
    assert len(hashes) == 2
    assert all(len(each) == 32 and TOKEN.encode() not in each for each in hashes)


def test_a_volunteer_is_found_but_not_made_by_looking(store: Store) -> None:
    """Who is new is known before anything is stored of them."""
    assert store.find_volunteer(TOKEN) is None
    assert store.stats().volunteers == 0
    volunteer = store.volunteer(TOKEN)
    assert store.find_volunteer(TOKEN) == volunteer
    assert store.find_volunteer("f" * 32) is None


def test_nobody_gets_an_image_twice_and_the_pool_ends(store: Store) -> None:
    """A volunteer sees each image once, then no more."""
    fill(store, 12)
    volunteer = store.volunteer(TOKEN)
    seen = [task.image_id for _ in range(4) for task in store.hand_out(volunteer, 4)]
    assert sorted(seen) == sorted(set(seen)) == [image for image, *_ in counters(store)]
    assert store.hand_out(volunteer, 4) == []


def test_the_least_rated_images_come_first(store: Store) -> None:
    """Whatever the number of volunteers, coverage never differs by more than one."""
    fill(store, 9)
    for number in range(5):
        volunteer = store.volunteer(f"{number:032x}")
        for task in store.hand_out(volunteer, 4):
            store.rate(volunteer, task.assignment_id, Answer(), 0, 1)
        votes = [row[2] for row in counters(store)]
        assert max(votes) - min(votes) <= 1
    assert sum(votes) == 20


def test_an_image_with_enough_ratings_is_not_handed_out(database_url: str) -> None:
    """The target ends the campaign."""
    store = Store.open(database_url, target=2)
    try:
        fill(store, 3)
        handed = [len(store.hand_out(store.volunteer(f"{n:032x}"), 10)) for n in range(3)]
        assert handed == [3, 3, 0]
    finally:
        store.close()


def test_prefiltered_and_broken_images_are_not_handed_out(store: Store) -> None:
    """Volunteers see neither."""
    series_id = fill(store, 2)
    store.add_images(series_id, [NewImage("black.jpg", 10, 10, 900, "under 1000 bytes")])
    store.mark_broken(counters(store)[0][0], "the file is missing")
    handed = store.hand_out(store.volunteer(TOKEN), 10)
    assert [task.filename for task in handed] == ["1.jpg"]
    states = store.images().set_index("filename")[["state", "reason"]]
    assert tuple(states.loc["0.jpg"]) == ("broken", "the file is missing")
    assert tuple(states.loc["black.jpg"]) == ("prefiltered", "under 1000 bytes")


def test_a_rating_is_stored_with_everything_it_says(store: Store) -> None:
    """Assignment, volunteer, answer, time and how long it took."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    answer = Answer.of("text", "person")
    assert store.rate(volunteer, task.assignment_id, answer, 0, 1234) == Receipt(0, stored=True)
    (row,) = store.ratings().to_dict("records")
    assert (row["image_id"], row["volunteer_id"]) == (task.image_id, volunteer)
    assert (Answer.from_row(row), row["elapsed_ms"]) == (answer, 1234)
    assert str(row["created_at"].tz) == "UTC"
    assert counters(store) == recounted(store) == [(task.image_id, 1, 1, 1, 0, 1, 0)]


def test_the_same_rating_again_changes_nothing(store: Store) -> None:
    """Resending after a lost acknowledgement is harmless."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    first = [store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 9) for _ in range(3)]
    assert first == [Receipt(0, stored=True), *[Receipt(0, stored=False)] * 2]
    assert counters(store) == recounted(store)
    assert len(store.ratings()) == 1


def test_an_assignment_sent_ten_times_at_once_counts_once(store: Store) -> None:
    """Whoever comes second finds what the first one stored."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    receipts: list[Receipt] = []
    in_threads(
        lambda _: receipts.append(
            store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 9)
        ),
        10,
    )
    assert sorted(receipt.stored for receipt in receipts) == [False] * 9 + [True]
    assert not any(receipt.conflict for receipt in receipts)
    assert counters(store) == recounted(store) == [(task.image_id, 1, 1, 0, 1, 0, 0)]


def test_a_changed_mind_is_a_new_revision_and_the_history_stays(store: Store) -> None:
    """The current answer is the newest, and nothing said before is lost."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    for revision, feature in enumerate(("text", "logo", "empty")):
        store.rate(volunteer, task.assignment_id, Answer.of(feature), revision, 9)
    assert Answer.from_row(store.ratings().iloc[0]) == Answer.of("empty")
    assert counters(store) == recounted(store) == [(task.image_id, 1, 1, 0, 0, 0, 1)]
    history = store._database.read(
        lambda c: c.execute(text("SELECT COUNT(*) FROM rating_events")).scalar_one()
    )
    assert history == 3


def test_a_revision_that_is_taken_is_a_conflict(store: Store) -> None:
    """Two tabs with one assignment learn of each other instead of overwriting."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    store.rate(volunteer, task.assignment_id, Answer.of("text"), 2, 9)
    for revision in (0, 2):
        receipt = store.rate(volunteer, task.assignment_id, Answer.of("logo"), revision, 9)
        assert receipt == Receipt(2, stored=False, conflict=True)
    assert Answer.from_row(store.ratings().iloc[0]) == Answer.of("text")


def test_nobody_rates_what_was_not_handed_to_them(store: Store) -> None:
    """An unknown id and another volunteer's id are refused, and nothing is stored."""
    fill(store, 1)
    (task,) = store.hand_out(store.volunteer(TOKEN), 1)
    stranger = store.volunteer("f" * 32)
    for assignment in (task.assignment_id, uuid4()):
        with pytest.raises(AssignmentError):
            store.rate(stranger, assignment, Answer(), 0, 1)
    assert len(store.ratings()) == 0


def test_resume_gives_back_ones_own_in_order(store: Store) -> None:
    """Rated ones come with their answer; foreign, unknown and broken ones do not come."""
    fill(store, 4)
    volunteer = store.volunteer(TOKEN)
    tasks = store.hand_out(volunteer, 3)
    (foreign,) = store.hand_out(store.volunteer("f" * 32), 1)
    store.rate(volunteer, tasks[0].assignment_id, Answer.of("logo"), 0, 9)
    store.mark_broken(tasks[1].image_id, "gone")
    asked = [tasks[2], foreign, tasks[1], tasks[0], tasks[2]]
    got = store.resume(volunteer, [*(task.assignment_id for task in asked), uuid4()])
    assert [each.task.assignment_id for each in got] == [
        tasks[2].assignment_id,
        tasks[0].assignment_id,
    ]
    assert [(each.answer, each.revision) for each in got] == [(None, None), (Answer.of("logo"), 0)]


def expire(store: Store) -> None:
    """Let every live lease have ended an hour ago."""
    long_ago = text("UPDATE assignments SET expires_at = '2020-01-01 00:00:00.000'")
    store._database.write(lambda c: c.execute(long_ago))


def test_an_expired_lease_gives_the_image_to_another_and_a_late_rating_counts_once(
    store: Store,
) -> None:
    """Nobody waits for who went away, and their late answer is not lost."""
    fill(store, 1)
    late, other = store.volunteer(TOKEN), store.volunteer("f" * 32)
    (lost,) = store.hand_out(late, 1)
    expire(store)
    (again,) = store.hand_out(other, 1)
    assert counters(store) == recounted(store) == [(lost.image_id, 1, 0, 0, 0, 0, 0)]
    for _ in range(2):
        store.rate(late, lost.assignment_id, Answer.of("text"), 0, 9)
    store.rate(other, again.assignment_id, Answer.of("text"), 0, 9)
    assert counters(store) == recounted(store) == [(lost.image_id, 2, 2, 2, 0, 0, 0)]


def test_the_newer_of_two_assignments_of_one_volunteer_stands(store: Store) -> None:
    """The late answer to an expired assignment does not overwrite a newer one."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (first,) = store.hand_out(volunteer, 1)
    expire(store)
    (second,) = store.hand_out(volunteer, 1)
    store.rate(volunteer, second.assignment_id, Answer.of("person"), 0, 9)
    store.rate(volunteer, first.assignment_id, Answer.of("logo"), 0, 9)
    assert Answer.from_row(store.ratings().iloc[0]) == Answer.of("person")
    assert counters(store) == recounted(store) == [(first.image_id, 1, 1, 0, 0, 1, 0)]


def test_many_volunteers_at_once_leave_exact_counts(store: Store) -> None:
    """Threads that rate, change their mind and resend, all at the same time."""
    fill(store, 15)

    def visit(number: int) -> None:
        volunteer = store.volunteer(f"{number:032x}")
        while tasks := store.hand_out(volunteer, 3):
            for task in tasks:
                store.rate(volunteer, task.assignment_id, Answer.of("text"), 0, 9)
                store.rate(volunteer, task.assignment_id, Answer.of("person"), 1, 9)
                store.rate(volunteer, task.assignment_id, Answer.of("person"), 1, 9)

    in_threads(visit, 8)
    assert counters(store) == recounted(store)
    ratings = store.ratings()
    assert not ratings.duplicated(["image_id", "volunteer_id"]).any()
    assert set(Counter(ratings["image_id"]).values()) == {5}
    assert (ratings["person"] & ~ratings["text"]).all()


def test_two_pages_of_one_volunteer_never_hold_the_same_image(store: Store) -> None:
    """Both pages ask at the same time."""
    fill(store, 40)
    volunteer = store.volunteer(TOKEN)
    handed: list[int] = []
    in_threads(lambda _: handed.extend(task.image_id for task in store.hand_out(volunteer, 10)), 4)
    assert len(handed) == len(set(handed)) == 40


def test_adding_images_twice_adds_them_once(store: Store) -> None:
    """Two imports of one folder at the same time meet harmlessly."""
    series_id = store.put_series(Series("a", "A"), update=False)
    names = ["ä.jpg", "A\u0308.jpg", "a.JPG", "a.jpg", "日本.png", "x/y.gif"]
    images = [NewImage(name, 10, 10, 5000) for name in names]
    added: list[int] = []
    in_threads(lambda _: added.append(store.add_images(series_id, images)), 3)
    assert sum(added) == len(names)
    assert store.filenames(series_id) == set(names)
    assert len(counters(store)) == len(names)


def test_a_series_changes_its_title_only_when_told(store: Store) -> None:
    """A repeated import without a list keeps the titles that were given."""
    first = store.put_series(Series("a", "Title", is_anime=True), update=True)
    assert store.put_series(Series("a", "a"), update=False) == first
    store.add_images(first, [NewImage("1.jpg", 1, 1, 5000)])
    assert store.images()[["title", "is_anime"]].iloc[0].tolist() == ["Title", True]
    store.put_series(Series("a", "New", is_anime=None), update=True)
    assert store.images()["title"].item() == "New"
    assert store.images()["is_anime"].isna().item()


def test_a_wrong_counter_is_found_and_repaired(store: Store) -> None:
    """Each difference is named once, and only what is wrong is changed."""
    fill(store, 3)
    volunteer = store.volunteer(TOKEN)
    for task in store.hand_out(volunteer, 2):
        store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 9)
        store.rate(volunteer, task.assignment_id, Answer.of("text"), 1, 9)
    store.hand_out(volunteer, 1)
    assert store.check() == []
    before = counters(store)
    (first, second, _) = (row[0] for row in before)
    wrong = text(f"UPDATE pool SET votes = 7, n_text = 9 WHERE image_id = {first}")
    store._database.write(lambda c: c.execute(wrong))
    wrong = text(f"UPDATE pool SET `load` = 0 WHERE image_id = {second}")
    store._database.write(lambda c: c.execute(wrong))
    right = {row[0]: row for row in before}
    expected = [
        Difference(first, "votes", 7, right[first][2]),
        Difference(first, "n_text", 9, right[first][3]),
        Difference(second, "load", 0, right[second][1]),
    ]
    assert store.check() == expected
    assert store.check(repair=True) == expected
    assert store.check() == []
    assert counters(store) == before == recounted(store)


def test_stats_count_what_is_there(store: Store) -> None:
    """The counts of a small campaign, known by hand."""
    series_id = fill(store, 3)
    store.add_images(series_id, [NewImage("b.jpg", 1, 1, 9, "under 1000 bytes")])
    volunteer = store.volunteer(TOKEN)
    for task in store.hand_out(volunteer, 2):
        store.rate(volunteer, task.assignment_id, Answer(), 0, 1)
    stats = store.stats()
    assert (stats.series, stats.volunteers, stats.ratings) == (1, 1, 2)
    assert stats.images == {"open": 3, "prefiltered": 1}
    assert stats.coverage == {0: 1, 1: 2}


def test_a_preferred_image_comes_first_whatever_its_count(store: Store) -> None:
    """The priority ranks before the count, and an image with enough ratings never comes."""
    fill(store, 6)
    images = [row[0] for row in counters(store)]
    first = store.volunteer(TOKEN)
    for task in store.hand_out(first, 6):
        if task.image_id in images[:2]:
            store.rate(first, task.assignment_id, Answer(), 0, 1)
    assert store.prioritise({images[0]: -5, images[1]: -100, images[5]: 100}) == 3
    handed = [task.image_id for task in store.hand_out(store.volunteer("f" * 32), 6)]
    assert (handed[:2], handed[5]) == ([images[1], images[0]], images[5])
    assert sorted(handed) == images


def test_a_priority_out_of_range_changes_nothing(store: Store) -> None:
    """The message names the range and the image."""
    fill(store, 2)
    images = [row[0] for row in counters(store)]
    with pytest.raises(InputError, match=f"from -100 to 100, not 101: .* image {images[1]}"):
        store.prioritise({images[0]: -1, images[1]: 101})
    priorities = text("SELECT DISTINCT priority FROM pool")
    assert store._database.read(lambda c: c.execute(priorities).scalars().all()) == [0]


def test_a_retired_image_is_not_handed_out_but_its_last_rating_counts(store: Store) -> None:
    """What was on its way is stored; opened again, the image is handed out again."""
    fill(store, 2)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    assert store.retire([task.image_id, 999_999], "five agree") == 1
    assert store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 9).stored
    other = store.volunteer("f" * 32)
    assert task.image_id not in {each.image_id for each in store.hand_out(other, 9)}
    row = store.images().set_index("image_id").loc[task.image_id]
    assert (row["state"], row["reason"], row["votes"]) == ("retired", "five agree", 1)
    assert store.reopen([task.image_id]) == 1
    assert [each.image_id for each in store.hand_out(other, 9)] == [task.image_id]
    assert store.check() == []


def test_a_volunteer_who_does_not_exist_gets_nothing(store: Store) -> None:
    """The page is told to say hello again, and no lease is left."""
    fill(store, 2)
    with pytest.raises(VolunteerError, match="say hello again"):
        store.hand_out(987_654, 2)
    with pytest.raises(AssignmentError):
        store.rate(987_654, uuid4(), Answer(), 0, 1)
    assert store.resume(987_654, [uuid4()]) == []
    assert {row[1] for row in counters(store)} == {0}


def test_a_deleted_image_takes_no_rating(store: Store) -> None:
    """The page drops it; an image that was rated cannot be deleted at all."""
    fill(store, 2)
    volunteer = store.volunteer(TOKEN)
    lost, kept = store.hand_out(volunteer, 2)
    store._database.write(
        lambda c: c.execute(text(f"DELETE FROM pool WHERE image_id = {lost.image_id}"))
    )
    with pytest.raises(AssignmentError, match="was deleted"):
        store.rate(volunteer, lost.assignment_id, Answer(), 0, 1)
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store._database.write(
            lambda c: c.execute(text(f"DELETE FROM images WHERE image_id = {kept.image_id}"))
        )
    store.rate(volunteer, kept.assignment_id, Answer(), 0, 1)
    assert counters(store) == recounted(store) == [(kept.image_id, 1, 1, 0, 0, 0, 0)]


def test_revisions_out_of_order_leave_the_newest(store: Store) -> None:
    """An older one that arrives late is told what stands, and every taken one is in the history."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    sent = [(3, "text"), (1, "logo"), (3, "text"), (7, "person"), (6, "logo"), (3, "text")]
    receipts = [
        store.rate(volunteer, task.assignment_id, Answer.of(key), revision, 9)
        for revision, key in sent
    ]
    assert [receipt.stored for receipt in receipts] == [True, False, False, True, False, False]
    assert [receipt.conflict for receipt in receipts] == [False, True, False, False, True, False]
    assert counters(store) == recounted(store) == [(task.image_id, 1, 1, 0, 0, 1, 0)]


def test_a_clock_set_back_neither_mixes_up_assignments_nor_keeps_images(database_url: str) -> None:
    """The newer assignment stays the newer; a lease from the future is ended."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with closing(Store.open(database_url, clock=lambda: now)) as store:
        fill(store, 1)
        volunteer = store.volunteer(TOKEN)
        (first,) = store.hand_out(volunteer, 1)
        now -= timedelta(days=30)
        (second,) = store.hand_out(volunteer, 1)
        store.rate(volunteer, second.assignment_id, Answer.of("person"), 0, 9)
        store.rate(volunteer, first.assignment_id, Answer.of("logo"), 0, 9)
        assert Answer.from_row(store.ratings().iloc[0]) == Answer.of("person")
        assert counters(store) == recounted(store) == [(first.image_id, 1, 1, 0, 0, 1, 0)]
        assert store.check() == []


def test_a_released_lease_gives_the_image_to_another(store: Store) -> None:
    """Only the volunteer's own, and what was said about it later still counts, once."""
    fill(store, 1)
    volunteer, other = store.volunteer(TOKEN), store.volunteer("f" * 32)
    (task,) = store.hand_out(volunteer)
    assert store.release(other, [task.assignment_id]) == 0
    assert store.release(volunteer, []) == 0
    assert store.release(volunteer, [task.assignment_id, uuid4()]) == 1
    assert counters(store) == recounted(store) == [(task.image_id, 0, 0, 0, 0, 0, 0)]
    assert len(store.hand_out(other)) == 1
    store.rate(volunteer, task.assignment_id, Answer.of("logo"), 0, 9)
    assert store.release(volunteer, [task.assignment_id]) == 0
    assert counters(store) == recounted(store) == [(task.image_id, 2, 1, 0, 1, 0, 0)]


def test_two_sweepers_at_once_are_harmless(store: Store) -> None:
    """Each lease is ended once, and the image returns to the pool once."""
    fill(store, 90)
    for number in range(3):
        store.hand_out(store.volunteer(f"{number:032x}"), 90)
    expire(store)
    ended: list[int] = []

    def sweep(_: int) -> None:
        while store.stats() and any(row[1] for row in counters(store)):
            ended.append(store.release_expired())

    in_threads(sweep, 4)
    assert sum(ended) == 270
    assert max(ended) <= 20
    assert {row[1] for row in counters(store)} == {0}
    assert store.check() == []


def test_an_image_that_somebody_holds_is_waited_for(mariadb_url: str) -> None:
    """Nobody gets a better rated one meanwhile: else the coverage would drift apart."""
    with closing(Store.open(mariadb_url, target=3)) as store:
        fill(store, 2)
        first, second = (store.volunteer(f"{n:032x}") for n in range(2))
        (task,) = store.hand_out(first, 1)
        store.rate(first, task.assignment_id, Answer(), 0, 1)
        (other,) = {row[0] for row in counters(store)} - {task.image_id}
        with store._database.engine.connect() as holder:
            holder.execute(text(f"SELECT * FROM pool WHERE image_id = {other} FOR UPDATE"))
            handed: list[int] = []
            asking = threading.Thread(
                target=lambda: handed.extend(t.image_id for t in store.hand_out(second, 1))
            )
            waited = threading.Event()
            store._database.pause = lambda attempt: waited.set()
            asking.start()
            assert waited.wait(10)
            holder.rollback()
            asking.join()
        assert handed in ([other], [task.image_id])


def test_who_has_seen_the_lowest_level_gets_the_next(store: Store) -> None:
    """And who has seen nearly everything gets what is left, however far it is."""
    fill(store, 2500)
    volunteer = store.volunteer(TOKEN)
    images = [row[0] for row in counters(store)]
    left = images[1234]
    assignments = [
        {"assignment": uuid4().bytes, "image": image_id, "volunteer": volunteer}
        for image_id in images
        if image_id != left
    ]
    store._database.write(
        lambda c: c.execute(
            text(
                "INSERT INTO assignments (assignment_id, image_id, volunteer_id, lease, created_at,"
                " expires_at) VALUES (:assignment, :image, :volunteer, 'rated',"
                " '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            ),
            assignments,
        )
    )
    assert [task.image_id for task in store.hand_out(volunteer, 5)] == [left]
    assert store.hand_out(volunteer, 5) == []


def test_leases_of_deleted_images_end_and_hold_nobody_up(store: Store) -> None:
    """However many there are, the others are ended too."""
    fill(store, 40)
    volunteer = store.volunteer(TOKEN)
    store.hand_out(volunteer, 40)
    gone = text("DELETE FROM pool WHERE image_id > 5")
    store._database.write(lambda c: c.execute(gone))
    expire(store)
    ended = [store.release_expired() for _ in range(3)]
    assert (sum(ended), store.release_expired()) == (40, 0)
    assert {row[1] for row in counters(store)} == {0}
    assert store.check() == []


def test_ids_from_a_frame_are_ids(store: Store) -> None:
    """NumPy's numbers name the same images as Python's, on both databases."""
    fill(store, 3)
    ids = store.images()["image_id"].to_numpy()
    assert store.retire(ids[:2], "sure enough") == 2
    assert store.reopen(ids) == 2
    assert store.prioritise({ids[0]: ids.dtype.type(-3)}) == 1
    assert store.hand_out(store.volunteer(TOKEN), 1)[0].image_id == ids[0]


@pytest.mark.parametrize("wrong", [{"revision": -1}, {"revision": 2**31}, {"elapsed_ms": 2**31}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int], store: Store) -> None:
    """Alike on both databases, and nothing is stored."""
    fill(store, 1)
    volunteer = store.volunteer(TOKEN)
    (task,) = store.hand_out(volunteer, 1)
    values = {"revision": 0, "elapsed_ms": 1} | wrong
    with pytest.raises(InputError, match="must be from 0 to 2147483647"):
        store.rate(volunteer, task.assignment_id, Answer(), **values)
    assert len(store.ratings()) == 0


@pytest.mark.parametrize("count", [0, -1])
def test_who_asks_for_nothing_gets_nothing(count: int, store: Store) -> None:
    """A negative number is no request for everything."""
    fill(store, 3)
    assert store.hand_out(store.volunteer(TOKEN), count) == []


def test_a_check_jumps_over_gaps_of_ids(store: Store) -> None:
    """It asks as often as there are images, not as there might be."""
    series_id = fill(store, 2)
    far = 9_000_000_000
    for statement in (
        f"INSERT INTO images VALUES ({far}, {series_id}, 'far.jpg', 1, 1, 1, '2026-01-01')",
        (
            "INSERT INTO pool (image_id, state, `load`, votes, shuffle, n_text, n_logo, n_person,"
            f" n_empty) VALUES ({far}, 'open', 0, 7, 0.5, 0, 0, 0, 0)"
        ),
    ):
        store._database.write(lambda c, statement=statement: c.execute(text(statement)))
    asked: list[object] = []
    event.listen(store._database.engine, "before_cursor_execute", lambda *_: asked.append(1))
    assert store.check() == [Difference(far, "votes", 7, 0)]
    assert len(asked) < 20
