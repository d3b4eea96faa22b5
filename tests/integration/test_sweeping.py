"""Expired leases end although nobody asks for images."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from support.commands import serving
from support.waiting import wait_until

from animelabel_widgets.labels import NewImage, Series
from animelabel_widgets.serving.background import sweeping
from animelabel_widgets.store import Store

HANDED = 50


def fill_yesterday(url: str) -> None:
    """Hand out images, a day ago."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with closing(Store.open(url, clock=lambda: yesterday)) as store:
        series_id = store.put_series(Series("a", "A"), update=False)
        store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(HANDED)])
        assert len(store.hand_out(store.volunteer("0" * 32), HANDED)) == HANDED


def live(store: Store) -> int:
    """Count the leases that still hold an image."""
    query = text("SELECT COUNT(*) FROM assignments WHERE lease = 'live'")
    return store._database.read(lambda connection: connection.execute(query).scalar_one())


def test_serve_ends_expired_leases(database_url: str, tmp_path: Path) -> None:
    """No page is open; the images return to the pool all the same."""
    fill_yesterday(database_url)
    (tmp_path / "frames").mkdir()
    arguments = ["serve", "--database-url", database_url, "--pictures", "frames"]
    with (
        serving(*arguments, cwd=tmp_path),
        closing(Store.open(database_url)) as store,
    ):
        wait_until(lambda: live(store) == 0, "the leases to end")
        assert store.check() == []


def test_a_sweeper_survives_a_database_that_is_away(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and goes on once the database is back."""
    fill_yesterday(sqlite_url)
    caplog.set_level(logging.WARNING)
    with closing(Store.open(sqlite_url)) as store:

        def rename(old: str, new: str) -> None:
            store._database.write(lambda c: c.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

        rename("assignments", "elsewhere")
        with sweeping(store, every=0.01):
            wait_until(lambda: "Expired leases wait" in caplog.text, "the sweeper to notice")
            rename("elsewhere", "assignments")
            wait_until(lambda: live(store) == 0, "the leases to end")
