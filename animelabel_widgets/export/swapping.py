"""A set takes the place of the former one as a whole; whatever fails leaves the former one.

The new set is built beside the old one, under a hidden name, and then renamed. A process that is
killed between the two renames leaves the former set under a hidden name, which the next run puts
back before it does anything else.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError

try:
    import fcntl
except ImportError:  # pragma: no cover - on Windows, two exports at once are not told apart
    fcntl = None  # type: ignore[assignment]

MARKER = ".animelabel.json"
"""Marks a set as one that this program wrote, and may replace."""
_PROGRAM = "animelabel_widgets"


def write_marker(folder: Path, **facts: object) -> None:
    """Mark a set as ours."""
    text = json.dumps({"program": _PROGRAM, **facts})
    (folder / MARKER).write_text(text + "\n", encoding="utf-8")


def read_marker(folder: Path) -> dict[str, Any] | None:
    """Give what the marker of a set says; None where it is not ours."""
    try:
        said = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) and said.get("program") == _PROGRAM else None


@contextmanager
def building(destination: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of the destination when the block ends well.

    Raises
    ------
    InputError
        If nothing can be written there, or another process is exporting to the same place.
    """
    new = destination.with_name(f".{destination.name}.animelabel-new")
    former = _former(destination)
    held = None
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir(exist_ok=True)
        held = _held(new, destination)
        for left in new.iterdir():  # by a run that was killed
            _remove(left)
        recover(destination)
        yield new
        new.chmod(0o755)
        _swap(new, destination, former)
    except OSError as error:
        _clear(new, held)
        raise InputError(
            f"{destination} cannot be made ({error.strerror or error}): see to that, or export "
            "elsewhere; what was there before is as it was."
        ) from error
    except BaseException:
        _clear(new, held)
        raise
    finally:
        if held is not None:
            os.close(held)
    shutil.rmtree(former, ignore_errors=True)


def recover(destination: Path) -> None:
    """Put the former set back where a killed run has left it aside, or remove what is left."""
    former = _former(destination)
    if not former.is_dir():
        return
    if os.path.lexists(destination):
        shutil.rmtree(former)
    else:
        former.rename(destination)


def _former(destination: Path) -> Path:
    """Name the place where the former set waits while the new one is put in."""
    return destination.with_name(f".{destination.name}.animelabel-former")


def _swap(new: Path, destination: Path, former: Path) -> None:
    """Put the new set in, or else the former one back."""
    there = destination.exists()
    if there:
        destination.rename(former)
    try:
        new.rename(destination)
    except BaseException:
        if there:
            former.rename(destination)
        raise


def _held(new: Path, destination: Path) -> int | None:
    """Keep other processes out, as long as this one builds."""
    if fcntl is None:  # pragma: no cover
        return None
    descriptor = os.open(new, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InputError(
            f"Another process is exporting to {destination}: wait for its end, or export elsewhere."
        ) from None
    return descriptor


def _clear(new: Path, held: int | None) -> None:
    """Remove what was built, unless another process is building it."""
    if held is not None or fcntl is None:
        shutil.rmtree(new, ignore_errors=True)


def _remove(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
