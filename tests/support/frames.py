"""Frames to test on: real ones where they are at hand, drawn ones elsewhere."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

REAL = Path(__file__).resolve().parents[3] / "shared" / "frames"


def copy_frames(source: Path, destination: Path) -> Path:
    """Copy the series in `source`, and write a `series.csv` if there is none."""
    for folder in sorted(filter(Path.is_dir, source.iterdir())):
        # The content only: the real frames may be read-only, and tests change theirs.
        shutil.copytree(folder, destination / folder.name, copy_function=shutil.copyfile)
        (destination / folder.name).chmod(0o755)
    listed = destination / "series.csv"
    if (source / listed.name).exists():
        shutil.copyfile(source / listed.name, listed)
        return destination
    with listed.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["folder", "title", "is_anime"])
        for folder in sorted(filter(Path.is_dir, destination.iterdir())):
            rows.writerow([folder.name, folder.name.replace("-", " ").title(), 0])
    return destination
