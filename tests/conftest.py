"""The fixtures of all tests: both databases, pictures, a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from support.frames import REAL, copy_frames
from support.mariadb import MariaDB, private_mariadb

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from support.chromium import Pages

    from animelabel_widgets.store import Store

# What a developer has set for a project of theirs must not reach the tests.
for _name in [name for name in os.environ if name.startswith("ANIMELABEL_")]:
    if _name != "ANIMELABEL_CHROMIUM":
        del os.environ[_name]
# What a test scales is not found in a developer's cache, nor left there.
os.environ["ANIMELABEL_CACHE_MB"] = "0"
# A machine that is busy for a moment is slow, not wrong. All else stays, also what is set for CI.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs the browser last.

    From its first use on, Playwright keeps an event loop running in the main
    thread, where `asyncio.run` is then refused.
    """
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Give a private MariaDB server, shared by the whole run."""
    with private_mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """Give the URL of an empty MariaDB database."""
    with mariadb.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database, on one engine and then on the other."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an open store with its tables made, and nothing in them."""
    from animelabel_widgets.store import Store

    with closing(Store.open(database_url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def demo_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the drawn demo set: `frames/` and `truth.csv`. Read-only by agreement."""
    from animelabel_widgets.demo import draw_demo

    folder = tmp_path_factory.mktemp("demo")
    draw_demo(folder)
    return folder


@pytest.fixture
def frames(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Give a folder of series with a `series.csv`, the test's own copy, real where possible."""
    source = REAL if REAL.is_dir() else request.getfixturevalue("demo_set") / "frames"
    return copy_frames(source, tmp_path / "frames")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium, shared by the whole run."""
    from support.chromium import launched_chromium

    with launched_chromium() as browser:
        yield browser


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Pages]:
    """Give a function that opens a page of a new visitor; uncaught errors fail the test."""
    from support.chromium import Pages

    with closing(Pages(chromium)) as pages:
        yield pages
