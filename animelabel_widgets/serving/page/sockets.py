"""The websocket of a visitor's own kernel."""

from __future__ import annotations

import asyncio
import logging
import re
import struct
from itertools import pairwise
from typing import Any

from tornado.iostream import StreamBufferFullError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from .handlers import COOKIE, Site, is_from

_log = logging.getLogger(__name__)

_SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_UNREAD = 8 * 2**20
"""Bytes that may wait for a slow reader, after which his connection is closed."""

_WORD, _FEWEST, _MOST = 8, 6, 70
"""Bytes of a number in a binary message, and how many offsets one of a comm may have."""


class SocketHandler(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The websocket of a visitor's own kernel."""

    kernel_id = ""
    site: Site
    _joined = False

    def initialize(self, site: Site) -> None:
        """Take what the handlers share."""
        self.site = site

    async def get(self, kernel_id: str) -> None:
        """Let in whose kernel it is, and nobody else."""
        origin = self.request.headers.get("Origin")
        if origin is not None and not is_from(origin, self.request.host):
            raise HTTPError(403)
        if not self.site.visits.owns(kernel_id, str(self.get_cookie(COOKIE) or "")):
            raise HTTPError(403)
        # A session becomes the identity of sockets, which have rules for it.
        named = _SESSION.fullmatch(self.get_query_argument("session_id", ""))
        spoken = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if not named or _PROTOCOL not in map(str.strip, spoken):
            raise HTTPError(400)
        await super().get(kernel_id)

    async def open(self, kernel_id: str) -> None:
        """Connect the page with its kernel."""
        self.set_nodelay(True)
        self.ws_connection.stream.max_write_buffer_size = _UNREAD
        if not self.site.visits.owns(kernel_id, str(self.get_cookie(COOKIE) or "")):
            self.close()
            return
        self._joined = True
        self.site.visits.connect(kernel_id, self)
        try:
            await super().open(kernel_id)
        except TimeoutError:
            # Its host does nothing just now: the page tries again.
            self.close()

    def on_message(self, ws_message: Any) -> None:
        """Hand a message on; what is none ends the connection."""
        # What still comes on a closed connection would be read as of another protocol.
        if self.ws_connection is None:
            return
        if not _is_message(ws_message):
            self.close(1003)
            return
        self.site.visits.touch(self.kernel_id)
        try:
            super().on_message(ws_message)
        except Exception:  # noqa: BLE001 - whatever a visitor sends
            _log.warning("Kernel %s: a malformed message", self.kernel_id)
            self.close(1003)

    def write_message(self, message: Any, binary: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Send a message; a reader who is too slow loses his connection, not the server."""
        try:
            # Voilà would look for messages of kinds that such a kernel does not send.
            written = WebSocketHandler.write_message(self, message, binary)
        except (StreamBufferFullError, WebSocketClosedError):
            self.close()
            return None
        if written:
            written.add_done_callback(_notice)
        return written

    def on_close(self) -> None:
        """Part the page from its kernel."""
        # It would hold all this until its next turn.
        if self.ping_callback:
            self.ping_callback.stop()
        if self._joined:
            self.site.visits.disconnect(self.kernel_id, self)
        if getattr(self, "connection", None):
            super().on_close()

    def write_error(self, status_code: int, **_rest: Any) -> None:
        """Say the status and no more."""
        self.finish(f"{status_code}\n")


def _notice(written: asyncio.Future[None]) -> None:
    """Take note of a message that was not written: the connection has ended, and is told so."""
    if not written.cancelled():
        written.exception()


def _is_message(data: Any) -> bool:
    """Tell whether the offsets of a binary message are few, rising, and within it.

    jupyter_server goes through as many as the first number says, which may be 2**64.
    """
    if not isinstance(data, bytes) or len(data) < _WORD:
        return False
    count = int.from_bytes(data[:_WORD], "little")
    if not _FEWEST <= count <= _MOST or len(data) < _WORD * (count + 1):
        return False
    offsets = struct.unpack_from(f"<{count}Q", data, _WORD)
    rising = all(low <= high for low, high in pairwise(offsets))
    return rising and offsets[0] == _WORD * (count + 1) and offsets[-1] == len(data)
