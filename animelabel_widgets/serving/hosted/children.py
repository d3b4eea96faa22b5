"""Processes that one starts: none is waited for in vain, and none is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any

_log = logging.getLogger(__name__)


class Children:
    """The processes that one has started, until they have ended."""

    def __init__(self) -> None:
        self._running: set[asyncio.subprocess.Process] = set()

    def __len__(self) -> int:
        """Count them."""
        return len(self._running)

    async def start(self, *command: str, **options: Any) -> asyncio.subprocess.Process:
        """Start one that has nothing to read."""
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, **options
        )
        self._running.add(child)
        return child

    async def first_line(
        self, child: asyncio.subprocess.Process, lines: asyncio.StreamReader, within: float
    ) -> bytes:
        """Wait for what one says once it is ready; end it if that takes too long.

        Parameters
        ----------
        child
            Who.
        lines
            Where it says it.
        within
            Seconds for which it may start.

        Returns
        -------
        bytes
            The line; one without its end, or none, of a process that ended or is ended.
        """
        try:
            async with asyncio.timeout(within):
                return await lines.readline()
        except TimeoutError:
            _log.error("Process %d is ended: it did not start within %.0f s", child.pid, within)
            kill(child)
            return b""

    async def ended(self, child: asyncio.subprocess.Process) -> int:
        """Wait until one has ended, and give its status."""
        status = await child.wait()
        self._running.discard(child)
        return status

    def kill_all_but(self, ready: Iterable[asyncio.subprocess.Process]) -> None:
        """End those that serve nobody yet."""
        for each in self._running.difference(ready):
            kill(each)

    async def end(self, within: float) -> None:
        """Wait for those that were asked to end; each that takes longer is killed."""

        async def end(child: asyncio.subprocess.Process) -> None:
            try:
                await asyncio.wait_for(self.ended(child), within)
            except TimeoutError:
                kill(child)
                await self.ended(child)

        await asyncio.gather(*map(end, list(self._running)))


def kill(child: asyncio.subprocess.Process) -> None:
    """End a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
