"""What there is to import: a folder of this machine, or one that is elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, PictureError
from ..labels import Series
from ..pictures import Folder, Source, find_folder
from .scanning import Scan, scan, scan_names
from .series_list import NAME, parse_series, read_series

AT_ONCE_ELSEWHERE = 16
"""Files that are read at once where each waits for a network."""


@dataclass(frozen=True, slots=True)
class Found:
    """The series of a folder.

    Parameters
    ----------
    above
        Where the folder is below the pictures' folder; "." for that itself.
    scan
        The files of each series, and what was refused.
    listed
        What `series.csv` says of them.
    source
        Gives a file by its series and its name in it.
    threads
        How many files are worth to be looked at at once.
    """

    above: str
    scan: Scan
    listed: dict[str, Series]
    source: Callable[[str, str], Source]
    threads: int


def find_series(root: Folder, folder: str | Path | None) -> Found:
    """Find the series in a folder: the pictures' folder, or one below it.

    Raises
    ------
    InputError
        If the folder is missing, empty, without sub-folders or outside of the root, or its
        `series.csv` is not as it must be.
    ConfigError
        If it cannot be reached.
    """
    if root.local is None:
        return _elsewhere(root, folder)
    path = root.local if folder is None else find_folder(folder).local
    if path is None:
        raise _outside(folder, root)
    found = scan(path)
    try:
        above = path.resolve().relative_to(root.local.resolve()).as_posix()
    except ValueError:
        raise _outside(path, root) from None
    # More threads than cores read no faster: decoding, outside of the interpreter's lock, is
    # what takes the time.
    threads = os.cpu_count() or 1
    return Found(above, found, read_series(path), lambda name, file: path / name / file, threads)


def _elsewhere(root: Folder, folder: str | Path | None) -> Found:
    """Find the series in a folder that is not of this machine."""
    from ..pictures.remote import RemoteFolder

    assert isinstance(root, RemoteFolder)  # noqa: S101 - the only folder without a path
    above = "" if folder is None else root.below(str(folder))
    if above is None:
        raise _outside(folder, root)
    name = f"{root}/{above}".rstrip("/")
    found = scan_names(name, root.files(above))

    def source(*parts: str) -> Source:
        return root.source(above, *parts)

    try:
        content = root.source(above, NAME).getvalue()
    except PictureError:
        listed = {}
    else:
        listed = parse_series(f"{name}/{NAME}", content, found.files.__contains__)
    return Found(above or ".", found, listed, source, AT_ONCE_ELSEWHERE)


def _outside(folder: object, root: Folder) -> InputError:
    """Say that a folder is not below the pictures' folder."""
    return InputError(
        f"{folder} lies outside of the pictures' folder {root}: "
        "give a folder in it, or set the pictures' folder to one above both."
    )
