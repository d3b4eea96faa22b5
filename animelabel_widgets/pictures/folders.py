"""Where the picture files are: in a folder of this machine, or in one that fsspec knows."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Protocol

from ..errors import PictureError
from .opening import inside

Source = Path | io.BytesIO
"""A file on this machine, or the content of one elsewhere."""

LOCAL = "file://"


class Folder(Protocol):
    """A folder that holds a sub-folder for each series."""

    def __str__(self) -> str:
        """Name it for messages."""

    @property
    def local(self) -> Path | None:
        """The folder on this machine, None where it is elsewhere."""

    def source(self, *parts: str) -> Source:
        """Give a file below the folder.

        Raises
        ------
        PictureError
            If it is missing, or outside of the folder.
        ConfigError
            If the folder cannot be reached: then no picture is to blame.
        """

    def stamp(self, *parts: str) -> tuple[int, object] | None:
        """Give the size of a file, and what else changes with it; None where it is not known.

        A number is the time of its last change, in nanoseconds.

        Raises
        ------
        PictureError
            If it is outside of the folder.
        """

    def is_empty(self) -> bool:
        """Tell whether the folder is missing, or has nothing in it.

        Raises
        ------
        ConfigError
            If it cannot be reached.
        """

    def copy(self, target: Path, *parts: str) -> None:
        """Copy a file to this machine, with the time of its last change where it is known.

        Raises
        ------
        PictureError, ConfigError
            As `source` does.
        OSError
            If it cannot be put there.
        """


class LocalFolder:
    """A folder of this machine.

    Parameters
    ----------
    path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.local = path

    def __str__(self) -> str:
        """Give the path."""
        return str(self.local)

    def source(self, *parts: str) -> Path:
        """Give the path of a file below the folder."""
        return inside(self.local, *parts)

    def stamp(self, *parts: str) -> tuple[int, object] | None:
        """Give the size and the time of a file."""
        try:
            found = self.source(*parts).stat()
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    def is_empty(self) -> bool:
        """Tell whether the folder is missing, or has nothing in it."""
        return not self.local.is_dir() or not any(self.local.iterdir())

    def copy(self, target: Path, *parts: str) -> None:
        """Copy a file with its time."""
        source = self.source(*parts)
        try:
            with source.open("rb") as opened:
                told = os.fstat(opened.fileno())
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise PictureError("the file cannot be read") from error
        shutil.copyfile(source, target)
        os.utime(target, ns=(told.st_atime_ns, told.st_mtime_ns))


def find_folder(place: str | Path | Folder) -> Folder:
    """Give the folder at a path or an address, such as `s3://bucket/frames`.

    Raises
    ------
    ConfigError
        If nothing installed knows such an address.
    """
    if isinstance(place, Path):
        return LocalFolder(place)
    if not isinstance(place, str):
        return place
    if place.startswith(LOCAL):
        return LocalFolder(Path(place.removeprefix(LOCAL)))
    if not is_elsewhere(place):
        return LocalFolder(Path(place))
    from .remote import RemoteFolder

    return RemoteFolder(place)


def is_elsewhere(place: str) -> bool:
    """Tell whether a place is an address that needs fsspec, and no path."""
    return "://" in place and not place.startswith(LOCAL)
