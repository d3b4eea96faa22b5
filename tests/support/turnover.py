"""Rounds of visitors who come, fill their queue, and leave; and what memory they leave behind."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from dataclasses import dataclass

from .commands import Server
from .rude import memory
from .visitor import Visitor

WARM_UP = 3
"""Rounds after which caches are full, and pools have their threads."""

_AT_ONCE = 20


@dataclass(frozen=True)
class Sizes:
    """Memory in MiB after a round, when nobody is there."""

    server: float
    hosts: float


def turnover(server: Server, rounds: int, visitors: int) -> list[Sizes]:
    """Let visitors come and go; give the memory after each round."""

    async def run() -> list[Sizes]:
        sizes = []
        for _ in range(rounds):
            await _round(server, visitors)
            sizes.append(Sizes(memory(server.process.pid), sum(map(memory, server.kernels()))))
        return sizes

    with warnings.catch_warnings():
        # The client leaves what the server has closed to the garbage collector: it comes here.
        warnings.simplefilter("ignore", ResourceWarning)
        sizes = asyncio.run(run())
        gc.collect()
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

    await asyncio.gather(*map(come, visitors))
    await asyncio.gather(*map(leave, visitors))
    Visitor.connected.clear()
    # A kernel ends beside: it is gone once a place in the line would be the first.
    await _empty(visitors[0])


async def _empty(visitor: Visitor) -> None:
    """Wait until the server answers at once again."""
    reply = await visitor.fetch("healthz")
    assert json.dumps(reply.code) == "200"
