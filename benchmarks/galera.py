"""Whether ratings survive the death of a database node; prints one JSON line.

Three Galera nodes run on loopback, each `mariadbd` as an unprivileged user, with
durable commits. Writers on all three rate through the store. One node is killed
with SIGKILL in the middle and comes back with its files; then another one is
killed, loses its disk, and comes back with nothing. Afterwards every node is
asked for every rating that was acknowledged, its counters are counted again, and
its tables are compared with the others'. The status is 1 if anything was lost or
is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import NoReturn
from uuid import UUID

from galera_cluster import DATABASE, TRANSFERS, Node, galera
from galera_writers import Ledger, Writer

from animelabel_widgets.labels import KEYS, Answer, NewImage, Series
from animelabel_widgets.store import Store
from animelabel_widgets.tables import Base

LIMIT = 900
"""Seconds after which the benchmark gives up."""

TARGET = 5
PORTION = 2000
WRONG = (
    "lost",
    "stored_otherwise",
    "not_standing",
    "never_acknowledged",
    "wrong_counters",
    "excess",
)
"""What must be 0 on every node."""


def main() -> None:
    """Run the writers through two failures and print what became of the ratings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=24)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=8, help="of each of the five stretches")
    parser.add_argument("--transfer", choices=TRANSFERS, default="rsync", help="of a whole state")
    parser.add_argument("--sync-wait", type=int, default=1, help="wsrep_sync_wait of the nodes")
    parser.add_argument("--roam", action="store_true", help="send each request to any node")
    parser.add_argument("--no-failures", action="store_true", help="measure only the speed")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    with galera(arguments.transfer, arguments.sync_wait) as nodes, ExitStack() as stack:
        stores = [stack.enter_context(closing(open_store(node))) for node in nodes]
        add_images(stores[0], arguments.images)
        ledger = Ledger()
        ledger.watch()
        writers = [
            Writer(stores, number % len(nodes), ledger, roam=arguments.roam)
            for number in range(arguments.writers)
        ]
        for writer in writers:
            writer.start()
        rates, joined = stretches(nodes, writers, ledger, arguments)
        for writer in writers:
            writer.end()
        for writer in writers:
            writer.join()
        failed = [repr(writer.failure) for writer in writers if writer.failure is not None]
        found = [audit(node, store, ledger) for node, store in zip(nodes, stores, strict=True)]
    worst = {name: max(each[name] for each in found) for name in WRONG}
    equal = all(each["checksums"] == found[0]["checksums"] for each in found)
    result = {
        "benchmark": "galera",
        "nodes": len(nodes),
        **vars(arguments),
        "cores": os.cpu_count(),
        "acknowledged": len(ledger.acknowledged),
        "stored_on_each_node": [each["stored"] for each in found],
        **worst,
        "tables_equal": equal,
        "failed_writers": failed,
        "ratings_per_second": rates,
        "longest_pause_s": round(ledger.longest_pause, 1),
        **{f"{name}_ms": summary(times) for name, times in ledger.milliseconds.items()},
        **ledger.counts,
        "database_errors": dict(sorted(ledger.errors.items())),
        "joined_again": joined,
    }
    json.dump(result, sys.stdout)
    print()
    if any(worst.values()) or failed or not equal or ledger.counts["conflicts"]:
        sys.exit(1)


def stop(number: int, _frame: object) -> NoReturn:
    """End in an orderly way: every node and its folder go."""
    sys.exit(f"Stopped by {signal.Signals(number).name}; at most {LIMIT} s are allowed.")


def open_store(node: Node) -> Store:
    """Open the store of a node, as one process of the page would."""
    return Store.open(node.url, create=node.number == 1, target=TARGET)


def add_images(store: Store, count: int) -> None:
    """Fill the pool."""
    series = store.put_series(Series("captain-turnip", "Captain Turnip"), update=False)
    for start in range(0, count, PORTION):
        numbers = range(start, min(start + PORTION, count))
        store.add_images(series, [NewImage(f"{each:08}.jpg", 320, 180, 1) for each in numbers])


def stretches(
    nodes: list[Node], writers: list[Writer], ledger: Ledger, arguments: argparse.Namespace
) -> tuple[dict[str, int], list[dict[str, object]]]:
    """Go through both failures; give the ratings per second of each stretch, and the returns."""
    rates: dict[str, int] = {}

    def measure(name: str) -> None:
        before, start = len(ledger.acknowledged), time.monotonic()
        time.sleep(arguments.seconds)
        seconds = time.monotonic() - start
        rates[name] = round((len(ledger.acknowledged) - before) / seconds)

    def join(node: Node) -> dict[str, object]:
        start = time.monotonic()
        before = len(ledger.acknowledged)
        node.restart()
        node.wait_until_synced()
        seconds = time.monotonic() - start
        meanwhile = len(ledger.acknowledged) - before
        for writer in writers:
            writer.go_home()
        return {
            "node": node.number,
            "by": node.transferred,
            "seconds": round(seconds, 1),
            "ratings_meanwhile": meanwhile,
        }

    measure("three_nodes")
    if arguments.no_failures:
        return rates, []
    nodes[2].kill()
    measure("third_killed")
    joined = [join(nodes[2])]
    measure("third_back")
    nodes[1].kill()
    nodes[1].lose_data()
    measure("second_killed")
    joined.append(join(nodes[1]))
    measure("second_back")
    return rates, joined


def audit(node: Node, store: Store, ledger: Ledger) -> dict[str, object]:
    """Compare what a node has stored with what the writers were told."""
    columns = ", ".join(f"`{key}`" for key in KEYS)
    select = f"SELECT assignment_id, revision, {columns} FROM {DATABASE}."  # noqa: S608 - our names
    events = answers(node, select + "rating_events")
    standing = answers(node, select + "ratings")
    latest = {key: revision for key, revision in sorted(ledger.acknowledged, key=lambda k: k[1])}
    tables = ", ".join(f"{DATABASE}.{name}" for name in Base.metadata.tables)
    return {
        "stored": len(events),
        "lost": len(ledger.acknowledged.keys() - events.keys()),
        "stored_otherwise": sum(
            events[key] != answer for key, answer in ledger.acknowledged.items() if key in events
        ),
        "not_standing": sum(
            standing.get((key, revision)) != ledger.acknowledged[key, revision]
            for key, revision in latest.items()
        ),
        "never_acknowledged": len(events.keys() - ledger.acknowledged.keys()),
        "wrong_counters": len(store.check()),
        "excess": node.query(f"SELECT COUNT(*) FROM {DATABASE}.pool WHERE `load` > {TARGET}")[0][0],  # noqa: S608 - our names
        "checksums": node.query(f"CHECKSUM TABLE {tables}"),
    }


def answers(node: Node, statement: str) -> dict[tuple[UUID, int], Answer]:
    """Read the answers by assignment and revision; both tables have them once by their keys."""
    return {
        (UUID(bytes=row[0]), row[1]): Answer.from_row(dict(zip(KEYS, row[2:], strict=True)))
        for row in node.query(statement)
    }


def summary(times: list[float]) -> dict[str, float]:
    """Give the median and the 95th percentile."""
    return {
        "median": round(statistics.median(times), 1),
        "p95": round(statistics.quantiles(times, n=20)[-1], 1),
    }


if __name__ == "__main__":
    main()
