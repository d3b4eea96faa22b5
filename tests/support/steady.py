"""A well-behaved visitor who rates all the while, so that a test can tell whether he notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from .visitor import Visitor

SOON = 5.0
"""Seconds that a rating may take while the machine is busy with an attack."""


@asynccontextmanager
async def undisturbed(address: str) -> AsyncIterator[Visitor]:
    """Let a visitor rate as long as the block lasts: each rating is saved, and soon."""
    visitor = Visitor(address)
    tasks = await visitor.visit()
    waits: list[float] = []
    rated = asyncio.Event()

    async def rate() -> None:
        loop = asyncio.get_running_loop()
        revision = 0
        while True:
            for task in tasks:
                begin = loop.time()
                answer = {"text": False, "logo": False, "person": True, "empty": False}
                reply, _ = await visitor.ask(
                    kind="rate",
                    assignment=task["assignment"],
                    answer=answer,
                    revision=revision,
                    elapsed_ms=900,
                )
                assert reply["kind"] == "saved"
                waits.append(loop.time() - begin)
            revision += 1
            rated.set()
            # A pace, as a person has one: nothing is waited for.
            await asyncio.sleep(0.02)

    rating = asyncio.create_task(rate())
    try:
        yield visitor
        # Once more, after all that was done.
        rated.clear()
        while not rating.done() and not rated.is_set():
            await asyncio.wait([rating], timeout=0.05)
    finally:
        rating.cancel()
        with suppress(asyncio.CancelledError):
            await rating
    assert max(waits) < SOON
