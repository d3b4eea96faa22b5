"""Volunteers rate frames in Chromium, through Voilà, and the database has what they pressed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import text
from support.commands import Server, serving
from support.mariadb import USER, MariaDB
from support.volunteer import Volunteer
from support.waiting import wait_until

from animelabel_widgets.labels import KEYS, Answer
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import WebSocketRoute
    from support.chromium import Pages

CHOICES = [("person",), (), ("text", "logo"), ("empty",), ("person", "text"), ("logo",)]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_mariadb = pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)


def stored(store: Store) -> dict[str, tuple[set[str], int]]:
    """Read the current answers: by assignment, the features and the revision."""
    columns = ", ".join(f"`{key}`" for key in KEYS)
    query = text(f"SELECT assignment_id, revision, elapsed_ms, {columns} FROM ratings")
    rows = store._database.read(lambda connection: connection.execute(query).mappings().all())
    assert all(0 < row["elapsed_ms"] < 600_000 for row in rows)
    return {
        str(UUID(bytes=row["assignment_id"])): (
            set(Answer.from_row(row).features),
            row["revision"],
        )
        for row in rows
    }


def test_each_stored_row_is_what_was_pressed(server: Server, store: Store, new_page: Pages) -> None:
    """More than thirty frames, with Back used and answers changed, on both databases."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    expected: dict[str, tuple[set[str], int]] = {}
    for number in range(32):
        choice = CHOICES[number % len(CHOICES)]
        volunteer.press(*choice)
        expected[volunteer.assignment] = (set(choice), 0)
        volunteer.next()
        if number % 5 == 4:
            for _ in range(2):
                volunteer.back()
            features, revision = expected[volunteer.assignment]
            assert volunteer.pressed == features
            changed = {"person", "logo"} if features != {"person", "logo"} else {"text"}
            volunteer.press(*changed)
            expected[volunteer.assignment] = (changed, revision + 1)
            volunteer.next()
            # Looked at again and left as it was: no new revision.
            assert volunteer.pressed == expected[volunteer.assignment][0]
            volunteer.next()
            assert volunteer.pressed == set()
    volunteer.everything_is_saved()
    assert stored(store) == expected
    assert len(expected) == 32
    assert store.stats().volunteers == 1


@on_sqlite
def test_the_next_picture_does_not_wait_for_the_server(server: Server, new_page: Pages) -> None:
    """With everything to the server held back, the pictures that were fetched ahead follow."""
    page = new_page()
    page.add_init_script(
        "const send = WebSocket.prototype.send; window.held = [];"
        "WebSocket.prototype.send = function (data) {"
        " if (window.hold) window.held.push(() => send.call(this, data));"
        " else send.call(this, data); };"
    )
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    volunteer.has_pictures_ahead(5)
    page.evaluate("window.hold = true")
    seen = {volunteer.assignment}
    for _ in range(4):
        volunteer.next()
        seen.add(volunteer.assignment)
    assert len(seen) == 5
    assert page.get_attribute("[data-al=labeler]", "data-pending") == "4"
    page.evaluate("() => { window.hold = false; window.held.forEach(send => send()); }")
    volunteer.everything_is_saved()


@on_sqlite
def test_the_keyboard_is_enough(server: Server, store: Store, new_page: Pages) -> None:
    """1 to 4 press, Enter and the arrow go on, the other arrow goes back."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    keys, first = volunteer.page.keyboard, volunteer.assignment
    keys.press("1")
    keys.press("3")
    assert volunteer.pressed == {"text", "person"}
    keys.press("4")
    assert volunteer.pressed == {"empty"}
    keys.press("2")
    assert volunteer.pressed == {"logo"}
    keys.press("Enter")
    volunteer.sees_another(first)
    second = volunteer.assignment
    keys.press("3")
    keys.press("ArrowRight")
    volunteer.sees_another(second)
    third = volunteer.assignment
    keys.press("ArrowLeft")
    volunteer.sees_another(third)
    assert volunteer.assignment == second
    assert volunteer.pressed == {"person"}
    volunteer.everything_is_saved()
    assert stored(store) == {first: ({"logo"}, 0), second: ({"person"}, 0)}


@on_sqlite
def test_two_tabs_of_one_volunteer_share_nothing_but_the_volunteer(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Each tab has its own pictures, every rating is stored, and there is one volunteer."""
    first = Volunteer(new_page())
    second = Volunteer(first.page.context.new_page())
    expected = {}
    for volunteer in (first, second):
        volunteer.visit(server.address)
    for number in range(6):
        volunteer = (first, second)[number % 2]
        volunteer.press(*CHOICES[number])
        expected[volunteer.assignment] = (set(CHOICES[number]), 0)
        volunteer.next()
    first.everything_is_saved()
    second.everything_is_saved()
    assert stored(store) == expected
    ratings = store.ratings()
    assert (ratings["image_id"].nunique(), ratings["volunteer_id"].nunique()) == (6, 1)


@on_sqlite
def test_a_duplicated_tab_rates_the_same_picture_and_the_last_answer_stands(
    server: Server, store: Store, new_page: Pages
) -> None:
    """A browser copies the tab's storage, so both have one assignment; neither answer is lost."""
    first = Volunteer(new_page())
    first.visit(server.address)
    copied = first.page.evaluate("JSON.stringify(sessionStorage)")
    page = first.page.context.new_page()
    page.add_init_script(
        f"if (!sessionStorage.length) for (const [key, value] of Object.entries({copied}))"
        " sessionStorage.setItem(key, value);"
    )
    second = Volunteer(page)
    second.visit(server.address)
    assignment = first.assignment
    assert second.assignment == assignment
    for volunteer, feature in ((first, "text"), (second, "logo")):
        volunteer.page.bring_to_front()
        volunteer.press(feature)
        volunteer.next()
        volunteer.everything_is_saved()
    assert stored(store) == {assignment: ({"logo"}, 1)}


@on_sqlite
def test_a_reload_shows_the_same_picture_and_back_still_works(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Nothing is handed out twice, and the former answer is still pressed."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    volunteer.press("person")
    first = volunteer.assignment
    volunteer.next()
    volunteer.everything_is_saved()
    second = volunteer.assignment
    volunteer.page.reload()
    volunteer.sees_a_picture()
    assert volunteer.assignment == second
    volunteer.back()
    assert (volunteer.assignment, volunteer.pressed) == (first, {"person"})
    volunteer.press("person", "text")
    volunteer.next()
    volunteer.everything_is_saved()
    assert stored(store) == {first: ({"person", "text"}, 1)}


@on_sqlite
def test_a_malformed_message_stores_nothing_and_the_page_goes_on(
    server: Server, store: Store, new_page: Pages
) -> None:
    """The first rating is garbled on its way; the next ones arrive."""
    garbled = []

    def meddle(route: WebSocketRoute) -> None:
        server_side = route.connect_to_server()

        def to_server(message: str | bytes) -> None:
            if isinstance(message, bytes) and b'"rate"' in message and not garbled:
                garbled.append(message)
                message = message.replace(b'"rate"', b'"hate"')
            elif isinstance(message, str) and '"rate"' in message and not garbled:
                garbled.append(message)
                message = message.replace('"rate"', '"hate"')
            server_side.send(message)

        route.on_message(to_server)

    page = new_page()
    page.route_web_socket("**/channels*", meddle)
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    volunteer.press("text")
    volunteer.next()
    volunteer.everything_is_saved()
    assert len(garbled) == 1
    assert stored(store) == {}
    assert "A malformed message: expected a kind of hello, fetch," in server.log
    second = volunteer.assignment
    volunteer.press("logo")
    volunteer.next()
    volunteer.everything_is_saved()
    assert stored(store) == {second: ({"logo"}, 0)}


@on_sqlite
def test_a_vanished_picture_is_passed_over(
    server: Server, store: Store, frames: Path, new_page: Pages
) -> None:
    """The volunteer gets the others, the image is marked broken, and the log says so."""
    images = store.images().query("state == 'open'")
    kept = images.sample(3, random_state=1)
    for row in images.drop(kept.index).itertuples():
        (frames / str(row.folder) / str(row.filename)).unlink()
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    seen = []
    for _ in range(2):
        seen.append(volunteer.assignment)
        volunteer.next()
    seen.append(volunteer.assignment)
    volunteer.page.click("[data-al=next]")
    volunteer.page.wait_for_selector("[data-al=labeler][data-state=finished]", timeout=60_000)
    volunteer.everything_is_saved()
    assert set(stored(store)) == set(seen)
    assert set(store.ratings()["image_id"]) == set(kept["image_id"])
    states = store.images().set_index("image_id")["state"]
    assert (states[images["image_id"].drop(kept.index)] == "broken").all()
    assert server.log.count("is marked broken: the file is missing") == len(images) - 3
    volunteer.page.click("[data-al=back]")
    volunteer.sees_a_picture()


@contextmanager
def outage(mariadb: MariaDB) -> Iterator[None]:
    """Let the server refuse everybody, those who are connected too."""
    mariadb.administer(f"ALTER USER '{USER}'@'127.0.0.1' ACCOUNT LOCK", f"KILL USER '{USER}'")
    try:
        yield
    finally:
        mariadb.administer(f"ALTER USER '{USER}'@'127.0.0.1' ACCOUNT UNLOCK")


@on_mariadb
def test_a_database_that_goes_down_and_comes_back_loses_nothing(
    server: Server, store: Store, mariadb: MariaDB, new_page: Pages
) -> None:
    """Rating goes on meanwhile, the page says so, and everything arrives."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    volunteer.has_pictures_ahead(2)
    expected = {}
    with outage(mariadb):
        for choice in CHOICES[:2]:
            volunteer.press(*choice)
            expected[volunteer.assignment] = (set(choice), 0)
            volunteer.next()
        volunteer.says("Not saved yet")
    volunteer.everything_is_saved()
    assert stored(store) == expected
    assert "A message could not be answered: The database" in server.log


@on_mariadb
def test_a_page_opened_while_the_database_is_down_says_so_in_plain_words(
    server: Server, mariadb: MariaDB, new_page: Pages
) -> None:
    """No traceback, no address, no password; the log has the reason; then it goes on by itself."""
    page = new_page()
    volunteer = Volunteer(page)
    with outage(mariadb):
        page.goto(server.address)
        page.wait_for_selector("[data-al=status]")
        volunteer.says("The server cannot answer just now")
        shown = page.inner_text("body")
        assert "Traceback" not in page.content()
        assert "mysql" not in page.content()
        assert len(shown.strip()) < 400
    volunteer.sees_a_picture()
    assert "A message could not be answered: The database mysql+pymysql://tester:***@" in server.log


@on_mariadb
def test_with_stock_kernels_the_page_says_that_the_site_takes_a_break(
    store: Store, database_url: str, frames: Path, tmp_path: Path, mariadb: MariaDB, new_page: Pages
) -> None:
    """A process for each visitor: it labels too, and without the database it tells no secret."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(frames)}
    command = ("serve", "--kernels", "process")
    with serving(*command, cwd=tmp_path, environ=environ) as server:
        page = new_page()
        with outage(mariadb):
            page.goto(server.address)
            page.wait_for_selector("text=takes a short break", timeout=60_000)
            assert "Traceback" not in page.content()
            assert "mysql" not in page.content()
        assert "The page cannot be served: The database mysql+pymysql://tester:***@" in server.log
        page.wait_for_selector("text=Load the page again")
        volunteer = Volunteer(page)
        volunteer.visit(server.address)
        volunteer.press("person")
        first = volunteer.assignment
        volunteer.next()
        volunteer.everything_is_saved()
        assert stored(store) == {first: ({"person"}, 0)}


@on_sqlite
def test_a_killed_kernel_loses_nothing(server: Server, store: Store, new_page: Pages) -> None:
    """Every host dies; the page gets a new kernel by itself and sends what it kept."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    volunteer.press("person")
    first = volunteer.assignment
    for host in server.kernels():
        os.kill(host, signal.SIGKILL)
    volunteer.next()
    second = volunteer.assignment
    volunteer.press("logo")
    volunteer.next()
    volunteer.everything_is_saved()
    assert stored(store) == {first: ({"person"}, 0), second: ({"logo"}, 0)}
    volunteer.back()
    assert (volunteer.assignment, volunteer.pressed) == (second, {"logo"})


@on_sqlite
def test_the_page_fits_the_screen(server: Server, new_page: Pages) -> None:
    """Every button is in view and large enough for a thumb, and nothing has to be scrolled."""
    for viewport, scheme in [
        ((1280, 800), "light"),
        ((1280, 800), "dark"),
        ((390, 844), "light"),
        ((390, 844), "dark"),
        ((844, 390), "light"),
    ]:
        fits(server, new_page, viewport, scheme)


def fits(server: Server, new_page: Pages, viewport: tuple[int, int], scheme: str) -> None:
    """Check one size and one colour scheme."""
    touch = min(viewport) < 500
    page = new_page(viewport=viewport, color_scheme=scheme, has_touch=touch, is_mobile=touch)
    Volunteer(page).visit(server.address)
    boxes = [box for each in page.locator("button").all() if (box := each.bounding_box())]
    assert len(boxes) == len(KEYS) + 4
    for box in boxes:
        assert min(box["width"], box["height"]) >= 48
        assert 0 <= box["x"] <= box["x"] + box["width"] <= viewport[0]
        assert 0 <= box["y"] <= box["y"] + box["height"] <= viewport[1]
    picture = page.locator("[data-al=picture]").bounding_box()
    assert picture is not None
    assert picture["height"] > viewport[1] * 0.4
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    shade = page.evaluate(
        "getComputedStyle(document.querySelector('[data-al=labeler]')).backgroundColor"
        ".match(/\\d+/g).map(Number)"
    )
    assert (max(shade) < 60) == (scheme == "dark")


@on_sqlite
def test_ctrl_c_ends_everything(
    store: Store, database_url: str, frames: Path, tmp_path: Path, new_page: Pages
) -> None:
    """The server ends, and so does every kernel it started."""
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(frames),
        "ANIMELABEL_TEST_MARK": tmp_path.name,
    }
    with serving("serve", cwd=tmp_path, environ=environ) as running:
        Volunteer(new_page()).visit(running.address)
        assert len(running.kernels()) == 2
        assert len(marked(tmp_path.name)) > 2  # with the process that estimates the verdicts
    wait_until(lambda: marked(tmp_path.name) == [], "every process to end")
    assert running.process.returncode == 0


def marked(name: str) -> list[int]:
    """Give the processes whose environment has the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"ANIMELABEL_TEST_MARK={name}".encode() in environ and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
