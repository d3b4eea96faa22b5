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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.commands import Server, family, run, serving
from support.rude import frame, websocket
from support.visitor import Visitor, encode

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


async def rate(visitors: list[Visitor], seconds: float) -> tuple[int, list[float]]:
    """Let all rate as fast as they can; give how many, and how long each rating took in ms.

    With next to no work of their own: they share the processors with the server, and only the
    server is to be measured.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    taken: list[float] = []

    async def one(visitor: Visitor) -> None:
        visitor.close()
        await visitor.closed()
        reader, writer = await websocket(visitor)
        view = visitor.place["view"]
        answer = {"text": False, "logo": False, "person": True, "empty": False}
        words = {"assignment": PLACE, "answer": answer, "revision": 0, "elapsed_ms": 900}
        rating = spoken(view, kind="rate", id=1, **words)
        fetching = spoken(view, kind="fetch", id=2, count=5)
        tasks: list[bytes] = []
        while (since := loop.time()) < until:
            if tasks:
                writer.write(rating.replace(PLACE.encode(), tasks.pop()))
                await answered(reader, b"saved")
                taken.append(1000 * (loop.time() - since))
            else:
                writer.write(fetching)
                tasks = re.findall(rb'"assignment": "([^"]+)"', await answered(reader, b"tasks"))
                if not tasks:
                    raise RuntimeError("There are no more images: have more copies.")
        writer.close()

    await asyncio.gather(*(one(each) for each in visitors))
    return len(taken), taken


def spoken(view: str, **content: object) -> bytes:
    """Make a frame of a websocket with a message for the widget."""
    data = {"method": "custom", "content": content}
    return frame(encode("comm_msg", {"comm_id": view, "data": data}))


async def answered(reader: asyncio.StreamReader, kind: bytes) -> bytes:
    """Give the next message of a kind; others are of no interest, unless they are errors."""
    while True:
        size = (await reader.readexactly(2))[1]
        if size in (126, 127):
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
        message = await reader.readexactly(size)
        if b'"kind": "%b"' % kind in message:
            return message
        if b'"kind": "error"' in message:
            raise RuntimeError(f"refused: {message[-300:]!r}")


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
