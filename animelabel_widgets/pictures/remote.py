"""Pictures that are elsewhere, such as in a bucket: read through fsspec, which is optional.

Whole files are read: a frame is small. What is scaled from them is kept in the disk's cache, which
is bounded, and asked for again only when the file has changed.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ConfigError, PictureError
from .folders import is_elsewhere

_USER = re.compile(r"://[^/]*@")
_CHANGES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
"""What file systems call the time of the last change."""
_MARKS = ("ETag", "etag", "checksum", "md5Hash")


class RemoteFolder:
    """A folder at an address that fsspec knows.

    Keys, endpoints and the like come from the variables and files of that storage, such as
    `AWS_ACCESS_KEY_ID`, or from those of fsspec.

    Parameters
    ----------
    address
        Such as `s3://bucket/frames`.

    Raises
    ------
    ConfigError
        If fsspec, or what it needs for this address, is not installed.
    """

    local: Path | None = None

    def __init__(self, address: str) -> None:
        protocol = address.split("://", maxsplit=1)[0]
        try:
            from fsspec.core import url_to_fs

            self._files, root = url_to_fs(address)
        except ImportError as error:
            raise ConfigError(
                f"Pictures at {protocol}:// need another package ({error}): for s3:// run "
                "`pip install 'animelabel-widgets[s3]'`."
            ) from None
        except ValueError as error:
            raise ConfigError(
                f"Pictures at {protocol}:// cannot be reached ({error}): give a folder, or an "
                "address that fsspec knows, such as s3://bucket/frames."
            ) from None
        self._root = str(root).rstrip("/")
        self._name = _USER.sub("://", address).rstrip("/")

    def __str__(self) -> str:
        """Give the address, without the user and the password that may be in it."""
        return self._name

    def source(self, *parts: str) -> io.BytesIO:
        """Read a file."""
        path = self._path(*parts)
        try:
            content: bytes = self._files.cat_file(path)
        except (FileNotFoundError, IsADirectoryError):
            raise PictureError("the file is missing") from None
        except Exception as error:
            raise self._unreachable(error) from error
        return io.BytesIO(content)

    def stamp(self, *parts: str) -> tuple[int, object] | None:
        """Give the size of a file, and its time or another mark."""
        try:
            found: dict[str, Any] = self._files.info(self._path(*parts))
        except Exception:  # noqa: BLE001 - whoever reads it hears what is wrong
            return None
        size = found.get("size")
        changed = next((found[name] for name in _CHANGES if found.get(name)), None)
        mark = next((found[name] for name in _MARKS if found.get(name)), None)
        if type(size) is not int or (changed is None and mark is None):
            return None
        return size, _nanoseconds(changed) or mark

    def is_empty(self) -> bool:
        """Tell whether the folder is missing, or has nothing in it."""
        try:
            found = self._files.ls(self._root, detail=False)
            self._files.invalidate_cache(self._root)
        except FileNotFoundError:
            return True
        except Exception as error:
            raise self._unreachable(error) from error
        return not found

    def copy(self, target: Path, *parts: str) -> None:
        """Copy a file to this machine, with its time where it is known."""
        target.write_bytes(self.source(*parts).getbuffer())
        stamp = self.stamp(*parts)
        if stamp is not None and isinstance(stamp[1], int):
            os.utime(target, ns=(stamp[1], stamp[1]))

    def files(self, below: str) -> Iterator[str]:
        """Give all files below a sub-folder, relative to it; none where it is missing."""
        top = self._path(below) if below else self._root
        try:
            # What is listed now may have changed when somebody asks again.
            self._files.invalidate_cache(top)
            found = self._files.find(top)
            self._files.invalidate_cache(top)
        except FileNotFoundError:
            found = []
        except Exception as error:
            raise self._unreachable(error) from error
        for path in sorted(found):
            name = path.removeprefix(f"{top}/")
            if name and not name.endswith("/"):
                yield name

    def below(self, address: str) -> str | None:
        """Give a folder's path below this one; None where it is not below it."""
        if not is_elsewhere(address):
            return None
        other = RemoteFolder(address)
        if type(other._files) is not type(self._files):
            return None
        root = other._root
        if root == self._root:
            return ""
        return root.removeprefix(f"{self._root}/") if root.startswith(f"{self._root}/") else None

    def _path(self, *parts: str) -> str:
        """Put a path together that stays below the folder."""
        names = "/".join(part for part in parts if part).split("/")
        if not {"", ".", ".."}.isdisjoint(names):
            raise PictureError("it lies outside of the pictures' folder")
        return "/".join([self._root, *names])

    def _unreachable(self, error: Exception) -> ConfigError:
        """Say that the storage does not answer as it should."""
        said = " ".join(str(error).split()) or type(error).__name__
        return ConfigError(
            f"The pictures at {self} cannot be read ({said:.200}): correct --pictures or "
            "ANIMELABEL_PICTURES, or the keys and the endpoint of that storage."
        )


def _nanoseconds(changed: object) -> int | None:
    """Give a time in nanoseconds, where it is one."""
    if isinstance(changed, datetime):
        changed = changed.timestamp()
    return int(changed * 1e9) if isinstance(changed, (int, float)) else None
