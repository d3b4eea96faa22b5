"""Putting a picture's file into a data set: as a copy, a hard link or a symbolic link."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError, PictureError
from ..pictures import inside

MODES = ("copy", "hardlink", "symlink", "manifest")
"""How the pictures come into a set; of a manifest, they stay where they are."""


class Placer:
    """Puts files into a folder in one way.

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
    """

    def __init__(
        self, root: Path, building: Path, mode: str, former: Mapping[int, Path] | None = None
    ) -> None:
        self._root = root
        self._building = building
        self._mode = mode
        self._former = former or {}
        self._made: set[Path] = set()
        self.reused = 0

    def place(self, image_id: int, folder: str, filename: str, path: str) -> None:
        """Put the picture of an image to a path in the set.

        Raises
        ------
        PictureError
            If there is no such file that may be read, or it lies outside of the root.
        OSError
            If it cannot be put there.
        """
        source = inside(self._root, folder, filename)
        try:
            source = source.resolve(strict=True)
            with source.open("rb"):
                told = source.stat()
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise PictureError("the file cannot be read") from error
        target = self._building / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        if self._mode == "symlink":
            target.symlink_to(source)
        elif self._mode == "hardlink":
            _link(source, target)
        elif not self._reuse(self._former.get(image_id), told, target):
            shutil.copyfile(source, target)
            os.utime(target, ns=(told.st_atime_ns, told.st_mtime_ns))

    def _reuse(self, copy: Path | None, told: os.stat_result, target: Path) -> bool:
        """Link the former copy where it has the size and the time of the picture."""
        if copy is None:
            return False
        try:
            there = copy.lstat()
            if (there.st_size, there.st_mtime_ns) != (told.st_size, told.st_mtime_ns):
                return False
            target.hardlink_to(copy)
        except OSError:  # gone, or a file system without hard links: it is copied
            return False
        self.reused += 1
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
