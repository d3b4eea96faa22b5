"""Scaled pictures kept on disk, within a number of bytes, for all processes of a user.

Every entry carries a digest, and is written beside its place and then moved there, so that a
reader finds it whole or not at all. The entries are spread over sub-folders, each bounded for
itself: a write looks through one of them only, and a read through none.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import platformdirs

_log = logging.getLogger(__name__)

SHARDS = 64
DIGEST = 16
"""Bytes before the picture that tell whether it is whole."""

FRESH_SECONDS = 60
"""An entry used less long ago counts as just used, which saves a write for each read."""


def user_cache(max_bytes: int) -> DiskCache | None:
    """Give the cache in the user's cache directory, None where it may hold nothing."""
    if max_bytes <= 0:
        return None
    folder = platformdirs.user_cache_path("animelabel_widgets", appauthor=False)
    return DiskCache(folder / "pictures", max_bytes)


def key_of(*parts: object) -> str:
    """Name what is made of a file as it is now; a changed file has another name."""
    return blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:40]


class DiskCache:
    """A folder of small files, of which those not used for longest go first.

    It never fails: what cannot be read is not there, and what cannot be written is not kept.
    Safe to share between threads and processes.

    Parameters
    ----------
    folder
        Made when the first entry is written, for this user only.
    max_bytes
        How much the entries may take together; for a moment more, where several processes write.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._room = max_bytes // SHARDS
        self._warned = False

    def get(self, key: str) -> bytes | None:
        """Give an entry; one that is damaged is removed."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            if content[:DIGEST] != _digest(key, content[DIGEST:]):
                path.unlink(missing_ok=True)
                return None
            if time.time() - path.stat().st_mtime > FRESH_SECONDS:
                os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        return content[DIGEST:]

    def put(self, key: str, value: bytes) -> None:
        """Keep an entry, and remove the oldest of its sub-folder until it fits."""
        path = self._path(key)
        size = DIGEST + len(value)
        if size > self._room:
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(path.parent, size)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(key, value) + value)
                Path(name).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            self._warn(error)

    def _path(self, key: str) -> Path:
        """Give the file of an entry."""
        shard = blake2b(key.encode(), digest_size=1).digest()[0] % SHARDS
        return self._folder / f"{shard:02}" / f"{key}.jpg"

    def _make_room(self, shard: Path, size: int) -> None:
        """Remove what was not used for longest; what a killed process left ages like the others."""
        entries = []
        with os.scandir(shard) as files:
            for each in files:
                with suppress(FileNotFoundError):  # another process was quicker
                    found = each.stat(follow_symlinks=False)
                    entries.append((found.st_mtime_ns, found.st_size, each.path))
        taken = sum(each[1] for each in entries)
        for _, freed, path in sorted(entries):
            if taken + size <= self._room:
                break
            with suppress(FileNotFoundError):
                Path(path).unlink()
            taken -= freed

    def _warn(self, error: OSError) -> None:
        """Say once that the cache does not work."""
        if not self._warned:
            self._warned = True
            _log.warning("Scaled pictures cannot be kept in %s: %s", self._folder, error)


def _digest(key: str, value: bytes) -> bytes:
    """Tell an entry from a damaged one, and from that of another key."""
    return blake2b(value, digest_size=DIGEST, key=key.encode()).digest()
