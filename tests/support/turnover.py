"""Rounds of visitors who come, fill their queue, and leave; and what memory they leave behind."""

from __future__ import annotations

import asyncio
import gc
import warnings
from dataclasses import dataclass

from .commands import Server
from .rude import files, memory
from .visitor import Visitor
from .waiting import wait_until

WARM_UP = 2
"""Rounds after which caches are full, and pools have their threads."""

_AT_ONCE = 20
_SPARE = 10
"""Files that the server may have opened for good."""


@dataclass(frozen=True)
class Sizes:
    """Memory in MiB after a round, when nobody is there."""

    server: float
    hosts: float


def turnover(server: Server, rounds: int, visitors: int) -> list[Sizes]:
    """Let visitors come and go; give the memory after each round."""
    empty = files(server.process.pid)
    sizes = []
    with warnings.catch_warnings():
        # The client leaves what the server has closed to the garbage collector: it comes here.
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(rounds):
            asyncio.run(_round(server, visitors))
            gc.collect()
            # Kernels end beside: each has had its sockets.
            wait_until(lambda: files(server.process.pid) <= empty + _SPARE, "all to have left")
            sizes.append(Sizes(memory(server.process.pid), sum(map(memory, server.kernels()))))
    return sizes


async def _round(server: Server, number: int) -> None:
    """Let visitors in until all are there at once, then let all leave."""
    door = asyncio.Semaphore(_AT_ONCE)
    visitors = [Visitor(server.address) for _ in range(number)]

    async def come(visitor: Visitor) -> None:
        async with door:
            assert await visitor.visit()

    async def leave(visitor: Visitor) -> None:
        async with door:
            reply = await visitor.fetch("leave", method="POST", body=visitor.place["kernel"])
            assert reply.code == 204
            await visitor.closed()

    try:
        await asyncio.gather(*map(come, visitors))
        await asyncio.gather(*map(leave, visitors))
    finally:
        await Visitor.close_all()
