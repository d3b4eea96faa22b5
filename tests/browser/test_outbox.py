"""No vote is lost: fifty ratings while something is killed, cut, restarted or closed in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text
from support.accessibility import accessible_light_and_dark
from support.commands import Server, serving
from support.proxy import cut_proxy
from support.volunteer import Volunteer
from support.waiting import free_port

from animelabel_widgets.labels import KEYS, Answer
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages

RATINGS = 50
CHOICES = [("person",), (), ("text", "logo"), ("empty",), ("person", "text"), ("logo",)]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOLD = """
const send = WebSocket.prototype.send;
window.held = [];
WebSocket.prototype.send = function (data) {
  if (window.hold) window.held.push(() => send.call(this, data));
  else send.call(this, data);
};
"""
RELEASE = "() => { window.hold = false; window.held.splice(0).forEach(send => send()); }"
FILL = """() => {
  let size = 2 ** 20;
  for (let part = 0; size >= 1;) {
    try { localStorage.setItem(`junk${part}`, "x".repeat(size)); part += 1; }
    catch { size = Math.floor(size / 2); }
  }
}"""

Expected = dict[str, set[str]]


def rate(volunteer: Volunteer, expected: Expected, count: int) -> None:
    """Rate until so many pictures are rated, and note what was pressed."""
    while len(expected) < count:
        choice = CHOICES[len(expected) % len(CHOICES)]
        volunteer.press(*choice)
        expected[volunteer.assignment] = set(choice)
        volunteer.next()


def stored(store: Store) -> Expected:
    """Read what the database has: each assignment once, never changed."""
    columns = ", ".join(f"`{key}`" for key in KEYS)
    query = text(f"SELECT assignment_id, revision, {columns} FROM rating_events")
    rows = store._database.read(lambda c: c.execute(query).mappings().all())
    assert all(row["revision"] == 0 for row in rows)
    found = {
        str(UUID(bytes=row["assignment_id"])): set(Answer.from_row(row).features) for row in rows
    }
    assert len(found) == len(rows) == len(store.ratings())
    return found


def has_all(store: Store, volunteer: Volunteer, expected: Expected) -> None:
    """Make sure that nothing is missing and nothing is there twice."""
    volunteer.everything_is_saved()
    assert stored(store) == expected
    assert len(expected) == RATINGS
    assert store.stats().volunteers == 1
    assert store.check() == []


@on_sqlite
def test_a_killed_kernel_loses_none_of_fifty(server: Server, store: Store, new_page: Pages) -> None:
    """The process that runs the kernel is killed in mid-stream, and the rating goes on."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    expected: Expected = {}
    rate(volunteer, expected, 25)
    for host in server.kernels():
        os.kill(host, signal.SIGKILL)
    rate(volunteer, expected, RATINGS)
    has_all(store, volunteer, expected)


@on_sqlite
def test_a_cut_connection_loses_none_of_fifty(
    server: Server, store: Store, new_page: Pages
) -> None:
    """The page says that it is offline and how many wait; connected again, it sends them."""
    with cut_proxy(urlsplit(server.address).port or 0) as proxy:
        page = new_page()
        volunteer = Volunteer(page)
        volunteer.visit(f"http://localhost:{proxy.port}/")
        expected: Expected = {}
        rate(volunteer, expected, 25)
        volunteer.has_pictures_ahead(3)
        volunteer.everything_is_saved()
        proxy.cut()
        rate(volunteer, expected, 28)
        page.wait_for_selector("[data-al=link][data-link=offline]")
        assert page.inner_text("[data-al=link]") == "offline, 3 waiting"
        volunteer.says("No connection")
        accessible_light_and_dark(page, "offline")
        proxy.mend()
        rate(volunteer, expected, RATINGS)
        has_all(store, volunteer, expected)
        assert page.inner_text("[data-al=link]") == "saved"


@on_sqlite
def test_a_restarted_server_loses_none_of_fifty(
    store: Store, database_url: str, frames: Path, tmp_path: Path, new_page: Pages
) -> None:
    """Rating goes on while it is down, and the page finds the new one by itself."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(frames)}
    port = free_port()
    volunteer = Volunteer(new_page())
    expected: Expected = {}
    with serving("serve", cwd=tmp_path, environ=environ, port=port) as first:
        volunteer.visit(first.address)
        rate(volunteer, expected, 25)
        volunteer.has_pictures_ahead(3)
    rate(volunteer, expected, 28)
    with serving("serve", cwd=tmp_path, environ=environ, port=port) as second:
        assert second.address == first.address
        rate(volunteer, expected, RATINGS)
        has_all(store, volunteer, expected)


@on_sqlite
def test_a_closed_page_loses_none_of_fifty(server: Server, store: Store, new_page: Pages) -> None:
    """What was not sent goes with the next page of this browser."""
    page = new_page()
    page.add_init_script(HOLD)
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    expected: Expected = {}
    rate(volunteer, expected, 25)
    volunteer.has_pictures_ahead(3)
    page.evaluate("window.hold = true")
    rate(volunteer, expected, 28)
    again = page.context.new_page()
    page.close()
    volunteer = Volunteer(again)
    volunteer.visit(server.address)
    rate(volunteer, expected, RATINGS)
    has_all(store, volunteer, expected)


@on_sqlite
def test_a_tab_hears_of_what_another_one_keeps_and_has_sent(
    server: Server, store: Store, new_page: Pages
) -> None:
    """Both are the volunteer's, and so is what is unsent."""
    first = Volunteer(new_page())
    first.visit(server.address)
    page = first.page.context.new_page()
    page.add_init_script(HOLD)
    second = Volunteer(page)
    second.visit(server.address)
    expected: Expected = {}
    page.evaluate("window.hold = true")
    rate(second, expected, 1)
    first.page.wait_for_selector('[data-al=labeler][data-pending="1"]')
    page.evaluate(RELEASE)
    for volunteer in (second, first):
        volunteer.everything_is_saved()
    assert stored(store) == expected


@on_sqlite
def test_a_full_storage_says_so_and_hands_out_no_more(
    server: Server, store: Store, new_page: Pages
) -> None:
    """An answer that only this page has is saved before another picture comes."""
    page = new_page()
    page.add_init_script(HOLD)
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    expected: Expected = {}
    rate(volunteer, expected, 2)
    volunteer.everything_is_saved()
    page.evaluate(FILL)
    page.evaluate("window.hold = true")
    rate(volunteer, expected, 3)
    volunteer.says("storage is full")
    assert page.inner_text("[data-al=link]") == "storage full"
    waiting = volunteer.assignment
    page.click("[data-al=next]")
    page.keyboard.press("ArrowRight")
    assert volunteer.assignment == waiting
    assert page.get_attribute("[data-al=labeler]", "data-pending") == "1"
    page.evaluate(RELEASE)
    volunteer.everything_is_saved()
    for count in (4, 5):
        # The storage is still full: each answer is saved before another picture comes.
        rate(volunteer, expected, count)
        volunteer.everything_is_saved()
    assert stored(store) == expected
    assert store.ratings()["volunteer_id"].nunique() == 1
    # Full or not, the same browser is the same volunteer, and he goes on where he was.
    waiting = volunteer.assignment
    page.reload()
    volunteer.sees_a_picture()
    assert volunteer.assignment == waiting
    assert not page.is_visible("[data-al=dialog-tutorial]")
    rate(volunteer, expected, 6)
    volunteer.everything_is_saved()
    assert stored(store) == expected


@on_sqlite
def test_a_reload_in_the_middle_shows_the_picture_where_it_was(
    server: Server, new_page: Pages
) -> None:
    """Also after going back, with what was pressed and not yet sent."""
    volunteer = Volunteer(new_page())
    volunteer.visit(server.address)
    expected: Expected = {}
    rate(volunteer, expected, 5)
    for _ in range(3):
        volunteer.back()
    volunteer.press("text", "logo")
    here = volunteer.assignment
    volunteer.page.reload()
    volunteer.sees_a_picture()
    assert (volunteer.assignment, volunteer.pressed) == (here, {"text", "logo"})
    order = list(expected)
    assert here == order[2]
    volunteer.back()
    assert volunteer.assignment == order[1]
    assert volunteer.pressed == expected[order[1]]
    for name in order[2:]:
        volunteer.next()
        assert volunteer.assignment == name
