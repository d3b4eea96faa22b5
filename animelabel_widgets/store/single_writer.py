"""One writer at a time on SQLite, and all that waits in one commit.

SQLite has one writer, each of its durable commits waits for the disk, and its
own way of waiting is unfair: who comes last may go first, again and again. So
within a process, one thread writes for all the others, and between processes
there is a queue.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from ..errors import StoreError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no queue of processes, and SQLite's own waits
    fcntl = None  # type: ignore[assignment]

Result = TypeVar("Result")

TOGETHER = 64
"""Works in one commit, at most: others of this computer are waiting too."""

PATIENCE = 30.0
"""Seconds for which a work waits for its turn."""

_IDLE = 10.0


class SingleWriter:
    """Runs works that write, one after another, several of them in one transaction.

    A thread of its own does so, which Ctrl-C does not reach. It ends when it
    has had nothing to do for a while.

    Parameters
    ----------
    engine
        Begins transactions that write.
    file
        The database.
    """

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine = engine
        self._file = file
        self._news = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work`; when this returns, what it wrote is committed.

        An error of `work` undoes what it wrote, and nothing of the others; an
        error of the transaction as a whole is raised by all of its works.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("A write inside a write would wait for itself.")
        job = _Job(work)
        with self._news:
            self._waiting.append(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
                self._thread.start()
            self._news.notify()
        try:
            ended = job.ended.wait(PATIENCE)
        except BaseException:
            self._withdraw(job)
            raise
        if not ended and self._withdraw(job):
            raise StoreError(
                f"Nobody could write to the database {self._file} for {PATIENCE:.0f} seconds: "
                "look which process holds it."
            )
        job.ended.wait()  # as it is not in the queue any more, it is being done
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _write(self) -> None:
        """Be the thread that writes, on one connection, until nothing has come for a while."""
        connection: Connection | None = None
        while self._has_work():
            connection = self._write_together(connection)
        if connection is not None:
            connection.close()

    def _has_work(self) -> bool:
        """Wait for a work; where none comes for a while, the thread is no more."""
        with self._news:
            if not self._waiting and not self._news.wait_for(lambda: self._waiting, _IDLE):
                self._thread = None
                return False
        return True

    def _write_together(self, connection: Connection | None) -> Connection | None:
        """Run what waits in one transaction, and tell each thread how its work ended.

        Gives the connection, or None where it cannot be used again.
        """
        batch: list[_Job] = []
        try:
            with turn(self._file):
                connection = connection or self._engine.connect()
                with connection.begin():
                    while len(batch) < TOGETHER and self._take(batch):
                        _try(batch[-1], connection, first=len(batch) == 1)
        except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
            if not batch:
                self._take(batch)
            for job in batch:
                job.error = job.error or error
            if connection is not None:
                connection.close()
                connection = None
        for job in batch:
            job.ended.set()
        return connection

    def _withdraw(self, job: _Job) -> bool:
        """Take a work out of the queue; say whether it was still there."""
        with self._news:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            return True

    def _take(self, batch: list[_Job]) -> bool:
        """Move the first work of the queue to the batch; say whether there was one."""
        with self._news:
            if self._waiting:
                batch.append(self._waiting.popleft())
                return True
        return False


class _Job:
    """A work in the queue, and how it ended."""

    __slots__ = ("ended", "error", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.ended = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


def _try(job: _Job, connection: Connection, *, first: bool) -> None:
    """Run one work so that its error undoes nothing but itself.

    The error of the first one is raised: before it, nothing was written.
    """
    if first:
        job.result = job.work(connection)
        return
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except BaseException as error:  # noqa: BLE001 - raised by the thread whose work it is
        connection.exec_driver_sql("ROLLBACK TO job")
        job.error = error
    connection.exec_driver_sql("RELEASE job")


@contextlib.contextmanager
def turn(file: Path) -> Iterator[None]:
    """Wait for this process's turn to write.

    Two locks make a queue: who has the first is the next to get the second, and
    who just wrote finds the first one taken. The kernel ends both with the process.

    Raises
    ------
    StoreError
        If the lock files cannot be opened.
    """
    if fcntl is None:  # pragma: no cover
        yield
        return
    with contextlib.ExitStack() as held:
        with _locked(file, "-queue", fcntl.LOCK_EX):
            held.enter_context(_locked(file, "-turn", fcntl.LOCK_EX))
        yield


@contextlib.contextmanager
def alone(file: Path, suffix: str) -> Iterator[bool]:
    """Tell whether no other process is in such a block of this database."""
    if fcntl is None:  # pragma: no cover
        yield True
        return
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_locked(file, suffix, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def _locked(file: Path, suffix: str, how: int) -> Iterator[None]:
    """Hold a lock file beside the database."""
    lock = f"{file}{suffix}"
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(
            f"The lock file {lock} cannot be opened ({error.strerror}): let this user write "
            "in the folder of the database."
        ) from error
    try:
        fcntl.flock(descriptor, how)
        try:
            yield
        finally:
            # Not by closing alone: a forked process may have a copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
