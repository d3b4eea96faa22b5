"""A widget's state on its way to the server: what is large goes once, named by its hash."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

_LARGE = 1024
"""Characters from which a text of a widget's state is sent once to the server, by its hash."""


def compact(
    data: dict[str, Any], buffers: list[bytes], known: set[str], texts: dict[str, str]
) -> dict[str, Any]:
    """Give a widget's state, with large texts by their hash and buffers as text."""
    state = dict(data.get("state", {}))
    large = {}
    for name, value in state.items():
        if isinstance(value, str) and len(value) >= _LARGE:
            digest = hashlib.sha256(value.encode()).hexdigest()[:32]
            large[name] = digest
            if digest not in known:
                known.add(digest)
                texts[digest] = value
    for name in large:
        del state[name]
    return {
        "state": state,
        "large": large,
        "buffer_paths": data.get("buffer_paths", []),
        "buffers": [b64encode(each).decode() for each in buffers],
    }
