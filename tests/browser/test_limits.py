"""A volunteer over a limit: the page says when to go on, waits, and loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import text
from support.accessibility import accessible
from support.commands import serving
from support.volunteer import READY, Volunteer
from support.waiting import wait_until

from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WATCH = """
window.wire = [];
const reader = new TextDecoder();
const textOf = (data) => typeof data === "string" ? data : reader.decode(data);
const note = (data) => {
  const text = textOf(data);
  const asked = /"kind":\\s*"(rate|fetch|again)"/.exec(text);
  const wait = /"wait_ms":\\s*(\\d+)/.exec(text);
  if (asked) window.wire.push({ at: performance.now(), kind: asked[1] });
  if (wait) window.wire.push({ at: performance.now(), kind: "wait", wait: Number(wait[1]) });
};
const send = WebSocket.prototype.send;
const seen = new WeakSet();
WebSocket.prototype.send = function (data) {
  if (!seen.has(this)) this.addEventListener("message", ({ data }) => note(data));
  seen.add(this);
  note(data);
  send.call(this, data);
};
"""
"""Notes when the page asks for something, and when it is told to wait."""
TOLD_TO_WAIT = """() => {
  const status = document.querySelector("[data-al=status]");
  const link = document.querySelector("[data-al=link]");
  return status.textContent.includes("You are fast! Go on in ")
    && link.dataset.link === "waiting" && link.textContent.endsWith(" waiting");
}"""
"""All at one moment: between two waits one rating is sent, and the page says so."""
SHOWN = "document.querySelector('[data-al=picture]')?.dataset.assignment ?? ''"
"""The assignment of the picture that is shown, if one is."""


def serving_with(limits: str, url: str, frames: Path, folder: Path) -> Any:
    """Serve the page with these limits."""
    environ = {
        "ANIMELABEL_DATABASE_URL": url,
        "ANIMELABEL_PICTURES": str(frames),
        "ANIMELABEL_LIMITS": limits,
    }
    return serving("serve", cwd=folder, environ=environ)


def test_who_rates_too_fast_waits_and_every_rating_arrives_once(
    store: Store, database_url: str, frames: Path, tmp_path: Path, new_page: Pages
) -> None:
    """Three at once and one each five seconds; nothing is sent while the page waits."""
    page = new_page()
    page.add_init_script(WATCH)
    volunteer = Volunteer(page)
    with serving_with("ratings=3:12", database_url, frames, tmp_path) as server:
        volunteer.visit(server.address)
        rated = []
        for _ in range(6):
            rated.append(volunteer.assignment)
            volunteer.next()
        page.wait_for_function(TOLD_TO_WAIT)
        accessible(page, "slow")
        volunteer.everything_is_saved()
        volunteer.says("Press what you see")
        query = "SELECT assignment_id, revision FROM rating_events"
        rows = store._database.read(lambda c: c.execute(text(query)).all())
        assert sorted(str(UUID(bytes=each)) for each, _ in rows) == sorted(rated)
        assert {revision for _, revision in rows} == {0}
        assert len(store.ratings()) == 6
        wire = page.evaluate("window.wire")
    waits = [(each["at"], each["at"] + each["wait"]) for each in wire if each["kind"] == "wait"]
    asked = [each["at"] for each in wire if each["kind"] != "wait"]
    assert waits
    # The page hears of a wait before this listener does, and by as much it ends earlier.
    heard_before = 500
    assert not [at for at in asked for begin, end in waits if begin < at < end - heard_before]


def test_who_has_had_too_many_pictures_can_still_rate_those_that_are_there(
    store: Store, database_url: str, frames: Path, tmp_path: Path, new_page: Pages
) -> None:
    """The limits of pictures and of ratings are two: what is rated meanwhile is saved at once."""
    page = new_page()
    volunteer = Volunteer(page)
    with serving_with("pictures=21:1", database_url, frames, tmp_path) as server:
        volunteer.visit(server.address)
        while not page.inner_text("[data-al=status]").startswith("You are fast!"):
            # It depends on the pace whether one is left when the limit is met.
            if page.is_visible(READY):
                page.click("[data-al=next]", no_wait_after=True)
        former = page.evaluate(SHOWN)
        page.click("[data-al=back]", no_wait_after=True)
        volunteer.sees_another(former)
        volunteer.press("text")
        page.click("[data-al=next]", no_wait_after=True)
        revised = "SELECT count(*) FROM rating_events WHERE revision = 1"
        wait_until(
            lambda: store._database.read(lambda c: c.execute(text(revised)).scalar_one()),
            "the changed rating to be saved",
        )
        volunteer.everything_is_saved()
        assert page.inner_text("[data-al=status]").startswith("You are fast!")
        assert page.inner_text("[data-al=link]") == "saved"
        assert store.check() == []
