"""One address in front of several server processes: each visitor comes to his own.

Connections are accepted here, and handed to a process as they are: the head of the request is
looked at and left for it. The visitor's cookie begins with the number of his process; who has
none comes to the one that has most room. A process that ends is replaced, and its pages get new
kernels by themselves.

A little longer than other modules, so that a process's whole life stands in one place, as in
`hosted/hosts.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from ..errors import ConfigError
from .crowd import Crowd
from .hosted.children import Children
from .metrics import Load, exposition, own_memory
from .page.handlers import COOKIE, FREE, MetricsHandler, NothingHandler
from .ports import bind_near, take_from
from .room import room_for

_log = logging.getLogger(__name__)

_HEAD = 16_384
_HEAD_WITHIN = 10.0
"""Seconds within which the head of a request must have come."""

_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - who asks for it
_LOOK_AGAIN = 0.02
_LOOK_AT_LEAST = 0.5
_START_AGAIN = 1.0
_START_WITHIN = 600.0
"""Seconds for which a server process may start: its hosts, and the database."""
_NUMBER = re.compile(rb"(?i:cookie):[^\r\n]*\b" + COOKIE.encode() + rb"=(\d{1,3})\.")
_PATH = re.compile(rb"[A-Z]+ (\S+) HTTP/1")


@dataclass(eq=False)
class _Worker:
    """A server process."""

    child: asyncio.subprocess.Process
    doors: socket.socket
    load: Load
    sent: int = field(default=0)
    """Newcomers since it told its load."""

    @property
    def full(self) -> float:
        """How full it is; above 1 where some wait."""
        load = self.load
        return (load.visitors + load.waiting + self.sent) / load.places


class Front:
    """The address, and the processes behind it.

    Parameters
    ----------
    ready
        Called with the page's address once it is served.
    ip, port, base_url
        Where to listen, and what the addresses begin with.
    crowd
        How the visitors' kernels are run.
    """

    def __init__(
        self, ready: Callable[[str], None], ip: str, port: int, base_url: str, crowd: Crowd
    ) -> None:
        self._ready = ready
        self._ip = ip
        self._port = port
        self._base_url = base_url
        self._crowd = crowd
        self._counts = ""
        self._places: list[int] = []
        self._workers: dict[int, _Worker] = {}
        self._children = Children()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def run(self) -> None:
        """Serve until interrupted."""
        self._places = room_for(self._crowd.max_visitors, self._crowd.workers)
        with TemporaryDirectory(prefix="animelabel-", ignore_cleanup_errors=True) as self._counts:
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        """Start the processes, and hand connections to them."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        sockets = bind_near(self._ip, self._port)
        try:
            starts = [loop.create_task(self._start(n)) for n in range(self._crowd.workers)]
            self._tasks.update(starts)
            if not await _before(stopped, asyncio.gather(*starts)):
                return
            figures = HTTPServer(self._figures(), xheaders=self._crowd.proxied, no_keep_alive=True)

            def accept(connection: socket.socket, address: tuple[object, ...]) -> None:
                self._go_on(self._lead(connection, address, figures))

            leavers = [take_from(each, accept) for each in sockets]
            shown = socket.gethostname() if self._ip in _EVERYWHERE else self._ip
            port = sockets[0].getsockname()[1]
            _log.info("%d server processes are ready", len(self._workers))
            self._ready(f"http://{shown}:{port}{self._base_url}")
            await stopped.wait()
            for leave in leavers:
                leave()
        finally:
            for each in sockets:
                each.close()
            await self._close()

    def _figures(self) -> Application:
        """Make what answers for all processes: the figures for Prometheus."""

        def metrics() -> bytes:
            loads = [each.load for each in self._workers.values()]
            own = Load(0, 0, 0, [], own_memory("front"))
            return exposition([own, *loads], self._counts)

        route = (self._base_url + "metrics", MetricsHandler, {"metrics": metrics})
        return Application([route], default_handler_class=NothingHandler, log_function=_say_nothing)

    async def _start(self, number: int) -> None:
        """Start a process, and wait until it serves.

        Raises
        ------
        ConfigError
            If it ends before.
        """
        doors, their_doors = socket.socketpair()
        reports, their_reports = socket.socketpair()
        wish = {
            "number": number,
            "base_url": self._base_url,
            "counts": self._counts,
            "places": self._places[number],
            "crowd": asdict(self._crowd),
        }
        with their_doors, their_reports:
            passed = [their_doors.fileno(), their_reports.fileno()]
            child = await self._children.start(
                *(sys.executable, "-m", f"{__package__}.worker"),
                *map(str, passed),
                json.dumps(wish),
                pass_fds=passed,
            )
        lines, writer = await asyncio.open_connection(sock=reports)
        doors.setblocking(False)  # noqa: FBT003
        try:
            first = await self._children.first_line(child, lines, _START_WITHIN)
        except asyncio.CancelledError:
            # It ends as soon as it is ready and finds nobody.
            doors.close()
            writer.close()
            raise
        if not first.endswith(b"\n"):
            doors.close()
            writer.close()
            raise ConfigError(
                f"A server process ended at its start with {await self._children.ended(child)}: "
                "what it said above tells why."
            )
        worker = _Worker(child, doors, Load(**json.loads(first)))
        self._workers[number] = worker
        self._go_on(self._listen(number, worker, lines, writer))

    async def _listen(
        self,
        number: int,
        worker: _Worker,
        lines: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Take what a process tells of itself until it ends; then start another."""
        try:
            # What has no end is the last of a process that died over it.
            while (line := await lines.readline()).endswith(b"\n"):
                worker.load = Load(**json.loads(line))
                worker.sent = 0
        except ConnectionError:
            _log.info("Server process %d is gone", worker.child.pid)
        writer.close()
        worker.doors.close()
        status = await self._children.ended(worker.child)
        if self._closed:
            return
        del self._workers[number]
        _log.error("Server process %d ended with %d", worker.child.pid, status)
        while not self._closed:
            try:
                await self._start(number)
            except (ConfigError, OSError, RuntimeError) as error:
                # Memory, descriptors or processes may be short just when one was lost.
                _log.error("Server process %d cannot start yet: %s", number, error)
                await asyncio.sleep(_START_AGAIN)
            else:
                return

    async def _lead(
        self, connection: socket.socket, address: tuple[object, ...], figures: HTTPServer
    ) -> None:
        """Hand a connection to the process that is to answer it."""
        connection.setblocking(False)  # noqa: FBT003
        try:
            async with asyncio.timeout(_HEAD_WITHIN):
                head = await _head(connection)
        except (TimeoutError, OSError):
            connection.close()
            return
        path = _path(head)
        if path == f"{self._base_url}metrics".encode():
            figures.handle_stream(IOStream(connection), address)
            return
        with connection:
            self._hand_over(connection, head, free=path.endswith(FREE.encode()))

    def _hand_over(self, connection: socket.socket, head: bytes, *, free: bool) -> None:
        """Hand a connection over, to any process if it is free; if none takes it, it is closed."""
        named = _NUMBER.search(head)
        worker = self._workers.get(int(named[1])) if named else None
        emptiest = min(self._workers.values(), key=lambda each: each.full, default=None)
        # Nobody waits where he has been before, while there is room elsewhere.
        if worker is None or (free and emptiest and worker.full >= 1 > emptiest.full):
            worker = emptiest
            if worker and head.startswith(b"POST "):
                worker.sent += 1
        if worker:
            try:
                socket.send_fds(worker.doors, [b"c"], [connection.fileno()])
            except OSError as error:
                _log.warning("Server process %d takes nothing: %s", worker.child.pid, error)

    async def _close(self) -> None:
        """End the processes."""
        self._closed = True
        workers = list(self._workers.values())
        for each in workers:
            each.doors.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._children.end(within=10)

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _before(stopped: asyncio.Event, work: asyncio.Future[Any]) -> bool:
    """Wait for a work; tell whether it ended, or one is to stop before; raise what it raises."""
    stop = asyncio.ensure_future(stopped.wait())
    await asyncio.wait([stop, work], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if work.done():
        work.result()
        return True
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return False


async def _head(connection: socket.socket) -> bytes:
    """Look at the head of a request, and leave it for who answers."""
    pause = _LOOK_AGAIN
    while True:
        await _readable(connection)
        seen = connection.recv(_HEAD, socket.MSG_PEEK)
        if not seen or b"\r\n\r\n" in seen or len(seen) == _HEAD:
            return seen
        # What was seen is still there, and so the socket stays readable.
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LOOK_AT_LEAST)


def _path(head: bytes) -> bytes:
    """Give the path of a request; empty where it is none."""
    found = _PATH.match(head)
    return found[1] if found else b""


async def _readable(connection: socket.socket) -> None:
    """Wait until something can be read."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    descriptor = connection.fileno()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)


def _say_nothing(_handler: object) -> None:
    """Log no request: each has the visitor's address."""
