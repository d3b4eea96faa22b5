"""Stories of visitors: told in an event loop, with their websockets closed at the end."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable

from .visitor import Visitor

Story = Callable[[], Awaitable[None]]


def tell(story: Story) -> None:
    """Run a story, and close the visitors' websockets at its end."""

    async def run() -> None:
        try:
            await story()
        finally:
            await Visitor.close_all()

    with warnings.catch_warnings():
        # The client leaves what the server has closed to the garbage collector: it comes here.
        warnings.simplefilter("ignore", ResourceWarning)
        asyncio.run(run())
        gc.collect()
