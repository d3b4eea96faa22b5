"""The project of the analysis notebooks: the one that is named, or else the demo."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from .config import PREFIX, Settings
from .demo import draw_demo
from .errors import StoreError
from .ingest import import_folder, read_gold
from .pictures import Pictures
from .project import Project, open_project
from .simulate import Clock, read_truth, simulate_campaign
from .store import Store
from .store.database import utc_now

DATABASE = "notebooks.db"
"""Not the database of `animelabel demo`, whose visitors still want pictures to rate."""

DAYS = 14
SEED = 7
EVERY_THIRD = slice(None, None, 3)
"""The images whose known answers are stored, which are enough to calibrate by."""


def open_project_or_demo(folder: str | Path = "../demo", *, create: bool = False) -> Project:
    """Open the project that the `ANIMELABEL_*` variables name, or else the demo.

    Simulated ratings are given to the demo alone: where a database or a folder of pictures is
    named, this is `open_project`.

    Parameters
    ----------
    folder
        Where the demo is, or is drawn. It has a database of its own, beside the one of
        `animelabel demo`.
    create
        Make the tables where there are none, and leave a new demo empty, so that the caller
        imports. Without it, the demo is imported and rated by a simulated crowd when it is
        first opened.

    Raises
    ------
    ConfigError
        If a setting is wrong.
    StoreError
        If the database cannot be reached, or another notebook is preparing the demo.
    SchemaError
        If the tables are missing (without `create`), or of another version.
    """
    if any(os.environ.get(f"{PREFIX}{name}") for name in ("DATABASE_URL", "PICTURES")):
        return open_project(create=create)
    folder = Path(folder)
    draw_demo(folder)
    url, frames = f"sqlite:///{folder / DATABASE}", folder / "frames"
    if not create:
        _prepare(url, frames)
    return open_project(url, pictures=frames)


def _prepare(url: str, frames: Path) -> None:
    """Import the demo and let the crowd rate it, once: the known answers come last and tell."""
    truth = frames.parent / "truth.csv"
    clock = Clock(utc_now() - timedelta(days=DAYS))
    with (
        closing(Store.open(url, target=Settings().target, clock=clock)) as store,
        store.alone("demo") as mine,
    ):
        if len(store.gold()):
            return
        if not mine:
            raise StoreError("Another notebook is preparing the demo: try again when it has ended.")
        pictures = Pictures(frames)
        import_folder(store, frames, frames, progress=False)
        simulate_campaign(
            store, pictures, read_truth(truth), clock, days=DAYS, seed=SEED, progress=False
        )
        store.put_gold(read_gold(truth)[EVERY_THIRD])
