"""The volunteers' page, served by a real Voilà."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.commands import Server, run, serving

from animelabel_widgets.store import Store


@pytest.fixture
def store(database_url: str, frames: Path) -> Iterator[Store]:
    """Give the store behind the page, with the frames imported."""
    done = run("import", str(frames), "--database-url", database_url, cwd=frames.parent)
    assert done.returncode == 0, done.stderr
    with closing(Store.open(database_url, create=False)) as opened:
        yield opened


@pytest.fixture
def server(store: Store, database_url: str, frames: Path, tmp_path: Path) -> Iterator[Server]:
    """Give the served page; it knows its database from the environment only."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(frames)}
    with serving("serve", cwd=tmp_path, environ=environ) as running:
        yield running
