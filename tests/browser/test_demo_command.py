"""`animelabel demo`, as `make demo` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from support.commands import serving
from support.volunteer import Volunteer

from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages


def test_a_second_demo_continues_and_loses_no_rating(tmp_path: Path, new_page: Pages) -> None:
    """The same volunteer returns to the same campaign; both runs end with Ctrl-C."""
    page = new_page()
    volunteer = Volunteer(page)
    seen = []
    for _ in range(2):
        with serving("demo", cwd=tmp_path) as running:
            volunteer.visit(running.address)
            for _ in range(2):
                seen.append(volunteer.assignment)
                volunteer.press("person")
                volunteer.next()
                volunteer.everything_is_saved()
                if volunteer.page.is_visible("[data-al=dialog-known]"):
                    volunteer.page.click("[data-al=continue]")
        assert running.process.returncode == 0
    with closing(Store.open(f"sqlite:///{tmp_path}/demo/animelabel.db", create=False)) as store:
        # The demo knows some answers, and mixes their images in.
        assert len(store.ratings()) + len(store.gold_answers()) == len(set(seen)) == 4
        assert len(store.images()) == 132
    assert (tmp_path / "demo" / "truth.csv").exists()


def test_the_page_is_served_from_a_wheel(tmp_path: Path, new_page: Pages) -> None:
    """Unpacked elsewhere, without the checkout and its notebooks."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    root = Path(__file__).parents[2]
    subprocess.run([*build, "--directory", tmp_path], cwd=root, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    code = "from animelabel_widgets.serving import notebook; print(notebook())"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert Path(found) == tmp_path / "installed/animelabel_widgets/notebooks/label.ipynb"
    with serving("demo", cwd=tmp_path, environ=environ) as running:
        Volunteer(new_page()).visit(running.address)
