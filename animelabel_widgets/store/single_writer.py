"""One writer at a time on SQLite, and all that waits in one commit.

SQLite has one writer, each of its durable commits waits for the disk, and its
own way of waiting is unfair: who comes last may go first, again and again. So
within a process, the thread that writes takes along what the others want
written, and between processes there is a queue.
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


class SingleWriter:
    """Runs works that write, one after another, several of them in one transaction.

    A thread whose work comes while nobody writes becomes the leader: it runs its
    own work and all that came meanwhile, commits, tells the others how theirs
    ended, and makes the next one in the queue the leader.

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
        self._guard = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._led = False

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work`; when this returns, what it wrote is committed.

        An error of `work` undoes what it wrote, and nothing of the others; an
        error of the transaction as a whole is raised by all of its works.
        """
        job = _Job(work)
        with self._guard:
            self._waiting.append(job)
            job.leads, self._led = not self._led, True
        if not job.leads:
            try:
                job.ready.wait()
            except BaseException:
                self._withdraw(job)
                raise
        if job.leads:
            self._lead()
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _lead(self) -> None:
        """Run what waits in one transaction, and pass the lead on."""
        batch: list[_Job] = []
        try:
            self._take(batch)  # the leader's own
            with turn(self._file), self._engine.begin() as connection:
                _try(batch[0], connection)
                while len(batch) < TOGETHER and self._take(batch):
                    _try(batch[-1], connection)
        except Exception as error:  # noqa: BLE001 - each thread raises it for itself
            for job in batch:
                job.error = job.error or error
        except BaseException:
            # This thread was interrupted; the works of the others go back to their place.
            with self._guard:
                self._waiting.extendleft(reversed(batch[1:]))
            batch = []
            raise
        finally:
            with self._guard:
                self._pass_on()
            for job in batch[1:]:
                job.ready.set()

    def _take(self, batch: list[_Job]) -> bool:
        """Move the first work of the queue to the batch; say whether there was one."""
        with self._guard:
            if self._waiting:
                batch.append(self._waiting.popleft())
                return True
        return False

    def _pass_on(self) -> None:
        """Make the first in the queue the leader, if there is one. Needs the guard."""
        self._led = bool(self._waiting)
        if self._led:
            self._waiting[0].leads = True
            self._waiting[0].ready.set()

    def _withdraw(self, job: _Job) -> None:
        """Take a work out whose thread was interrupted while it waited."""
        with self._guard:
            if job in self._waiting:
                self._waiting.remove(job)
                if job.leads:
                    self._pass_on()


class _Job:
    """A work in the queue, and how it ended."""

    __slots__ = ("error", "leads", "ready", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.ready = threading.Event()
        self.leads = False
        self.result: Any = None
        self.error: Exception | None = None


def _try(job: _Job, connection: Connection) -> None:
    """Run one work so that its error undoes nothing but itself."""
    job.error = None
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:  # noqa: BLE001 - raised by the thread whose work it is
        connection.exec_driver_sql("ROLLBACK TO job")
        job.error = error
    connection.exec_driver_sql("RELEASE job")


@contextlib.contextmanager
def turn(file: Path) -> Iterator[None]:
    """Wait for this process's turn to write.

    Two locks make a queue: who has the first is the next to get the second, and
    who just wrote finds the first one taken. The kernel ends both with the process.
    """
    if fcntl is None:  # pragma: no cover
        yield
        return
    with contextlib.ExitStack() as held:
        with contextlib.ExitStack() as queued:
            queued.callback(os.close, _locked(file, "-queue"))
            held.callback(os.close, _locked(file, "-turn"))
        yield


def _locked(file: Path, suffix: str) -> int:
    """Open a lock file beside the database and wait for it; closing it gives it back."""
    lock = f"{file}{suffix}"
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(
            f"The lock file {lock} cannot be opened ({error.strerror}): let this user write "
            "in the folder of the database."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
