"""A host: a process that runs virtual kernels, and ends with the server that started it.

The server speaks to it over a socket, a JSON object a line: `start`, `run`, `stop`, `stats`.
Each has an `id`, and gets one answer with that id. What the notebook's code prints goes to the
host's standard error, which is the server's, and never to a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import zmq

from . import routing
from .kernel import VirtualKernel
from .turns import Threads

THREADS = 32
"""Most wait for SQLite's writer, who commits at once what so many bring."""

_LINE = 64 * 2**20

_log = logging.getLogger(__name__)


class Host:
    """The process's kernels."""

    def __init__(self, answers: asyncio.StreamWriter) -> None:
        self._answers = answers
        self._zmq: zmq.Context[Any] = zmq.Context()
        # Five sockets for each kernel; the library's own limit is 1,023.
        self._zmq.set(zmq.MAX_SOCKETS, 65_000)
        self._threads = Threads(THREADS)
        self._kernels: dict[str, VirtualKernel] = {}
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, requests: asyncio.StreamReader) -> None:
        """Do what the server asks until it is gone."""
        # A server that was killed may have left answers unread.
        with contextlib.suppress(ConnectionError):
            while line := await requests.readline():
                task = asyncio.create_task(self._answer(json.loads(line)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: dict[str, Any]) -> None:
        """Do one thing."""
        try:
            answer = await getattr(self, f"_{request['do']}")(request)
        except Exception as error:  # noqa: BLE001 - the server tells what it means
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._tell({"id": request["id"], **answer})

    def _tell(self, message: dict[str, Any]) -> None:
        """Write to the server."""
        self._answers.write(json.dumps(message).encode() + b"\n")

    async def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        kernel_id = request["kernel"]
        self._kernels[kernel_id] = VirtualKernel(
            kernel_id,
            self._zmq,
            request["connection"],
            request["environ"],
            self._threads,
            statuses=request["statuses"],
            ended=self._on_ended,
        )
        return {}

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        return await self._kernels[request["kernel"]].run(request["code"], self._known)

    async def _stop(self, request: dict[str, Any]) -> dict[str, Any]:
        kernel = self._kernels.pop(request["kernel"], None)
        if kernel:
            kernel.close()
        return {}

    async def _stats(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"rss": resident(), "kernels": len(self._kernels)}

    def _on_ended(self, kernel_id: str) -> None:
        """Tell the server of a kernel that was asked to shut down."""
        kernel = self._kernels.pop(kernel_id, None)
        if kernel:
            kernel.close()
            self._tell({"ended": kernel_id})


def resident(process: int | str = "self") -> int:
    """Give the memory of a process in bytes, by its id."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:  # noqa: PTH123 - read often
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def _main(descriptor: int, modules: Sequence[str]) -> None:
    """Be a host."""
    # The server's standard output is for what the command tells its caller.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    # It warns of each kernel that ends while a message comes.
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    # Ctrl-C in a terminal reaches the whole group; a host ends with its server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    del soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    routing.install()
    for module in modules:
        importlib.import_module(module)
    # What is imported stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    server = socket.socket(fileno=descriptor)
    requests, answers = await asyncio.open_connection(sock=server, limit=_LINE)
    answers.write(b'{"ready": true}\n')
    await Host(answers).serve(requests)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2:]))
    # Threads that still work for a visitor who is gone hold nothing up.
    os._exit(0)
