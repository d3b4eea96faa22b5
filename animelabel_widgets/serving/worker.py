"""The lean page in a process: the only one behind its address, or one of several.

One of several is started by `front.Front` as `python -m`, with two sockets: through one come the
visitors' connections, into the other it writes a line of JSON each second: its load. It ends when
these close.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.ioloop import PeriodicCallback
from tornado.iostream import IOStream
from tornado.web import OutputTransform

from ..config import Settings
from ..logs import log_to
from ..metrics import FOLDER
from ..store import Store
from . import answers, notebook
from .crowd import Crowd
from .hosted.hosts import Hosts
from .lean import LeanServer
from .room import room_for
from .server import hosted_config

_MOST = 64
"""Connections that are taken at once."""

_TELL_EVERY_MS = 1_000


def serve_lean(
    ready: Callable[[str], None], ip: str, port: int, base_url: str, crowd: Crowd, store: Store
) -> None:
    """Serve the lean page by this process alone until it is interrupted."""
    with TemporaryDirectory(prefix="animelabel-") as counts:
        config = hosted_config(ip, port, base_url)
        (places,) = room_for(crowd.max_visitors)
        options = _options(crowd, places, counts, store)
        LeanServer(ready, config=config, **options).run(notebook())


def _options(crowd: Crowd, places: int, counts: str, store: Store) -> dict[str, Any]:
    """Give the options of `LeanServer` that do not depend on where the connections come from."""
    return {
        "hosts": Hosts(**crowd.hosting(), environ={FOLDER: counts}),
        "crowd": crowd,
        "places": places,
        "counts": counts,
        "database_ready": lambda: answers(store),
    }


class _OneRequest(OutputTransform):
    """Asks for a connection of its own for each request: each finds its way by itself."""

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: FBT001 - the base class's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Say so, except to a websocket."""
        del finishing
        if status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            headers["Connection"] = "close"
        return status_code, headers, chunk


class Worker(LeanServer):
    """The lean page, whose connections another process has accepted.

    Parameters
    ----------
    doors
        Brings the connections.
    reports
        Takes what the process tells of itself.
    **options
        As for `LeanServer`.
    """

    def __init__(self, doors: socket.socket, reports: socket.socket, **options: Any) -> None:
        super().__init__(ready=lambda _address: self._report(), **options)
        self._doors = doors
        self._reports = reports

    def attach(self, server: HTTPServer) -> None:
        """Take connections from the other process."""
        self.app.add_transform(_OneRequest)
        self._doors.setblocking(False)  # noqa: FBT003
        self.ioloop.add_handler(
            self._doors, lambda _doors, _events: self._take(server), self.ioloop.READ
        )
        PeriodicCallback(self._report, _TELL_EVERY_MS).start()

    def _take(self, server: HTTPServer) -> None:
        """Take the connections that are there."""
        with suppress(BlockingIOError):
            sent, descriptors, _flags, _from = socket.recv_fds(self._doors, _MOST, _MOST)
            if not sent:
                self.ioloop.remove_handler(self._doors)
                self.ioloop.stop()
            for each in descriptors:
                connection = socket.socket(fileno=each)
                with suppress(OSError):
                    address = connection.getpeername()
                    connection.setblocking(False)  # noqa: FBT003
                    server.handle_stream(IOStream(connection), address)

    def _report(self) -> None:
        """Tell the load."""
        line = json.dumps(asdict(self.load())).encode() + b"\n"
        with suppress(OSError):
            self._reports.sendall(line)


def main() -> None:
    """Be one of several server processes."""
    doors, reports = (socket.socket(fileno=int(each)) for each in sys.argv[1:3])
    wish = json.loads(sys.argv[3])
    # Ctrl-C in a terminal reaches the whole group; this process ends with the one in front.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings.load()
    log_to(Path(settings.log_file))
    crowd = Crowd(**wish["crowd"])
    with closing(Store.open(settings.database_url, create=False)) as store:
        Worker(
            doors,
            reports,
            config=hosted_config("localhost", 0, wish["base_url"]),
            number=wish["number"],
            **_options(crowd, wish["places"], wish["counts"], store),
        ).run(notebook())
    os._exit(0)


if __name__ == "__main__":
    main()
