"""Voilà with shared hosts: with its own page, and with the lean one, for a crowd."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import zmq
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.iostream import IOStream
from tornado.web import RedirectHandler
from traitlets.config import Config

from .crowd import Crowd
from .hosted.hosts import HostError, Hosts
from .hosted.provisioner import HostedProvisioner
from .installing import PATHS, AppFileHandler
from .metrics import Load, exposition, own_memory
from .page.document import document
from .page.files import Files
from .page.handlers import NothingHandler, Site
from .page.kernels import HostedKernels
from .page.relay import Relay
from .page.routes import routes
from .page.visits import Visits
from .ports import bind_near, take_from
from .server import Server

_log = logging.getLogger(__name__)

_SOCKETS_OF_A_VISITOR = 8
_LOOK_EVERY_MS = 5_000


class HostedServer(Server):
    """Voilà and its own page, with the visitors' kernels in shared hosts.

    Parameters
    ----------
    ready
        Called with the page's address once it is served.
    config
        Voilà's settings.
    hosts
        The host processes.
    """

    def __init__(self, ready: Callable[[str], None], config: Config, hosts: Hosts) -> None:
        super().__init__(ready, config)
        self._hosts = hosts
        HostedProvisioner.hosts = hosts

    def listen(self) -> None:
        """Start the hosts, and serve until interrupted."""
        IOLoop.current().run_sync(self._hosts.start)
        super().listen()

    def stop(self) -> None:
        """End the hosts, and then what is left of the kernels."""
        self.ioloop.run_sync(self._hosts.close)
        super().stop()


class LeanServer(HostedServer):
    """Serves one notebook, whose last line gives an anywidget, to a crowd.

    Parameters
    ----------
    ready, config, hosts
        As for `HostedServer`.
    crowd
        How the visitors' kernels are run.
    places
        Visitors at once, at most.
    counts
        Where the kernels' counts for Prometheus are.
    database_ready
        Tells whether the database answers.
    number
        Of this server process among those behind the address.
    """

    def __init__(
        self,
        ready: Callable[[str], None],
        config: Config,
        hosts: Hosts,
        *,
        crowd: Crowd,
        places: int,
        counts: str,
        database_ready: Callable[[], bool],
        number: int = 0,
    ) -> None:
        # Here a visit ends its kernel.
        config.MappingKernelManager.cull_idle_timeout = 0
        super().__init__(ready, config, hosts)
        self._crowd = crowd
        self._places = places
        self._counts = counts
        self._database_ready = database_ready
        self._number = number
        self._code = ""
        self._told: list[dict[str, Any]] = []
        self._leave: list[Callable[[], None]] = []
        HostedProvisioner.statuses = False
        HostedProvisioner.own = ("HTTP_",)

    def run(self, notebook: Path) -> None:
        """Serve a notebook until interrupted."""
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        self._code = "\n".join(
            "".join(each["source"]) for each in cells if each["cell_type"] == "code"
        )
        super().run(notebook)

    def init_settings(self) -> dict[str, Any]:
        """Have room for the sockets of all visitors, and do for each of them what he needs."""
        settings: dict[str, Any] = super().init_settings()
        room = 1000 + _SOCKETS_OF_A_VISITOR * self._places
        manager = self.kernel_manager
        manager.context.set(zmq.MAX_SOCKETS, room)
        manager.allowed_message_types = ["comm_msg"]
        # Visits know who is idle.
        manager.start_watching_activity = lambda _kernel_id: None
        return {**settings, "kernel_websocket_connection_class": Relay}

    def init_handlers(self) -> list[Any]:
        """Open no address of Voilà's; the page's own ones follow once the hosts are warm."""
        return []

    def listen(self) -> None:
        """Start the hosts, rehearse a visit, and serve until interrupted."""
        self.ioloop = IOLoop.current()
        lookers: list[PeriodicCallback] = []
        server = HTTPServer(
            self.app,
            xheaders=self._crowd.proxied,
            max_header_size=16_384,
            max_body_size=4_096,
            idle_connection_timeout=75,
            body_timeout=20,
        )
        try:
            self._visits = self.ioloop.run_sync(self._open)
            for look in (self._visits.end_idle, self._look):
                lookers.append(PeriodicCallback(look, _LOOK_EVERY_MS))
                lookers[-1].start()
            self.attach(server)
            _log.info("Ready for %d visitors", self._places)
            self.ioloop.add_callback(lambda: self._ready(self.display_url))
            with self._heeding_signals():
                self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            _log.info("The server ends")
            for each in lookers:
                each.stop()
            for leave in self._leave:
                leave()
            self.stop()

    @contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        """End the loop on Ctrl-C; an exception may come where it is lost, as an object ends."""
        loop: asyncio.AbstractEventLoop = self.ioloop.asyncio_loop  # type: ignore[attr-defined]
        heeded = [
            number
            for number in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(number) is not signal.SIG_IGN
        ]
        for number in heeded:
            loop.add_signal_handler(number, self.ioloop.stop)
        try:
            yield
        finally:
            for number in heeded:
                loop.remove_signal_handler(number)

    def attach(self, server: HTTPServer) -> None:
        """Have connections come in."""
        sockets = bind_near(self.ip, self.port)
        self.port: int = sockets[0].getsockname()[1]

        def take(connection: socket.socket, address: tuple[object, ...]) -> None:
            server.handle_stream(IOStream(connection), address)

        self._leave = [take_from(each, take) for each in sockets]

    def load(self) -> Load:
        """Tell what this process has to do."""
        told = self._told
        memory = [("host", each["pid"], each["rss"]) for each in told]
        return Load(
            visitors=self._visits.present,
            waiting=self._visits.waiting,
            places=self._places,
            kernels=[(each["pid"], each["kernels"]) for each in told],
            memory=[*own_memory("server"), *memory],
        )

    async def _look(self) -> None:
        """Ask the hosts how they are; one that has become too large takes no more visitors."""
        self._told = await self._hosts.stats()

    async def _open(self) -> Visits:
        """Start the hosts; rehearse a visit, which tells the page's files; open the addresses."""
        await self._hosts.start()
        files = Files()
        kernels = HostedKernels(self.kernel_manager, self._hosts, self._code, files)
        texts: dict[str, str] = {}
        try:
            kernel_id, place = await kernels.start({})
        except HostError as error:
            # The page says that the site takes a break, and tries again by itself.
            _log.error("The notebook fails: %s", error)
        else:
            texts = place["texts"]
            await kernels.stop(kernel_id)
        idle = timedelta(minutes=self._crowd.idle_minutes)
        visits = Visits(kernels, limit=self._places, idle=idle)

        def mourn(lost: list[str]) -> None:
            for kernel_id in lost:
                visits.leave(kernel_id)

        self._hosts.on_death = mourn
        self._open_addresses(files, visits, texts)
        await self._look()
        return visits

    def _open_addresses(self, files: Files, visits: Visits, texts: dict[str, str]) -> None:
        """Open the page's addresses, and no others."""
        site = Site(
            document(texts.get("_esm", ""), texts.get("_css", "")),
            files,
            visits,
            secrets.token_bytes(32),
            self._database_ready,
            f"{self._number}.",
        )
        base = self.server_url.rstrip("/")
        figures = lambda: exposition([self.load()], self._counts)  # noqa: E731 - one line, once
        own = [(base + route[0], *route[1:]) for route in routes(site, figures)]
        if base:
            own.append((base, RedirectHandler, {"url": f"{base}/"}))
        self.app.settings["default_handler_class"] = NothingHandler
        self.app.add_handlers(".*$", [*own, (base + PATHS, AppFileHandler)])
