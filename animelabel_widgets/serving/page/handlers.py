"""What answers a visitor: the page, its files, his visit, health; and the figures beside.

A little longer than other modules, so that all that a visitor can ask stands in one place.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST
from tornado.web import HTTPError, RequestHandler

from ...config import ADDRESS
from .document import Document
from .files import Files
from .visits import Full, Visits

_log = logging.getLogger(__name__)

COOKIE = "animelabel_visitor"
FREE = "visit?free"
"""How the address ends that is asked for a visit by one who may get it in any process."""

_YEAR = 31_536_000
_READY_WITHIN = 5.0
_KERNEL = re.compile(r"[0-9a-f-]{36}")
_COOKIE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip")
"""Headers that proxies set."""

_ROBOTS = "User-agent: *\nAllow: /$\nDisallow: /\n"


def is_from(origin: str | None, host: str) -> bool:
    """Tell whether a request comes from a page of this host."""
    try:
        return origin is not None and urlsplit(origin).netloc == host
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Site:
    """What the handlers share.

    Parameters
    ----------
    document, files, visits
        The page, its files, and who is in.
    salt
        With which addresses are digested.
    ready
        Tells whether the database answers.
    mark
        The beginning of this server process's cookies.
    """

    document: Document
    files: Files
    visits: Visits
    salt: bytes
    ready: Callable[[], bool]
    mark: str


class Quiet(RequestHandler):
    """A handler that tells nothing it need not."""

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
        if not is_from(self.request.headers.get("Origin"), self.request.host):
            raise HTTPError(403)

    def write_error(self, status_code: int, **_rest: Any) -> None:
        """Say the status and no more."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")


class Handler(Quiet):
    """A handler of the page's."""

    site: Site

    def initialize(self, site: Site) -> None:
        """Take what the handlers share."""
        self.site = site

    def visitor(self) -> str:
        """Give the visitor's cookie, or an empty string for one that is not of here."""
        found = str(self.get_cookie(COOKIE) or "")
        return found if _COOKIE.fullmatch(found) else ""

    def unpacks(self) -> bool:
        """Tell whether the browser can unpack an answer."""
        self.set_header("Vary", "Accept-Encoding")
        return "gzip" in self.request.headers.get("Accept-Encoding", "")

    def pack(self, body: bytes) -> None:
        """Answer with what is made for this request, packed where the browser can unpack it."""
        if self.unpacks():
            self.set_header("Content-Encoding", "gzip")
            body = gzip.compress(body, 4, mtime=0)
        self.finish(body)


class PageHandler(Handler):
    """The first page."""

    def get(self) -> None:
        """Give the page."""
        self.set_header("Content-Security-Policy", self.site.document.policy)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        request = self.request
        self.pack(self.site.document.at(f"{request.protocol}://{request.host}{request.path}"))

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
        unpacks = self.unpacks()
        if unpacks:
            self.set_header("Content-Encoding", "gzip")
        self.finish(file.packed if unpacks else file.plain)

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
        visitor = self.visitor()
        if not visitor.startswith(self.site.mark):
            visitor = self.site.mark + secrets.token_urlsafe(32)
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
            # Who has another page here stays: its kernel is reached by the same cookie.
            place["free"] = not self.site.visits.has_page(visitor)
        except Exception as error:  # noqa: BLE001 - told in general words: the page is public
            _log.error("A visit could not begin: %s", error)
            self.set_status(503)
            place = {"code": "break", "wait_ms": 5_000}
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json")
        self.pack(json.dumps(place).encode())

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

    _asked: ClassVar[asyncio.Future[bool] | None] = None

    async def get(self) -> None:
        """Ask it; for all who ask meanwhile."""
        asked = ReadyHandler._asked
        if asked is None or asked.done():
            asked = ReadyHandler._asked = self._ask()
        try:
            ready = await asyncio.wait_for(asyncio.shield(asked), _READY_WITHIN)
        except TimeoutError:
            # Whoever asks next asks anew: it may be one connection that hangs.
            ReadyHandler._asked = None
            ready = False
        self.set_status(200 if ready else 503)
        self.finish("ok\n" if ready else "the database does not answer\n")

    def _ask(self) -> asyncio.Future[bool]:
        """Ask the database in a thread that may be left behind: the server can end meanwhile."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        site = self.site

        def work() -> None:
            ready = False
            try:
                ready = site.ready()
            finally:
                # The loop may have ended.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(answer.set_result, ready)

        Thread(target=work, name="ready", daemon=True).start()
        return answer


class MetricsHandler(Quiet):
    """Figures for Prometheus, for who asks from this machine and not through a proxy."""

    def initialize(self, metrics: Callable[[], bytes]) -> None:
        """Take what gives them."""
        self._metrics = metrics

    def get(self) -> None:
        """Give them."""
        passed_on = any(name in self.request.headers for name in _PASSED_ON)
        if passed_on or not _is_near(self.request.remote_ip):
            raise HTTPError(404)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(self._metrics())


def _is_near(address: str | None) -> bool:
    """Tell whether an address is this machine's."""
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


class NothingHandler(Quiet):
    """Every other address."""

    def prepare(self) -> None:
        """Say that nothing is there."""
        raise HTTPError(404)
