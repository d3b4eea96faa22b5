"""The reviewers' page: Voilà on a port of its own, where nothing answers without the token.

The token is asked for before any route is looked up, so that none can forget to.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import closing
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler
from traitlets.config import Config

from ..config import Settings
from ..errors import ConfigError
from ..store import Store
from . import notebook
from .server import Server, voila_config

TOKEN = "ANIMELABEL_REVIEW_TOKEN"  # noqa: S105 - the name of a variable
SHORTEST = 16
PORT = 8867

_REFUSED = (
    "This page is for reviewers: open it with the address that `animelabel serve --review` printed."
)
_ENTERED = '<!doctype html><meta http-equiv="refresh" content="0;url=%s"><title>Review</title>'


def serve_review(
    settings: Settings, *, ip: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serve the reviewers' page until it is interrupted.

    Parameters
    ----------
    settings
        What the page's kernels work with; they get it as variables.
    ip, port
        Where to listen; if the port is taken, one near it is used.
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
    with closing(Store.open(settings.database_url, create=False)):
        os.environ.update(settings.as_environ())
        ReviewServer(token, announce, review_config(ip, port)).run(notebook("review.ipynb"))


def review_config(ip: str, port: int) -> Config:
    """Give Voilà's settings, with a kernel that is ready before the next reviewer comes."""
    config = voila_config(ip, port)
    # The two exclude each other; the kernel of a page that went away ends when it is culled.
    config.VoilaConfiguration.prelaunch_hook = None
    config.VoilaConfiguration.preheat_kernel = True
    config.VoilaConfiguration.default_pool_size = 1
    return config


class ReviewServer(Server):
    """Voilà that answers only to who has the token."""

    def __init__(self, token: str, announce: Callable[[str], None], config: Config) -> None:
        super().__init__(lambda address: announce(f"{address}?token={token}"), config)
        self._token = token

    def listen(self) -> None:
        """Put the question for the token before every route, then listen."""
        cookie = f"animelabel-review-{self.port}"
        gate = [
            Rule(_Brings(self._token), _Enter, {"token": self._token, "cookie": cookie}),
            Rule(_Lacks(self._token, cookie), _Refuse),
        ]
        self.app.default_router.rules[:0] = gate
        super().listen()


class _Brings(Matcher):
    """Matches a request for the page with the right token in its address."""

    def __init__(self, token: str) -> None:
        self._token = token

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Compare in a time that tells nothing."""
        said = request.query_arguments.get("token", [b""])[-1]
        right = hmac.compare_digest(said, self._token.encode())
        return {} if right and request.path == "/" and request.method == "GET" else None


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
