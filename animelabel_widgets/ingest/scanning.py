"""Finding the files of each series, and refusing those whose place or name cannot be used."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, PictureError
from ..pictures import inside
from ..tables import FILENAME_LENGTH, FOLDER_LENGTH
from .series_list import NAME

_LISTS = (NAME, "truth.csv")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file or folder that was not imported, and why; `path` is relative to the folder."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The files of each sub-folder, as posix paths relative to it, and what was refused."""

    files: dict[str, list[str]]
    refused: list[Refusal]


def scan(folder: Path) -> Scan:
    """Find the series of a folder and their files; names with a leading dot are passed over.

    Raises
    ------
    InputError
        If there is no such folder, or no sub-folder in it.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}: give a folder that has a sub-folder for each series.")
    files: dict[str, list[str]] = {}
    refused: list[Refusal] = []
    loose = 0
    try:
        entries = _entries(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}): check its rights.") from None
    for entry in entries:
        if not _is_dir(entry):
            if entry.name not in _LISTS:
                loose += 1
                refused.append(Refusal(_shown(entry.name), "it lies in no series' folder"))
            continue
        reason = _unusable(entry, folder, entry.name, FOLDER_LENGTH)
        if reason:
            refused.append(Refusal(_shown(entry.name), reason))
        else:
            files[entry.name] = sorted(_files(folder, entry.name, "", refused))
    if not any(_is_dir(entry) for entry in entries):
        what = "has files but no sub-folders" if loose else "is empty"
        raise InputError(f"{folder} {what}: put the frames of each series in a folder of its own.")
    return Scan(files, refused)


def scan_names(place: str, names: Iterable[str]) -> Scan:
    """Find the series among the names of all files below a place that is elsewhere.

    Raises
    ------
    InputError
        If there is none.
    """
    files: dict[str, list[str]] = {}
    refused: list[Refusal] = []
    loose = 0
    for path in names:
        series, _, name = path.partition("/")
        if any(part.startswith(".") for part in path.split("/")):
            continue
        if not name:
            if series not in _LISTS:
                loose += 1
                refused.append(Refusal(_shown(series), "it lies in no series' folder"))
            continue
        reason = _bad_name(series, FOLDER_LENGTH) or _bad_name(name, FILENAME_LENGTH)
        if reason:
            refused.append(Refusal(_shown(path), reason))
        else:
            files.setdefault(series, []).append(name)
    if not files and not refused[loose:]:
        what = "has files but no sub-folders" if loose else "is empty, or does not exist"
        raise InputError(f"{place} {what}: put the frames of each series in a folder of its own.")
    return Scan(files, refused)


def _files(folder: Path, series: str, below: str, refused: list[Refusal]) -> Iterator[str]:
    """Walk a series; links to folders are refused, so there is no walking in circles."""
    try:
        entries = _entries(folder / series / below)
    except OSError as error:
        refused.append(Refusal(_shown(f"{series}/{below}"), f"it cannot be read: {error.strerror}"))
        return
    for entry in entries:
        name = f"{below}{entry.name}"
        reason = _unusable(entry, folder, name, FILENAME_LENGTH)
        if reason:
            refused.append(Refusal(_shown(f"{series}/{name}"), reason))
        elif _is_dir(entry):
            yield from _files(folder, series, f"{name}/", refused)
        else:
            yield name


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """List a folder without hidden names."""
    with os.scandir(folder) as entries:
        return sorted(
            (entry for entry in entries if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )


def _is_dir(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _unusable(entry: os.DirEntry[str], folder: Path, name: str, length: int) -> str | None:
    """Say why a file or folder cannot be used, or None where it can."""
    if entry.is_symlink():
        if _is_dir(entry):
            return "it is a link to a folder"
        try:
            inside(folder, os.path.relpath(entry.path, folder))
        except PictureError as error:
            return str(error)
    return _bad_name(name, length)


def _bad_name(name: str, length: int) -> str | None:
    """Say why a name cannot be used, or None where it can."""
    if name != name.encode(errors="replace").decode():
        return "its name is not UTF-8"
    if len(name) > length:
        return f"its name is longer than {length} characters"
    if name != name.rstrip(" "):
        # Databases compare text without the spaces at its end.
        return "its name ends in a space"
    return None


def _shown(name: str) -> str:
    """Give a name that can be printed, whatever bytes it has."""
    return name.encode(errors="backslashreplace").decode()
