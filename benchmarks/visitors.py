"""A crowd of visitors: how soon each has pictures, what he costs in memory, ratings per second.

Real websocket clients open the page, speak the protocol, receive pictures, and rate. The baseline
is stock Voilà with the same notebook, whose kernels are a process each: `animelabel serve
--kernels process`. One JSON line each.

    python benchmarks/visitors.py [--visitors 300] [--seconds 5] [--rate 10]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.commands import Server, family, run, serving
from support.visitor import PROTOCOL, Visitor, encode

from animelabel_widgets.demo import draw_demo

COPIES = 9
RATERS = 100
PLACE = "-" * 36
"""Stands for an assignment."""


def memory(server: Server) -> float:
    """Give the proportional memory of the server and its kernels in MiB."""
    total = 0
    for process in family(server.process.pid):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return total / 1024


async def arrive(visitors: list[Visitor], seconds: float) -> list[float]:
    """Let them come one after another; give how long each waited for the first pictures, in ms."""
    loop = asyncio.get_running_loop()
    begin = loop.time()

    async def one(number: int, visitor: Visitor) -> float:
        await asyncio.sleep(begin + number * seconds / len(visitors) - loop.time())
        started = loop.time()
        visitor.tasks = await visitor.visit()
        return 1000 * (loop.time() - started)

    return list(await asyncio.gather(*(one(*each) for each in enumerate(visitors))))


class Rater(asyncio.Protocol):
    """A visitor who rates as fast as he can, with next to no work of his own.

    He shares the processors with the server, and only the server is to be measured.
    """

    def __init__(self, visitor: Visitor, until: float, taken: list[float]) -> None:
        self._visitor = visitor
        self._until = until
        self._taken = taken
        self._loop = asyncio.get_running_loop()
        self._heard = bytearray()
        self._greeted = False
        self._tasks: list[bytes] = []
        self._since = 0.0
        self.done: asyncio.Future[None] = self._loop.create_future()
        view = visitor.place["view"]
        answer = {"text": False, "logo": False, "person": True, "empty": False}
        rating = {"kind": "rate", "assignment": PLACE, "answer": answer}
        self._rating = frame(view, {**rating, "revision": 0, "elapsed_ms": 900, "id": 1})
        self._fetching = frame(view, {"kind": "fetch", "count": 5, "id": 2})

    def connection_made(self, transport: Any) -> None:
        """Open the visitor's websocket."""
        self._transport = transport
        path = f"/api/kernels/{self._visitor.place['kernel']}/channels?session_id=rater"
        head = {
            "Host": urlsplit(self._visitor.address).netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": PROTOCOL,
            "Cookie": self._visitor.cookie,
            "Origin": self._visitor.origin,
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        """Take what comes: the answer to the opening, and then whole frames."""
        self._heard += data
        if not self._greeted:
            head, border, rest = self._heard.partition(b"\r\n\r\n")
            if not border:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.done.set_exception(RuntimeError(f"no websocket: {head[:99]!r}"))
                return
            self._greeted, self._heard = True, rest
            self._next()
        while not self.done.done():
            size = self._heard[1] if len(self._heard) > 1 else 0
            begin = {126: 4, 127: 10}.get(size, 2)
            if len(self._heard) < begin:
                return
            if begin > 2:
                size = int.from_bytes(self._heard[2:begin])
            if len(self._heard) < begin + size:
                return
            message = bytes(self._heard[begin : begin + size])
            del self._heard[: begin + size]
            self._take(message)

    def _take(self, message: bytes) -> None:
        """Take an answer; other messages are of no interest."""
        if b'"kind": "saved"' in message:
            self._taken.append(1000 * (self._loop.time() - self._since))
        elif b'"kind": "tasks"' in message:
            self._tasks = re.findall(rb'"assignment": "([^"]+)"', message)
            if not self._tasks:
                self.done.set_exception(RuntimeError("no more images"))
                return
        elif b'"kind": "error"' in message:
            self.done.set_exception(RuntimeError(f"refused: {message[-300:]!r}"))
            return
        else:
            return
        self._next()

    def _next(self) -> None:
        """Rate the next picture, or ask for more."""
        self._since = self._loop.time()
        if self._since > self._until:
            self.done.set_result(None)
        elif self._tasks:
            self._transport.write(self._rating.replace(PLACE.encode(), self._tasks.pop()))
        else:
            self._transport.write(self._fetching)


def frame(view: str, content: dict[str, object]) -> bytes:
    """Make a frame of a websocket with a message for the widget, masked with zeros."""
    data = {"method": "custom", "content": content}
    message = encode("comm_msg", {"comm_id": view, "data": data})
    return b"\x82\xfe" + len(message).to_bytes(2) + bytes(4) + message


async def rate(visitors: list[Visitor], seconds: float) -> tuple[int, list[float]]:
    """Let all rate as fast as they can; give how many, and how long each rating took in ms."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    taken: list[float] = []
    raters = []
    for visitor in visitors:
        visitor.close()
        await visitor.closed()
        place = urlsplit(visitor.address)
        make = partial(Rater, visitor, until, taken)
        raters.append(await loop.create_connection(make, place.hostname, place.port))
    await asyncio.gather(*(rater.done for _, rater in raters))
    for transport, _ in raters:
        transport.close()
    return len(taken), taken


def multiply(frames: Path) -> None:
    """Make more images of the demo's, so that nobody runs out of them."""
    for file in list(frames.rglob("*.jpg")):
        for number in range(COPIES):
            file.with_stem(f"{file.stem}-{number}").hardlink_to(file)


def stock(server: Server, pages: int) -> dict[str, float]:
    """Get pages of stock Voilà one after another; give the wait and the memory of each."""
    before = memory(server)
    waits = []
    for _ in range(pages):
        started = time.perf_counter()
        urllib.request.urlopen(server.address).read()  # noqa: S310 - the server started here
        waits.append(1000 * (time.perf_counter() - started))
    return {
        "stock_page_ms": round(statistics.median(waits), 1),
        "stock_mib_per_visitor": round((memory(server) - before) / pages, 2),
    }


async def crowd(server: Server, number: int, seconds: float, rating: float) -> dict[str, float]:
    """Measure a crowd."""
    before = memory(server)
    visitors = [Visitor(server.address) for _ in range(number)]
    waits = sorted(await arrive(visitors, seconds))
    held = memory(server)
    ratings, taken = await rate(visitors[:RATERS], rating)
    taken.sort()
    for each in visitors:
        each.close()
    return {
        "visitors": number,
        "arrive_in_s": seconds,
        "pictures_ms_p50": round(statistics.median(waits), 1),
        "pictures_ms_p95": round(waits[int(0.95 * len(waits))], 1),
        "mib_per_visitor": round((held - before) / number, 2),
        "ratings_per_s": round(ratings / rating),
        "rating_ms_p95": round(taken[int(0.95 * len(taken))], 1),
    }


def main() -> None:
    """Measure, and print a line for each size of a crowd."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[50, 300])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_demo(folder)
        multiply(folder / "frames")
        environ = {
            "ANIMELABEL_DATABASE_URL": f"sqlite:///{folder / 'crowd.db'}",
            "ANIMELABEL_PICTURES": str(folder / "frames"),
            "ANIMELABEL_TARGET": "1000",
            "ANIMELABEL_ESTIMATE_SECONDS": "0",
            "ANIMELABEL_GOLD": "0",
            "ANIMELABEL_LIMITS": "0",
        }
        done = run("import", str(folder / "frames"), cwd=folder, **environ)
        if done.returncode:
            raise RuntimeError(done.stderr)
        with serving("serve", "--kernels", "process", cwd=folder, environ=environ) as server:
            base = stock(server, 5)
        for number in options.visitors:
            with serving("serve", cwd=folder, environ=environ) as server:
                line = asyncio.run(crowd(server, number, options.seconds, options.rate))
            print(json.dumps({"benchmark": "visitors", "cpus": os.cpu_count(), **line, **base}))


if __name__ == "__main__":
    main()
