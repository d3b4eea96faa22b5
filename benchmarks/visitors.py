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
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.commands import Server, family, run, serving
from support.visitor import Visitor

from animelabel_widgets.demo import draw_demo

COPIES = 9


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
    """Let all rate as fast as they can; give how many, and how long each rating took in ms."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    taken: list[float] = []

    async def one(visitor: Visitor) -> None:
        while loop.time() < end:
            if not visitor.tasks:
                answer, _ = await visitor.ask(kind="fetch", count=5)
                visitor.tasks = answer["tasks"]
                if not visitor.tasks:
                    return
            started = loop.time()
            reply = await visitor.rate(visitor.tasks.pop(), person=True)
            if reply["kind"] != "saved":
                raise RuntimeError(f"not saved: {reply}")
            taken.append(1000 * (loop.time() - started))

    await asyncio.gather(*(one(each) for each in visitors))
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
    ratings, taken = await rate(visitors[:50], rating)
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
