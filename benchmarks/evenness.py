"""How evenly 2,000 images get three ratings each from concurrent volunteers; prints JSON lines.

Each volunteer is a thread that gets five images, rates them, and is followed by
a new person after 25. After each round no lease is out, and the number of
ratings per image is looked at. The baseline picks images at random until as
many ratings are given, as the original site did.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import uuid
from collections import Counter
from contextlib import closing

from engines import fill, mariadb_url, sqlite_url
from sqlalchemy import text

from animelabel_widgets.labels import Answer
from animelabel_widgets.store import Store
from animelabel_widgets.store.database import Database

BATCH = 5
STAY = 5
"""Batches that one person rates."""


def main() -> None:
    """Measure with each number of volunteers on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--target", type=int, default=3)
    parser.add_argument("--volunteers", type=int, nargs="+", default=[1, 8, 32, 100])
    arguments = parser.parse_args()
    for name, opened in (("mariadb", mariadb_url), ("sqlite", sqlite_url)):
        for volunteers in arguments.volunteers:
            with opened() as url:
                measured = measure(url, arguments.images, arguments.target, volunteers)
            shown = {"benchmark": "evenness", "database": name, "volunteers": volunteers}
            json.dump(shown | measured, sys.stdout)
            print(flush=True)


def measure(url: str, images: int, target: int, volunteers: int) -> dict[str, object]:
    """Let the crowd rate everything; give how even it was, and what random picks would give."""
    fill(url, images)
    with closing(Store.open(url, target=target)) as store, closing(Database(url)) as database:
        spreads: list[int] = []
        given = [0] * volunteers
        handed = [0] * volunteers

        def look() -> None:
            spreads.append(spread(database))

        together = threading.Barrier(volunteers, action=look)

        def visit(number: int) -> None:
            for turn in range(images * target):
                if turn % STAY == 0:
                    person = store.volunteer(uuid.uuid4().hex)
                tasks = store.hand_out(person, BATCH)
                for task in tasks:
                    store.rate(person, task.assignment_id, Answer(), 0, 700)
                handed[number] = len(tasks)
                given[number] += len(tasks)
                together.wait()
                if not any(handed):
                    return

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(volunteers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        votes = Counter(store.ratings()["image_id"])
        differences = len(store.check())
    picks = Counter(random.choices(range(images), k=images * target))  # noqa: S311 - a baseline
    return {
        "images": images,
        "target": target,
        "ratings": sum(given),
        "missing": sum(max(0, target - count) for count in votes.values())
        + target * (images - len(votes)),
        "excess": sum(max(0, count - target) for count in votes.values()),
        "rounds": len(spreads),
        "largest_spread": max(spreads),
        "rounds_with_a_spread_over_1": sum(each > 1 for each in spreads),
        "wrong_counters": differences,
        "random_picks_missing": sum(max(0, target - picks[n]) for n in range(images)),
        "random_picks_largest_spread": max(picks.values()) - min(picks[n] for n in range(images)),
    }


def spread(database: Database) -> int:
    """Give the difference between the most and the least rated image, while no lease is out."""
    query = text("SELECT MAX(votes) - MIN(votes), SUM(`load` - votes) FROM pool")
    difference, leases = database.read(lambda connection: connection.execute(query).one())
    if leases:
        raise RuntimeError(f"{leases} leases are out between two rounds")
    return int(difference)


if __name__ == "__main__":
    main()
