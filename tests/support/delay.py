"""A TCP proxy that delays what it passes on, as a long way does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress


@contextmanager
def delayed(port: int, delay: float, *, handshake: bool = False) -> Iterator[int]:
    """Pass bytes on after a delay in each direction; give the port to use instead.

    Parameters
    ----------
    port
        Of this machine.
    delay
        Seconds.
    handshake
        Let the first bytes of a connection wait for both ways more: the connection to this proxy is
        there at once, and one to a server far away is not.
    """
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def copy(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, before: float = 0
    ) -> None:
        clock = asyncio.get_running_loop().time
        open_at = clock() + before
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            with suppress(OSError):
                while True:
                    due, data = await waiting.get()
                    await asyncio.sleep(max(0.0, due - clock()))
                    if not data:
                        break
                    writer.write(data)
                    await writer.drain()
            writer.close()

        task = asyncio.create_task(deliver())
        with suppress(OSError):
            while data := await reader.read(65536):
                waiting.put_nowait((max(clock(), open_at) + delay, data))
        waiting.put_nowait((clock() + delay, b""))
        await task

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("localhost", port)
        with suppress(asyncio.CancelledError):  # at the end of a measurement
            await asyncio.gather(
                copy(reader, back, 2 * delay if handshake else 0), copy(there, writer)
            )

    async def listen() -> None:
        server = await asyncio.start_server(join, "127.0.0.1", 0)
        stop = asyncio.Event()
        place = server.sockets[0].getsockname()[1]
        ready.set_result((place, asyncio.get_running_loop(), stop))
        await stop.wait()

    # Playwright has a loop of its own in the main thread.
    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    place, loop, stop = ready.result()
    try:
        yield place
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
