"""Pictures scaled for the screen, with a cache that all volunteers of a process share."""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from threading import Lock, Semaphore

from PIL import Image, ImageOps

from ..errors import ConfigError, PictureError
from .bare import bare, coarseness
from .disk_cache import DiskCache, key_of
from .folders import Folder, find_folder
from .inspecting import on_white
from .opening import opened, small_content

Key = tuple[str, str, int]

FINER = 5
"""Steps of quality by which a JPEG file may be finer than asked for, and is not encoded anew."""

_AT_ONCE = 8
"""Pictures that a process decodes at a time: a large one takes 200 MB for that moment."""


class Pictures:
    """The pictures below a root, as JPEG files that fit the screen.

    Nothing but its pixels reaches a browser: a picture is encoded anew, or the parts of a
    JPEG file that are needed to draw it are sent as they are. Safe to share between threads.

    Parameters
    ----------
    root
        The folder that holds a sub-folder for each series: a path, or an address that fsspec
        knows, such as `s3://bucket/frames`.
    max_side
        Longest side, in pixels; smaller pictures are not enlarged.
    quality
        JPEG quality, 1 to 95. A JPEG file that fits the screen and is not much finer is sent
        as it is.
    cache_bytes
        How much of the encoded pictures is kept in memory.
    disk
        Where encoded pictures are kept for other processes and for later, if anywhere.
    """

    def __init__(
        self,
        root: str | Path | Folder,
        *,
        max_side: int = 1280,
        quality: int = 85,
        cache_bytes: int = 64 * 2**20,
        disk: DiskCache | None = None,
    ) -> None:
        self.folder = find_folder(root)
        self._max_side = max_side
        self._quality = quality
        self._coarse = coarseness(quality + FINER)
        self._room = cache_bytes
        self._disk = disk
        self._cache: OrderedDict[Key, bytes] = OrderedDict()
        self._lock = Lock()
        self._decoders = Semaphore(_AT_ONCE)

    def jpeg(self, folder: str, filename: str, *, max_side: int | None = None) -> bytes:
        """Give a picture as a JPEG file, turned as its EXIF data says.

        Parameters
        ----------
        folder, filename
            The series' folder below the root, and the file below that.
        max_side
            Longest side, in pixels, if not that of all pictures.

        Raises
        ------
        PictureError
            If the picture is missing, unreadable or outside of the root.
        ConfigError
            If the root itself is missing, empty or not reached: then no picture is to blame.
        """
        key = (folder, filename, max_side or self._max_side)
        with self._lock:
            found = self._cache.get(key)
            if found is not None:
                self._cache.move_to_end(key)
                return found
        try:
            encoded = self._scaled(folder, filename, key[2])
        except PictureError:
            if self.folder.is_empty():
                raise ConfigError(
                    f"The pictures' folder {self.folder} is missing or empty: "
                    "correct --pictures or ANIMELABEL_PICTURES, or mount its disk."
                ) from None
            raise
        self._keep(key, encoded)
        return encoded

    def _scaled(self, folder: str, filename: str, max_side: int) -> bytes:
        """Take a picture from the disk's cache, or encode it and put it there."""
        stamp = self.folder.stamp(folder, filename) if self._disk is not None else None
        if self._disk is None or stamp is None:
            return self._made(folder, filename, max_side)[0]
        root = self.folder.local
        place = str(self.folder) if root is None else root.absolute()
        key = key_of(place, folder, filename, *stamp, max_side, self._quality)
        found = self._disk.get(key)
        if found is None:
            found, encoded = self._made(folder, filename, max_side)
            if encoded:
                self._disk.put(key, found)
        return found

    def _made(self, folder: str, filename: str, max_side: int) -> tuple[bytes, bool]:
        """Read a picture; give what a browser gets, and whether it had to be encoded."""
        source = self.folder.source(folder, filename)
        found = bare(small_content(source), max_side, self._coarse)
        if found is not None:
            return found, False
        with self._decoders, opened(source) as picture:
            return self._encoded(picture, max_side), True

    def _encoded(self, picture: Image.Image, max_side: int) -> bytes:
        """Turn, scale and encode a picture, with no copy of its pixels that is not needed."""
        picture.draft("RGB", (max_side, max_side))
        ImageOps.exif_transpose(picture, in_place=True)
        upright = on_white(picture)
        upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        upright.info.clear()  # a comment would be written again
        buffer = io.BytesIO()
        upright.save(buffer, "JPEG", quality=self._quality)
        return buffer.getvalue()

    def _keep(self, key: Key, encoded: bytes) -> None:
        """Put a picture into the cache, and the oldest out until it fits."""
        with self._lock:
            self._room += len(self._cache.pop(key, b"")) - len(encoded)
            self._cache[key] = encoded
            while self._room < 0:
                _, dropped = self._cache.popitem(last=False)
                self._room += len(dropped)
