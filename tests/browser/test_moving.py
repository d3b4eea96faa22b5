"""Moving between pictures: the browser's Back and Forward, fingers, double clicks; the app."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from PIL import Image
from sqlalchemy import text
from support.commands import Server
from support.volunteer import Volunteer
from support.waiting import wait_until

from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.chromium import Pages

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STEPS = 100
PLACE = "history.state.animelabel.assignment"


@pytest.fixture
def frames(demo_set: Path, tmp_path: Path) -> Path:
    """Give enough frames to go back further than a hundred."""
    return Path(shutil.copytree(demo_set / "frames", tmp_path / "frames"))


def test_the_browsers_back_and_forward_go_through_the_pictures(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Further than a browser keeps entries; the former answer shows, is edited, and saved."""
    page = new_page()
    page.goto("about:blank")
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    seen = [volunteer.assignment]
    for number in range(STEPS):
        if number % 2:
            page.keyboard.press("3")
        page.keyboard.press("ArrowRight")
        volunteer.sees_another(seen[-1])
        seen.append(volunteer.assignment)
    volunteer.everything_is_saved()
    for place in range(STEPS - 1, -1, -1):
        page.evaluate("history.back()")
        wait_until(lambda place=place: volunteer.assignment == seen[place], f"picture {place}")
        assert volunteer.pressed == ({"person"} if place % 2 else set())
    assert page.evaluate(PLACE) == seen[0]
    assert page.title().startswith(page.inner_text("[data-al=title]"))
    for place in range(1, 4):
        page.go_forward()
        wait_until(lambda place=place: volunteer.assignment == seen[place], f"picture {place}")
    volunteer.sees_a_picture()
    volunteer.press("text")
    volunteer.next()
    assert volunteer.assignment == seen[4]
    volunteer.everything_is_saved()
    assert (len(store.ratings()), int(store.ratings()["text"].sum())) == (STEPS, 1)
    for place in range(3, -1, -1):
        page.go_back()
        wait_until(lambda place=place: volunteer.assignment == seen[place], f"picture {place}")
    page.go_back()
    assert page.url == "about:blank"
    page.go_forward()
    volunteer.sees_a_picture()


def swipe(page: Page, dx: int) -> None:
    """Swipe the picture with one finger."""
    box = page.locator("[data-al=stage]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, at in (
        ("touchStart", 0),
        ("touchMove", dx / 2),
        ("touchMove", dx),
        ("touchEnd", None),
    ):
        points = [] if at is None else [{"x": x + at, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.detach()


def test_fingers_swipe_and_neither_a_bounce_nor_a_double_click_is_a_second_vote(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Left is Next, right is Back; what comes at once after a vote is its echo."""
    page = new_page(viewport=(390, 844), has_touch=True, is_mobile=True)
    page.clock.install()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    volunteer.has_pictures_ahead(1)
    first = volunteer.assignment
    # For the page no time passes but what is said here, however slow the machine is.
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 10)
    swipe(page, -120)
    page.wait_for_selector(f"[data-al=picture]:not([data-assignment='{first}'])")
    page.clock.run_for(100)
    # It is painted, and can be rated but for the echo.
    volunteer.press("text")
    swipe(page, -120)
    page.clock.resume()
    volunteer.sees_another(first)
    second = volunteer.assignment
    volunteer.everything_is_saved()
    assert len(store.ratings()) == 1
    swipe(page, 120)
    volunteer.sees_another(second)
    assert volunteer.assignment == first
    volunteer.next()
    page.dblclick("[data-al=next]")
    volunteer.sees_another(second)
    page.keyboard.press("ArrowRight")
    volunteer.everything_is_saved()
    wait_until(lambda: len(store.ratings()) == 3, "the third rating")


def test_an_answer_that_is_changed_and_left_by_the_browsers_back_is_saved(
    server: Server, store: Store, new_page: Pages
) -> None:
    """What a picture shows as its answer is what the database has, however it is left."""
    page = new_page()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    seen = []
    for _ in range(3):
        seen.append(volunteer.assignment)
        volunteer.next()
    for place, leave in ((2, page.go_back), (1, page.go_forward), (2, lambda: swipe(page, 120))):
        while volunteer.assignment != seen[place]:
            volunteer.back()
        volunteer.press("text" if place == 1 else "logo")
        leave()
        volunteer.sees_another(seen[place])
    volunteer.everything_is_saved()
    rows = store.ratings()
    assert (len(rows), int(rows["text"].sum()), int(rows["logo"].sum())) == (3, 1, 1)


def test_a_key_that_is_held_is_one_press(server: Server, store: Store, new_page: Pages) -> None:
    """On a button that was clicked, or reached with Tab, as on the picture."""
    page = new_page()
    volunteer = Volunteer(page)
    volunteer.visit(server.address)

    def tab_to(name: str) -> None:
        page.keyboard.press("Tab")
        page.focus(f"[data-al={name}]")

    for number, prepare in enumerate(
        (
            lambda: page.click("[data-al=label-logo]"),
            lambda: tab_to("next"),
            lambda: tab_to("label-text"),
        ),
        start=1,
    ):
        former = volunteer.assignment
        prepare()
        votes = number if number < 3 else 2
        for _ in range(6):
            # Further downs without an up are repeats.
            page.keyboard.down("Enter")
            if votes == number:
                volunteer.sees_another(former)
        page.keyboard.up("Enter")
        volunteer.everything_is_saved()
        wait_until(lambda votes=votes: len(store.ratings()) == votes, "each vote once")
        assert volunteer.pressed == (set() if votes == number else {"text"})
    assert int(store.ratings()["logo"].sum()) == 1


def test_no_vote_before_the_picture_is_painted(server: Server, new_page: Pages) -> None:
    """While nothing can be decoded, neither keys nor buttons do anything."""
    page = new_page()
    page.add_init_script(
        "const decode = HTMLImageElement.prototype.decode; let go;"
        "const gate = new Promise(resolve => { go = resolve; }); window.go = go;"
        "HTMLImageElement.prototype.decode = function () {"
        " return gate.then(() => decode.call(this)); };"
    )
    page.goto(server.address)
    page.wait_for_selector("[data-al=lesson-skip]")
    page.click("[data-al=lesson-skip]")
    assert page.is_disabled("[data-al=next]")
    page.keyboard.press("3")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("[data-al=labeler]", "data-ready") == "false"
    assert page.locator("[data-al=picture]").count() == 0
    page.evaluate("window.go()")
    volunteer = Volunteer(page)
    volunteer.sees_a_picture()
    assert volunteer.pressed == set()
    assert page.get_attribute("[data-al=labeler]", "data-pending") == "0"


def test_a_picture_that_cannot_be_decoded_blocks_nobody(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Another one comes, and the reviewers hear of it."""
    page = new_page()
    page.add_init_script(
        "const decode = HTMLImageElement.prototype.decode; let broken = '';"
        "HTMLImageElement.prototype.decode = function () {"
        " broken ||= this.dataset.assignment ?? '';"
        " return this.dataset.assignment === broken && broken"
        "  ? Promise.reject(new Error('damaged')) : decode.call(this); };"
    )
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    volunteer.everything_is_saved()
    query = "SELECT reason FROM reports"
    rows = store._database.read(lambda c: c.execute(text(query)).all())
    assert [tuple(row) for row in rows] == [("broken",)]


def test_the_page_can_be_installed_as_an_app(server: Server, new_page: Pages) -> None:
    """Manifest, icons, colours and size are there, and no other file is served."""
    page = new_page(viewport=(390, 844))
    Volunteer(page).visit(server.address)
    manifest_url = page.evaluate("document.querySelector('link[rel=manifest]').href")
    with urlopen(manifest_url) as reply:  # noqa: S310 - of this machine
        assert reply.headers["Content-Type"] == "application/manifest+json"
        manifest = json.load(reply)
    assert (manifest["display"], manifest["start_url"], manifest["scope"]) == (
        "standalone",
        "./",
        "./",
    )
    for each in manifest["icons"]:
        with urlopen(server.address + each["src"]) as reply:  # noqa: S310
            assert (
                f"{'x'.join(map(str, Image.open(io.BytesIO(reply.read())).size))}" == each["sizes"]
            )
    head = page.evaluate(
        "Object.fromEntries([...document.head.querySelectorAll('meta[name]')]"
        ".map(meta => [meta.name, meta.content]))"
    )
    assert "viewport-fit=cover" in head["viewport"]
    assert "user-scalable" not in head["viewport"]
    assert head["theme-color"]
    assert head["mobile-web-app-capable"] == "yes"
    assert page.evaluate("document.querySelectorAll('meta[name=theme-color]').length") == 2
    session = page.context.new_cdp_session(page)
    errors = session.send("Page.getAppManifest")["errors"]
    assert errors == []
