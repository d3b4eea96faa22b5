"""Lock files beside an SQLite database: whose turn it is to write, and who is alone.

The kernel ends a lock with its process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from ..errors import StoreError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no queue of processes, and SQLite's own waits
    fcntl = None  # type: ignore[assignment]

_QUEUE, _TURN = "-queue", "-turn"


class Turn:
    """The right of one process at a time to write.

    Two locks make a queue: who has the first is the next to get the second, and
    who just wrote finds the first one taken.

    Parameters
    ----------
    file
        The database; the lock files are beside it, and opened once.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._locks: list[int] = []
        _turns.add(self)

    def __del__(self) -> None:
        """Close what was forgotten."""
        self.close()

    def take(self, *, wait: bool = True) -> bool:
        """Wait for this process's turn; or tell whether it has come.

        Raises
        ------
        StoreError
            If the lock files cannot be opened.
        """
        if fcntl is None:  # pragma: no cover
            return True
        for suffix in (_QUEUE, _TURN)[len(self._locks) :]:
            self._locks.append(_opened(self._file, suffix))
        queue, turn = self._locks
        if not _locked(queue, wait=wait):
            return False
        try:
            return _locked(turn, wait=wait)
        finally:
            fcntl.flock(queue, fcntl.LOCK_UN)

    def give_back(self) -> None:
        """Let the next process write."""
        if self._locks:
            # Not by closing: a forked process may have a copy of the descriptor.
            fcntl.flock(self._locks[1], fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the lock files; the next turn opens them again."""
        while self._locks:
            os.close(self._locks.pop())


_turns: WeakSet[Turn] = WeakSet()


def _close_copies() -> None:
    """Close a fork's copies of the lock files, which would hold the turn of a process that died."""
    for each in _turns:
        each.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies)


@contextmanager
def alone(file: Path, suffix: str) -> Iterator[bool]:
    """Tell whether no other process is in such a block of this database."""
    if fcntl is None:  # pragma: no cover
        yield True
        return
    descriptor = _opened(file, suffix)
    try:
        yield _locked(descriptor, wait=False)
    finally:
        # Not by closing alone: a forked process may have a copy of the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _opened(file: Path, suffix: str) -> int:
    """Open a lock file beside the database."""
    lock = f"{file}{suffix}"
    try:
        return os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(
            f"The lock file {lock} cannot be opened ({error.strerror}): let this user write "
            "in the folder of the database."
        ) from error


def _locked(descriptor: int, *, wait: bool) -> bool:
    """Lock a file, or tell that somebody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
