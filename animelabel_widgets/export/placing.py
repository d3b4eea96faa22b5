"""Putting a picture's file into a data set: as a copy, a hard link or a symbolic link."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError, PictureError
from ..pictures import Folder, inside

MODES = ("copy", "hardlink", "symlink", "manifest")
"""How the pictures come into a set; of a manifest, they stay where they are."""


class Placer:
    """Puts files into a folder in one way; safe to share between threads.

    Parameters
    ----------
    root
        The pictures' folder.
    building
        The folder that becomes the set.
    mode
        One of `MODES`, but "manifest".
    former
        The files of the former set by image id: an unchanged copy is linked, not made again.

    Raises
    ------
    InputError
        If links are wanted to pictures that are elsewhere.
    """

    def __init__(
        self, root: Folder, building: Path, mode: str, former: Mapping[int, Path] | None = None
    ) -> None:
        if root.local is None and mode in ("hardlink", "symlink"):
            raise InputError(
                f"The pictures at {root} cannot be linked: use the mode copy or manifest."
            )
        self._root = root
        self._building = building
        self._mode = mode
        self._former = former or {}

    def place(self, image_id: int, folder: str, filename: str, path: str) -> bool:
        """Put the picture of an image to a path in the set; tell whether the former copy served.

        Raises
        ------
        PictureError
            If there is no such file that may be read, or it lies outside of the root.
        ConfigError
            If the pictures' folder cannot be reached.
        OSError
            If it cannot be put there.
        """
        target = self._building / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._mode == "copy":
            if self._reuse(image_id, folder, filename, target):
                return True
            self._root.copy(target, folder, filename)
            return False
        source = inside(Path(str(self._root)), folder, filename)
        try:
            source = source.resolve(strict=True)
            with source.open("rb"):
                pass
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise PictureError("the file cannot be read") from error
        if self._mode == "symlink":
            target.symlink_to(source)
        else:
            _link(source, target)
        return False

    def _reuse(self, image_id: int, folder: str, filename: str, target: Path) -> bool:
        """Link the former copy where it has the size and the time of the picture."""
        copy = self._former.get(image_id)
        if copy is None:
            return False
        try:
            there = copy.lstat()
            if self._root.stamp(folder, filename) != (there.st_size, there.st_mtime_ns):
                return False
            target.hardlink_to(copy)
        except OSError:  # gone, or a file system without hard links: it is copied
            return False
        return True


def _link(source: Path, target: Path) -> None:
    """Make a hard link, or say why there can be none."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        raise InputError(
            f"Hard links from {target.parent} to the pictures' folder are not possible "
            f"({error.strerror}): use the mode copy or symlink."
        ) from error
