"""A visitor without a browser who loses no answer: it comes back and sends again, as the page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from tornado.httpclient import HTTPClientError

from animelabel_widgets.labels import KEYS, Answer

from .visitor import Visitor

PATIENCE = 20.0
"""Seconds that a reply may take; the page waits as long."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds until it comes back: twice as many each time, as the page does."""


class PatientVisitor(Visitor):
    """Keeps each answer until it is acknowledged, whatever happens to the connection.

    Parameters
    ----------
    address, ca
        As for `Visitor`.
    """

    def __init__(self, address: str, ca: Path | None = None) -> None:
        super().__init__(address, ca)
        self.acknowledged: dict[UUID, Answer] = {}
        self.outbox: dict[UUID, Answer] = {}
        self.refused: list[dict[str, Any]] = []
        self.breaks = 0
        self.sent_again = 0

    async def rate_many(
        self,
        number: int,
        *,
        before: Callable[[], Awaitable[None]] | None = None,
        after: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """Rate until so many answers are acknowledged, or there is nothing more to rate.

        Parameters
        ----------
        number
            Of answers.
        before
            Awaited before each picture is rated.
        after
            Told how many seconds an acknowledgement took.
        """
        pause = FIRST_PAUSE
        while len(self.acknowledged) < number or self.outbox:
            try:
                if self.socket is None:
                    await self._come()
                if not self.outbox and not await self._choose(before):
                    return
                await self._deliver(after)
            except (OSError, HTTPClientError):
                self.breaks += 1
                self.close()
                self.socket = None
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE

    async def _come(self) -> None:
        """Enter, connect, say who it is, and send what was not acknowledged."""
        async with asyncio.timeout(PATIENCE):
            if not self.cookies:
                await self.fetch("")
            if await self.enter() != 200:
                raise ConnectionError("no place now")
            await self.connect()
            reply, _ = await self.ask(kind="hello", token=self.token, resume=[])
            if reply["kind"] != "welcome":
                self.refused.append(reply)
                raise ConnectionError("not welcome now")
        self.sent_again += len(self.outbox)

    async def _choose(self, before: Callable[[], Awaitable[None]] | None) -> bool:
        """Put an answer to the next picture into the outbox, where there is one."""
        if not self.tasks:
            async with asyncio.timeout(PATIENCE):
                reply, _ = await self.ask(kind="fetch", count=3)
            self.tasks = reply["tasks"]
        if not self.tasks:
            return False
        if before:
            await before()
        task = self.tasks.pop(0)
        pressed = KEYS[len(self.acknowledged) % len(KEYS)]
        self.outbox[UUID(task["assignment"])] = Answer.of(pressed)
        return True

    async def _deliver(self, after: Callable[[float], None]) -> None:
        """Send what is in the outbox."""
        clock = asyncio.get_running_loop().time
        for assignment, answer in list(self.outbox.items()):
            started = clock()
            async with asyncio.timeout(PATIENCE):
                task = {"assignment": str(assignment)}
                reply = await self.rate(task, **dict.fromkeys(answer.features, True))
            if reply["kind"] != "saved":
                self.refused.append(reply)
                raise ConnectionError("not saved now")
            after(clock() - started)
            self.acknowledged[assignment] = self.outbox.pop(assignment)
