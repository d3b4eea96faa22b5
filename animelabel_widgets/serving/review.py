"""The reviewers' page: the lean page on a port of its own, where nothing answers without the token.

The token is asked for before any route is looked up, so that none can forget to.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler
from traitlets.config import Config

from ..config import Settings
from ..errors import ConfigError
from ..store import Store
from . import answers, notebook, prepare_log
from .crowd import Crowd
from .hosted.hosts import Hosts
from .lean import LeanServer
from .room import room_for
from .server import hosted_config

TOKEN = "ANIMELABEL_REVIEW_TOKEN"  # noqa: S105 - the name of a variable
SHORTEST = 16
PORT = 8867
REVIEWERS = 50
"""Reviewers at once, who share a process; each has all images in it, some 40 MB of 300,000."""
IDLE_MINUTES = 12 * 60
"""A reviewer may be called away."""

_REFUSED = (
    "This page is for reviewers: open it with the address that `animelabel serve --review` printed."
)
_ENTERED = '<!doctype html><meta http-equiv="refresh" content="0;url=%s"><title>Review</title>'


def serve_review(
    settings: Settings, *, ip: str, port: int, base_url: str, announce: Callable[[str], None]
) -> None:
    """Serve the reviewers' page until it is interrupted.

    Parameters
    ----------
    settings
        What the page's kernels work with; they get it as variables.
    ip, port
        Where to listen; if the port is taken, one near it is used.
    base_url
        What the page's address begins with after the host, with a slash at both ends.
    announce
        Called with the page's address, which has the token, once it is served.

    Raises
    ------
    ConfigError
        If the token in `ANIMELABEL_REVIEW_TOKEN` is too short.
    StoreError, SchemaError
        If the database cannot be used.
    """
    token = _token()
    settings = settings.absolute()
    prepare_log(settings)
    with (
        closing(Store.open(settings.database_url, create=False)) as store,
        TemporaryDirectory(prefix="animelabel-") as counts,
    ):
        os.environ.update(settings.as_environ())
        ReviewServer(
            token,
            announce,
            hosted_config(ip, port, base_url),
            counts=counts,
            database_ready=lambda: answers(store),
        ).run(notebook("review.ipynb"))


class ReviewServer(LeanServer):
    """The lean page, which answers only to who has the token."""

    def __init__(
        self,
        token: str,
        announce: Callable[[str], None],
        config: Config,
        *,
        counts: str,
        database_ready: Callable[[], bool],
    ) -> None:
        super().__init__(
            lambda address: announce(f"{address}?token={token}"),
            config,
            Hosts(1, ("animelabel_widgets.apps", "animelabel_widgets.review")),
            crowd=Crowd(idle_minutes=IDLE_MINUTES),
            places=room_for(REVIEWERS)[0],
            counts=counts,
            database_ready=database_ready,
        )
        self._token = token

    def attach(self, server: HTTPServer) -> None:
        """Have connections come in, and put the question for the token before every route."""
        super().attach(server)
        cookie = f"animelabel-review-{self.port}"
        brings = _Brings(self._token, self.base_url)
        gate = [
            Rule(brings, _Enter, {"token": self._token, "cookie": cookie}),
            Rule(_Lacks(self._token, cookie), _Refuse),
        ]
        self.app.default_router.rules[:0] = gate


class _Brings(Matcher):
    """Matches a request for the page with the right token in its address."""

    def __init__(self, token: str, page: str) -> None:
        self._token = token
        self._page = page

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Compare in a time that tells nothing."""
        said = request.query_arguments.get("token", [b""])[-1]
        right = hmac.compare_digest(said, self._token.encode())
        return {} if right and request.path == self._page and request.method == "GET" else None


class _Lacks(Matcher):
    """Matches every request without the right token in its cookie."""

    def __init__(self, token: str, cookie: str) -> None:
        self._token = token
        self._cookie = cookie

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Compare in a time that tells nothing."""
        morsel = request.cookies.get(self._cookie)
        said = "" if morsel is None else morsel.value
        return None if hmac.compare_digest(said.encode(), self._token.encode()) else {}


class _Enter(RequestHandler):
    """Turns the token of the address into a cookie, and goes to the page without it."""

    def initialize(self, token: str, cookie: str) -> None:
        """Take what the rule brings."""
        self._token = token
        self._cookie = cookie

    def get(self) -> None:
        """Set the cookie; the page follows by itself, as a strict cookie asks for."""
        secure = self.request.protocol == "https"
        self.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict", secure=secure)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.finish(_ENTERED % "./")


class _Refuse(RequestHandler):
    """Says in one sentence who may come in."""

    def prepare(self) -> None:
        """Refuse, whatever the method."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(_REFUSED)

    def check_xsrf_cookie(self) -> None:
        """Ask for nothing: nothing is done here."""


def _token() -> str:
    """Take the token from its variable, out of the kernels' sight, or make one."""
    given = os.environ.pop(TOKEN, "")
    if not given:
        return secrets.token_urlsafe(32)
    if (
        len(given) < SHORTEST
        or not given.isascii()
        or not given.replace("-", "").replace("_", "").isalnum()
    ):
        raise ConfigError(
            f"{TOKEN} must have {SHORTEST} or more letters, digits, - or _: "
            "give a longer one, or none to have one made."
        )
    return given
