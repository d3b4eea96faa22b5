"""The works of one visitor, one after another, in threads that all visitors share.

A `ThreadPoolExecutor` does more: it tells how each work ended, which nobody asks here.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from queue import SimpleQueue
from threading import Lock, Thread

_log = logging.getLogger(__name__)

Work = Callable[[], object]

_AT_ONCE = 10
"""Works after which a thread is left to other visitors."""


class Threads:
    """Some threads that do what they are given, as long as the process lives.

    Parameters
    ----------
    most
        How many there are at most; one begins where all others have something to do.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._begun = 0
        self._undone = 0
        self._lock = Lock()
        self._works: SimpleQueue[Work] = SimpleQueue()

    def give(self, work: Work) -> None:
        """Have a work done; nobody is told what it raises."""
        with self._lock:
            self._undone += 1
            begin = self._begun < min(self._undone, self._most)
            self._begun += begin
        self._works.put(work)
        if begin:
            try:
                Thread(target=self._do, name="visitor", daemon=True).start()
            except RuntimeError as error:
                # The work waits for the others, or for the next that comes.
                with self._lock:
                    self._begun -= 1
                _log.error("The system lets no thread begin: %s", error)

    def _do(self) -> None:
        """Be a thread."""
        while True:
            work = self._works.get()
            # Were it to end here, nobody would take its place.
            with suppress(BaseException):
                work()
            with self._lock:
                self._undone -= 1


class Turns:
    """Takes works, and does them in their order.

    Parameters
    ----------
    threads
        They do the works.
    context
        In which the works are done.
    name
        The visitor's in logs.
    """

    def __init__(self, threads: Threads, context: Context, name: str) -> None:
        self._threads = threads
        self._context = context
        self._name = name
        self._waiting: deque[Work] = deque()
        self._working = False
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the works that wait."""
        return len(self._waiting)

    def add(self, work: Work) -> None:
        """Have a work done after those before it."""
        with self._lock:
            self._waiting.append(work)
            if self._working:
                return
            self._working = True
        self._threads.give(self._work_off)

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._waiting.clear()

    def _work_off(self) -> None:
        """Do what waits, in a thread; whatever happens, it harms no other visitor."""
        for _ in range(_AT_ONCE):
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                work = self._waiting.popleft()
            try:
                self._context.run(work)
            except BaseException:  # noqa: BLE001 - sys.exit too ends nothing but this handler
                _log.exception("Kernel %s: a handler failed", self._name)
        self._threads.give(self._work_off)
