"""A client that keeps to no rule: bytes over TCP, and a websocket's frames made by hand."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from .visitor import PROTOCOL, Visitor

HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n"
)
_ENOUGH = 1.0
"""Seconds without a byte after which nothing more is expected of the server."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def host(address: str) -> str:
    """Give the host and port of the page."""
    return urlsplit(address).netloc


async def connected(address: str, *, small: bool = False) -> Connection:
    """Open a TCP connection; a small one takes only a little that is not read."""
    name, port = host(address).split(":")
    plain = socket.create_connection((name, int(port)))
    if small:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return await asyncio.open_connection(sock=plain)


async def say(address: str, data: bytes, *, head_within: float = _ENOUGH) -> bytes:
    """Send bytes, with the page's host in place of HOST; give what comes back.

    Parameters
    ----------
    address, data
        Of the page, and what it gets.
    head_within
        Seconds without a byte that the head of an answer may take.
    """
    reader, writer = await connected(address)
    got = b""
    try:
        writer.write(data.replace(b"HOST", host(address).encode()))
        limit = head_within
        while chunk := await asyncio.wait_for(reader.read(65536), limit):
            got += chunk
            limit = _ENOUGH if b"\r\n\r\n" in got else head_within
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return got


async def websocket(visitor: Visitor, *, small: bool = False, query: str = "x") -> Connection:
    """Open the websocket of a visitor who has entered."""
    reader, writer = await connected(visitor.address, small=small)
    writer.write(
        f"GET /api/kernels/{visitor.place['kernel']}/channels?session_id={query} HTTP/1.1\r\n"
        f"Host: {host(visitor.address)}\r\nOrigin: {visitor.origin}\r\n"
        f"Cookie: {visitor.cookie}\r\n{HANDSHAKE}\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return reader, writer


def frame(data: bytes, first: int = 0x82) -> bytes:
    """Make a frame of a client, masked with zeros."""
    size = len(data)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 2**16:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes([first]) + length + bytes(4) + data


def files(process: int) -> int:
    """Count the open files of a process."""
    return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208 - a count of names


def memory(process: int) -> float:
    """Give the memory of a process in MiB."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
