"""What is left after kill -9: ratings acknowledged against ratings stored; prints JSON lines.

Three times each: the MariaDB server, a process that writes to MariaDB, and a
process that writes to SQLite, all while two processes of eight volunteers rate.
Ends with status 1 if an acknowledged rating is lost or a counter is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path

from engines import MariaDB, durable_mariadb, fill, sqlite_url
from support.crowd import Crowd, lost, stored
from support.waiting import wait_until

from animelabel_widgets.store import Store

TARGET = 8
PROCESSES = 2


def main() -> None:
    """Kill each of them, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    images, times = arguments.images, arguments.times
    good = True
    with durable_mariadb() as server:
        for what, kill in (("mariadbd", kill_server(server)), ("a writing process", kill_first)):
            for _ in range(times):
                with server.database() as url:
                    good &= show("mariadb", what, killed(url, images, kill))
    for _ in range(times):
        with sqlite_url() as url:
            good &= show("sqlite", "a writing process", killed(url, images, kill_first))
    sys.exit(not good)


def show(database: str, what: str, result: dict[str, int]) -> bool:
    """Print a JSON line; tell whether nothing is lost and nothing wrong."""
    json.dump({"benchmark": "kill", "database": database, "killed": what, **result}, sys.stdout)
    print(flush=True)
    return not (result["lost"] or result["wrong_counters"])


def kill_server(server: MariaDB) -> Callable[[list[BaseProcess]], None]:
    """Give what kills the server and starts it again."""

    def kill(_: list[BaseProcess]) -> None:
        server.kill()
        server.start()

    return kill


def kill_first(processes: list[BaseProcess]) -> None:
    """Kill one of the processes, which does not come back."""
    processes[0].kill()


def killed(url: str, images: int, kill: Callable[[list[BaseProcess]], None]) -> dict[str, int]:
    """Let volunteers rate, kill in the middle, let them finish, and compare."""
    fill(url, images)
    with tempfile.TemporaryDirectory() as folder:
        crowds = [
            Crowd(url, Path(folder) / f"notes-{number}", volunteers=8, target=TARGET)
            for number in range(PROCESSES)
        ]
        processes = [crowd.start() for crowd in crowds]
        middle = images * TARGET // 3

        def rated() -> int:
            return sum(len(crowd.acknowledged()) for crowd in crowds)

        wait_until(lambda: rated() >= middle, "the middle", timeout=300)
        at_the_kill = rated()
        kill(processes)
        for process in processes:
            process.join()
        with closing(Store.open(url)) as store:
            return {
                "acknowledged_at_the_kill": at_the_kill,
                "acknowledged": rated(),
                "stored": len(stored(store)),
                "lost": len(lost(store, crowds)),
                "wrong_counters": len(store.check()),
            }


if __name__ == "__main__":
    main()
