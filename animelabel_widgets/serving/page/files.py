"""Static files named by their content: kept by browsers for ever, compressed once."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

TYPES = {"js": "text/javascript", "css": "text/css"}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    kind: str
    plain: bytes
    packed: bytes


class Files:
    """The files that have been named so far."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def add(self, text: str, suffix: str) -> str:
        """Keep a text; give its address, relative to the page's."""
        data = text.encode()
        name = f"{hashlib.sha256(data).hexdigest()[:32]}.{suffix}"
        if name not in self._files:
            self._files[name] = File(TYPES[suffix], data, gzip.compress(data, 9, mtime=0))
        return f"static/{name}"

    def get(self, name: str) -> File | None:
        """Give a file by its name."""
        return self._files.get(name)
