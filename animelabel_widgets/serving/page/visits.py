"""Visits: who is in, who waits, and when a kernel goes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

_log = logging.getLogger(__name__)

LEAVE_AFTER = 20.0
"""Seconds without a connection after which a page is taken for closed."""

IDLE, LOST = 4001, 4002
"""Why the server closes a websocket: nothing came for long; the kernel is gone."""

_WAIT_MS = 2_000
_PATIENCE = 10.0
"""Seconds after which one who waits and does not ask again has lost his turn."""


class Full(Exception):  # noqa: N818 - no error: one waits
    """There is no place now."""

    def __init__(self, ahead: int) -> None:
        super().__init__(f"{ahead} wait before")
        self.ahead = ahead
        self.wait_ms = _WAIT_MS


class Kernels(Protocol):
    """What visits need of kernels."""

    async def start(self, environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """Start a kernel and run the notebook in it; give its id and the widget."""

    async def stop(self, kernel_id: str) -> None:
        """End a kernel."""

    def alive(self, kernel_id: str) -> bool:
        """Tell whether it lives."""


class Socket(Protocol):
    """What visits need of a websocket."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close it."""


@dataclass(slots=True)
class _Visit:
    """One page."""

    owner: bytes
    place: dict[str, Any]
    touched: float
    sockets: set[Socket] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None


class Visits:
    """The visitors of one server process.

    Parameters
    ----------
    kernels
        What starts and ends kernels.
    limit
        Visitors at once, at most.
    idle
        How long nothing may happen on an open page until its kernel goes.
    """

    def __init__(self, kernels: Kernels, *, limit: int, idle: timedelta) -> None:
        self._kernels = kernels
        self._limit = limit
        self._idle = idle
        self._visits: dict[str, _Visit] = {}
        self._entering = 0
        self._line: dict[bytes, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def present(self) -> int:
        """How many are in or entering."""
        return len(self._visits) + self._entering

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        now = _now()
        return sum(now - at < _PATIENCE for at in self._line.values())

    async def enter(
        self, visitor: str, former: str | None, environ: Mapping[str, str]
    ) -> dict[str, Any]:
        """Give a visitor a place: the kernel that his page had, or a new one.

        Raises
        ------
        Full
            If there is none now.
        """
        owner = _digest(visitor)
        if former and self.owns(former, visitor) and self._kernels.alive(former):
            self._leave_later(former)
            return self._visits[former].place
        self._take_turn(owner)
        self._entering += 1
        try:
            kernel_id, widget = await self._kernels.start(environ)
            place = {"kernel": kernel_id, **widget}
            self._visits[kernel_id] = _Visit(owner, place, _now())
        finally:
            self._entering -= 1
        self._leave_later(kernel_id)
        return place

    def owns(self, kernel_id: str, visitor: str) -> bool:
        """Tell whether a kernel is this visitor's."""
        visit = self._visits.get(kernel_id)
        return visit is not None and hmac.compare_digest(visit.owner, _digest(visitor))

    def has_page(self, visitor: str) -> bool:
        """Tell whether any kernel is this visitor's."""
        owner = _digest(visitor)
        return any(visit.owner == owner for visit in self._visits.values())

    def connect(self, kernel_id: str, socket: Socket) -> None:
        """Note that a page has connected."""
        visit = self._visits[kernel_id]
        if visit.leaving:
            visit.leaving.cancel()
            visit.leaving = None
        # One page has one socket: an older one is a broken connection's.
        for former in visit.sockets:
            former.close()
        visit.sockets = {socket}

    def touch(self, kernel_id: str) -> None:
        """Note that something came from a page."""
        if kernel_id in self._visits:
            self._visits[kernel_id].touched = _now()

    def disconnect(self, kernel_id: str, socket: Socket) -> None:
        """Note that a connection has ended."""
        visit = self._visits.get(kernel_id)
        if visit and socket in visit.sockets:
            visit.sockets.remove(socket)
            self._leave_later(kernel_id)

    def leave(self, kernel_id: str, code: int = LOST) -> None:
        """End a visit and its kernel."""
        visit = self._visits.pop(kernel_id, None)
        if visit is None:
            return
        if visit.leaving:
            visit.leaving.cancel()
        for socket in visit.sockets:
            socket.close(code)
        self._go_on(self._kernels.stop(kernel_id))

    def end_idle(self) -> None:
        """End the kernels of pages that nobody has touched for long."""
        for kernel_id, visit in list(self._visits.items()):
            if not self._kernels.alive(kernel_id):
                self.leave(kernel_id)
            elif _now() - visit.touched > self._idle.total_seconds():
                self.leave(kernel_id, IDLE)

    def _take_turn(self, owner: bytes) -> None:
        """Take a place, or a place in the line."""
        now = _now()
        self._line = {each: at for each, at in self._line.items() if now - at < _PATIENCE}
        ahead = list(self._line).index(owner) if owner in self._line else len(self._line)
        if self.present + ahead >= self._limit:
            self._line[owner] = now
            raise Full(ahead)
        self._line.pop(owner, None)

    def _leave_later(self, kernel_id: str) -> None:
        """End a visit that has no connection, unless one comes."""
        visit = self._visits[kernel_id]
        if visit.leaving:
            visit.leaving.cancel()
        if not visit.sockets:
            loop = asyncio.get_running_loop()
            visit.leaving = loop.call_later(LEAVE_AFTER, self.leave, kernel_id)

    def _go_on(self, work: Awaitable[None]) -> None:
        """Do something beside."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Tell what went wrong beside."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            _log.error("A kernel did not end: %s", task.exception())


def _now() -> float:
    """Give the time of the event loop in seconds."""
    return asyncio.get_running_loop().time()


def _digest(visitor: str) -> bytes:
    """Keep a cookie's digest in place of the cookie."""
    return hashlib.sha256(visitor.encode()).digest()
