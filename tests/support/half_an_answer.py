"""Imported by a host: it dies while it writes the answer to what it was asked to run."""

from __future__ import annotations

import os
import sys
from typing import Any

_Host = sys.modules["__main__"].Host


async def _run(host: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Write half a line, and die."""
    os.write(host._answers.get_extra_info("socket").fileno(), b'{"id": ')
    os._exit(9)


_Host._run = _run
