"""The reviewers' page in Chromium: settling by keys, undo, two reviewers at once, filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.accessibility import accessible
from support.commands import Server, serving
from support.waiting import wait_until

import animelabel_widgets as al
from animelabel_widgets.estimation import reestimate
from animelabel_widgets.simulate import read_truth, simulate
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.chromium import Pages

TOKEN = "a-token-of-the-test-0123"  # noqa: S105 - of the test alone
ITEM = "[data-al=item]"


@pytest.fixture
def review(database_url: str, demo_set: Path, tmp_path: Path) -> Iterator[Server]:
    """Serve the reviewers' page on a demo that simulated volunteers have rated."""
    pictures = demo_set / "frames"
    with al.open_project(database_url, pictures=pictures) as project:
        project.add_series(progress=False)
        truth = read_truth(demo_set / "truth.csv")
        simulate(
            project.store, project.pictures, truth,
            volunteers=5, ratings=40, skill=0.9, seed=1, progress=False,
        )  # fmt: skip
        reestimate(project.store)
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(pictures)}
    environ["ANIMELABEL_REVIEW_TOKEN"] = TOKEN
    with serving("serve", "--review", cwd=tmp_path, environ=environ) as running:
        yield running


def visit(page: Page, server: Server, name: str) -> None:
    """Open the page with its token, and say who reviews."""
    page.goto(f"{server.address}?token={TOKEN}")
    page.fill("#alr-name", name)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-al=review][data-state=ready]")
    page.wait_for_selector(f"{ITEM} img")


def opened(page: Page) -> int:
    """Open the first image; give its id."""
    page.click(f"{ITEM} >> nth=0")
    page.wait_for_selector("[data-al=picture] img")
    return int(page.get_attribute("[data-al=picture]", "data-image") or 0)


def test_an_image_is_settled_by_keys_and_undone(
    review: Server, database_url: str, new_page: Pages
) -> None:
    """The decision is a row of the database, the next image is shown, and Undo takes it back."""
    page = new_page()
    visit(page, review, "Ada")
    assert TOKEN not in page.url
    image = opened(page)
    accessible(page, "panel")
    for key in ("text", "logo", "person", "empty"):
        if page.get_attribute(f"[data-al=toggle-{key}]", "aria-pressed") == "true":
            page.keyboard.press({"text": "t", "logo": "l", "person": "c", "empty": "e"}[key])
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-al=picture]:not([data-image='{image}'])")
    with closing(Store.open(database_url, create=False)) as store:
        row = store.reviews().loc[image]
        assert (row["reviewer"], bool(row["person"]), bool(row["text"])) == ("Ada", True, False)
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector(f"[data-al=picture][data-image='{image}']")
        page.click("[data-al=panel-undo]")
        wait_until(lambda: store.reviews().empty, "the decision to be taken back")
        assert [each.kind for each in store.acts()] == ["settle", "undo"]
        page.wait_for_selector("[data-al=panel-said]:text('Undone')")
        page.click("[data-al=block] >> nth=0")
        page.wait_for_selector("[data-al=unblock]")
        assert store.acts()[-1].kind == "block"
        assert store.check() == []


def test_the_later_of_two_reviewers_sees_the_other(
    review: Server, database_url: str, new_page: Pages
) -> None:
    """Nothing of his is stored until he decides again."""
    pages = [new_page(), new_page()]
    for page, name in zip(pages, ("Ada", "Bob"), strict=True):
        visit(page, review, name)
    image = opened(pages[0])
    assert opened(pages[1]) == image
    for page in pages:
        if page.get_attribute("[data-al=toggle-empty]", "aria-pressed") == "true":
            page.keyboard.press("e")
    pages[0].keyboard.press("Enter")
    pages[0].wait_for_selector(f"[data-al=picture]:not([data-image='{image}'])")
    pages[1].keyboard.press("e")
    pages[1].keyboard.press("Enter")
    pages[1].wait_for_selector("[data-al=panel-said]:text('Ada was first')")
    with closing(Store.open(database_url, create=False)) as store:
        assert store.reviews().loc[image, "reviewer"] == "Ada"
        if pages[1].get_attribute("[data-al=toggle-empty]", "aria-pressed") == "false":
            pages[1].keyboard.press("e")
        pages[1].keyboard.press("Enter")
        wait_until(lambda: store.reviews().loc[image, "reviewer"] == "Bob", "the second decision")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_filters_and_every_screen(
    review: Server, new_page: Pages, tmp_path: Path, viewport: tuple[int, int], scheme: str
) -> None:
    """A filter narrows the images, an empty one says so, and axe finds nothing wrong."""
    page = new_page(viewport=viewport, color_scheme=scheme)
    visit(page, review, "Ada")
    page.wait_for_selector("[data-al=said]:text('132 images')")
    page.screenshot(path=tmp_path / "board.png")
    accessible(page, "board")
    assert page.evaluate("document.querySelector('.alr').scrollWidth <= innerWidth")
    page.select_option("[data-al=filter-feature-text]", "yes")
    page.wait_for_selector("[data-al=said]:not(:text('132 images'))")
    assert "Text" in page.inner_text(f"{ITEM} >> nth=0")
    page.select_option("[data-al=filter-state]", "3")
    page.wait_for_selector("[data-al=said]:text('No image matches')")
    page.select_option("[data-al=filter-state]", "0")
    page.wait_for_selector(f"{ITEM} img")
    opened(page)
    page.screenshot(path=tmp_path / "panel.png")
    accessible(page, "panel")
