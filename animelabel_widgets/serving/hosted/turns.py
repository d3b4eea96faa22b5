"""The works of one visitor, one after another, in threads that all visitors share."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from threading import Lock

_log = logging.getLogger(__name__)

_AT_ONCE = 10
"""Works after which a thread is left to other visitors."""


class Turns:
    """Takes works, and does them in their order.

    Parameters
    ----------
    pool
        The threads.
    context
        In which the works are done.
    name
        The visitor's in logs.
    """

    def __init__(self, pool: Executor, context: Context, name: str) -> None:
        self._pool = pool
        self._context = context
        self._name = name
        self._waiting: deque[Callable[[], object]] = deque()
        self._working = False
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the works that wait."""
        return len(self._waiting)

    def add(self, work: Callable[[], object]) -> None:
        """Have a work done after those before it."""
        with self._lock:
            self._waiting.append(work)
            if self._working:
                return
            self._working = True
        self._pool.submit(self._work_off)

    def clear(self) -> None:
        """Forget what waits."""
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
        self._pool.submit(self._work_off)
