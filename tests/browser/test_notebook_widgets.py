"""The widgets inside a notebook, as data scientists use them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from support.accessibility import accessible
from support.commands import serving_notebook
from support.volunteer import Volunteer
from support.waiting import wait_until

import animelabel_widgets as al
from animelabel_widgets.simulate import read_truth, simulate

if TYPE_CHECKING:
    from support.chromium import Pages

CELLS = [
    "import animelabel_widgets as al\nproject = al.open_project()",
    """verdicts = al.consensus(project.ratings(), method="majority")
good = verdicts.query("person & ~text & ~logo & ~empty")
project.gallery(good)""",
    "project.labeler()",
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_gallery_selects_and_opens_images_and_a_labeler_stores_ratings(
    database_url: str, demo_set: Path, tmp_path: Path, new_page: Pages
) -> None:
    """Both in one notebook, with the keyboard left to the notebook outside of the labeler."""
    pictures = demo_set / "frames"
    with al.open_project(database_url, pictures=pictures) as project:
        project.add_series(progress=False)
        truth = read_truth(demo_set / "truth.csv")
        simulate(
            project.store, project.pictures, truth,
            volunteers=1, ratings=60, skill=1, seed=4, progress=False,
        )  # fmt: skip
        verdicts = al.consensus(project.ratings(), method="majority")
        good = verdicts.query("person & ~text & ~logo & ~empty")
    file = tmp_path / "own.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS))), file
    )
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(pictures)}
    with serving_notebook(file, environ=environ) as address:
        page = new_page()
        page.goto(address)
        volunteer = Volunteer(page)
        volunteer.sees_a_picture()
        page.wait_for_selector("[data-al=item] img")
        page.wait_for_selector(f"text={len(good)} images")
        images = "() => [...document.querySelectorAll('[data-al=item]')].map(x => x.dataset.image)"
        seen = page.evaluate(images)
        assert seen == [str(image_id) for image_id in good.index[: len(seen)]]
        accessible(page, "gallery")
        page.click("[data-al=item] [data-al=check]")
        page.wait_for_selector("text=1 selected")
        page.focus("[data-al=grid]")
        page.keyboard.press("Control+a")
        page.wait_for_selector(f"text={len(good)} selected")
        page.keyboard.press("Escape")
        page.wait_for_function(
            "!document.querySelector('[data-al=status]').textContent.includes('sel')"
        )
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-al=large] img")
        page.wait_for_selector("[data-al=votes]")
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-al=large]", state="hidden")

        first = volunteer.assignment
        page.click("[data-al=gallery]", position={"x": 2, "y": 2})
        page.keyboard.press("3")
        assert volunteer.pressed == set()
        page.click("[data-al=label-text]")
        page.keyboard.press("3")
        assert volunteer.pressed == {"text", "person"}
        page.keyboard.press("ArrowRight")
        wait_until(lambda: volunteer.assignment != first, "the next picture")
        volunteer.everything_is_saved()
        # The notebook's own history, title and keys are left alone.
        assert page.evaluate("history.state?.animelabel ?? null") is None
        assert "Label frames" not in page.title()
        assert not page.is_visible("[data-al=dialog-tutorial]")
    with closing(al.open_project(database_url)) as project:
        assert len(project.ratings()) == 61
