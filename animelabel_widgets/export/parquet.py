"""Ratings and verdicts as a Parquet file, which appears when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from ..errors import InputError
from ..store import Store

if TYPE_CHECKING:
    import pandas as pd


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


def check_new_parquet(file: Path) -> None:
    """Refuse a name that no new Parquet file can have, before any work is done for it.

    Raises
    ------
    InputError
        If it does not end in `.parquet`, or there is such a file.
    """
    if file.suffix != ".parquet":
        raise InputError(f"{file} is not the name of a Parquet file: let it end in .parquet.")
    if os.path.lexists(file):
        raise InputError(f"{file} exists: remove it, or export to another file.")


@contextmanager
def _new_parquet(file: Path) -> Iterator[BinaryIO]:
    """Open a file to write to, which appears under its name when the block ends well."""
    check_new_parquet(file)
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
