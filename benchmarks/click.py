"""How long a volunteer waits from the click on Next to the next picture; prints one JSON line.

Beside the milliseconds, for each page and round trip: the CPU time of its kernel for each
rating, hand-out and encoding of the next picture included, and the bytes of the pictures for each
rating as sent; and once, the CPU time of the encoding alone, which a process does once for all
its volunteers.

Ours is the labeler with its fetch-ahead queue, served by `animelabel serve`. The
baseline is the labeler that one would first build of ipywidgets: an Image, four
ToggleButtons, a Button, served by Voilà. Both show the same demo frames, have a
database of the same kind, and are clicked in the same headless Chromium, through a
proxy that delays each direction by half of the round trip. The first of ours
encodes every picture; the later ones find some in the cache on the disk.
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
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.delay import delayed

import animelabel_widgets as al
from animelabel_widgets.demo import draw_demo
from animelabel_widgets.pictures import Pictures

BASELINE = """
import ipywidgets as widgets
import animelabel_widgets as al
from animelabel_widgets.labels import KEYS, Answer

project = al.open_project(create=False)
volunteer = project.store.volunteer("0" * 32)
image = widgets.Image(format="jpeg")
buttons = {key: widgets.ToggleButton(description=key) for key in KEYS}
button = widgets.Button(description="Next")
tasks = []

def show():
    tasks[:] = project.store.hand_out(volunteer, 1)
    image.value = project.pictures.jpeg(tasks[0].folder, tasks[0].filename)

def on_next(_):
    answer = Answer(frozenset(key for key in KEYS if buttons[key].value))
    project.store.rate(volunteer, tasks[0].assignment_id, answer, 0, 1)
    show()

show()
button.on_click(on_next)
widgets.VBox([image, widgets.HBox([*buttons.values(), button])])
"""
PAGES = {
    "ours": ("", "[data-al=picture]", "[data-al=next]"),
    "baseline": (BASELINE, "img.widget-image", "button.widget-button:not(.widget-toggle-button)"),
}
CLICK = """([image, button]) => new Promise(resolve => {
  const shown = () => document.querySelector(image);
  const name = element => element && element.src;
  const former = name(shown());
  const start = performance.now();
  document.querySelector(button).click();
  const look = () => requestAnimationFrame(() => {
    const now = shown();
    if (!now || name(now) === former || !now.complete || !now.naturalWidth) return look();
    const painted = new MessageChannel();
    painted.port1.onmessage = () => resolve(performance.now() - start);
    painted.port2.postMessage(0);
  });
  look();
})"""
COUNT_PICTURES = """
window.pictureBytes = 0;
const create = URL.createObjectURL;
URL.createObjectURL = (blob) => {
  if (blob.type.startsWith("image/")) window.pictureBytes += blob.size;
  return create.call(URL, blob);
};
"""
SKIP = "[data-al=lesson-skip]"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WARM_UP = 3
PAUSE_MS = 400


def main() -> None:
    """Measure both pages at each round trip and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=100)
    parser.add_argument("--rtt", type=int, nargs="+", default=[0, 100, 200], help="milliseconds")
    arguments = parser.parse_args()
    result: dict[str, object] = {"benchmark": "click", "clicks": arguments.clicks}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        draw_demo(folder)
        result["encoding_cpu_ms_per_picture"] = round(encoding_cpu(folder / "frames"), 2)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for rtt in arguments.rtt:
            medians = {}
            for page in PAGES:
                times, cpu_ms, sent = measure(browser, folder, page, rtt, arguments.clicks)
                medians[page] = statistics.median(times)
                result[f"{page}_at_rtt_{rtt}"] = {
                    "median_ms": round(medians[page], 1),
                    "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
                    "kernel_cpu_ms_per_rating": round(cpu_ms, 2),
                    "picture_bytes_per_rating": round(sent),
                }
            result[f"ratio_at_rtt_{rtt}"] = round(medians["baseline"] / medians["ours"], 1)
        browser.close()
    json.dump(result, sys.stdout)
    print()


def chromium() -> str:
    """Find the browser."""
    found = os.environ.get("ANIMELABEL_CHROMIUM") or shutil.which("chromium")
    if not found:
        sys.exit("Chromium was not found: install it, or set ANIMELABEL_CHROMIUM to its path.")
    return found


def measure(
    browser: Browser, folder: Path, name: str, rtt: int, clicks: int
) -> tuple[list[float], float, float]:
    """Click through one page.

    Returns
    -------
    tuple
        The milliseconds of each click; by rating, the kernel's CPU milliseconds and the pictures'
        bytes.
    """
    code, image, button = PAGES[name]
    with tempfile.TemporaryDirectory() as work:
        url = f"sqlite:///{work}/{name}.db"
        with al.open_project(url, pictures=folder / "frames") as project:
            project.add_series(progress=False)
        environ = {
            "ANIMELABEL_DATABASE_URL": url,
            "ANIMELABEL_PICTURES": str(folder / "frames"),
            "ANIMELABEL_ESTIMATE_SECONDS": "0",
            "ANIMELABEL_CACHE_MB": "512",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        command = [str(Path(sys.executable).with_name("animelabel")), "serve", "--no-browser"]
        if code:
            notebook = Path(work) / "page.ipynb"
            cells = [nbformat.v4.new_code_cell(code)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
            command = [sys.executable, "-m", "voila", str(notebook), "--no-browser"]
        with (
            served(command, Path(work), environ) as (process, port),
            delayed(port, rtt / 2000) as slow,
        ):
            page = browser.new_page()
            page.add_init_script(COUNT_PICTURES)
            page.goto(f"http://127.0.0.1:{slow}/", timeout=120_000)
            page.wait_for_selector(image, timeout=120_000)
            if page.locator(SKIP).count() or name == "ours":
                page.click(SKIP)
            times = []
            for number in range(WARM_UP + clicks):
                # A volunteer looks at a picture before clicking.
                page.wait_for_timeout(PAUSE_MS + rtt)
                if number == WARM_UP:
                    before = kernel_cpu(process), page.evaluate("window.pictureBytes")
                times.append(page.evaluate(CLICK, [image, button]))
            page.wait_for_timeout(PAUSE_MS + 2 * rtt)
            after = kernel_cpu(process), page.evaluate("window.pictureBytes")
            page.close()
    cpu, sent = ((end - start) / clicks for start, end in zip(before, after, strict=True))
    return times[WARM_UP:], cpu * 1000, sent


def encoding_cpu(frames: Path) -> float:
    """Give the CPU milliseconds that encoding a picture takes."""
    pictures = Pictures(frames)
    files = sorted(frames.rglob("*.jpg"))
    start = time.process_time()
    for file in files:
        pictures.jpeg(file.parent.name, file.name)
    return (time.process_time() - start) * 1000 / len(files)


def kernel_cpu(process: int) -> float:
    """Give the CPU seconds that the kernels of a server, or its shared hosts, have used."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    ticks = 0
    for child in children.split():
        fields = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(command: list[str], folder: Path, environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Start a server in a folder; give its process and its port."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [*command, f"--port={port}"],
        cwd=folder,
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
            yield process.pid, port
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
