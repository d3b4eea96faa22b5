"""Voilà, set up for a page that anybody may visit."""

from __future__ import annotations

import json
import logging
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.tornado import kernel_websocket_handler

from .installing import PATHS, AppFileHandler

_log = logging.getLogger(__name__)

PROVISIONER = "animelabel-hosts"
"""The entry point of the provisioner of virtual kernels."""

LARGEST_MESSAGE = 2**20
"""Bytes that a page may send at once."""

FAILED, BUSY = 500, 503
"""The status from which on the server failed, and the one that is told where it is made."""

CULL_AFTER = 120
"""Seconds after which the kernel of a page that went away is ended."""

_WORD = 8
"""Bytes of a number in a binary message."""


def _header(message: bytes) -> dict[str, Any] | None:
    """Read a message's header; None for one of jupyter_server's older binary form.

    Voilà takes any message for one of the newer form, and goes through as many parts as its first
    number says: up to 2**64. The older form is what a websocket gets that the server has closed
    while the browser has not: that of a phone, say, that came back by another network.
    """
    count = int.from_bytes(message[:_WORD], "little")
    if len(message) < _WORD * (count + 1):
        return None
    offsets = struct.unpack_from(f"<{count}Q", message, _WORD)
    header: dict[str, Any] = json.loads(message[offsets[1] : offsets[2]])
    return header


kernel_websocket_handler.read_header_from_binary_message = _header


class Server(Voila):  # type: ignore[misc]
    """Voilà that tells its address when it listens."""

    def __init__(self, ready: Callable[[str], None], config: Config) -> None:
        super().__init__(config=config)
        self._ready = ready

    def run(self, notebook: Path) -> None:
        """Serve a notebook until interrupted."""
        # Tornado warns at each visit of ping settings that are not ours to set.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        self.initialize([str(notebook)])
        self.start()

    def init_handlers(self) -> list[Any]:
        """Add the files of the installed app before the page, which takes every address."""
        base = self.server_url.rstrip("/")
        # Nobody logs in, and so nobody out.
        own = [each for each in super().init_handlers() if each[0] != f"{base}/logout"]
        return [(base + PATHS, AppFileHandler), *own]

    def listen(self) -> None:
        """Listen, and tell the address once the loop runs."""
        IOLoop.current().add_callback(lambda: self._ready(self.display_url))
        super().listen()


def voila_config(ip: str, port: int, base_url: str = "/") -> Config:
    """Give Voilà's settings for a page that anybody may visit."""
    config = Config()
    config.Voila.base_url = base_url
    config.Voila.ip = ip
    config.Voila.port = port
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.tornado_settings = {"log_function": _log_request}
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.show_margins = False
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.prelaunch_hook = _set_xsrf_cookie
    # Below the default of nbclient, a page stays empty when many come at once.
    config.VoilaExecutor.iopub_timeout = 60
    config.MappingKernelManager.cull_idle_timeout = CULL_AFTER
    config.MappingKernelManager.cull_interval = CULL_AFTER // 4
    if os.name == "posix":
        # Two kernels that start at once may pick the same TCP port.
        config.KernelManager.transport = "ipc"
    return config


def hosted_config(ip: str, port: int, base_url: str = "/") -> Config:
    """Give the same, with kernels in shared hosts and nothing to send to pages that are gone."""
    config = voila_config(ip, port, base_url)
    config.KernelProvisionerFactory.default_provisioner_name = PROVISIONER
    # The page asks for a new kernel by itself; one that came back empty would help nobody.
    config.KernelManager.autorestart = False
    config.MappingKernelManager.buffer_offline_messages = False
    config.ZMQChannelsWebsocketConnection.limit_rate = False
    config.Voila.tornado_settings["websocket_max_message_size"] = LARGEST_MESSAGE
    return config


def _log_request(handler: RequestHandler) -> None:
    """Log what failed in the server, without the visitor's address or what he asked with."""
    status = handler.get_status()
    if status >= FAILED and status != BUSY:
        _log.error("%d %s %s", status, handler.request.method, handler.request.path)


def _set_xsrf_cookie(handler: Any, **_rest: object) -> None:
    """Set the cookie without which a closing page cannot end its kernel."""
    _ = handler.xsrf_token
