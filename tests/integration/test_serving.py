"""The served page, visited by scripts: what is open, who is let in, and when a kernel goes."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from support.commands import Server, run, serving
from support.mariadb import private_mariadb
from support.story import tell
from support.visitor import PROTOCOL, Visitor, encode
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from animelabel_widgets.store import Store


@pytest.fixture
def server(served: Store, sqlite_url: str, frames: Path, tmp_path: Path) -> Iterator[Server]:
    """Give the served page, with room for four."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_PICTURES": str(frames)}
    with serving("serve", "--max-visitors", "4", cwd=tmp_path, environ=environ) as running:
        yield running


async def eventually(what: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so; the test's own patience is a minute."""
    async with asyncio.timeout(60):
        while True:
            if await what():
                return


def test_visitors_rate_and_each_rating_is_stored(server: Server, served: Store) -> None:
    """Two visitors get pictures and rate them at once."""

    async def story() -> None:
        visitors = [Visitor(server.address) for _ in range(2)]
        for visitor in visitors:
            for task in await visitor.visit():
                assert (await visitor.rate(task, person=True))["kind"] == "saved"
            visitor.close()

    tell(story)
    assert len(served.ratings()) == 8
    assert served.check() == []


def test_the_first_page_starts_no_kernel(server: Server) -> None:
    """A crawler or a link preview gets the same small page, whatever it asks with."""

    async def story() -> None:
        visitor = Visitor(server.address)
        for headers in ({}, {"User-Agent": "bot"}, {"Accept-Encoding": "gzip"}):
            reply = await visitor.fetch("", headers=headers)
            assert reply.code == 200
            assert b'property="og:title"' in reply.body
            image = f'property="og:image" content="{server.address}icon-512.png"'
            assert image.encode() in reply.body
            assert "Set-Cookie" not in reply.headers
        forged = await visitor.fetch("", headers={"Host": 'x"><script>'})
        assert b"<script>" not in forged.body.partition(b"</head>")[0]
        assert (await visitor.fetch("robots.txt")).body.startswith(b"User-agent: *")
        assert (await visitor.fetch("favicon.ico")).code == 200
        # Four places are all still free.
        crowd = [Visitor(server.address) for _ in range(4)]
        assert [await each.enter() for each in crowd] == [200] * 4

    tell(story)


ANSWERS = {
    "": 200,
    "healthz": 200,
    "readyz": 200,
    "robots.txt": 200,
    "manifest.webmanifest": 200,
    "favicon.ico": 200,
    "icon-192.png": 200,
    "visit": 405,
    "leave": 405,
}
CLOSED = [
    "api/kernels",
    "api/kernelspecs",
    "api/sessions",
    "api/contents",
    "api/terminals",
    "login",
    "logout",
    "voila",
    "voila/tree",
    "voila/api/contents",
    "voila/files/label.ipynb",
    "voila/static/voila.js",
    "voila/templates/lab/static/x.css",
    "voila/api/shutdown/x",
    "voila/labextensions/x",
    "static/../label.ipynb",
    "static/%2e%2e/pyproject.toml",
    "label.ipynb",
    "frames/",
    "?template=lab",
    "?theme=dark",
]


def test_nothing_else_is_open(server: Server) -> None:
    """Each address of the page gives its answer, and those of Voilà and Jupyter none."""

    async def story() -> None:
        visitor = Visitor(server.address)
        for path, status in ANSWERS.items():
            reply = await visitor.fetch(path)
            assert (path, reply.code) == (path, status)
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in reply.headers or not reply.headers["Server"]
        page = (await visitor.fetch("")).body
        for path in CLOSED:
            reply = await visitor.fetch(path)
            # A query changes nothing of the page.
            assert reply.code == 404 or reply.body == page, path
        for method in ("PUT", "DELETE", "PATCH", "POST"):
            for path in ("", "api/kernels", "visit", "voila/api/shutdown/x"):
                body = "" if method in ("PUT", "PATCH", "POST") else None
                reply = await visitor.fetch(path, method=method, body=body)
                assert reply.code in (400, 403, 404, 405), (method, path)
                assert len(reply.body) < 60

    tell(story)


def test_the_policy_of_the_page(server: Server) -> None:
    """Only what is in the page runs; no frame, no form, no other site."""

    async def story() -> None:
        policy = (await Visitor(server.address).fetch("")).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        visitor = Visitor(server.address)
        reply = await visitor.fetch("visit", method="POST", body='{"kernel": null}')
        cookie = reply.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie

    tell(story)


async def refused(visitor: Visitor, kernel: str, **headers: str) -> int:
    """Try to connect to a kernel; give the status of the refusal."""
    url = f"{visitor.address.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id=x"
    given = {"Cookie": visitor.cookie, "Origin": visitor.origin, **headers}
    request = HTTPRequest(url, headers={name: each for name, each in given.items() if each})
    try:
        socket = await websocket_connect(request, subprotocols=[PROTOCOL])
    except HTTPClientError as error:
        return error.code
    socket.close()
    return 101


def test_another_visitors_kernel_is_closed(server: Server) -> None:
    """The websocket asks for the visitor's own cookie and the page's own origin."""

    async def story() -> None:
        ann, ben = Visitor(server.address), Visitor(server.address)
        await ann.visit()
        await ben.visit()
        kernel = ann.place["kernel"]
        assert await refused(ben, kernel) == 403
        assert await refused(ann, kernel, Cookie="") == 403
        assert await refused(ann, kernel, Origin="http://elsewhere.example") == 403
        assert await refused(ann, str(uuid4())) == 403
        reply = await ben.fetch("leave", method="POST", body=kernel)
        assert reply.code == 403
        reply = await ann.fetch(
            "leave", method="POST", body=kernel, headers={"Origin": "http://elsewhere.example"}
        )
        assert reply.code == 403
        assert (await ann.ask(kind="progress"))[0]["kind"] == "progress"

    tell(story)


def test_code_cannot_be_run(server: Server, tmp_path: Path) -> None:
    """What would run code in a notebook does nothing here, and the page goes on."""
    mark = tmp_path / "mark"

    async def story() -> None:
        visitor = Visitor(server.address)
        await visitor.visit()
        assert visitor.socket is not None
        code = f"open({str(mark)!r}, 'w').close()"
        for kind, content in (
            ("execute_request", {"code": code, "silent": False}),
            ("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}}),
            ("debug_request", {}),
            ("interrupt_request", {}),
        ):
            for channel in ("shell", "control", "stdin"):
                await visitor.socket.write_message(encode(kind, content, channel), binary=True)
        assert (await visitor.ask(kind="progress"))[0]["kind"] == "progress"

    tell(story)
    assert not mark.exists()


GARBAGE = [b"", b"\x00", b"\xff" * 64, b"\x03" + bytes(40), "text", "{}", b"x" * (2**20 + 1)]


def test_garbage_harms_nobody(server: Server) -> None:
    """Whoever sends it may lose his connection; the others do not notice."""

    async def story() -> None:
        ann, ben = Visitor(server.address), Visitor(server.address)
        await ann.visit()
        await ben.visit()
        former = ben.place["kernel"]
        for garbage in GARBAGE:
            assert ben.socket is not None
            await ben.socket.write_message(garbage, binary=isinstance(garbage, bytes))
            assert (await ann.ask(kind="progress"))[0]["kind"] == "progress"
            # His kernel is still his: he comes back to it.
            ben.close()
            await ben.closed()
            assert await ben.enter() == 200
            assert ben.place["kernel"] == former
            await ben.connect()
            assert (await ben.ask(kind="progress"))[0]["kind"] == "progress"

    tell(story)


def test_the_limit_holds_in_a_burst_and_the_next_one_gets_in(server: Server) -> None:
    """Of thirty at once four get in; when one leaves, the first in line is next."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(30)]
        statuses = await asyncio.gather(*(each.enter() for each in crowd))
        assert sorted(statuses) == [200] * 4 + [503] * 26
        inside = [each for each, status in zip(crowd, statuses, strict=True) if status == 200]
        outside = [each for each, status in zip(crowd, statuses, strict=True) if status == 503]
        outside.sort(key=lambda each: each.ahead)
        assert [each.ahead for each in outside] == list(range(26))
        leaver = inside[0]
        reply = await leaver.fetch("leave", method="POST", body=leaver.place["kernel"])
        assert reply.code == 204
        assert await outside[-1].enter() == 503, "others wait before"
        assert await outside[0].enter() == 200
        assert await outside[1].enter() == 503

    tell(story)


def test_a_page_that_is_gone_frees_its_place(server: Server) -> None:
    """A dropped connection keeps its kernel for a while, then the kernel goes."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(4)]
        for each in crowd:
            await each.visit()
        crowd[0].close()
        late = Visitor(server.address)
        assert await late.enter() == 503

        async def in_now() -> bool:
            return await late.enter() == 200

        await eventually(in_now)
        assert late.place["kernel"] != crowd[0].place["kernel"]

    tell(story)


def test_the_death_of_a_host_closes_its_pages_and_others_go_on(server: Server) -> None:
    """Each page of a dead host is closed at once, and gets a new kernel when it asks."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(4)]
        for each in crowd:
            await each.visit()
        os.kill(server.kernels()[0], signal.SIGKILL)
        codes = []
        for each in crowd:
            try:
                await each.ask(kind="progress")
            except ConnectionError:
                codes.append(each.code)
                await each.visit()
        assert codes == [4002, 4002]

    tell(story)


def test_files_are_packed_and_kept_for_ever(server: Server) -> None:
    """What the page loads is named by its content; the whole is small."""

    async def story() -> None:
        visitor = Visitor(server.address)
        plain = await visitor.fetch("", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        packed = await visitor.fetch(
            "", headers={"Accept-Encoding": "gzip"}, decompress_response=False
        )
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        page = plain.body.decode()
        names = [each.split('"')[0] for each in page.split('href="static/')[1:]]
        assert len(names) == 2
        total = len(packed.body)
        for name in names:
            reply = await visitor.fetch(
                f"static/{name}", headers={"Accept-Encoding": "gzip"}, decompress_response=False
            )
            assert reply.code == 200
            assert "immutable" in reply.headers["Cache-Control"]
            assert reply.headers["Content-Encoding"] == "gzip"
            total += len(reply.body)
        body = json.dumps({"kernel": None})
        reply = await visitor.fetch(
            "visit",
            method="POST",
            body=body,
            headers={"Accept-Encoding": "gzip"},
            decompress_response=False,
        )
        total += len(reply.body)
        assert total < 50_000

    tell(story)


def test_readiness_is_of_now(frames: Path, tmp_path: Path) -> None:
    """Whoever sends visitors here hears at once that the database is gone, and that it is back."""
    with private_mariadb() as mariadb, mariadb.database() as url:
        environ = {"ANIMELABEL_DATABASE_URL": url, "ANIMELABEL_PICTURES": str(frames)}
        run("import", str(frames), cwd=tmp_path, **environ)
        with serving("serve", cwd=tmp_path, environ=environ) as running:

            async def ready() -> bool:
                return (await Visitor(running.address).fetch("readyz")).code == 200

            async def story() -> None:
                assert await ready()
                mariadb.kill()
                assert not await ready()
                assert (await Visitor(running.address).fetch("healthz")).code == 200
                mariadb.start()
                await eventually(ready)

            tell(story)


def test_malformed_visits_are_refused(server: Server) -> None:
    """A visit that is no visit, or comes from another site, starts nothing."""

    async def story() -> None:
        visitor = Visitor(server.address)
        bodies: list[Any] = ["", "[]", "{}", '{"kernel": 1}', '{"kernel": "../x"}', "\x00"]
        for body in bodies:
            assert (await visitor.fetch("visit", method="POST", body=body)).code == 400
        for origin in ("http://elsewhere.example", "null"):
            reply = await visitor.fetch(
                "visit", method="POST", body='{"kernel": null}', headers={"Origin": origin}
            )
            assert reply.code == 403

    tell(story)
