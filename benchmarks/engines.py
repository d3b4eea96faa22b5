"""Both databases for the benchmarks: each in a temporary folder, durable, and ended afterwards."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.mariadb import MariaDB, private_mariadb

from animelabel_widgets.labels import NewImage, Series
from animelabel_widgets.store import Store

__all__ = ["MariaDB", "durable_mariadb", "fill", "mariadb_url", "sqlite_url"]

PORTION = 1000


@contextmanager
def durable_mariadb(*options: str) -> Iterator[MariaDB]:
    """Start a private server that writes each commit to the disk."""
    with private_mariadb(
        "--innodb-flush-log-at-trx-commit=1", "--max-connections=400", *options
    ) as server:
        yield server


@contextmanager
def mariadb_url(*options: str) -> Iterator[str]:
    """Give the URL of an empty database on such a server."""
    with durable_mariadb(*options) as server, server.database() as url:
        yield url


@contextmanager
def sqlite_url() -> Iterator[str]:
    """Give the URL of a file that is not there yet, on a disk rather than in memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        yield f"sqlite:///{folder}/benchmark.db"


def fill(url: str, images: int) -> None:
    """Make the tables, with so many images that nobody has rated."""
    store = Store.open(url)
    series_id = store.put_series(Series("a", "A"), update=False)
    for start in range(0, images, PORTION):
        names = range(start, min(start + PORTION, images))
        store.add_images(series_id, [NewImage(f"{n}.jpg", 640, 360, 20_000) for n in names])
    store.close()
