"""How long a hand-out of five images takes as the campaign grows; prints a JSON line per database.

The baselines are the three queries of the site that this package follows, on
as many images with three ratings each: count and sort, a stored counter sorted
with chance, and a random pick. Two volunteers are hard on a hand-out: one who
has rated 20,000 images, and one who has seen the whole lowest level.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing

from engines import mariadb_url, sqlite_url
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from animelabel_widgets.labels import Series
from animelabel_widgets.store import Store

BATCH = 5
KNOWN = 20_000
PATIENCE = 100
"""Seconds after which a baseline's query is given up, on MariaDB."""

NUMBERS = {
    "mysql": "SELECT seq AS n FROM seq_{first}_to_{last}",
    "sqlite": "WITH RECURSIVE s(n) AS (VALUES({first}) UNION ALL SELECT n + 1 FROM s "
    "WHERE n < {last}) SELECT n FROM s",
}
CHANCE = {"mysql": "RAND()", "sqlite": "(RANDOM() / 18446744073709551616.0 + 0.5)"}
NOT_RATED = "'2030-01-01 00:00:00'"


def main() -> None:
    """Measure on both databases and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--hand-outs", type=int, default=300)
    parser.add_argument("--buffer-pool", default="1G", help="of MariaDB; all rows should fit")
    arguments = parser.parse_args()
    sizes = sorted(arguments.images)
    options = (f"--innodb-buffer-pool-size={arguments.buffer_pool}", "--innodb-log-file-size=512M")
    for name, opened in (("mariadb", mariadb_url(*options)), ("sqlite", sqlite_url())):
        with opened as url:
            result = {"benchmark": "hand_out", "database": name, "batch": BATCH}
            json.dump(result | measure(url, sizes, arguments.hand_outs), sys.stdout)
            print(flush=True)


def measure(url: str, sizes: list[int], hand_outs: int) -> dict[str, object]:
    """Let the campaign grow, and measure at each size."""
    with closing(Store.open(url)) as store:
        store.put_series(Series("a", "A"), update=False)
        engine = create_engine(url)
        grown, found = 0, {}
        for size in sizes:
            grow(engine, grown + 1, size)
            grown = size
            found[size] = {
                "ms": hand_out_ms(store, store.volunteer(f"{size:032x}"), hand_outs),
                "original_ms": original_ms(engine, size),
            }
        medians = {size: found[size]["ms"]["median"] for size in sizes}
        result = {"sizes": found, "ratio": round(medians[sizes[-1]] / medians[sizes[0]], 2)}
        if grown >= 2 * KNOWN:
            result |= {
                f"who_rated_{KNOWN}_ms": hand_out_ms(store, who_rated(engine, grown), hand_outs),
                "who_saw_the_lowest_level_ms": hand_out_ms(
                    store, who_saw_the_lowest_level(engine, grown), hand_outs
                ),
            }
        engine.dispose()
    return result


def grow(engine: Engine, first: int, last: int) -> None:
    """Add images with 0 to 2 votes, and for the baseline three ratings of each."""
    kind = engine.dialect.name
    numbers = NUMBERS[kind].format(first=first, last=last)
    checks = "SET SESSION foreign_key_checks = {0}, SESSION unique_checks = {0}"
    name = {"mysql": "CONCAT('frame-', n, '.jpg')", "sqlite": "'frame-' || n || '.jpg'"}[kind]
    steps = [
        *([checks.format(0)] if kind == "mysql" else []),
        (
            "INSERT INTO images (image_id, series_id, filename, width, height, byte_size,"
            f" imported_at) SELECT n, 1, {name}, 640, 360, 20000, {NOT_RATED} FROM ({numbers}) s"
        ),
        (
            "INSERT INTO pool (image_id, state, `load`, votes, shuffle, n_text, n_logo, n_person,"
            f" n_empty) SELECT n, 'open', n % 3, n % 3, {CHANCE[kind]}, 0, 0, 0, 0"
            f" FROM ({numbers}) s"
        ),
        "CREATE TABLE IF NOT EXISTS original (rating_id INTEGER PRIMARY KEY, image_id INTEGER)",
        (
            f"INSERT INTO original SELECT 3 * n + k, n FROM ({numbers}) s, "
            "(SELECT 0 AS k UNION SELECT 1 UNION SELECT 2) t"
        ),
        "CREATE INDEX IF NOT EXISTS original_image ON original (image_id)",
        *([checks.format(1)] if kind == "mysql" else []),
        "ANALYZE TABLE pool, images, original" if kind == "mysql" else "ANALYZE",
    ]
    with engine.connect() as connection:
        for step in steps:
            connection.execute(text(step))
            connection.commit()


def hand_out_ms(store: Store, volunteer: int, times: int) -> dict[str, float]:
    """Hand out to one volunteer, again and again; give how long it took."""
    for _ in range(20):
        store.hand_out(volunteer, BATCH)
    taken = [timed(lambda: store.hand_out(volunteer, BATCH)) for _ in range(times)]
    quantiles = statistics.quantiles(taken, n=100)
    return {
        "median": round(statistics.median(taken), 2),
        "p95": round(quantiles[94], 2),
        "p99": round(quantiles[98], 2),
    }


def original_ms(engine: Engine, size: int) -> dict[str, float | str]:
    """Measure the three queries of the original site; the longer ones once."""
    chance = {"mysql": "RAND()", "sqlite": "RANDOM()"}[engine.dialect.name]
    pick = f"FLOOR(1 + {CHANCE[engine.dialect.name]} * {size})"
    if engine.dialect.name == "sqlite":
        pick = f"CAST(1 + {CHANCE['sqlite']} * {size} AS INTEGER)"
    queries = {
        "count_and_sort": "SELECT i.image_id FROM images i LEFT JOIN original r"
        " ON r.image_id = i.image_id GROUP BY i.image_id ORDER BY COUNT(r.rating_id) LIMIT 1",
        "stored_counter_and_chance": "SELECT image_id FROM pool WHERE state = 'open'"
        f" ORDER BY votes, {chance} LIMIT 1",
        "random_pick": "SELECT image_id FROM images WHERE image_id >="
        f" (SELECT {pick}) ORDER BY image_id LIMIT 1",
    }
    found: dict[str, float | str] = {}
    patience = f"SET STATEMENT max_statement_time = {PATIENCE} FOR "
    limit = patience if engine.dialect.name == "mysql" else ""
    with engine.connect() as connection:
        for name, query in queries.items():

            def run(query: str = query) -> None:
                connection.execute(text(limit + query)).all()

            try:
                first = timed(run)
                taken = [first] if first > 1000 else [timed(run) for _ in range(9)]
                found[name] = round(statistics.median(taken), 2)
            except DBAPIError:
                found[name] = f"over {PATIENCE} s"
    return found


def who_rated(engine: Engine, size: int) -> int:
    """Add a volunteer who has rated many images, all over the pool."""
    return with_known(engine, f"SELECT 1 + n * {size // KNOWN} AS image_id FROM (%s) s", "1")


def who_saw_the_lowest_level(engine: Engine, size: int) -> int:
    """Add a volunteer who has rated all of the images to hand out first, and those are many."""
    lowest = f"image_id > {size - KNOWN}"
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE pool SET priority = -1, `load` = 0 WHERE {lowest}"))
    return with_known(engine, f"SELECT image_id FROM pool WHERE {lowest}", "2")


def with_known(engine: Engine, images: str, digit: str) -> int:
    """Add a volunteer who has rated the images that a query gives."""
    kind = engine.dialect.name
    numbers = NUMBERS[kind].format(first=1, last=KNOWN - 1)
    new_id = {"mysql": "UNHEX(REPLACE(UUID(), '-', ''))", "sqlite": "RANDOMBLOB(16)"}[kind]
    token = {"mysql": f"UNHEX(REPEAT('0{digit}', 32))", "sqlite": f"x'{('0' + digit) * 32}'"}[kind]
    with engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO volunteers (token_hash, created_at) VALUES ({token}, {NOT_RATED})")
        )
        volunteer = connection.scalar(text("SELECT MAX(volunteer_id) FROM volunteers"))
        query = images % numbers if "%s" in images else images
        connection.execute(
            text(
                "INSERT INTO assignments (assignment_id, image_id, volunteer_id, lease, created_at,"
                f" expires_at) SELECT {new_id}, image_id, {volunteer}, 'rated', {NOT_RATED},"
                f" {NOT_RATED} FROM ({query}) known"
            )
        )
    return int(volunteer)


def timed(work: Callable[[], object]) -> float:
    """Give the milliseconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
