"""Verdicts in the database, and images that have been rated enough."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from support.acts import put_act
from support.commands import run, serving
from support.ratings import rated
from support.waiting import wait_until

from animelabel_widgets import __version__, estimation
from animelabel_widgets.aggregation import consensus
from animelabel_widgets.config import Settings
from animelabel_widgets.errors import StoreError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer, NewImage, Series
from animelabel_widgets.retirement import Rule
from animelabel_widgets.serving import background
from animelabel_widgets.store import Store

IMAGES = 60
TRUTH = rated(IMAGES, 1, 1, skill=1)[1]


def fill(store: Store) -> None:
    """Add the images, whose truth is `TRUTH` in the order of their ids."""
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n:03}.jpg", 9, 9, 5000) for n in range(IMAGES)])


def rate(store: Store, visits: int, *, first: int = 0) -> None:
    """Let visitors rate all that they get; one in three is wrong about every other image."""
    order = store.images()["image_id"].sort_values().tolist()
    for visit in range(first, first + visits):
        volunteer = store.volunteer(f"{visit:032x}")
        for task in store.hand_out(volunteer, IMAGES):
            number = order.index(task.image_id)
            said = {key for key in KEYS if TRUTH.loc[number, key]}
            if number % 2 and number // 2 % 3 == visit % 3:
                said = said - {EXCLUSIVE} ^ {"person"}
            store.rate(volunteer, task.assignment_id, Answer(frozenset(said)), 0, 900)


@pytest.fixture
def campaign(database_url: str) -> Iterator[Store]:
    """Give a store of a campaign that three have rated; at most seven ratings an image."""
    with closing(Store.open(database_url, target=7)) as store:
        fill(store)
        rate(store, 3)
        yield store


def states(store: Store) -> dict[str, int]:
    """Count the images by state and reason."""
    images = store.images()
    names = images["state"].where(images["reason"].isna(), images["reason"])
    return names.value_counts().to_dict()


def test_verdicts_are_stored_as_they_were_estimated(campaign: Store) -> None:
    """With method, version, time and number of votes; only what differs is written again."""
    done = estimation.reestimate(campaign)
    assert done is not None
    assert done.changed == len(done.verdicts) == IMAGES
    expected = consensus(campaign.ratings())
    stored = campaign.verdicts()
    pd.testing.assert_frame_equal(stored, expected, check_index_type=False)
    assert (stored.attrs["method"], stored.attrs["calibrated"]) == ("ds", False)
    assert stored.attrs["computed_at"].startswith(str(datetime.now(UTC).year))
    row = text("SELECT DISTINCT method, version FROM consensus")
    assert campaign._database.read(lambda c: [tuple(each) for each in c.execute(row)]) == [
        ("ds", __version__)
    ]
    again = estimation.reestimate(campaign)
    assert again is not None
    assert (again.changed, again.retired, states(campaign)) == (0, {}, {"open": IMAGES})


def test_a_tie_comes_back_undecided(store: Store) -> None:
    """Both answers are equally probable, and NA is what is stored of that."""
    fill(store)
    for token, answer in (("0" * 32, Answer.of("text")), ("f" * 32, Answer())):
        volunteer = store.volunteer(token)
        for task in store.hand_out(volunteer, IMAGES):
            store.rate(volunteer, task.assignment_id, answer, 0, 900)
    estimation.reestimate(store, method="majority")
    assert store.verdicts()["text"].isna().all()
    assert store.verdicts().attrs["method"] == "majority"


def test_the_sure_leave_the_pool_and_the_unsure_come_first(campaign: Store) -> None:
    """With the reason; the images that stay are handed out before new ones."""
    done = estimation.reestimate(campaign, rule=Rule(sure=0.95, least=2, most=7))
    assert done is not None
    found = states(campaign)
    assert found == {**{k: v for k, v in done.retired.items() if v}, "open": found["open"]}
    assert found["consensus"] > IMAGES / 3
    assert found["blank"] > 0
    assert 0 < found["open"] <= IMAGES / 2
    places = campaign.places()
    assert set(places["priority"][places["state"] == "open"]) == {-1}
    assert f"retired: {found['consensus']} consensus" in done.summary()
    series_id = campaign.put_series(Series("b", "B"), update=False)
    campaign.add_images(series_id, [NewImage("new.jpg", 9, 9, 5000)])
    handed = campaign.hand_out(campaign.volunteer("e" * 32), found["open"])
    assert {task.image_id for task in handed} == set(places.index[places["state"] == "open"])
    assert campaign.check() == []


def test_a_doubted_image_comes_back_and_who_is_retired_by_hand_stays(campaign: Store) -> None:
    """What a later estimate is not sure of is opened again."""
    everything = Rule(sure=0.95, least=2, most=7)
    estimation.reestimate(campaign, rule=everything)
    by_hand = campaign.images().query("state == 'open'")["image_id"].iloc[0]
    assert campaign.retire([by_hand], "a reviewer said so") == 1
    before = states(campaign)
    later = estimation.reestimate(campaign, rule=Rule(sure=1, least=4, most=7))
    assert later is not None
    assert later.reopened == before["consensus"] + before["blank"]
    assert states(campaign) == {"open": IMAGES - 1, "a reviewer said so": 1}


def test_enough_votes_are_enough(campaign: Store) -> None:
    """However unsure the crowd is."""
    done = estimation.reestimate(campaign, rule=Rule(sure=1, least=2, most=3))
    assert done is not None
    assert done.retired["limit"] == states(campaign)["limit"] > 0
    assert "open" not in states(campaign)


def test_a_priority_that_somebody_set_stays(campaign: Store) -> None:
    """Only 0 and -1 are ours."""
    images = campaign.images()["image_id"].tolist()
    campaign.prioritise({images[0]: 5, images[1]: -9})
    estimation.reestimate(campaign, rule=Rule(sure=1, least=2))
    places = campaign.places()["priority"]
    assert (places[images[0]], places[images[1]], places[images[2]]) == (5, -9, -1)


def test_gold_in_the_database_stands(campaign: Store) -> None:
    """What is known is not estimated."""
    image_id = int(campaign.images()["image_id"].min())
    add = text(
        "INSERT INTO gold (image_id, text, logo, person, empty, created_at)"
        f" VALUES ({image_id}, 1, 1, 0, 0, '2026-01-01')"
    )
    mark = campaign.mark()
    campaign._database.write(lambda c: c.execute(add))
    assert campaign.mark() != mark
    estimation.reestimate(campaign)
    row = campaign.verdicts().loc[image_id]
    assert [row[f"p_{key}"] for key in KEYS] == [1, 1, 0, 0]


def test_two_at_once_do_no_harm(campaign: Store, database_url: str) -> None:
    """The second one leaves it to the first."""
    with closing(Store.open(database_url)) as other:
        with campaign.alone("consensus") as mine:
            assert mine
            assert estimation.reestimate(other) is None
        assert estimation.reestimate(other) is not None


def test_watching_estimates_where_something_has_come(campaign: Store) -> None:
    """Not where nothing has, and a database that is away is waited for."""
    done: list[estimation.Round] = []
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) == 2:
            assert len(done) == 1
        if len(waited) == 3:
            assert len(done) == 1
            campaign.reopen(campaign.images()["image_id"])
            rate(campaign, 1, first=3)
        if len(waited) == 4:
            assert len(done) == 2
            campaign.mark = lost  # type: ignore[method-assign]
        return len(waited) == 6

    def lost() -> tuple[int, int]:
        raise StoreError("away")

    estimation.watch(campaign, Rule(), every=7, wait=wait, told=done.append)
    assert len(done) == 2
    assert waited[0] == 7
    assert all(each >= 7 for each in waited)


def test_serve_estimates_in_the_background(database_url: str, tmp_path: Path) -> None:
    """In a process of its own, which ends with the server."""
    with closing(Store.open(database_url, target=7)) as store:
        fill(store)
        rate(store, 3)
        (tmp_path / "frames").mkdir()
        arguments = ["serve", "--database-url", database_url, "--pictures", "frames"]
        with serving(*arguments, cwd=tmp_path, environ={"ANIMELABEL_ESTIMATE_SECONDS": "1"}):
            wait_until(lambda: states(store).get("consensus", 0) > 0, "images to be retired")
        assert len(store.verdicts()) == IMAGES


def test_the_command_line_estimates_writes_and_retires(
    campaign: Store, database_url: str, tmp_path: Path
) -> None:
    """Each option, with the numbers that the store has."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url}
    done = run("consensus", "--dry-run", "--sure", "0.9", cwd=tmp_path, **environ)
    assert "votes per image instead of 3.00" in done.stdout, done.stderr
    assert len(campaign.verdicts()) == 0
    done = run("consensus", "--out", "verdicts.parquet", cwd=tmp_path, **environ)
    assert done.stdout.splitlines() == [
        f"{IMAGES} verdicts (ds), {IMAGES} new.",
        f"Exported {IMAGES} verdicts to verdicts.parquet.",
    ], done.stderr
    stored = campaign.verdicts()
    written = pd.read_parquet(tmp_path / "verdicts.parquet")
    pd.testing.assert_frame_equal(written, stored, check_index_type=False)
    assert written.attrs["method"] == "ds"
    done = run("consensus", "--method", "majority", cwd=tmp_path, **environ)
    assert done.stdout == f"{IMAGES} verdicts (majority), {IMAGES} new.\n"
    done = run("consensus", "--retire", "--least", "2", "--most", "5", cwd=tmp_path, **environ)
    assert "; retired: " in done.stdout
    assert states(campaign)["consensus"] > 0


def test_a_small_campaign_is_told_that_it_is_small(sqlite_url: str, tmp_path: Path) -> None:
    """The majority is what it gets, and no ratings are no error."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url}
    with closing(Store.open(sqlite_url)) as store:
        done = run("consensus", cwd=tmp_path, **environ)
        assert done.stdout == "0 verdicts (majority), 0 new.\n"
        series_id = store.put_series(Series("a", "A"), update=False)
        store.add_images(series_id, [NewImage("1.jpg", 9, 9, 5000)])
        volunteer = store.volunteer("0" * 32)
        (task,) = store.hand_out(volunteer)
        store.rate(volunteer, task.assignment_id, Answer(), 0, 9)
    done = run("consensus", cwd=tmp_path, **environ)
    assert "not to be trusted (only 1 images, of at least 50)" in done.stdout
    assert done.stderr == ""
    done = run("consensus", "--sure", "0.2", cwd=tmp_path, **environ)
    assert (done.returncode, "--sure" in done.stderr) == (2, True)
    done = run("consensus", "--dry-run", cwd=tmp_path, ANIMELABEL_DATABASE_URL="sqlite:///no.db")
    assert done.returncode == 1


def test_the_rule_of_the_settings_makes_sense_for_a_small_target() -> None:
    """One rating an image is one at least, too."""
    assert estimation.rule(Settings(target=1)) == Rule(sure=0.95, least=1, most=1)


def test_another_process_estimates_in_place_of_one_that_was_killed(
    campaign: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nothing would be retired any more, and nobody told."""
    monkeypatch.setattr(background, "_AGAIN", 0.1)
    settings = replace(Settings.load(), database_url=database_url, estimate_seconds=0.1)
    children: list[int] = []

    def started() -> int | None:
        found = [each.pid for each in active_children() if each.name == "estimator"]
        return next((pid for pid in found if pid and pid not in children), None)

    with background.estimating(settings):
        children.append(wait_until(started, "the process to start") or 0)
        os.kill(children[0], signal.SIGKILL)
        children.append(wait_until(started, "another one to start") or 0)
        wait_until(lambda: not campaign.verdicts().empty, "the verdicts")
    assert not active_children()


def test_what_comes_late_with_a_lower_number_is_noticed(campaign: Store) -> None:
    """MySQL gives the numbers before the commits."""
    (image_id,) = campaign.images()["image_id"].tolist()[:1]
    marks = []
    for act_id in (7, 9, 8):
        put_act(campaign, act_id, image_id)
        marks.append(campaign.mark())
    assert len(set(marks)) == 3
