"""How long a reviewer waits at many images in MariaDB; prints one JSON line for each figure.

`first_thumbnails`: in Chromium, from opening the page of a running server until the first
thumbnail is painted, and of that the share since the widget is there. `filters`: the slowest and
the median of filters by the widget itself, as a browser asks for them, with the first thumbnails.
The baseline for the filters is SQL that counts and sorts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from engines import fill, mariadb_url
from PIL import Image
from sqlalchemy import create_engine, text

from animelabel_widgets.labels import KEYS
from animelabel_widgets.pictures import Pictures
from animelabel_widgets.review import ReviewBoard
from animelabel_widgets.store import Store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.chromium import launched_chromium
from support.commands import serving

TOKEN = "a-token-of-the-benchmark"  # noqa: S105 - of the benchmark alone
PICTURES = 200
LANES = 3
"""Requests for thumbnails that the page has under way at once."""
VOTED = """
UPDATE pool SET votes = 1 + image_id MOD 6, `load` = 1 + image_id MOD 6,
  n_text = image_id MOD 2, n_person = image_id MOD 3 MOD 2, n_logo = 0, n_empty = 0
"""
ESTIMATED = """
INSERT INTO consensus (image_id, text, logo, person, empty, p_text, p_logo, p_person, p_empty,
  votes, method, version, computed_at)
SELECT image_id, p > .5, 0, p < .3, 0, p, p / 9, 1 - p, p / 20, 3, 'ds', '1', NOW(3)
FROM (SELECT image_id, RAND(image_id) AS p FROM pool) AS drawn
"""
BASELINE = """
SELECT p.image_id FROM pool p JOIN images i USING (image_id) JOIN series s USING (series_id)
JOIN consensus c USING (image_id) WHERE c.p_text > .5
ORDER BY LEAST(GREATEST(p_text, 1 - p_text), GREATEST(p_person, 1 - p_person)) LIMIT 24
"""


def main() -> None:
    """Fill the database, and measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300_000)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    with (
        mariadb_url("--innodb-buffer-pool-size=1G") as url,
        tempfile.TemporaryDirectory(dir="/var/tmp") as name,
    ):
        folder = Path(name)
        draw(folder / "frames" / "a", arguments.images)
        fill(url, arguments.images)
        baseline = estimate(url)
        head = {"benchmark": "review", "database": "mariadb", "images": arguments.images}
        found = filters(url, folder / "frames")
        show(head | {"figure": "filters", **found, "baseline_sql_ms": baseline})
        shown = first_thumbnails(url, folder, arguments.times)
        show(head | {"figure": "first_thumbnails", **shown})


def show(line: dict[str, object]) -> None:
    """Print a JSON line."""
    json.dump(line, sys.stdout)
    print(flush=True)


def draw(folder: Path, count: int) -> None:
    """Make a picture for each image: 200 of them, under many names."""
    folder.mkdir(parents=True)
    for number in range(count):
        file = folder / f"{number}.jpg"
        if number < PICTURES:
            Image.effect_noise((640, 360), 60).convert("RGB").save(file)
        else:
            file.hardlink_to(folder / f"{number % PICTURES}.jpg")


def estimate(url: str) -> float:
    """Make votes and verdicts that nobody gave; give the milliseconds of a filter by SQL."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(VOTED))
        connection.execute(text(ESTIMATED))
    times = []
    with engine.connect() as connection:
        for _ in range(5):
            start = time.perf_counter()
            connection.execute(text(BASELINE)).all()
            times.append(time.perf_counter() - start)
    engine.dispose()
    return round(statistics.median(times) * 1000)


def filters(url: str, pictures: Path) -> dict[str, object]:
    """Ask a widget for every kind of filter."""
    with closing(Store.open(url, create=False)) as store:
        board = ReviewBoard(store, Pictures(pictures))
        ask(board, "hello", reviewer="me")
        start = time.perf_counter()
        ask(board, "load")
        load = time.perf_counter() - start
        times = {}
        for name, change in CHANGES.items():
            start = time.perf_counter()
            wanted = OPEN | change
            found = ask(board, "find", filter=wanted)
            version = found["version"]
            ask(board, "rows", version=version, first=0, count=60)
            shown = range(min(24, int(str(found["total"]))))
            with ThreadPoolExecutor(LANES) as lanes:
                for row in shown[::6]:
                    rows = list(shown[row : row + 6])
                    lanes.submit(ask, board, "thumbnails", version=version, rows=rows, side=240)
            times[name] = round((time.perf_counter() - start) * 1000)
        board.close()
    slowest = max(times, key=lambda name: times[name])
    return {
        "load_ms": round(load * 1000),
        "median_ms": round(statistics.median(times.values())),
        "slowest_ms": times[slowest],
        "slowest": slowest,
        "filters": len(times),
    }


def ask(board: ReviewBoard, kind: str, **parts: object) -> dict[str, object]:
    """Ask the widget as the page does; what is answered beside its thread is waited for."""
    answered = board._answer({"id": 0, "kind": kind, **parts}, ())  # noqa: SLF001
    reply, _ = answered() if callable(answered) else answered
    return reply


def first_thumbnails(url: str, folder: Path, times: int) -> dict[str, object]:
    """Open the page of a running server again and again, each time as a new visitor."""
    environ = {
        "ANIMELABEL_DATABASE_URL": url,
        "ANIMELABEL_PICTURES": str(folder / "frames"),
        "ANIMELABEL_REVIEW_TOKEN": TOKEN,
    }
    opened, answered = [], []
    with (
        serving("serve", "--review", cwd=folder, environ={**os.environ, **environ}) as server,
        launched_chromium() as browser,
    ):
        for _ in range(times + 1):
            context = browser.new_context()
            context.add_init_script("localStorage.setItem('animelabel-reviewer', 'me')")
            page = context.new_page()
            page.goto(f"{server.address}?token={TOKEN}", wait_until="commit")
            start = time.perf_counter()
            page.wait_for_selector("[data-al=review]", timeout=60_000)
            begun = time.perf_counter()
            page.wait_for_selector("[data-al=item] img", timeout=60_000)
            ended = time.perf_counter()
            opened.append(round((ended - start) * 1000))
            answered.append(round((ended - begun) * 1000))
            context.close()
    return {
        "from_opening_ms": round(statistics.median(opened[1:])),
        "from_the_widget_ms": round(statistics.median(answered[1:])),
        "slowest_from_opening_ms": max(opened[1:]),
        "times": times,
    }


OPEN: dict[str, object] = {
    "features": dict.fromkeys(KEYS, "any"),
    "confidence": [0, 100],
    "votes": [0, 1_000_000],
    "disagreement": 0,
    "series": None,
    "kind": "any",
    "state": None,
    "reason": None,
    "order": "hardest",
}
CHANGES: dict[str, dict[str, object]] = {
    "all": {},
    **{
        f"{key} {choice}": {"features": dict.fromkeys(KEYS, "any") | {key: choice}}
        for key in KEYS
        for choice in ("yes", "no", "unsure")
    },
    "sure": {"confidence": [90, 100]},
    "votes": {"votes": [2, 4]},
    "disagreement": {"disagreement": 20, "order": "disagreement"},
    "series": {"series": 1},
    "kind": {"kind": "anime"},
    "state": {"state": 0},
    "reason": {"reason": 1},
    "number": {"order": "number"},
}

if __name__ == "__main__":
    main()
