"""What the tests of served pages share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.commands import run

from animelabel_widgets.store import Store


@pytest.fixture
def served(sqlite_url: str, frames: Path) -> Iterator[Store]:
    """Give the store behind a page, with the frames imported."""
    done = run("import", str(frames), "--database-url", sqlite_url, cwd=frames.parent)
    assert done.returncode == 0, done.stderr
    with closing(Store.open(sqlite_url, create=False)) as opened:
        yield opened
