"""The reviewers' server: without its token, every one of its addresses is refused."""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import telling_routes
from support.commands import Server, run, serving

TOKEN = "a-token-of-the-test-0123"  # noqa: S105 - of the test alone


@pytest.fixture
def server(frames: Path, tmp_path: Path) -> Iterator[Server]:
    """Give the running page."""
    environ = {"ANIMELABEL_DATABASE_URL": f"sqlite:///{tmp_path}/r.db"}
    environ["ANIMELABEL_PICTURES"] = str(frames)
    done = run("import", str(frames), cwd=tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    environ["ANIMELABEL_REVIEW_TOKEN"] = TOKEN
    program = [sys.executable, telling_routes.__file__]
    with serving("serve", "--review", cwd=tmp_path, environ=environ, program=program) as running:
        yield running


def routes(server: Server) -> set[str]:
    """Give an address for each route that the server has registered behind the gate."""
    patterns = telling_routes.told(server.folder / "stderr.txt")
    return {re.sub(r"\((?:[^()]|\([^()]*\))*\)", "x", each).strip("^$") for each in patterns}


def get(address: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Ask for an address; give the status, the text and the headers."""
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


def test_every_route_is_refused_without_the_token(server: Server) -> None:
    """Websockets, kernels and static files too, and addresses that do not exist."""
    found = routes(server)
    assert any("channels" in each for each in found)
    assert any("static" in each for each in found)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    cookie = f"animelabel-review-{server.address.rsplit(':')[-1].strip('/')}"
    for path in sorted({*found, "/", "/nowhere", "/?token=", "/?token=wrong", "/x?token=" + TOKEN}):
        for headers in ({}, upgrade, {"Cookie": f"{cookie}=wrong"}):
            status, said, _ = get(server.address.rstrip("/") + path, **headers)
            assert status == 403, path
            assert "animelabel serve --review" in said


def test_the_token_becomes_a_cookie_and_leaves_the_address(server: Server) -> None:
    """With it the page and its files are there; neither log nor page shows the token."""
    status, said, headers = get(f"{server.address}?token={TOKEN}")
    assert status == 200
    assert TOKEN not in said
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    status, said, _ = get(server.address, Cookie=cookie.split(";")[0])
    assert status == 200
    assert TOKEN not in said
    assert TOKEN not in server.log + (server.folder / "stderr.txt").read_text(encoding="utf-8")


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    """In one sentence."""
    done = run("serve", "--review", cwd=tmp_path, ANIMELABEL_REVIEW_TOKEN="short")  # noqa: S106
    assert done.returncode == 1
    assert "must have 16 or more letters" in done.stderr
