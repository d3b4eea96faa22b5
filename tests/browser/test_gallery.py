"""The gallery of a hundred thousand rows, in a real Chromium behind a real Voilà."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from support.accessibility import accessible
from support.commands import serving_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.chromium import Pages

COUNT = 100_000
CELLS = [
    f"""import os
from pathlib import Path
import ipywidgets
import pandas as pd
from animelabel_widgets.gallery import Gallery
from animelabel_widgets.labels import ImagePlace
from animelabel_widgets.pictures import Pictures

root = Path(os.environ["FRAMES"])
files = sorted(root.rglob("*.jpg"))
def places(ids):
    shown = {{each: files[each % len(files)] for each in ids}}
    return {{each: ImagePlace(file.parent.name, file.name, "Demo") for each, file in shown.items()}}
frame = pd.DataFrame({{"image_id": range({COUNT})}})
frame["votes"] = frame["image_id"] % 60
frame["person"] = frame["image_id"] % 3 == 0
history = [{{"when": "2026-01-02T03:04:05", "what": "Volunteer 1 said nothing of these"}}]
vote = {{"volunteer": 1, "skill": 0.9, "when": "2026-01-02T03:04:05"}}
gallery = Gallery(
    frame, Pictures(root), places=places, caption="votes", badges=["person"], heading="All",
    details=lambda image_id: {{"votes": [vote], "history": history}},
)
gallery""",
    """chosen = ipywidgets.Label()
gallery.observe(lambda change: setattr(chosen, "value", f"chosen {change.new}"), "selection")
button = ipywidgets.Button(description="Fewer")
button.on_click(lambda _: setattr(gallery, "frame", frame[frame["image_id"] >= 99_990]))
nothing = ipywidgets.Button(description="Nothing")
nothing.on_click(lambda _: setattr(gallery, "frame", frame[:0]))
ipywidgets.VBox([chosen, button, nothing])""",
]
SHOWN = """() => {
  const box = document.querySelector("[data-al=grid]").getBoundingClientRect();
  const cells = [...document.querySelectorAll("[data-al=item]")].filter((cell) => {
    const { top, bottom } = cell.getBoundingClientRect();
    return bottom > box.top && top < box.bottom;
  });
  cells.sort((one, other) => one.dataset.row - other.dataset.row);
  const painted = (cell) => cell.querySelector("img")?.naturalWidth > 0 && cell.dataset.image;
  if (!cells.length || !cells.every(painted)) return false;
  return cells.map((cell) => Number(cell.dataset.image));
}"""


@pytest.fixture(scope="module")
def address(demo_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a notebook with a gallery; each visitor has a kernel of their own."""
    file = tmp_path_factory.mktemp("gallery") / "gallery.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS))), file
    )
    with serving_notebook(file, environ={"FRAMES": str(demo_set / "frames")}) as served:
        yield served


def shown(page: Page) -> list[int]:
    """Wait until every row in sight has its thumbnail; give their images."""
    images: list[int] = page.wait_for_function(SHOWN).json_value()
    return images


def opened(new_page: Pages, address: str, **options: Any) -> Page:
    """Give the page with its first thumbnails."""
    page = new_page(**options)
    page.goto(address)
    page.wait_for_selector("[data-al=item] img")
    assert shown(page)[0] == 0
    return page


def item(row: int) -> str:
    """Give the selector of a row."""
    return f"[data-al=item][data-row='{row}']"


def test_scrolling_shows_thumbnails_anywhere(address: str, new_page: Pages) -> None:
    """In the middle and at the end; what was rushed past is not kept in the page."""
    page = opened(new_page, address)
    for share in (0.5, 1.0):
        page.evaluate(
            "share => { const grid = document.querySelector('[data-al=grid]');"
            " grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight); }",
            share,
        )
        page.wait_for_function(
            f"() => {{ const images = ({SHOWN})();"
            f" return images && Math.abs(images[0] - {share * COUNT}) < 60; }}"
        )
    assert shown(page)[-1] == COUNT - 1
    assert page.locator("[data-al=item]").count() < 100


def test_clicks_and_keys_select_and_python_knows(address: str, new_page: Pages) -> None:
    """Ctrl adds and takes away, shift takes all between, Space toggles where the arrows led."""
    page = opened(new_page, address)
    page.click(item(1), modifiers=["Control"])
    page.wait_for_selector("text='chosen [1]'")
    page.click(item(4), modifiers=["Shift"])
    page.wait_for_selector("text='chosen [1, 2, 3, 4]'")
    page.click(item(2), modifiers=["Control"])
    page.wait_for_selector("text='chosen [1, 3, 4]'")
    page.focus("[data-al=grid]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_selector("text='chosen [1, 3, 4, 5]'")
    page.keyboard.press("Escape")
    page.wait_for_selector("text='chosen []'")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    page.wait_for_selector(f"text='chosen [{COUNT - 1}]'")
    assert shown(page)[-1] == COUNT - 1


def test_the_toolbar_sorts_and_groups(address: str, new_page: Pages) -> None:
    """What was selected stays selected."""
    page = opened(new_page, address)
    page.click(item(3), modifiers=["Control"])
    page.wait_for_selector("text='chosen [3]'")
    page.select_option("[data-al=sort]", "votes")
    page.wait_for_selector(f"{item(1)}[data-image='60']")
    assert shown(page)[:3] == [0, 60, 120]
    page.click("[data-al=descending]")
    page.wait_for_selector(f"{item(0)}[data-image='59']")
    page.select_option("[data-al=group]", "person")
    page.wait_for_selector("text='Character: no · 66,666'")
    page.select_option("[data-al=sort]", "")
    page.select_option("[data-al=group]", "votes")
    page.wait_for_selector("text='votes 0 – 5 · 10,002'")
    page.wait_for_selector("text='100,000 images · 1 selected'")


def test_a_frame_set_from_python_is_shown(address: str, new_page: Pages) -> None:
    """Even while the browser looks at rows that are no longer there, and after an empty one."""
    page = opened(new_page, address)
    page.focus("[data-al=grid]")
    page.keyboard.press("End")
    page.wait_for_selector(item(COUNT - 1))
    page.click("text=Fewer")
    page.wait_for_selector("text='10 images'")
    page.wait_for_selector(f"{item(0)}[data-image='99990'] img")
    assert shown(page) == list(range(99_990, 100_000))
    page.click("text=Nothing")
    page.wait_for_selector("text='No image matches: widen the filter.'")
    page.click("text=Fewer")
    page.wait_for_selector(f"{item(0)}[data-image='99990'] img")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)], ids=["wide", "phone"])
def test_the_large_picture_is_accessible_and_fits(
    address: str, new_page: Pages, viewport: tuple[int, int], theme: str
) -> None:
    """On a phone too, in both of Jupyter's themes; nothing sticks out at the side."""
    page = opened(new_page, f"{address}?theme={theme}", viewport=viewport, color_scheme=theme)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(fits)
    page.click(item(0), modifiers=["Control"])
    page.wait_for_selector("text='chosen [0]'")
    accessible(page, "gallery", "[data-al=gallery]")
    page.click(item(1))
    page.wait_for_selector("[data-al=large] img")
    page.wait_for_selector("[data-al=votes]")
    accessible(page, "large picture", "[data-al=large]")
    assert page.evaluate(fits)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text='Demo · 2'")
    page.click("[data-al=close]")
    page.wait_for_selector("[data-al=large]", state="hidden")
