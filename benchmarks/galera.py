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
import logging
import os
import signal
import statistics
import sys
import time
from contextlib import ExitStack, closing
from operator import itemgetter
from typing import Any, NoReturn
from uuid import UUID

from galera_cluster import TRANSFERS, galera
from galera_node import DATABASE, Node
from galera_writers import Ledger, Writer

from animelabel_widgets.labels import KEYS, Answer, NewImage, Series
from animelabel_widgets.store import Store
from animelabel_widgets.tables import Base

LIMIT = 900
"""Seconds after which the benchmark gives up."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
TARGET = 5
PORTION = 2000
REPEATED = 3
COUNTED = (
    "answers_sent_again",
    "recognised_as_stored",
    "conflicts",
    "answers_refused",
    "failed_requests",
)
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
    parser.add_argument("--seconds", type=float, default=8, help="of each stretch of time")
    parser.add_argument("--transfer", choices=TRANSFERS, default="rsync", help="of a whole state")
    parser.add_argument("--roam", action="store_true", help="send each request to any node")
    parser.add_argument(
        "--sync-waits",
        type=int,
        nargs="+",
        metavar="N",
        help="kill nothing, and compare these values of wsrep_sync_wait, in turn, three times",
    )
    arguments = parser.parse_args()
    for number in STOPPING:
        signal.signal(number, stop)
    signal.alarm(LIMIT)
    # A connection that died with its node is what is measured here, and no news.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    with galera(arguments.transfer) as nodes, ExitStack() as stack:
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
        if arguments.sync_waits:
            course = compare(nodes, stores, ledger, arguments)
        else:
            course = fail_and_return(nodes, writers, ledger, arguments.seconds)
        for writer in writers:
            writer.end()
        ledger.stretch = "end"
        for writer in writers:
            writer.join()
        audits = [audit(node, store, ledger) for node, store in zip(nodes, stores, strict=True)]
    result = {
        "benchmark": "galera",
        "nodes": len(nodes),
        **{name: value for name, value in vars(arguments).items() if value},
        "cores": os.cpu_count(),
        "acknowledged": len(ledger.acknowledged),
        "stored_on_each_node": [each["stored"] for each in audits],
        **{name: max(each[name] for each in audits) for name in WRONG},
        "tables_equal": all(each["checksums"] == audits[0]["checksums"] for each in audits),
        "failed_writers": [repr(each.failure) for each in writers if each.failure is not None],
        **course,
        "longest_pause_s": {name: round(each, 1) for name, each in ledger.longest_pauses.items()},
        "hand_out_ms": summary(ledger.milliseconds["hand_out"]),
        "rate_ms": summary(ledger.milliseconds["rate"]),
        **dict.fromkeys(COUNTED, 0),
        **ledger.counts,
        "database_errors": dict(sorted(ledger.errors.items())),
    }
    json.dump(result, sys.stdout)
    print()
    refused = 0 if arguments.sync_waits else result["answers_refused"]
    wrong = any(result[name] for name in (*WRONG, "failed_writers", "conflicts")) or refused
    sys.exit(1 if wrong or not result["tables_equal"] else 0)


def stop(number: int, _frame: object) -> NoReturn:
    """End in an orderly way, and undisturbed: every node and its folder go."""
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(f"Stopped by {signal.Signals(number).name}; at most {LIMIT} s are allowed.")


def open_store(node: Node) -> Store:
    """Open the store of a node, as one process of the page would."""
    node.wait_until_applied()
    return Store.open(node.url, create=node.number == 1, target=TARGET)


def add_images(store: Store, count: int) -> None:
    """Fill the pool."""
    series = store.put_series(Series("captain-turnip", "Captain Turnip"), update=False)
    for start in range(0, count, PORTION):
        numbers = range(start, min(start + PORTION, count))
        store.add_images(series, [NewImage(f"{each:08}.jpg", 320, 180, 1) for each in numbers])


def measure(ledger: Ledger, stretch: str, seconds: float) -> int:
    """Let the writers go on for a while; give the ratings per second."""
    ledger.stretch = stretch
    before, start = len(ledger.acknowledged), time.monotonic()
    time.sleep(seconds)
    return round((len(ledger.acknowledged) - before) / (time.monotonic() - start))


def fail_and_return(
    nodes: list[Node], writers: list[Writer], ledger: Ledger, seconds: float
) -> dict[str, object]:
    """Kill the third node and let it return; then the second, which has lost its data."""

    def join(node: Node, name: str) -> dict[str, object]:
        ledger.stretch = name
        before, start = len(ledger.acknowledged), time.monotonic()
        node.restart()
        node.wait_until_synced()
        took = round(time.monotonic() - start, 1)
        meanwhile = len(ledger.acknowledged) - before
        for writer in writers:
            writer.go_home()
        return {
            "node": node.number,
            "by": node.transferred,
            "seconds": took,
            "ratings_meanwhile": meanwhile,
        }

    before, sent = len(ledger.acknowledged), replicated(nodes)
    rates = {"three_nodes": measure(ledger, "three_nodes", seconds)}
    size = (replicated(nodes) - sent) / max(1, len(ledger.acknowledged) - before)
    nodes[2].kill()
    rates["third_killed"] = measure(ledger, "third_killed", seconds)
    joined = [join(nodes[2], "third_joining")]
    rates["third_back"] = measure(ledger, "third_back", seconds)
    nodes[1].kill()
    nodes[1].lose_data()
    rates["second_killed"] = measure(ledger, "second_killed", seconds)
    joined.append(join(nodes[1], "second_joining"))
    rates["second_back"] = measure(ledger, "second_back", seconds)
    return {
        "ratings_per_second": rates,
        "replicated_bytes_per_rating": round(size),
        "joined_again": joined,
    }


def replicated(nodes: list[Node]) -> int:
    """Give the bytes that the nodes have sent to each other since they were started."""
    return sum(int(node.status("wsrep_replicated_bytes")) for node in nodes)


def compare(
    nodes: list[Node], stores: list[Store], ledger: Ledger, arguments: argparse.Namespace
) -> dict[str, object]:
    """Change what reads wait for, again and again; give the speed and the refusals of each."""
    rates: dict[int, list[int]] = {each: [] for each in arguments.sync_waits}
    refused = dict.fromkeys(arguments.sync_waits, 0)
    for sync_wait in arguments.sync_waits * REPEATED:
        for place, node in enumerate(nodes):
            node.query(f"SET GLOBAL wsrep_sync_wait = {sync_wait}")
            # Connections keep the value that they were opened with.
            former, stores[place] = stores[place], open_store(node)
            former.close()
        before = ledger.counts["answers_refused"]
        rates[sync_wait].append(measure(ledger, f"sync_wait_{sync_wait}", arguments.seconds))
        refused[sync_wait] += ledger.counts["answers_refused"] - before
    medians = {each: statistics.median(found) for each, found in rates.items()}
    first = medians[arguments.sync_waits[0]]
    return {
        "ratings_per_second_by_sync_wait": rates,
        "ratio_to_the_first": {each: round(found / first, 2) for each, found in medians.items()},
        "answers_refused_by_sync_wait": refused,
    }


def audit(node: Node, store: Store, ledger: Ledger) -> dict[str, Any]:
    """Compare what a node has stored with what the writers were told."""
    columns = ", ".join(f"`{key}`" for key in KEYS)
    select = f"SELECT assignment_id, revision, {columns} FROM {DATABASE}."
    events = answers(node, select + "rating_events")
    standing = answers(node, select + "ratings")
    latest = dict(sorted(ledger.acknowledged, key=itemgetter(1)))
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
        "excess": node.query(f"SELECT COUNT(*) FROM {DATABASE}.pool WHERE `load` > {TARGET}")[0][0],
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
