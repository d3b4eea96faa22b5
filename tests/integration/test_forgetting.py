"""A volunteer is forgotten: who they were always, and what they said where they want that."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text
from support.commands import run, serving

import animelabel_widgets as al
from animelabel_widgets.errors import VolunteerError
from animelabel_widgets.estimation import reestimate
from animelabel_widgets.labels import Answer, Gold, Known, NewImage, Series
from animelabel_widgets.store import Store
from animelabel_widgets.tables import Base

TOKENS = ("a" * 32, "1" * 32)
ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b|(?<!\w)::1\b|\b[0-9a-f]{1,4}(:[0-9a-f]{0,4}){4,}")


def count(store: Store, table: str, where: str = "1 = 1") -> int:
    """Count rows past the public face."""
    query = text(f"SELECT COUNT(*) FROM {table} WHERE {where}")
    return store._database.read(lambda connection: connection.execute(query).scalar_one())


@pytest.fixture
def volunteers(store: Store) -> list[int]:
    """Let two volunteers rate, revise, report, answer a known image, and hold leases."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(12)])
    store.put_gold([Gold("a", "0.jpg", Known(Answer.of("text")))])
    ids = [store.volunteer(token) for token in TOKENS]
    for volunteer_id, images in zip(ids, (9, 4), strict=True):
        store.rename(volunteer_id, f"Name {volunteer_id}")
        (known,) = store.hand_out_gold(volunteer_id, 1)
        store.rate(volunteer_id, known.assignment_id, Answer.of("logo"), 0, 900)
        tasks = store.hand_out(volunteer_id, images)
        for task in tasks[:-2]:
            store.rate(volunteer_id, task.assignment_id, Answer.of("person"), 0, 900)
        store.rate(volunteer_id, tasks[0].assignment_id, Answer.of("text"), 1, 900)
        # Never the same image twice, which would leave the pool.
        reported = [tasks[-1], tasks[0]] if volunteer_id == ids[0] else [known]
        for task in reported:
            store.report(volunteer_id, task.assignment_id, "broken")
    return ids


@pytest.mark.parametrize("by", ["id", "token"])
def test_the_identity_goes_and_the_ratings_stay(
    store: Store, volunteers: list[int], by: str
) -> None:
    """The token leads to another volunteer from then on, and no name is shown or kept."""
    first, second = volunteers
    before = store.ratings()
    assert {place.nickname for place in store.week(second)} == {f"Name {first}", f"Name {second}"}
    done = store.forget(str(first) if by == "id" else TOKENS[0])
    assert done.summary() == f"Volunteer {first} is forgotten; 7 anonymous ratings are kept."
    assert [place.nickname for place in store.week(second)] == [f"Name {second}"]
    assert store.nickname(first) is None
    assert store.volunteer(TOKENS[0]) not in volunteers
    assert store.volunteer(TOKENS[1]) == second
    assert store.ratings().equals(before)
    assert store.check() == []


def test_all_that_was_said_goes_where_that_is_asked_for(
    store: Store, volunteers: list[int]
) -> None:
    """In every table, and nothing of anybody else; every counter is what the history says."""
    first, second = volunteers
    others = store.ratings().query("volunteer_id == @second").reset_index(drop=True)
    kept = {name: count(store, name) for name in ("rating_events", "gold_answers", "images")}
    assert kept == {"rating_events": 11, "gold_answers": 2, "images": 12}
    done = store.forget(TOKENS[0], ratings=True)
    assert done.summary() == f"Volunteer {first} is forgotten; 7 ratings are deleted."
    assert store.ratings().reset_index(drop=True).equals(others)
    for name in ("ratings", "reports", "assignments"):
        assert count(store, name, f"volunteer_id = {first}") == 0
        assert count(store, name, f"volunteer_id = {second}") > 0
    assert count(store, "rating_events") == 3
    assert count(store, "gold_answers") == 1
    assert store.check() == []
    assert len(store.hand_out(store.volunteer("f" * 32), 12)) == 12


def test_an_image_without_a_rating_is_rated_again(store: Store, volunteers: list[int]) -> None:
    """Its verdict goes with the last rating, and so does its rest where a rule gave it."""
    first, second = volunteers
    rated = store.ratings().groupby("volunteer_id")["image_id"].agg(set)
    alone = sorted(rated[first] - rated[second])
    assert reestimate(store) is not None
    store.retire(alone[:2], "consensus")
    store.retire(alone[2:3], "taken out by hand")
    store.forget(str(first), ratings=True, reopen=("consensus",))
    states = store.images().set_index("image_id")["state"]
    assert states[alone[:3]].tolist() == ["open", "open", "retired"]
    assert set(store.verdicts().index) == set(store.ratings()["image_id"])


def test_a_page_that_is_still_open_loses_nothing(store: Store, volunteers: list[int]) -> None:
    """What it was handed is gone and refused in words; what it gets next is anonymous."""
    first, _ = volunteers
    (task,) = store.hand_out(first, 1)
    store.forget(str(first), ratings=True)
    with pytest.raises(al.AssignmentError, match="it gets another one"):
        store.rate(first, task.assignment_id, Answer.of("person"), 0, 900)
    (task,) = store.hand_out(first, 1)
    assert store.rate(first, task.assignment_id, Answer.of("person"), 0, 900).stored
    assert store.check() == []


@pytest.mark.parametrize("name", ["", "-1", "Ann", "999", "1" * 40, "b" * 32, TOKENS[0].upper()])
def test_who_is_not_there_is_said_so(store: Store, volunteers: list[int], name: str) -> None:
    """Nobody else is forgotten."""
    with pytest.raises(VolunteerError, match=r"names no volunteer: give|There is no volunteer"):
        store.forget(name, ratings=True)
    assert count(store, "ratings") == 9


def test_the_command_says_what_it_did(
    store: Store, volunteers: list[int], database_url: str, tmp_path: Path
) -> None:
    """By token without the ratings, then by id with them, and wrong use in one sentence."""
    first, _ = volunteers
    environ = {"ANIMELABEL_DATABASE_URL": database_url}
    done = run("forget", TOKENS[0], cwd=tmp_path, **environ)
    assert done.stdout == f"Volunteer {first} is forgotten; 7 anonymous ratings are kept.\n"
    done = run("forget", TOKENS[0], cwd=tmp_path, **environ)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    done = run("forget", str(first), "--ratings", cwd=tmp_path, **environ)
    assert done.stdout == f"Volunteer {first} is forgotten; 7 ratings are deleted.\n"
    done = run("check", cwd=tmp_path, **environ)
    assert done.stdout == "Every counter is what the history says.\n"


def test_no_table_has_a_column_for_who_a_volunteer_is() -> None:
    """A volunteer is a hash, two times, and a nickname if they chose one."""
    assert set(Base.metadata.tables["volunteers"].columns.keys()) == {
        "volunteer_id", "token_hash", "nickname", "created_at", "blocked_at"
    }  # fmt: skip
    personal = re.compile(r"addr|(^|_)ip(_|$)|host|mail|agent|phone|browser|referer|cookie")
    names = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    assert not [name for name in names if personal.search(name)]


def test_the_log_has_no_address(demo_set: Path, sqlite_url: str, tmp_path: Path) -> None:
    """A visit, a page that is not there, and a proxy's word for whom it is, leave none."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url}
    frames = str(demo_set / "frames")
    assert run("import", frames, cwd=tmp_path, **environ).returncode == 0
    with serving("serve", "--pictures", frames, cwd=tmp_path, environ=environ) as server:
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Real-Ip": "203.0.113.7"}
        for path in ("", "nowhere"):
            request = urllib.request.Request(server.address + path, headers=headers)  # noqa: S310
            try:
                urllib.request.urlopen(request, timeout=60).read()  # noqa: S310
            except urllib.error.HTTPError as error:
                assert path, error  # noqa: PT017 - only the page that is not there may fail
                error.close()
    log = (tmp_path / "animelabel.log").read_text(encoding="utf-8")
    assert not ADDRESS.search(log)
    content = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*"))
    assert b"203.0.113.7" not in content
