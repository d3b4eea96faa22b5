"""How fast a folder of small frames is imported; prints one JSON line.

The baseline opens one file after another and inserts its row, as a first
script would. The frames are few drawn ones under many names (hard links), so
that a large import fits on a small disk; they are read from memory, as after
a copy.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PIL import Image, ImageDraw

from animelabel_widgets.ingest import import_folder
from animelabel_widgets.store import Store

DRAWN = 200
PER_SERIES = 5000


def main() -> None:
    """Import in both ways and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--database-url", help="for ours; a new SQLite file by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = draw(folder / "frames", arguments.files)
        few = draw(folder / "few", min(arguments.files, 4000))
        url = arguments.database_url or f"sqlite:///{folder / 'ours.db'}"
        with closing(Store.open(url)) as store:
            first = timed(lambda: import_folder(store, frames, frames, progress=False))
            again = timed(lambda: import_folder(store, frames, frames, progress=False))
            added = len(store.images())
        baseline_files = sum(1 for _ in few.rglob("*.jpg"))
        baseline = timed(lambda: one_by_one(few, folder / "baseline.db"))
    ours_rate = arguments.files / first
    baseline_rate = baseline_files / baseline
    result = {
        "benchmark": "import_frames",
        "files": arguments.files,
        "added": added,
        "database": url.split(":", maxsplit=1)[0],
        "cores": os.cpu_count(),
        "files_per_second": round(ours_rate),
        "repeated_files_per_second": round(arguments.files / again),
        "baseline_files": baseline_files,
        "baseline_files_per_second": round(baseline_rate),
        "ratio": round(ours_rate / baseline_rate, 1),
    }
    json.dump(result, sys.stdout)
    print()


def draw(folder: Path, count: int) -> Path:
    """Make `count` frames of 320 × 180 pixels, about 15 kB each."""
    rng = random.Random(1)  # noqa: S311 - drawings
    originals = []
    for number in range(count):
        series = folder / f"series-{number // PER_SERIES:03}"
        series.mkdir(parents=True, exist_ok=True)
        file = series / f"frame-{number:06}.jpg"
        if number < DRAWN:
            picture = Image.effect_noise((320, 180), 40).convert("RGB")
            pen = ImageDraw.Draw(picture)
            for _ in range(20):
                corner = (rng.randrange(320), rng.randrange(180))
                pen.ellipse([corner, (400, 300)], fill=tuple(rng.randbytes(3)))
            picture.save(file, quality=85)
            originals.append(file)
        else:
            file.hardlink_to(originals[number % DRAWN])
    return folder


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_by_one(folder: Path, file: Path) -> None:
    """Open each file, load it, insert its row, commit."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE images (name TEXT UNIQUE, width INT, height INT)")
        for path in sorted(folder.rglob("*.jpg")):
            with Image.open(path) as picture:
                picture.load()
                row = (str(path), *picture.size)
            connection.execute("INSERT INTO images VALUES (?, ?, ?)", row)
            connection.commit()


if __name__ == "__main__":
    main()
