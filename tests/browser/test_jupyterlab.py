"""The gallery and the review in JupyterLab itself, as data scientists use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from support.accessibility import accessible
from support.waiting import free_port, wait_until

import animelabel_widgets as al

if TYPE_CHECKING:
    from support.chromium import Pages

TOKEN = "a-token-of-the-test"  # noqa: S105 - of the test alone
CELLS = [
    """import animelabel_widgets as al
project = al.open_project()
gallery = project.gallery(project.images())
gallery""",
    "print('selected', gallery.selection)",
    "project.review()",
]
# What is run before that is lost, or asks which kernel is meant.
READY = "jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.fixture
def lab(sqlite_url: str, demo_set: Path, tmp_path: Path) -> Iterator[str]:
    """Give the address of a notebook in a JupyterLab with dark colours, of its own settings."""
    pictures = demo_set / "frames"
    with al.open_project(sqlite_url, pictures=pictures) as project:
        project.add_series(progress=False)
    home = tmp_path / "lab"
    home.mkdir()
    cells = list(map(nbformat.v4.new_code_cell, CELLS))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), home / "own.ipynb")
    theme = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    theme.mkdir(parents=True)
    (theme / "themes.jupyterlab-settings").write_text(json.dumps({"theme": "JupyterLab Dark"}))
    places = {
        f"{name}_DIR": str(tmp_path / folder)
        for name, folder in (
            ("JUPYTER_CONFIG", "config"),
            ("JUPYTER_DATA", "data"),
            ("JUPYTER_RUNTIME", "runtime"),
            ("JUPYTERLAB_SETTINGS", "settings"),
            ("JUPYTERLAB_WORKSPACES", "workspaces"),
        )
    }
    named = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_PICTURES": str(pictures)}
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
    command += ["--expose-app-in-browser"]
    command += ["--allow-root", "--ServerApp.ip=localhost", f"--IdentityProvider.token={TOKEN}"]
    log = tmp_path / "lab.txt"
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            command, cwd=home, env={**os.environ, **places, **named}, stdout=output, stderr=output
        ) as process,
    ):
        try:
            wait_until(
                lambda: "is running at" in log.read_text(encoding="utf-8"), "JupyterLab", timeout=60
            )
            yield f"http://localhost:{port}/lab/tree/own.ipynb?token={TOKEN}"
        finally:
            process.terminate()


def test_gallery_and_review_work_in_jupyterlab(lab: str, new_page: Pages, tmp_path: Path) -> None:
    """In the colours of the notebook; Python knows what is selected, and keys stay in the grid."""
    page = new_page()
    page.goto(lab)
    page.wait_for_function(f"window.{READY}")
    page.click(".jp-CodeCell >> nth=0 >> .jp-InputArea-editor")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("[data-al=item] img")
    page.wait_for_selector("[data-al=status]:text-is('132 images')")
    page.click("[data-al=item][data-row='1']", modifiers=["Control"])
    page.click("[data-al=item][data-row='3']", modifiers=["Shift"])
    page.wait_for_selector("[data-al=status]:text-is('132 images · 3 selected')")
    # In JupyterLab's command mode, these keys would delete the cell.
    for key in ("d", "d", "x"):
        page.keyboard.press(key)
    assert page.locator(".jp-CodeCell").count() == 3
    page.screenshot(path=tmp_path / "lab.png")
    accessible(page, "gallery in JupyterLab", "[data-al=gallery]")
    dark = "getComputedStyle(document.querySelector('[data-al=gallery]')).colorScheme"
    assert page.evaluate(dark) == "dark"
    page.click("[data-al=item][data-row='0']")
    page.wait_for_selector("[data-al=large] img")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-al=large]", state="hidden")
    page.click(".jp-CodeCell >> nth=1 >> .jp-InputArea-editor")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-OutputArea-output:has-text('selected [')")
    assert "selected [2, 3, 4]" in page.inner_text(".jp-CodeCell >> nth=1 >> .jp-OutputArea")
    page.click(".jp-CodeCell >> nth=2 >> .jp-InputArea-editor")
    page.keyboard.press("Shift+Enter")
    page.fill("#alr-name", "Ada")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-al=review] [data-al=said]:text-is('132 images')")
    page.click("[data-al=review] [data-al=item][data-row='0']")
    page.wait_for_selector("[data-al=picture] img")
    page.keyboard.press("3")
    assert page.get_attribute("[data-al=toggle-person]", "aria-pressed") == "true"
    page.screenshot(path=tmp_path / "review.png")
    page.keyboard.press("Escape")
    scheme = "getComputedStyle(document.querySelector('[data-al=review]')).colorScheme"
    assert page.evaluate(scheme) == "dark"
    # It is a part of the notebook, and not the whole page.
    height = "document.querySelector('[data-al=review]').getBoundingClientRect().height"
    assert page.evaluate(height) < 800
    page.screenshot(path=tmp_path / "review-board.png")
