"""A visitor without a browser: opens the page, speaks the kernel's protocol, receives pictures."""

from __future__ import annotations

import asyncio
import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    websocket_connect,
)

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class Visitor:
    """A page, as a script.

    Parameters
    ----------
    address
        The page's address, with its slash.
    ca
        A file of the certificates to trust, for an address with HTTPS.
    """

    connected: ClassVar[list[Visitor]] = []

    def __init__(self, address: str, ca: Path | None = None) -> None:
        self.address = address
        self.trust = {"ca_certs": str(ca)} if ca else {}
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        self.token = uuid4().hex
        self.cookies: dict[str, str] = {}
        self.ahead = 0
        self.free = False
        self.code: int | None = None
        self.place: dict[str, Any] = {}
        self.tasks: list[dict[str, Any]] = []
        self.socket: WebSocketClientConnection | None = None
        self._numbers = 0

    @property
    def cookie(self) -> str:
        """The cookies, as they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def fetch(self, path: str, **options: Any) -> HTTPResponse:
        """Ask for an address of the server, with the visitor's cookies, and keep new ones."""
        headers = {"Cookie": self.cookie, "Origin": self.origin, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value}
        request = HTTPRequest(
            self.address + path, headers=headers, follow_redirects=False, **self.trust, **options
        )
        reply = await AsyncHTTPClient().fetch(request, raise_error=False)
        for set_cookie in reply.headers.get_list("Set-Cookie"):
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    async def enter(self) -> int:
        """Ask for a place; give the status."""
        body = json.dumps({"kernel": self.place.get("kernel")})
        reply = await self.fetch("visit?free" if self.free else "visit", method="POST", body=body)
        if reply.code == 200:
            self.place, self.free = json.loads(reply.body), False
        elif reply.code == 503:
            told = json.loads(reply.body)
            self.ahead, self.free = told.get("ahead", 0), told.get("free", False)
        return reply.code

    async def connect(self) -> None:
        """Open the kernel's websocket, in place of a former one."""
        self.close()
        await self.closed()
        url = f"{self.address.replace('http', 'ws', 1)}api/kernels/{self.place['kernel']}/channels"
        self.socket = await websocket_connect(
            HTTPRequest(
                f"{url}?session_id={uuid4().hex}",
                headers={"Cookie": self.cookie, "Origin": self.origin},
                **self.trust,
            ),
            subprotocols=[PROTOCOL],
            max_message_size=64 * 2**20,
        )
        self.connected.append(self)

    async def ask(self, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Send the widget a message; give its answer and the pictures with it."""
        self._numbers += 1
        assert self.socket is not None
        data = {"method": "custom", "content": {"id": self._numbers, **content}}
        message = encode("comm_msg", {"comm_id": self.place["view"], "data": data})
        try:
            await self.socket.write_message(message, binary=True)
        except WebSocketClosedError:
            raise self._lost() from None
        while True:
            kind, answer, buffers = await self.hear()
            if kind == "comm_msg" and answer["data"]["content"].get("id") == self._numbers:
                return answer["data"]["content"], buffers

    async def hear(self) -> tuple[str, dict[str, Any], list[bytes]]:
        """Give the next message of the kernel.

        Raises
        ------
        ConnectionError
            If the server has closed the websocket.
        """
        assert self.socket is not None
        data = await self.socket.read_message()
        if data is None:
            raise self._lost()
        assert isinstance(data, bytes)
        return decode(data)

    def _lost(self) -> ConnectionError:
        """Let go of a websocket that the server has closed, and keep the reason."""
        assert self.socket is not None
        self.code = self.socket.close_code
        self.socket = None
        return ConnectionError(f"closed with {self.code}")

    async def visit(self) -> list[dict[str, Any]]:
        """Enter, connect, say hello, and get the first pictures' tasks."""
        assert await self.enter() == 200
        return await self.begin()

    async def begin(self) -> list[dict[str, Any]]:
        """Connect to the place, say hello, and get the first pictures' tasks."""
        await self.connect()
        await self.ask(kind="hello", token=self.token, resume=[])
        answer, _ = await self.ask(kind="fetch", count=4)
        tasks: list[dict[str, Any]] = answer["tasks"]
        return tasks

    async def rate(self, task: dict[str, Any], **pressed: bool) -> dict[str, Any]:
        """Rate a picture."""
        answer = {key: pressed.get(key, False) for key in ("text", "logo", "person", "empty")}
        reply, _ = await self.ask(
            kind="rate", assignment=task["assignment"], answer=answer, revision=0, elapsed_ms=900
        )
        return reply

    def close(self) -> None:
        """Close the websocket."""
        if self.socket:
            self.socket.close()

    async def closed(self) -> None:
        """Wait until the websocket is closed."""
        # Tornado tells it once: who has heard it already would wait for ever.
        async with asyncio.timeout(30):
            while self.socket and await self.socket.read_message() is not None:
                pass
        self.socket = None

    @classmethod
    async def close_all(cls) -> None:
        """Close the websockets of all visitors."""
        # Whatever fails here: the next story has an event loop of its own, and none of these.
        left, cls.connected[:] = list(cls.connected), []
        for each in left:
            each.close()
            await each.closed()


def encode(msg_type: str, content: dict[str, Any], channel: str = "shell") -> bytes:
    """Make a message of the binary protocol."""
    header = {
        "msg_id": uuid4().hex,
        "msg_type": msg_type,
        "session": "visitor",
        "username": "",
        "date": "2026-01-01T00:00:00Z",
        "version": "5.4",
    }
    texts = [json.dumps(each).encode() for each in (header, {}, {}, content)]
    parts = [channel.encode(), *texts]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def decode(data: bytes) -> tuple[str, dict[str, Any], list[bytes]]:
    """Read a message of the binary protocol: its type, content and buffers."""
    (count,) = struct.unpack_from("<Q", data)
    offsets = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[a:b] for a, b in pairwise(offsets)]
    return json.loads(parts[1])["msg_type"], json.loads(parts[4]), parts[5:]
