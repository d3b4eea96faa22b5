"""Every address that a visitor can reach: the page, its files, his visit, his websocket, health."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import logging
import re
import secrets
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from tornado.ioloop import IOLoop
from tornado.iostream import StreamBufferFullError
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ...config import ADDRESS
from .document import Document
from .files import Files
from .visits import Full, Visits

_log = logging.getLogger(__name__)

COOKIE = "animelabel_visitor"
_YEAR = 31_536_000
_KERNEL = re.compile(r"[0-9a-f-]{36}")
_COOKIE = re.compile(r"[\w-]{1,64}", re.ASCII)
_SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_UNREAD = 8 * 2**20
"""Bytes that may wait for a slow reader, after which his connection is closed."""

_WORD, _FEWEST, _MOST = 8, 6, 70
"""Bytes of a number in a binary message, and how many offsets one of a comm may have."""

_ROBOTS = "User-agent: *\nAllow: /$\nDisallow: /\n"


@dataclass(frozen=True, slots=True)
class Site:
    """What the handlers share."""

    document: Document
    files: Files
    visits: Visits
    salt: bytes
    ready: Any


class Handler(RequestHandler):
    """A handler that tells nothing it need not."""

    site: Site

    def initialize(self, site: Site) -> None:
        """Take what the handlers share."""
        self.site = site

    def set_default_headers(self) -> None:
        """Say what a browser may do with an answer."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")

    def prepare(self) -> None:
        """Take what changes something from this site only."""
        if self.request.method in ("GET", "HEAD"):
            return
        if not _is_from(self.request.headers.get("Origin"), self.request.host):
            raise HTTPError(403)

    def write_error(self, status_code: int, **_rest: Any) -> None:
        """Say the status and no more."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")

    def visitor(self) -> str:
        """Give the visitor's cookie, or an empty string for one that is not of here."""
        found = str(self.get_cookie(COOKIE) or "")
        return found if _COOKIE.fullmatch(found) else ""


class PageHandler(Handler):
    """The first page."""

    def get(self) -> None:
        """Give the page."""
        self.set_header("Content-Security-Policy", self.site.document.policy)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.site.document.body)

    def head(self) -> None:
        """Give the same without its content."""
        self.get()


class FileHandler(Handler):
    """The page's files."""

    def get(self, name: str) -> None:
        """Give a file, packed where the browser can unpack it."""
        file = self.site.files.get(name)
        if file is None:
            raise HTTPError(404)
        self.set_header("Content-Type", f"{file.kind}; charset=utf-8")
        self.set_header("Cache-Control", f"public, max-age={_YEAR}, immutable")
        self.set_header("Vary", "Accept-Encoding")
        packs = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packs:
            self.set_header("Content-Encoding", "gzip")
        self.finish(file.packed if packs else file.plain)

    def head(self, name: str) -> None:
        """Give the same without its content."""
        self.get(name)


class RobotsHandler(Handler):
    """What crawlers may read: the first page."""

    def get(self) -> None:
        """Give robots.txt."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(_ROBOTS)


class VisitHandler(Handler):
    """A visit: asked for by the page's script, left by it too."""

    async def post(self) -> None:
        """Give the page its kernel and its widget, or say how long to wait."""
        former = self._former()
        visitor = self.visitor() or secrets.token_urlsafe(32)
        self.set_cookie(
            COOKIE,
            visitor,
            path=self.request.path.rpartition("/")[0] + "/",
            httponly=True,
            samesite="Strict",
            secure=self.request.protocol == "https",
        )
        try:
            place = await self.site.visits.enter(visitor, former, {ADDRESS: self._address()})
        except Full as full:
            self.set_status(503)
            place = {"code": "full", "ahead": full.ahead, "wait_ms": full.wait_ms}
        except Exception as error:  # noqa: BLE001 - told in general words: the page is public
            _log.error("A visit could not begin: %s", error)
            self.set_status(503)
            place = {"code": "break", "wait_ms": 5_000}
        self.set_header("Cache-Control", "no-store")
        self._send(json.dumps(place).encode())

    def _send(self, body: bytes) -> None:
        """Send JSON, packed where the browser can unpack it."""
        self.set_header("Content-Type", "application/json")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            body = gzip.compress(body, 4, mtime=0)
        self.finish(body)

    def _former(self) -> str | None:
        """Read which kernel the page had."""
        try:
            asked = json.loads(self.request.body)
            former = asked["kernel"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise HTTPError(400) from None
        if former is not None and not (isinstance(former, str) and _KERNEL.fullmatch(former)):
            raise HTTPError(400)
        return former

    def _address(self) -> str:
        """Name the visitor's address by a keyed digest: it is told nowhere, and kept nowhere."""
        address = self.request.remote_ip or ""
        if ":" in address:
            address = ":".join(address.split(":")[:4])
        return hmac.new(self.site.salt, address.encode(), hashlib.sha256).hexdigest()[:32]


class LeaveHandler(Handler):
    """The end of a visit, told by a page that closes."""

    def post(self) -> None:
        """End the visit."""
        kernel_id = self.request.body[:64].decode("ascii", "replace")
        if not self.site.visits.owns(kernel_id, self.visitor()):
            raise HTTPError(403)
        self.site.visits.leave(kernel_id)
        self.set_status(204)
        self.finish()


class LiveHandler(Handler):
    """Liveness: the server answers."""

    def get(self) -> None:
        """Say so."""
        self.finish("ok\n")


class ReadyHandler(Handler):
    """Readiness: the database answers too."""

    async def get(self) -> None:
        """Ask it."""
        ready = await IOLoop.current().run_in_executor(None, self.site.ready)
        self.set_status(200 if ready else 503)
        self.finish("ok\n" if ready else "the database does not answer\n")


class NothingHandler(Handler):
    """Every other address."""

    def prepare(self) -> None:
        """Say that nothing is there."""
        raise HTTPError(404)


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
        if origin is not None and not _is_from(origin, self.request.host):
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
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        """Hand a message on; what is none ends the connection."""
        # What still comes on a closed connection would be read as of another protocol.
        if self.ws_connection is None:
            return
        if not _is_message(ws_message):
            self.close(1003)
            return
        try:
            super().on_message(ws_message)
        except Exception:  # noqa: BLE001 - whatever a visitor sends
            _log.warning("Kernel %s: a malformed message", self.kernel_id)
            self.close(1003)

    def write_message(self, message: Any, binary: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Send a message; a reader who is too slow loses his connection, not the server."""
        try:
            written = super().write_message(message, binary)
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


def _is_from(origin: str | None, host: str) -> bool:
    """Tell whether a request comes from a page of this host."""
    try:
        return origin is not None and urlsplit(origin).netloc == host
    except ValueError:
        return False


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


def routes(site: Site) -> list[tuple[Any, ...]]:
    """Give all routes, relative to the base URL."""
    shared = {"site": site}
    return [
        (r"/", PageHandler, shared),
        (r"/static/([0-9a-f]{32}\.(?:js|css))", FileHandler, shared),
        (r"/robots\.txt", RobotsHandler, shared),
        (r"/visit", VisitHandler, shared),
        (r"/leave", LeaveHandler, shared),
        (r"/healthz", LiveHandler, shared),
        (r"/readyz", ReadyHandler, shared),
        (r"/api/kernels/([0-9a-f-]{36})/channels", SocketHandler, shared),
    ]
