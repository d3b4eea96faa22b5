"""Voilà with shared hosts and the lean page, for a crowd."""

from __future__ import annotations

import json
import logging
import resource
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import zmq
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets.config import Config

from ..errors import ConfigError
from .hosted.hosts import HostError, Hosts
from .hosted.provisioner import HostedProvisioner
from .installing import PATHS, AppFileHandler
from .page.document import document
from .page.files import Files
from .page.handlers import NothingHandler, Site, routes
from .page.kernels import HostedKernels
from .page.visits import Visits
from .server import Server

_log = logging.getLogger(__name__)

FILES_OF_A_VISITOR = 20
"""Open files that a visitor needs in the server, with some to spare."""

BYTES_OF_A_VISITOR = 1.5 * 2**20
"""Memory that a visitor needs in the server and the hosts, with some to spare."""

_SOCKETS_OF_A_VISITOR = 8
_SPARE_FILES = 200
_LOOK_EVERY_MS = 5_000
_REHEARSALS = 3


class LeanServer(Server):
    """Serves one notebook, whose last line gives an anywidget, to a crowd.

    Parameters
    ----------
    ready
        Called with the page's address once it is served.
    config
        Voilà's settings.
    hosts
        Host processes.
    modules
        What they import at their start.
    max_visitors
        Visitors at once; 0 for what memory and open files allow.
    idle_minutes
        Minutes without a message after which an open page's kernel goes.
    proxied
        Take a visitor's address and protocol from the headers of the proxy in front.
    database_ready
        Tells whether the database answers.
    """

    def __init__(
        self,
        ready: Callable[[str], None],
        config: Config,
        *,
        hosts: int,
        modules: tuple[str, ...],
        max_visitors: int,
        idle_minutes: int,
        proxied: bool,
        database_ready: Callable[[], bool],
    ) -> None:
        super().__init__(ready, config)
        self._limit = room_for(max_visitors)
        self._idle = timedelta(minutes=idle_minutes)
        self._proxied = proxied
        self._database_ready = database_ready
        self._hosts = Hosts(hosts, modules)
        self._code = ""
        HostedProvisioner.hosts = self._hosts
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
        """Have room for the sockets of all visitors."""
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.context.set(zmq.MAX_SOCKETS, 1000 + _SOCKETS_OF_A_VISITOR * self._limit)
        return settings

    def init_handlers(self) -> list[Any]:
        """Open no address of Voilà's; the page's own ones follow once the hosts are warm."""
        return []

    def listen(self) -> None:
        """Start the hosts, rehearse a visit, and serve until interrupted."""
        self.ioloop = IOLoop.current()
        looker = server = None
        try:
            visits = self.ioloop.run_sync(self._open)
            looker = PeriodicCallback(visits.end_idle, _LOOK_EVERY_MS)
            looker.start()
            server = HTTPServer(
                self.app,
                xheaders=self._proxied,
                max_header_size=16_384,
                max_body_size=4_096,
                idle_connection_timeout=75,
                body_timeout=20,
            )
            self._bind(server)
            self.ioloop.add_callback(lambda: self._ready(self.display_url))
            self.ioloop.start()
        except KeyboardInterrupt:
            _log.info("The server is interrupted")
        finally:
            if looker:
                looker.stop()
            if server:
                server.stop()
            self.ioloop.run_sync(self._hosts.close)
            self.stop()

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
        visits = Visits(kernels, limit=self._limit, idle=self._idle)

        def mourn(lost: list[str]) -> None:
            for kernel_id in lost:
                visits.leave(kernel_id)

        self._hosts.on_death = mourn
        site = Site(
            document(texts.get("_esm", ""), texts.get("_css", "")),
            files,
            visits,
            secrets.token_bytes(32),
            self._database_ready,
        )
        base = self.server_url.rstrip("/")
        own = [(base + route[0], *route[1:]) for route in routes(site)]
        self.app.settings["default_handler_class"] = NothingHandler
        self.app.settings["default_handler_args"] = {"site": site}
        self.app.add_handlers(".*$", [*own, (base + PATHS, AppFileHandler)])
        return visits

    def _bind(self, server: HTTPServer) -> None:
        """Listen where it was asked for, or near it."""
        for port in self.random_ports(self.port, self.port_retries + 1):
            try:
                server.listen(port, self.ip, reuse_port=False)
            except OSError as error:
                _log.info("Port %d cannot be used: %s", port, error.strerror)
            else:
                self.port: int = port
                return
        raise ConfigError(f"No port near {self.port} is free: give another one with --port.")


def room_for(wanted: int) -> int:
    """Raise the limit of open files, and give how many visitors there is room for.

    Parameters
    ----------
    wanted
        Visitors at once; 0 for as many as memory and open files allow.

    Raises
    ------
    ConfigError
        If open files do not suffice for those that are wanted.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = max(1, (hard - _SPARE_FILES) // FILES_OF_A_VISITOR)
    if wanted > possible:
        raise ConfigError(
            f"{wanted} visitors need {wanted * FILES_OF_A_VISITOR + _SPARE_FILES} open files, and "
            f"the system allows {hard}: raise it (ulimit -n), or lower --max-visitors."
        )
    return wanted or min(possible, int(_free_memory() / 2 / BYTES_OF_A_VISITOR), 5000)


def _free_memory() -> float:
    """Give the memory at hand in bytes; 2 GiB where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 2 * 2**30
    free = next(line for line in lines if line.startswith("MemAvailable:"))
    return float(free.split()[1]) * 1024
