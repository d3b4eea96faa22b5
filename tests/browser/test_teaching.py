"""What teaches and keeps volunteers: the tutorial, known pictures, reports, the end, the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from support.accessibility import accessible_light_and_dark
from support.commands import Server, serving
from support.volunteer import READY, Volunteer
from support.waiting import wait_until

from animelabel_widgets.labels import Answer, Gold, Known, NewImage, Series
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LESSON = "[data-al=lesson-picture]"
OWN = """
[[example]]
picture = "one.png"
title = "<i>Mine</i> \\u202Eabc 🐙"
shows = ["text"]
missed.text = "Look <b>below</b>."
"""


@pytest.fixture
def server(
    request: pytest.FixtureRequest, store: Store, database_url: str, frames: Path, tmp_path: Path
) -> Iterator[Server]:
    """Give the served page, with the settings of the test's parameter."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(frames)}
    environ |= getattr(request, "param", {})
    with serving("serve", cwd=tmp_path, environ=environ) as running:
        yield running


def keep_open(store: Store, count: int) -> list[dict[str, object]]:
    """Leave so many images in the pool; give them."""
    images = store.images().query("state == 'open'")
    for image_id in images["image_id"][count:]:
        store.mark_broken(int(image_id), "not for this test")
    return images[:count].to_dict("records")


def test_the_tutorial_teaches_and_is_resumed_and_reached_again(
    server: Server, new_page: Pages
) -> None:
    """Shown on the first visit; a reload goes on at the same example; the end leads to rating."""
    page = new_page()
    page.goto(server.address)
    page.wait_for_selector(f"{LESSON}[data-number='0']")
    page.click("[data-al=lesson-text]")
    page.click("[data-al=lesson-next]")
    page.wait_for_selector("[data-al=wrong-text]")
    assert "Correct answer: Character" in page.inner_text("[data-al=correct]")
    assert "No letters anywhere" in page.inner_text("[data-al=wrong-text]")
    assert "The girl in front" in page.inner_text("[data-al=missed-person]")
    assert page.get_attribute("[data-al=lesson-person]", "data-mark") == "missed"
    page.keyboard.press("4")
    assert page.get_attribute("[data-al=lesson-empty]", "aria-pressed") == "false"
    page.reload()
    page.wait_for_selector(f"{LESSON}[data-number='1']")
    for number, keys in enumerate(["tc", "lc", "", "e", "t", "l", "e"], start=1):
        page.wait_for_selector(f"{LESSON}[data-number='{number}']")
        for key in keys:
            page.keyboard.press(key)
        page.click("[data-al=lesson-next]")
        page.wait_for_selector("[data-al=verdict][data-right=true]")
        page.click("[data-al=lesson-next]")
    page.wait_for_selector("[data-al=dialog-tutorial]", state="detached")
    page.reload()
    page.wait_for_selector(READY)
    assert not page.is_visible("[data-al=dialog-tutorial]")
    page.click("[data-al=help]")
    page.click("[data-al=open-tutorial]")
    page.wait_for_selector(f"{LESSON}[data-number='0']")


def test_a_project_teaches_with_its_own_pictures_and_words(
    store: Store, database_url: str, frames: Path, tmp_path: Path, new_page: Pages
) -> None:
    """A folder and a setting, no code; HTML, marks that turn text and emoji show as text."""
    own = tmp_path / "lessons"
    own.mkdir()
    (own / "tutorial.toml").write_text(OWN, encoding="utf-8")
    Image.new("RGB", (320, 180), "teal").save(own / "one.png")
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(frames),
        "ANIMELABEL_TUTORIAL": str(own),
    }
    with serving("serve", cwd=tmp_path, environ=environ) as running:
        page = new_page()
        page.goto(running.address)
        page.wait_for_selector(LESSON)
        assert "<i>Mine</i>" in (page.get_attribute(LESSON, "alt") or "")
        page.click("[data-al=lesson-next]")
        page.wait_for_selector("[data-al=missed-text]")
        assert "Look <b>below</b>." in page.inner_text("[data-al=missed-text]")
        assert page.inner_text("[data-al=lesson-next]") == "Start rating"


@pytest.mark.parametrize("server", [{"ANIMELABEL_GOLD": "0:1"}], indirect=True)
def test_a_known_picture_is_answered_like_any_other_and_then_explained(
    server: Server, store: Store, new_page: Pages
) -> None:
    """The page tells kindly what was missed; no counter of the image moves."""
    images = keep_open(store, 8)
    known = Known(Answer.of("logo"), "It is <b>in</b> the corner \u202eabc 🐙.")
    store.put_gold([Gold(str(each["folder"]), str(each["filename"]), known) for each in images[:2]])
    # So that nobody gets them to rate, and every one of them comes as a known one.
    store.retire([int(str(each["image_id"])) for each in images[:2]], "sure enough")
    page = new_page()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    shown = 0
    while len(store.gold_answers()) < 2:
        volunteer.press("person")
        page.keyboard.press("ArrowRight")
        volunteer.everything_is_saved()
        if page.is_visible("[data-al=dialog-known]"):
            shown += 1
            accessible_light_and_dark(page, "a known picture")
            assert "It is <b>in</b> the corner" in page.inner_text("[data-al=explanation]")
            assert "logo is on it" in page.inner_text("[data-al=missed-logo]")
            assert "There is no character" in page.inner_text("[data-al=wrong-person]")
            page.click("[data-al=continue]")
        if page.get_attribute("[data-al=labeler]", "data-state") != "finished":
            volunteer.sees_a_picture()
    assert shown == 2
    answers = store.gold_answers()
    assert answers["person"].all()
    assert answers["right_logo"].all()
    assert not set(answers["image_id"]) & set(store.ratings()["image_id"])
    assert store.check() == []


def test_two_reports_take_a_picture_out_and_none_is_a_vote(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Each volunteer gets another picture at once, or the thanks at the end."""
    keep_open(store, 1)
    for reason, state in (("unclear", "open"), ("offensive", "reported")):
        page = new_page()
        volunteer = Volunteer(page)
        volunteer.visit(server.address)
        page.click("[data-al=report]")
        page.click(f"[data-al=report-{reason}]")
        page.wait_for_selector("[data-al=end]")
        volunteer.everything_is_saved()
        assert state in set(store.images()["state"])
    assert store.ratings().empty
    assert "open" not in set(store.images()["state"])


def test_the_end_thanks_and_new_work_shows_by_itself(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Nobody has to press anything: a minute later the page has looked."""
    (image,) = keep_open(store, 1)
    page = new_page()
    page.clock.install()
    volunteer = Volunteer(page)
    page.goto(server.address)
    page.wait_for_selector("[data-al=picture]")
    page.click("[data-al=lesson-skip]")
    page.clock.run_for(1000)
    volunteer.sees_a_picture()
    page.click("[data-al=next]")
    page.wait_for_selector("[data-al=end]")
    page.clock.run_for(100)
    volunteer.everything_is_saved()
    assert "You have rated all that is here for you now" in page.inner_text("[data-al=end]")
    page.click("[data-al=again]")
    page.clock.run_for(1000)
    # Until then it says that it looks; what is new now is not in that answer yet.
    volunteer.says("All done for now.")
    assert page.get_attribute("[data-al=labeler]", "data-state") == "finished"
    assert page.evaluate("document.activeElement.dataset.al") == "again"
    series = store.put_series(Series(str(image["folder"]), str(image["title"])), update=False)
    # The same file under another name is a new image.
    store.add_images(series, [NewImage(f"./{image['filename']}", 9, 9, 5000)])
    page.clock.run_for(61_000)
    page.wait_for_selector("[data-al=picture]")


@pytest.mark.parametrize("server", [{"ANIMELABEL_LEADERBOARD": "1"}], indirect=True)
def test_who_wants_it_is_on_the_board_of_the_week(
    server: Server, store: Store, new_page: Pages
) -> None:
    """With a nickname of their own, which shows as text, and off again."""
    page = new_page()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    volunteer.next()
    volunteer.everything_is_saved()
    page.click("[data-al=help]")
    page.click("[data-al=open-board]")
    page.wait_for_selector("text=Nobody yet")
    page.fill("[data-al=nickname]", "<b>Aki</b> 🐙")
    page.click("[data-al=save-nickname]")
    page.wait_for_selector("[data-al=board-status]:text('Saved')")
    assert page.inner_text("[data-al=places]").split() == ["<b>Aki</b>", "🐙", "1"]
    accessible_light_and_dark(page, "leaderboard")
    page.fill("[data-al=nickname]", "a\u202eb")
    page.click("[data-al=save-nickname]")
    page.wait_for_selector("[data-al=board-status]:text('Use 1 to 24')")
    page.click("[data-al=leave-board]")
    page.wait_for_selector("text=Nobody yet")


def test_without_the_setting_there_is_no_board(server: Server, new_page: Pages) -> None:
    """It is off by default."""
    page = new_page()
    Volunteer(page).visit(server.address)
    page.click("[data-al=help]")
    page.wait_for_selector("[data-al=open-tutorial]")
    assert page.locator("[data-al=open-board]").count() == 0


def test_what_the_page_says_of_the_project(server: Server, store: Store, new_page: Pages) -> None:
    """The share that is done, from the server; the own count also after the storage was lost."""
    page = new_page()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    wait_until(lambda: page.inner_text("[data-al=project]").startswith("Project:"), "the share")
    for _ in range(3):
        volunteer.next()
    volunteer.everything_is_saved()
    page.evaluate(
        "Object.keys(localStorage).filter(k => k.endsWith('.rated'))"
        ".forEach(k => localStorage.removeItem(k))"
    )
    page.reload()
    volunteer.sees_a_picture()
    wait_until(lambda: "3 rated" in page.inner_text("[data-al=count]"), "the own count")
