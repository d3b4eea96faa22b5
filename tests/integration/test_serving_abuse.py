"""Whatever comes over the net, the others do not notice, and the server's log stays readable."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from support.commands import Server, run, serving
from support.frames import REAL, copy_frames
from support.rude import HANDSHAKE, connected, files, frame, memory, say, websocket
from support.steady import undisturbed
from support.story import tell as told
from support.visitor import PROTOCOL, Visitor, encode
from support.waiting import wait_until
from tornado.websocket import WebSocketClosedError

Story = Callable[[Visitor], Awaitable[None]]


@pytest.fixture(scope="module", params=["1", "2"], ids=["alone", "behind-a-front"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Give the served page, of one server process and of two behind one address."""
    folder = tmp_path_factory.mktemp("abuse")
    source = REAL if REAL.is_dir() else request.getfixturevalue("demo_set") / "frames"
    frames = str(copy_frames(source, folder / "frames"))
    environ = {
        "ANIMELABEL_DATABASE_URL": f"sqlite:///{folder / 'test.db'}",
        "ANIMELABEL_PICTURES": frames,
        "ANIMELABEL_LIMITS": "0",
        "ANIMELABEL_GOLD": "0",
        "ANIMELABEL_ESTIMATE_SECONDS": "0",
    }
    done = run("import", frames, cwd=folder, **environ)
    assert done.returncode == 0, done.stderr
    options = ["--workers", request.param, "--hosts", "1"]
    with serving("serve", *options, cwd=folder, environ=environ) as running:
        yield running


@pytest.fixture
def server(served: Server) -> Iterator[Server]:
    """Give it to a test, after which no traceback may be in its log, and no process dead."""
    children = served.children("animelabel_widgets.serving")
    yield served
    said = (served.folder / "stderr.txt").read_text(encoding="utf-8")
    assert "Traceback" not in said, said[-3000:]
    assert served.children("animelabel_widgets.serving") == children


def total(count: Callable[[int], float], server: Server) -> float:
    """Count something of all server processes."""
    return sum(map(count, [server.process.pid, *server.children("serving.worker")]))


def tell(server: Server, story: Story) -> None:
    """Run a story while a well-behaved visitor rates, who must not notice."""

    async def watched() -> None:
        async with undisturbed(server.address) as steady:
            await story(steady)

    told(watched)


def get(path: bytes, more: bytes = b"", method: bytes = b"GET") -> bytes:
    """Make a request."""
    head = b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
    return method + b" " + path + head + more + b"\r\n"


def post(more: bytes, body: bytes) -> bytes:
    """Make a request for a visit, without the length of its body."""
    return get(b"/visit", b"Origin: http://HOST\r\n" + more, b"POST") + body


def whole(more: bytes, body: bytes) -> bytes:
    """Make one with the length of its body."""
    return post(more + b"Content-Length: %d\r\n" % len(body), body)


LENGTHS = [b"-1", b"abc", b"1000000000", b"9" * 400, b"5, 6", b"+2", b"", b"0x2", b"\xb2", b"1_0"]
CHUNKS = [b"zz\r\n", b"-1\r\n", b"f" * 20 + b"\r\n", b"5\r\nabcdefg\r\n0\r\n\r\n", b"f" * 70_000]
METHODS = [b"A" * 1000, b"GET\0", b"\0", b"get", b"", b"PRI", b"TRACE", b"CONNECT", b"\xff"]
HEADERS = [
    b"X: " + b"a" * 65_536 + b"\r\n",
    b"".join(b"X-%d: a\r\n" % number for number in range(1000)),
    b"X: a\0b\r\n",
    b"X\0: a\r\n",
    b"no colon\r\n",
    b"X: a\r\n b\r\n",
    b"X: \xff\xfe\r\n",
    b"Cookie: \x01;;==;\r\n",
    b"Range: bytes=zz\r\n",
    b"X-Forwarded-For: \xff\r\n",
]
PATHS = [
    b"/" + b"a" * 15_000,
    *(b"/%00", b"/static/%00", b"/%ff%fe", b"/icon-192.png%00", b"/?%ff=%00", b"/\x7f", b"/\xff"),
    *(b"/../../etc/passwd", b"/static/../../x", b"/%2e%2e/%2e%2e/etc/passwd", b"//etc/passwd"),
    *(b"*", b"http://elsewhere.example/", b"\\", b"/a b", "/é".encode(), b"/?" + b"a=b&" * 3000),
]
BROKEN = [
    *(b"\r\n" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: HOST\r\n\r\n", b"SSH-2.0-x\r\n"),
    *(bytes(70_000), b"\xff" * 70_000, b"\x16\x03\x01\x00\xa5" + bytes(165)),
    *(b"GET / HTTP/1.1\r\n x: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
]
VISIT = b'{"kernel": null}'
ORIGINS = [b"http://[", b"http://[::1", b"\xff", b"", b"null", b"//", b"http://HOST\\@x"]
COOKIES = [b'"0.a b"', b'"0.\\000"', b'"0.\\012"', b"0." * 5000, b'"0.\xff"', b"0.a\tb", b""]
BODIES = [b"[" * 4000, b'{"kernel": "\\ud800"}', b"\xff", b'{"kernel": ' + b"9" * 3000 + b"}"]
REQUESTS = [
    *(post(b"Content-Length: " + each + b"\r\n", b"{}") for each in LENGTHS),
    post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"),
    post(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"{}"),
    *(post(b"Transfer-Encoding: chunked\r\n", each) for each in CHUNKS),
    *(whole(b"Cookie: animelabel_visitor=" + each + b"\r\n", VISIT) for each in COOKIES),
    *(whole(b"", each) for each in BODIES),
    *(
        get(b"/leave", b"Content-Length: 0\r\nOrigin: " + each + b"\r\n", b"POST")
        for each in ORIGINS
    ),
    *(get(b"/", b"", each) for each in METHODS),
    *(get(b"/", each) for each in HEADERS),
    *(get(each) for each in PATHS),
    *BROKEN,
]


def test_absurd_requests_are_refused(server: Server) -> None:
    """Each of them gets a refusal or the page, never an error of the server or its words."""

    async def story(_steady: Visitor) -> None:
        answers = await asyncio.gather(*(say(server.address, each) for each in REQUESTS))
        for request, answer in zip(REQUESTS, answers, strict=True):
            first = answer.split(b"\r\n")[0]
            assert not first.startswith((b"HTTP/1.1 500", b"HTTP/1.1 502")), request[:200]
            assert b"passwd" not in answer
            assert b"root:" not in answer

    tell(server, story)


def test_half_open_connections_harm_nobody(server: Server) -> None:
    """Neither who says nothing, nor who stops in the middle, nor who upgrades and is silent."""
    before = total(files, server)

    async def story(_steady: Visitor) -> None:
        opened = [await connected(server.address) for _ in range(300)]
        for number, (_, writer) in enumerate(opened):
            half = get(b"/", HANDSHAKE.encode())[:-2]
            writer.write(half[: number % len(half)])
        for _ in range(5):
            visitor = Visitor(server.address)
            assert await visitor.enter() == 200
            opened.append(await websocket(visitor))
        late = Visitor(server.address)
        await late.visit()
        late.close()
        await late.closed()
        for _, writer in opened:
            writer.transport.abort()

    tell(server, story)
    # The sockets of kernels whose pages have gone are kept for some seconds.
    wait_until(lambda: total(files, server) < before + 150, "the files to be closed")


def test_three_thousand_connections_harm_nobody(server: Server) -> None:
    """They are held, a newcomer gets in beside them, and what they cost comes back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    number = min(3000, hard // 4)
    before = total(files, server)

    async def story(_steady: Visitor) -> None:
        opened = [await connected(server.address) for _ in range(number)]
        late = Visitor(server.address)
        await late.visit()
        assert total(files, server) > number
        late.close()
        await late.closed()
        for _, writer in opened:
            writer.transport.abort()

    try:
        tell(server, story)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: total(files, server) < before + 150, "the files to be closed")


def test_a_reader_who_is_too_slow_is_let_go(server: Server) -> None:
    """He asks for pictures and takes none: he loses his connection, the server no memory."""
    before = total(memory, server)
    peak = 0.0

    async def story(_steady: Visitor) -> None:
        nonlocal peak
        visitor = Visitor(server.address)
        tasks = await visitor.visit()
        wanted = [each["assignment"] for each in tasks]
        content = {"id": 1, "kind": "again", "assignments": wanted}
        data = {"method": "custom", "content": content}
        _, writer = await websocket(visitor, small=True)
        # One page has one socket: the first one is closed.
        await visitor.closed()
        with suppress(ConnectionError):
            while not writer.transport.is_closing():
                message = encode("comm_msg", {"comm_id": visitor.place["view"], "data": data})
                writer.write(frame(message))
                await writer.drain()
                peak = max(peak, total(memory, server))
                # The pace of the flood: nothing is waited for.
                await asyncio.sleep(0.005)
        writer.transport.abort()

    tell(server, story)
    assert peak < before + 50


FRAMES = [
    *(frame(b"x", first) for first in (0xC2, 0xA2, 0x92, 0x83, 0x8B, 0x8F, 0x80)),
    *(frame(b"\xff" * 200, 0x89), frame(b"\x00", 0x88), frame(b"\xff\xff\xff", 0x88)),
    *(frame(b"\xff\xfe", 0x81), b"\x82\x01x", b"\x82\xff" + b"\xff" * 12, b"\x82\xff\x7f"),
    *(frame(b"a", 0x02) + frame(b"b", 0x02), frame(b"", 0x89) * 10_000, frame(b"", 0x00) * 1000),
]


def test_frames_that_are_none_end_the_connection_only(server: Server) -> None:
    """Whatever the bytes on a websocket are, its visitor comes back to his kernel."""

    async def story(_steady: Visitor) -> None:
        visitor = Visitor(server.address)
        await visitor.visit()
        former = visitor.place["kernel"]
        for rude in FRAMES:
            _, writer = await websocket(visitor)
            writer.write(rude)
            with suppress(ConnectionError):
                await writer.drain()
            writer.close()
            assert await visitor.enter() == 200
            assert visitor.place["kernel"] == former
        await visitor.connect()
        assert (await visitor.ask(kind="progress"))[0]["kind"] == "progress"
        visitor.close()
        await visitor.closed()

    tell(server, story)


DEEP = b"[" * 100_000 + b"]" * 100_000
ODD = [
    *(b"", b"{}", b"[]", b"null", b"1", b"\xff\xfe", DEEP, b'{"a": ' + b"9" * 5000 + b"}"),
    *(b'{"comm_id": []}', b'{"comm_id": "\\ud800", "data": {}}', b'{"comm_id": "VIEW"}'),
    b'{"comm_id": "VIEW", "data": []}',
    b'{"comm_id": "VIEW", "data": {"method": "custom", "content": null}}',
    b'{"comm_id": "VIEW", "data": {"method": "custom", "content": {"kind": "\\ud800"}}}',
    b'{"comm_id": "VIEW", "data": {"method": "custom", "content": {"id": 1e999}}}',
    b'{"comm_id": "VIEW", "data": {"method": "update", "state": {"_esm": 3}}}',
    b'{"comm_id": "VIEW", "data": {"method": "nothing"}}',
    b'{"comm_id": "VIEW", "data": {}}',
]
KINDS = ["comm_msg", "comm_open", "comm_info_request", "kernel_info_request", "execute_request"]


def message(header: bytes, content: bytes, channel: bytes = b"shell") -> bytes:
    """Make a message of the binary protocol, of any parts."""
    parts = [channel, header, b"{}", b"{}", content]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join(each.to_bytes(8, "little") for each in numbers) + b"".join(parts)


def test_messages_that_are_none_are_dropped(server: Server) -> None:
    """Odd JSON in a well-formed frame does nothing, and its visitor's kernel goes on."""

    async def story(_steady: Visitor) -> None:
        visitor = Visitor(server.address)
        await visitor.visit()
        view = visitor.place["view"].encode()
        header = {"session": "s", "date": "2026-01-01T00:00:00Z", "version": "5.4"}
        for channel in (b"shell", b"control", b"stdin", b"iopub", b"nothing", b"\xff"):
            sent = [(each, b"{}") for each in ODD]
            for kind in KINDS:
                whole = json.dumps({**header, "msg_id": uuid4().hex, "msg_type": kind}).encode()
                sent += [(whole, each.replace(b"VIEW", view)) for each in ODD]
            for each in sent:
                assert visitor.socket is not None
                try:
                    await visitor.socket.write_message(message(*each, channel), binary=True)
                except WebSocketClosedError:
                    await visitor.closed()
                    assert await visitor.enter() == 200
                    await visitor.connect()
        visitor.close()
        await visitor.closed()
        await visitor.enter()
        await visitor.connect()
        assert (await visitor.ask(kind="progress"))[0]["kind"] == "progress"
        visitor.close()
        await visitor.closed()

    tell(server, story)


SESSIONS = ["", "%00", "x" * 300, "%C3%A9", "a%20b", "%ff"]


def test_a_websocket_that_asks_for_something_else_is_refused(server: Server) -> None:
    """A session that is no name, another protocol or another origin: the answer says no."""

    async def story(_steady: Visitor) -> None:
        visitor = Visitor(server.address)
        assert await visitor.enter() == 200
        path = f"/api/kernels/{visitor.place['kernel']}/channels?session_id=".encode()
        head = f"Cookie: {visitor.cookie}\r\nOrigin: http://HOST\r\n{HANDSHAKE}"
        wrong = [head.replace(PROTOCOL, each).encode() for each in ("json", "", f"{PROTOCOL}x")]
        wrong += [head.replace("http://HOST", each).encode() for each in ("http://[", "null", "")]
        requests = [get(path + each.encode(), head.encode()) for each in SESSIONS]
        requests += [get(path + b"x", each) for each in wrong]
        requests = [each.replace(b"Connection: close\r\n", b"") for each in requests]
        answers = await asyncio.gather(
            *(say(server.address, each, head_within=30) for each in requests)
        )
        for request, answer in zip(requests, answers, strict=True):
            assert answer.split(b" ")[1] in (b"400", b"403"), request
        await visitor.connect()
        hello, _ = await visitor.ask(kind="hello", token=visitor.token, resume=[])
        assert hello["kind"] == "welcome"

    tell(server, story)
