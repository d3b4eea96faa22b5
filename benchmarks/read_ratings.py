"""How long all ratings take into a notebook, and how much memory; prints a JSON line per database.

Each way is measured in a process of its own, memory as the peak over what the
process had before. The baseline is `pandas.read_sql` through the same driver.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow.csv
import pyarrow.parquet  # noqa: F401 - so that no way pays for the import
from engines import mariadb_url, sqlite_url
from sqlalchemy import create_engine, text

from animelabel_widgets.export import export_ratings
from animelabel_widgets.store import Store

FILL = {
    "mysql": """
        INSERT INTO ratings (rating_id, image_id, volunteer_id, assignment_id, revision,
          elapsed_ms, created_at, updated_at, text, logo, person, empty)
        SELECT seq, 1 + (seq - 1) DIV 5, 1 + (seq * 7919) MOD 2000, UNHEX(MD5(seq)), 0,
          500 + seq MOD 6000, DATE_ADD('2026-01-01 00:00:00.123', INTERVAL seq SECOND),
          NOW(3), seq MOD 3 = 0, seq MOD 11 = 0, seq MOD 2, 0
        FROM seq_1_to_{count} ON DUPLICATE KEY UPDATE rating_id = rating_id""",
    "sqlite": """
        WITH RECURSIVE s(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM s WHERE n < {count})
        INSERT OR IGNORE INTO ratings (rating_id, image_id, volunteer_id, assignment_id, revision,
          elapsed_ms, created_at, updated_at, text, logo, person, empty)
        SELECT n, 1 + (n - 1) / 5, 1 + (n * 7919) % 2000, RANDOMBLOB(16), 0,
          500 + n % 6000, STRFTIME('%Y-%m-%d %H:%M:%f', 1767225600.123 + n, 'unixepoch') || '000',
          '2026-01-01 00:00:00.000000', n % 3 = 0, n % 11 = 0, n % 2, 0
        FROM s""",
}


def main() -> None:
    """Measure each way on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=int, default=3_000_000)
    count = parser.parse_args().ratings
    server = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")
    for name, opened in (("mariadb", mariadb_url(*server)), ("sqlite", sqlite_url())):
        with opened as url:
            found = {"benchmark": "read_ratings", "database": name, "ratings": fill(url, count)}
            ways = {way.__name__: alone(way, url) for way in (ours, to_parquet, baseline)}
            ratio = ways["baseline"]["seconds"] / ways["ours"]["seconds"]
            json.dump({**found, **ways, "ratio": round(ratio, 1)}, sys.stdout)
            print(flush=True)


def fill(url: str, count: int) -> int:
    """Insert ratings that nobody gave; give how many there are."""
    Store.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.execute(
                text("SET SESSION foreign_key_checks = 0, SESSION unique_checks = 0")
            )
        connection.execute(text(FILL[engine.dialect.name].format(count=count)))
        stored = connection.scalar(text("SELECT COUNT(*) FROM ratings"))
    engine.dispose()
    return int(stored)


def ours(url: str) -> int:
    """Read as a notebook does."""
    with closing(Store.open(url)) as store:
        return len(store.ratings())


def to_parquet(url: str) -> int:
    """Write the file."""
    with closing(Store.open(url)) as store, TemporaryDirectory(dir="/var/tmp") as folder:
        return export_ratings(store, Path(folder) / "ratings.parquet", progress=False)


def baseline(url: str) -> int:
    """Let pandas read."""
    query = text(
        "SELECT image_id, volunteer_id, text, logo, person, empty, created_at, elapsed_ms"
        " FROM ratings ORDER BY rating_id"
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        return len(pd.read_sql(query, connection))


def alone(way: Callable[[str], int], url: str) -> dict[str, float]:
    """Measure one way in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        found = pool.apply(measured, (way, url))
        # The process ends by itself: killed, it would leave the progress bar's lock behind.
        pool.close()
        pool.join()
        return found


def measured(way: Callable[[str], int], url: str) -> dict[str, float]:
    """Give the seconds and the megabytes that it takes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    rows = way(url)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": rows,
        "seconds": round(seconds, 2),
        "megabytes": round((peak - before) / 1024),
    }


if __name__ == "__main__":
    main()
