"""How long a first visit takes from asking for the page to the first picture painted.

Ours is the lean page of `animelabel serve`; the baseline is stock Voilà with the same notebook,
`animelabel serve --kernels process`. Both are opened in the same headless Chromium, in turn, each
time with an empty cache, on the same pictures and a database of the same kind; at a round trip of
more than 0 ms through a proxy that delays each direction by half of it. Beside the milliseconds:
the bytes and requests of the page until then, without the pictures. One JSON line each.

    python benchmarks/first_paint.py [--runs 5] [--rtt 0 200]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from playwright.sync_api import Browser
from support.chromium import launched_chromium
from support.commands import run, serving
from support.delay import delayed
from support.visitor import decode

from animelabel_widgets.demo import draw_demo

PAGES = {"ours": (), "stock": ("--kernels", "process")}
PATIENCE = 120_000
"""Milliseconds after which a page that shows nothing is given up."""

WATCH = """
window.painted = new Promise((resolve) => {
  const look = () => requestAnimationFrame(() => {
    const picture = document.querySelector("[data-al=picture]");
    if (!picture?.complete || !picture.naturalWidth) return look();
    const painted = new MessageChannel();
    painted.port1.onmessage = () => resolve(performance.now());
    painted.port2.postMessage(0);
  });
  look();
});
"""


@dataclass
class Traffic:
    """What a page sent for until its picture was there: CDP's events, counted."""

    requests: dict[str, str] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    messages: list[int] = field(default_factory=list)
    pictures: int = 0
    over: bool = False

    def watch(self, session: Any) -> None:
        """Count from now on."""
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.webSocketCreated", self._on_request)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_finished)
        session.on("Network.webSocketFrameReceived", self._on_message)
        session.send("Network.enable")

    def _on_request(self, event: dict[str, Any]) -> None:
        """Count a request, or the opening of a websocket; pictures in the page are none."""
        url = event["request"]["url"] if "request" in event else event["url"]
        if not self.over and url.startswith(("http", "ws")):
            self.requests[event["requestId"]] = urlsplit(url).path

    def _on_response(self, event: dict[str, Any]) -> None:
        """Do not count what came by no way: the page has it already."""
        if not event["response"]["encodedDataLength"]:
            self.requests.pop(event["requestId"], None)

    def _on_finished(self, event: dict[str, Any]) -> None:
        """Count what an answer took on the way, with its headers."""
        if event["requestId"] in self.requests:
            self.received[event["requestId"]] = int(event["encodedDataLength"])

    def _on_message(self, event: dict[str, Any]) -> None:
        """Count a message of a websocket, and what of it is pictures."""
        payload, binary = event["response"]["payloadData"], event["response"]["opcode"] == 2
        size = len(b64decode(payload)) if binary else len(payload)
        buffers = decode(b64decode(payload))[2] if binary else []
        if not self.over:
            self.pictures += sum(map(len, buffers))
            self.messages.append(size - sum(map(len, buffers)))

    def counted(self) -> dict[str, Any]:
        """Give the sums."""
        return {
            "requests": len(self.requests),
            "bytes": sum(self.received.values()) + sum(self.messages),
            "picture_bytes": self.pictures,
        }


def first_visit(browser: Browser, address: str, traffic: Traffic | None = None) -> float:
    """Open a page as somebody who was never there; give the milliseconds."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    if traffic:
        traffic.watch(context.new_cdp_session(page))
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    painted: float = page.evaluate("window.painted")
    if traffic:
        # What was asked for before the picture counts to its end.
        traffic.over = True
        page.wait_for_load_state("load")
    context.close()
    return painted


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve both pages, each with a database of its own; give their addresses."""
    draw_demo(folder)
    with ExitStack() as stack:
        addresses = {}
        for name, options in PAGES.items():
            own = folder / name
            own.mkdir()
            environ = {
                "ANIMELABEL_DATABASE_URL": f"sqlite:///{own / 'page.db'}",
                "ANIMELABEL_PICTURES": str(folder / "frames"),
                "ANIMELABEL_TARGET": "1000",
                "ANIMELABEL_ESTIMATE_SECONDS": "0",
                "ANIMELABEL_LIMITS": "0",
                "XDG_CACHE_HOME": str(own / "cache"),
            }
            done = run("import", environ["ANIMELABEL_PICTURES"], cwd=own, **environ)
            if done.returncode:
                raise RuntimeError(done.stderr)
            server = stack.enter_context(serving("serve", *options, cwd=own, environ=environ))
            addresses[name] = server.address
        yield addresses


@contextmanager
def far(address: str, rtt: int) -> Iterator[str]:
    """Give an address of the same server, as if it were so many milliseconds away."""
    port = urlsplit(address).port or 80
    with delayed(port, rtt / 2000, handshake=True) as slow:
        yield f"http://localhost:{slow}/"


def measure(
    browser: Browser, addresses: dict[str, str], runs: int, rtt: int, *, shows: bool
) -> dict[str, Any]:
    """Open the pages in turn, at a round trip."""
    taken: dict[str, list[float]] = {name: [] for name in addresses}
    traffic = {name: Traffic() for name in addresses}
    with ExitStack() as stack:
        ways = addresses
        if rtt:
            ways = {name: stack.enter_context(far(each, rtt)) for name, each in addresses.items()}
        for name, address in ways.items():
            # Watching takes time, and so does what comes first: this visit is not measured.
            first_visit(browser, address, traffic[name])
        for _ in range(runs):
            for name, address in ways.items():
                taken[name].append(first_visit(browser, address))
    if shows:
        print({name: (taken[name], traffic[name]) for name in taken}, file=sys.stderr)
    medians = {name: statistics.median(each) for name, each in taken.items()}
    return {
        "rtt_ms": rtt,
        **{
            name: {
                "painted_ms": round(medians[name]),
                "slowest_ms": round(max(taken[name])),
                **traffic[name].counted(),
            }
            for name in medians
        },
        "ratio": round(medians["ours"] / medians["stock"], 3),
    }


def main() -> None:
    """Measure, and print a line for each round trip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rtt", type=int, nargs="+", default=[0, 200], help="milliseconds")
    parser.add_argument("--show", action="store_true", help="each visit, on standard error")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        served(Path(name)) as addresses,
        launched_chromium() as browser,
    ):
        for rtt in options.rtt:
            found = measure(browser, addresses, options.runs, rtt, shows=options.show)
            print(json.dumps({"benchmark": "first_paint", "runs": options.runs, **found}))


if __name__ == "__main__":
    main()
