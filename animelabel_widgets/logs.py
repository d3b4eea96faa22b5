"""The log: a JSON object a line, in a file that log rotation may move away.

Nothing of a visitor is logged: no address, no cookie, no token; a kernel is named by its id.
"""

from __future__ import annotations

import logging
from logging.handlers import WatchedFileHandler
from pathlib import Path

PACKAGE = "animelabel_widgets"
_FIELDS = ["levelname", "name", "process", "message"]


def log_to(file: Path) -> None:
    """Send this package's log to a file, once, and nowhere else: a page may show what is printed.

    Parameters
    ----------
    file
        Lines are added to it; each has `time` (UTC, ISO 8601), `level`, `logger`, `process`,
        `message`, and `exc_info` where something failed.
    """
    # Imported here: a notebook that logs nowhere does without.
    from pythonjsonlogger.json import JsonFormatter

    logger = logging.getLogger(PACKAGE)
    if any(getattr(each, "baseFilename", None) == str(file.absolute()) for each in logger.handlers):
        return
    handler = WatchedFileHandler(file, encoding="utf-8")
    handler.setFormatter(
        JsonFormatter(
            _FIELDS,
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )
    )
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
