"""A phone changes its network: its former websocket is still there, and nobody reads from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.commands import Server, run, serving
from support.story import tell
from support.visitor import PROTOCOL, Visitor


@pytest.fixture
def server(sqlite_url: str, frames: Path, tmp_path: Path) -> Iterator[Server]:
    """Give the served page."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_PICTURES": str(frames)}
    assert run("import", str(frames), cwd=frames.parent, **environ).returncode == 0
    with serving("serve", cwd=tmp_path, environ=environ) as running:
        yield running


async def deaf_websocket(visitor: Visitor) -> asyncio.StreamWriter:
    """Open a websocket to a visitor's kernel, and read nothing from it but that it is open."""
    place = urlsplit(visitor.address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    head = {
        "Host": place.netloc,
        "Origin": visitor.origin,
        "Cookie": visitor.cookie,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    lines = [f"GET /api/kernels/{visitor.place['kernel']}/channels?session_id=x HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in await reader.readline()
    return writer


def test_a_former_websocket_that_nobody_reads_holds_up_nobody(server: Server) -> None:
    """The visitor gets his pictures by the new one, and the server answers the others."""

    async def story() -> None:
        visitor = Visitor(server.address)
        assert await visitor.enter() == 200
        with closing(await deaf_websocket(visitor)):
            async with asyncio.timeout(30):
                assert len(await visitor.visit()) == 4
                assert (await Visitor(server.address).fetch("healthz")).code == 200

    tell(story)
