"""Export: the chosen images as a data set, or the ratings as a file; complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from .errors import InputError, PictureError
from .pictures import inside
from .store import Store

if TYPE_CHECKING:
    import pandas as pd

METADATA = "metadata.csv"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did; `missing` lists images whose file could not be copied, and why."""

    destination: Path
    exported: int
    missing: tuple[tuple[int, str], ...]

    def summary(self) -> str:
        """Say it in one sentence."""
        said = f"Exported {self.exported} images to {self.destination}"
        if not self.missing:
            return f"{said}."
        image_id, reason = self.missing[0]
        return (
            f"{said}; {len(self.missing)} could not be copied, image {image_id} for one: {reason}."
        )


def export(rows: pd.DataFrame, root: Path, destination: Path) -> ExportReport:
    """Copy images to `anime/`, `cartoon/` or `unknown/`, and describe them in `metadata.csv`.

    Parameters
    ----------
    rows
        The images, indexed by `image_id`: `folder`, `filename`, `title`, `is_anime`, and
        whatever else is worth a column of `metadata.csv`.
    root
        The pictures' folder.
    destination
        A folder that does not exist yet, or is empty. It appears when it is complete.

    Raises
    ------
    InputError
        If the destination has something in it or cannot be made.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise InputError(f"{destination} is not empty: export into a new folder.")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{destination.name}-", dir=destination.parent))
    except OSError as error:
        raise InputError(
            f"{destination} cannot be made ({error.strerror}): export into another folder."
        ) from error
    try:
        copies, missing = _copy_all(rows, root, building)
        described = rows.loc[list(copies)]
        described.insert(0, "path", list(copies.values()))
        described.to_csv(building / METADATA, index_label="image_id")
        building.chmod(0o755)
        building.replace(destination)
    except BaseException:
        shutil.rmtree(building)
        raise
    return ExportReport(destination, len(copies), tuple(missing))


def export_ratings(store: Store, file: Path, *, progress: bool = True) -> int:
    """Write the ratings to a Parquet file, portion by portion; give how many they are.

    Parameters
    ----------
    store
        Where the ratings are.
    file
        A file that does not exist yet. It appears when it is complete.
    progress
        Show a progress bar where it takes more than two seconds.

    Raises
    ------
    InputError
        If the file exists or cannot be made, or its name does not end in `.parquet`.
    """
    # Imported here, because an export of pictures does without.
    from pyarrow import parquet

    columns, portions = store.rating_tables(progress=progress)
    count = 0
    with (
        _new_parquet(file) as opened,
        parquet.ParquetWriter(opened, columns, compression="zstd") as writer,
    ):
        for portion in portions:
            writer.write_table(portion)
            count += len(portion)
    return count


def export_verdicts(verdicts: pd.DataFrame, file: Path) -> int:
    """Write verdicts to a Parquet file, their `attrs` with them; give how many they are.

    Raises
    ------
    InputError
        As `export_ratings` does.
    """
    with _new_parquet(file) as opened:
        verdicts.to_parquet(opened, compression="zstd")
    return len(verdicts)


@contextmanager
def _new_parquet(file: Path) -> Iterator[BinaryIO]:
    """Open a file to write to, which appears under its name when the block ends well."""
    if file.suffix != ".parquet":
        raise InputError(f"{file} is not the name of a Parquet file: let it end in .parquet.")
    if os.path.lexists(file):
        raise InputError(f"{file} exists: remove it, or export to another file.")
    building = file.with_name(f".{uuid4().hex}.parquet")
    try:
        with building.open("xb") as opened:
            yield opened
        building.rename(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{file} cannot be written ({reason}): export elsewhere.") from error
    finally:
        with suppress(OSError):
            building.unlink()


def _copy_all(
    rows: pd.DataFrame, root: Path, building: Path
) -> tuple[dict[int, str], list[tuple[int, str]]]:
    """Copy the pictures; give the path of each, and those that could not be copied."""
    kinds = rows["is_anime"].map({True: "anime", False: "cartoon"}).fillna("unknown")
    copies: dict[int, str] = {}
    missing: list[tuple[int, str]] = []
    for image_id, kind, folder, filename in zip(
        rows.index, kinds, rows["folder"], rows["filename"], strict=True
    ):
        path = PurePosixPath(kind, folder, filename)
        copy = building / path
        try:
            source = inside(root, folder, filename)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        except (PictureError, FileNotFoundError, PermissionError) as error:
            reason = str(error) if isinstance(error, PictureError) else "the file cannot be read"
            missing.append((image_id, reason))
        else:
            copies[image_id] = path.as_posix()
    return copies, missing
