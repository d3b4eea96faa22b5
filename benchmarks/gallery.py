"""How soon a gallery of 100,000 rows is painted, and how smoothly it scrolls; prints one JSON line.

Ours is the gallery with virtual scrolling. The baseline is the grid that one would first build
of ipywidgets: a GridBox of Image widgets, of the first 200 rows only. Both are served by Voilà
from the same demo frames, and looked at in the same headless Chromium.

The time is that from a click, on which the kernel makes and displays the widget, to the frame
after which all thumbnails in sight are painted: round trips, the widget's code and the encoding
of its thumbnails included; beside it, the time from when the widget is in the page, and that which
the kernel needs to make it. While scrolling, each frame moves the page on by a step, and the
frames are counted by the time stamps of requestAnimationFrame; the share of frames in which all
cells in sight had their thumbnails is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, sync_playwright

from animelabel_widgets.demo import draw_demo

COMMON = """
import os, time
from pathlib import Path
import ipywidgets
import numpy as np
import pandas as pd
from IPython.display import display
from animelabel_widgets.gallery import Gallery
from animelabel_widgets.labels import ImagePlace
from animelabel_widgets.pictures import Pictures

root = Path(os.environ["FRAMES"])
files = sorted(root.rglob("*.jpg"))
pictures = Pictures(root)

def places(ids):
    shown = {each: files[each % len(files)] for each in ids}
    return {each: ImagePlace(file.parent.name, file.name, "Demo") for each, file in shown.items()}

count = int(os.environ["ROWS"])
frame = pd.DataFrame({"image_id": np.arange(count), "votes": np.arange(count) % 7})
frame["person"] = frame["image_id"] % 3 == 0

def thumbnail(each):
    file = files[each % len(files)]
    return pictures.jpeg(file.parent.name, file.name, max_side=240)
"""
OURS = """
def make():
    return Gallery(frame, pictures, places=places, caption="votes", badges=["person"])
"""
BASELINE = """
def make():
    images = [ipywidgets.Image(value=thumbnail(each), format="jpeg") for each in range(200)]
    layout = {"grid_template_columns": "repeat(6, 1fr)", "height": "560px", "overflow": "auto"}
    grid = ipywidgets.GridBox(images, layout=layout)
    grid.add_class("baseline")
    return grid
"""
END = """
button, told, out = ipywidgets.Button(description="Show"), ipywidgets.Label(), ipywidgets.Output()

def show(_):
    start = time.perf_counter()
    made = make()
    told.value = f"made in {time.perf_counter() - start:.6f}"
    with out:
        display(made)

button.on_click(show)
display(button, told, out)
"""
PAGES = {
    "ours": (OURS, "[data-al=grid]", "[data-al=item]"),
    "baseline": (BASELINE, ".baseline", ".baseline img"),
}
WATCH = """([box, cell]) => {
  window.inSight = () => {
    const element = document.querySelector(box);
    if (!element) return [];
    const { top, bottom } = element.getBoundingClientRect();
    return [...document.querySelectorAll(cell)].filter((each) => {
      const place = each.getBoundingClientRect();
      return place.bottom > top && place.top < bottom;
    });
  };
  const ready = (each) => {
    const image = each.tagName === "IMG" ? each : each.querySelector("img");
    return image?.complete && image.naturalWidth > 1;
  };
  window.allPainted = () => {
    const cells = inSight();
    return cells.length > 5 && cells.every(ready);
  };
  let start = 0;
  addEventListener("click", () => { window.clicked = performance.now(); }, true);
  const look = () => {
    if (!start && document.querySelector(box)) start = performance.now();
    if (!start || !allPainted()) return requestAnimationFrame(look);
    const painted = new MessageChannel();
    painted.port1.onmessage = () => {
      window.firstPaint = [performance.now() - clicked, performance.now() - start];
    };
    painted.port2.postMessage(0);
  };
  requestAnimationFrame(look);
}"""
SCROLL = """([box, step, frames]) => new Promise((resolve) => {
  const element = document.querySelector(box);
  const stamps = [];
  let full = 0;
  const move = (now) => {
    stamps.push(now);
    full += allPainted() ? 1 : 0;
    if (stamps.length > frames) return resolve({ stamps, full: full / stamps.length });
    const last = element.scrollTop;
    element.scrollTop += step;
    if (element.scrollTop === last) element.scrollTop = 0;
    requestAnimationFrame(move);
  };
  requestAnimationFrame(move);
})"""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STEPS = {"slow": 12, "fast": 120}
"""Pixels by frame: of a reader, and of one who looks for something."""


def main() -> None:
    """Measure both pages, turn by turn, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frames", type=int, default=300, help="frames of each scrolling")
    arguments = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in PAGES}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        draw_demo(folder)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for _ in range(arguments.runs):
            for page in PAGES:
                found[page].append(measure(browser, folder, page, arguments.rows, arguments.frames))
        browser.close()
    result: dict[str, object] = {
        "benchmark": "gallery", "rows": arguments.rows, "baseline_rows": 200,
        "runs": arguments.runs,
    }  # fmt: skip
    for page, runs in found.items():
        result[page] = {
            each: round(statistics.median(run[each] for run in runs), 3) for each in runs[0]
        }
    json.dump(result, sys.stdout)
    print()


def chromium() -> str:
    """Find the browser."""
    found = os.environ.get("ANIMELABEL_CHROMIUM") or shutil.which("chromium")
    if not found:
        sys.exit("Chromium was not found: install it, or set ANIMELABEL_CHROMIUM to its path.")
    return found


def measure(browser: Browser, folder: Path, name: str, rows: int, frames: int) -> dict[str, float]:
    """Open one page in a fresh kernel, and scroll through it."""
    code, box, cell = PAGES[name]
    notebook = folder / f"{name}.ipynb"
    cells = [nbformat.v4.new_code_cell(COMMON + code + END)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    with voila(notebook, {"FRAMES": str(folder / "frames"), "ROWS": str(rows)}) as port:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(f"({WATCH})({json.dumps([box, cell])})")
        page.goto(f"http://127.0.0.1:{port}/", timeout=120_000)
        page.click("text=Show", timeout=120_000)
        page.wait_for_function("window.firstPaint", timeout=120_000)
        from_click, from_page = page.evaluate("window.firstPaint")
        result = {
            "first_paint_ms": from_click,
            "first_paint_from_page_ms": from_page,
            "made_ms": 1000 * float(page.inner_text("text=made in").split()[-1]),
        }
        for pace, step in STEPS.items():
            seen = page.evaluate(SCROLL, [box, step, frames])
            gaps = [1000 / (two - one) for one, two in pairwise(seen["stamps"])]
            span = seen["stamps"][-1] - seen["stamps"][0]
            result[f"{pace}_frames_per_second"] = 1000 * len(gaps) / span
            result[f"{pace}_p5_frames_per_second"] = statistics.quantiles(gaps, n=20)[0]
            result[f"{pace}_share_with_all_thumbnails"] = seen["full"]
        page.close()
    return result


@contextmanager
def voila(notebook: Path, environ: dict[str, str]) -> Iterator[int]:
    """Serve a notebook; give the port."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}"]
    with subprocess.Popen(
        command,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("localhost", port)) == 0:
                        break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
