"""How many durable ratings a database takes in a second; prints a JSON line per case.

Volunteers are threads without a pause: five images, five ratings, again. On
MariaDB they share so many connections, spread over two processes. The baseline
is the driver alone, which inserts and commits one bare row after another. On
SQLite, 4 processes of 20 volunteers share a file; the baseline is SQLite's own
way of waiting, without the queue.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

import pymysql
from engines import durable_mariadb, fill, sqlite_url
from sqlalchemy import make_url

from animelabel_widgets.labels import Answer
from animelabel_widgets.store import Store, database
from animelabel_widgets.store.gate import Gate

Result = TypeVar("Result")

IMAGES = 20_000
BATCH = 5
TICKS = os.sysconf("SC_CLK_TCK")
SPAWN = get_context("spawn")


@dataclass(frozen=True)
class Case:
    """So many processes of so many volunteers, each process with so many connections."""

    url: str
    seconds: float
    processes: int
    volunteers: int
    connections: int = database.CONNECTIONS
    queue: bool = True
    bare: bool = False


@dataclass
class Taken:
    """The seconds that each hand-out and each rating took, and the processor time in all."""

    hand_outs: list[float]
    ratings: list[float]
    cpu: float


def main() -> None:
    """Measure all cases on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32, 100])
    arguments = parser.parse_args()
    seconds = arguments.seconds
    for connections in arguments.connections:
        with durable_mariadb() as server, server.database() as url:
            fill(url, IMAGES)
            each = -(-connections // 2)
            case = Case(url, seconds, min(connections, 2), each, each)
            ours = measure(case, server.process.pid)
            bare = measure(Case(url, seconds, min(connections, 2), each, each, bare=True))
            show("mariadb", case, ours, bare, "one bare row, driver alone")
    for processes, volunteers in ((1, 1), (1, 8), (1, 32), (1, 100), (4, 20)):
        with sqlite_url() as url:
            fill(url, IMAGES)
            case = Case(url, seconds, processes, volunteers)
            ours = measure(case)
            base = measure(Case(url, seconds, processes, volunteers, queue=False))
            show("sqlite", case, ours, base, "the same without the queue")


def show(
    name: str, case: Case, ours: dict[str, object], baseline: dict[str, object], what: str
) -> None:
    """Print a JSON line."""
    shown = {
        "benchmark": "ratings_per_second",
        "database": name,
        "processes": case.processes,
        "volunteers": case.processes * case.volunteers,
        "connections": case.processes * case.connections if name == "mariadb" else None,
        **ours,
        "baseline": {"what": what, **baseline},
    }
    json.dump(shown, sys.stdout)
    print(flush=True)


def measure(case: Case, server: int | None = None) -> dict[str, object]:
    """Let the volunteers of a case rate, and count what they did."""
    results: Queue[Taken] = SPAWN.Queue()
    start = SPAWN.Barrier(case.processes)
    before = processor_seconds(server)
    processes = [
        SPAWN.Process(target=run, args=(case, start, results)) for _ in range(case.processes)
    ]
    for process in processes:
        process.start()
    taken = [results.get() for _ in processes]
    for process in processes:
        process.join()
    ratings = [each for some in taken for each in some.ratings]
    hand_outs = [each for some in taken for each in some.hand_outs]
    found: dict[str, object] = {
        "ratings_per_second": round(len(ratings) / case.seconds),
        "rating_ms": shown_ms(ratings),
        "client_cpu_ms_per_rating": round(1000 * sum(s.cpu for s in taken) / len(ratings), 2),
    }
    if hand_outs:
        found["hand_out_ms"] = shown_ms(hand_outs)
    if server is not None:
        spent = processor_seconds(server) - before
        found["server_cpu_ms_per_rating"] = round(1000 * spent / len(ratings), 2)
    return found


def run(case: Case, start: Barrier, results: Queue[Taken]) -> None:
    """Be one process of a case."""
    taken = Taken([], [], 0)
    with closing(
        Store.open(case.url, target=10_000, connections=case.connections, create=False)
    ) as store:
        if not case.queue:
            inner = store._database  # noqa: SLF001 - the baseline is not for users
            gate = Gate(case.volunteers)
            inner._write = partial(database._transaction, inner.engine, gate)  # noqa: SLF001
        work = bare_row if case.bare else volunteer
        start.wait()
        end = time.monotonic() + case.seconds
        cpu = time.process_time()
        threads = [
            threading.Thread(target=work, args=(case.url, store, taken, end))
            for _ in range(case.volunteers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken.cpu = time.process_time() - cpu
    results.put(taken)


def volunteer(_: str, store: Store, taken: Taken, end: float) -> None:
    """Get five images, rate them, and again."""
    person = store.volunteer(uuid.uuid4().hex)
    while time.monotonic() < end:
        tasks = timed(taken.hand_outs, partial(store.hand_out, person, BATCH))
        for task in tasks:
            timed(
                taken.ratings,
                partial(store.rate, person, task.assignment_id, Answer.of("person"), 0, 700),
            )


def bare_row(url: str, _: Store, taken: Taken, end: float) -> None:
    """Insert and commit one row after another."""
    parsed = make_url(url)
    with closing(
        pymysql.connect(
            host=parsed.host,
            port=parsed.port or 3306,
            user=parsed.username,
            password=parsed.password or "",
            database=parsed.database,
        )
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS bare (id BIGINT AUTO_INCREMENT PRIMARY KEY)")

        def insert() -> None:
            cursor.execute("INSERT INTO bare VALUES ()")
            connection.commit()

        while time.monotonic() < end:
            timed(taken.ratings, insert)


def timed(durations: list[float], work: Callable[[], Result]) -> Result:
    """Run a piece of work, and note how long it took."""
    start = time.perf_counter()
    result = work()
    durations.append(time.perf_counter() - start)
    return result


def shown_ms(seconds: list[float]) -> dict[str, float]:
    """Give the median and the tail in milliseconds."""
    quantiles = statistics.quantiles(seconds, n=100)
    return {
        "median": round(1000 * quantiles[49], 2),
        "p95": round(1000 * quantiles[94], 2),
        "p99": round(1000 * quantiles[98], 2),
        "max": round(1000 * max(seconds), 2),
    }


def processor_seconds(process: int | None) -> float:
    """Give the processor time that a process has used."""
    if process is None:
        return 0
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
