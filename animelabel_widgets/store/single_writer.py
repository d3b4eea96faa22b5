"""One writer at a time on SQLite, and all that waits in one commit.

SQLite has one writer, each of its durable commits waits for the disk, and its
own way of waiting is unfair: who comes last may go first, again and again. So
within a process, one thread at a time writes for all the others, and between
processes there is a queue (`lock_files`).
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from ..errors import StoreError
from .lock_files import Turn
from .prepared import run_text

Result = TypeVar("Result")

TOGETHER = 64
"""Works in one commit, at most: others of this computer are waiting too."""

PATIENCE = 30.0
"""Seconds for which a work waits for its turn."""

_IDLE = 10.0


class SingleWriter:
    """Runs works that write, one after another, several of them in one transaction.

    Who comes when nobody writes does so in his own thread, which no other thread
    has to be waked for; what comes meanwhile is done by a thread of its own. So is
    what the main thread writes: Ctrl-C does not reach it there.

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
        self._connection: Connection | None = None
        # In a fork, that of the other process, which is never to be closed here.
        self._others: Connection | None = None
        self._turn = Turn(file)
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        """Have no works and no threads."""
        self._process = os.getpid()
        self._news = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._writing: threading.Thread | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work`; when this returns, what it wrote is committed.

        An error of `work` undoes what it wrote, and nothing of the others; an
        error of the transaction as a whole is raised by all of its works.
        """
        if self._process != os.getpid():
            # A fork has the state of threads that it does not have.
            self._others, self._connection = self._connection, None
            self._begin()
        me = threading.current_thread()
        if me is self._writing:
            raise RuntimeError("A write inside a write would wait for itself.")
        job = _Job(work)
        try:
            with self._news:
                self._waiting.append(job)
                if self._writing is None and me is not threading.main_thread():
                    self._writing = me
                else:
                    self._call_thread()
            if self._writing is me:
                self._write_together(wait=False)
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

    def _call_thread(self) -> None:
        """Have the thread look for works, as soon as nobody writes."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
            self._thread.start()
        self._news.notify()

    def _write(self) -> None:
        """Be the thread that writes, until nothing has come for a while."""
        while self._has_work():
            self._write_together(wait=True)

    def _has_work(self) -> bool:
        """Wait until there is a work and nobody writes; the thread ends where none comes."""
        with self._news:
            while not self._news.wait_for(lambda: self._waiting and not self._writing, _IDLE):
                if not self._waiting:
                    self._thread = None
                    return False
            self._writing = self._thread
        return True

    def _write_together(self, *, wait: bool) -> None:
        """Run what waits in one transaction, and tell each thread how its work ended.

        Where another process writes, the thread is left to `wait` for it.
        """
        batch: list[_Job] = []
        failed = False
        try:
            if self._turn.take(wait=wait):
                try:
                    self._connection = self._connection or self._engine.connect()
                    with self._connection.begin():
                        while len(batch) < TOGETHER and self._take(batch):
                            _try(batch[-1], self._connection, first=len(batch) == 1)
                finally:
                    self._turn.give_back()
        except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
            if not batch:
                self._take(batch)
            for job in batch:
                job.error = job.error or error
            failed = True
        try:
            with self._news:
                self._writing = None
                if self._closed or failed:
                    self._disconnect()
                if self._waiting:
                    self._call_thread()
        finally:
            for job in batch:
                job.ended.set()

    def close(self) -> None:
        """Give the connection back, once nobody writes; what is written later gets another one."""
        with self._news:
            self._closed = True
            if self._writing is None:
                self._disconnect()

    def _disconnect(self) -> None:
        """Have the next transaction begin on another connection."""
        self._turn.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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
    run_text(connection, "SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except BaseException as error:  # noqa: BLE001 - raised by the thread whose work it is
        run_text(connection, "ROLLBACK TO job")
        job.error = error
    run_text(connection, "RELEASE job")
