"""How long the manifest of a large data set takes; prints one JSON line.

All of it is counted: reading images and ratings, the split and the balance, agreement, both
tables and the card. The baseline reads the images and writes one plain CSV with pandas.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from engines import mariadb_url, sqlite_url
from read_ratings import fill

from animelabel_widgets import open_project
from animelabel_widgets.export import SPLITS
from animelabel_widgets.labels import KEYS, NewImage, Series
from animelabel_widgets.store import Store

SERIES = 300
VOTES = 5
SERVER = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")


def main() -> None:
    """Export on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300_000)
    count = parser.parse_args().images
    for name, opened in (("sqlite", sqlite_url()), ("mariadb", mariadb_url(*SERVER))):
        with opened as url, TemporaryDirectory() as folder:
            json.dump(
                {
                    "benchmark": "export_manifest",
                    "database": name,
                    **measured(url, count, Path(folder)),
                },
                sys.stdout,
            )
            print(flush=True)


def measured(url: str, count: int, folder: Path) -> dict[str, float]:
    """Give the seconds of the baseline, of the first export, and of the same one again."""
    add_images(url, count)
    ratings = fill(url, count * VOTES)
    (folder / "frames").mkdir()
    with open_project(url, pictures=folder / "frames") as project:
        chosen = verdicts(project.store)
        start = time.perf_counter()
        project.images().to_csv(folder / "baseline.csv")
        baseline = time.perf_counter() - start
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            done = project.export(
                chosen,
                folder / "set",
                mode="manifest",
                split=dict(zip(SPLITS, (0.8, 0.1, 0.1), strict=True)),
                seed=1,
            )
            seconds.append(round(time.perf_counter() - start, 2))
    return {
        "images": done.exported,
        "ratings": ratings,
        "seconds": seconds[0],
        "again_seconds": seconds[1],
        "baseline_seconds": round(baseline, 2),
        "ratio": round(seconds[0] / baseline, 1),
    }


def add_images(url: str, count: int) -> None:
    """Add images of a few hundred series, a third of them cartoons."""
    with closing(Store.open(url)) as store:
        for number in range(SERIES):
            series = Series(f"series-{number:03}", f"Series {number}", is_anime=number % 3 > 0)
            files = range(number, count, SERIES)
            store.add_images(
                store.put_series(series, update=False),
                [NewImage(f"{each:06}.jpg", 1280, 720, 90_000) for each in files],
            )


def verdicts(store: Store) -> pd.DataFrame:
    """Make a verdict on every image."""
    ids = store.images()["image_id"]
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"votes": VOTES}, index=pd.Index(ids, name="image_id"))
    for key in KEYS:
        frame[f"p_{key}"] = rng.random(len(ids))
    for key in KEYS:
        frame[key] = (frame[f"p_{key}"] > 0.5).astype("boolean")
    frame.attrs = {"method": "ds", "calibrated": False}
    return frame


if __name__ == "__main__":
    main()
