"""Every screen of the page: accessible, in view without scrolling, calm, in three languages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.accessibility import accessible
from support.commands import Server
from support.volunteer import READY, Volunteer
from support.waiting import wait_until

from animelabel_widgets.labels import KEYS, NewImage, Series
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.chromium import Pages

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SCREENS = [(360, 640), (390, 844), (768, 1024), (1280, 800), (640, 360), (844, 390), (1024, 768)]
LESSON = "[data-al=lesson-picture]"


def in_view(page: Page, within: str) -> None:
    """Make sure that each button is large enough and in view, and that nothing scrolls."""
    size = page.viewport_size
    assert size is not None
    buttons = page.locator(f"{within} button")
    boxes = [box for each in buttons.all() if each.is_visible() and (box := each.bounding_box())]
    assert boxes
    for box in boxes:
        assert min(box["width"], box["height"]) >= 48, box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= size["width"] + 0.5, box
        assert 0 <= box["y"] <= box["y"] + box["height"] <= size["height"] + 0.5, box
    assert page.evaluate(
        "document.scrollingElement.scrollWidth <= innerWidth"
        " && document.scrollingElement.scrollHeight <= innerHeight"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(
    server: Server, store: Store, new_page: Pages, scheme: str
) -> None:
    """The tutorial, the labeling, the help, the report, and the end."""
    page = new_page(viewport=(390, 844), color_scheme=scheme)
    page.goto(server.address)
    page.wait_for_selector(LESSON)
    accessible(page, "tutorial")
    page.keyboard.press("1")
    page.click("[data-al=lesson-next]")
    page.wait_for_selector("[data-al=missed-person]")
    accessible(page, "tutorial, wrong")
    page.click("[data-al=lesson-next]")
    page.wait_for_selector(f"{LESSON}[data-number='1']")
    for key in ("text", "person"):
        page.click(f"[data-al=lesson-{key}]")
    page.click("[data-al=lesson-next]")
    page.wait_for_selector("[data-al=verdict][data-right=true]")
    accessible(page, "tutorial, right")
    page.click("[data-al=lesson-skip]")
    page.wait_for_selector(READY)
    page.click("[data-al=label-person]")
    accessible(page, "labeling")
    page.click("[data-al=help]")
    accessible(page, "help")
    page.keyboard.press("Escape")
    page.click("[data-al=report]")
    accessible(page, "report")
    page.keyboard.press("Escape")
    for image_id in store.images()["image_id"]:
        store.mark_broken(int(image_id), "gone")
    volunteer = Volunteer(page)
    while page.get_attribute("[data-al=labeler]", "data-state") != "finished":
        volunteer.sees_a_picture()
        former = volunteer.assignment
        page.click("[data-al=next]")
        page.wait_for_function(
            "former => document.querySelector('[data-al=picture]')?.dataset.assignment !== former"
            " && document.querySelector('[data-state=finished], [data-ready=true]')",
            arg=former,
        )
    volunteer.everything_is_saved()
    accessible(page, "end")


def test_every_screen_fits_every_size(server: Server, new_page: Pages) -> None:
    """Portrait and landscape; the picture is as wide or as high as what is left of the screen."""
    page = new_page()
    page.goto(server.address)
    page.wait_for_selector(LESSON)
    page.keyboard.press("2")
    page.click("[data-al=lesson-next]")
    page.wait_for_selector("[data-al=missed-person]")
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        in_view(page, "[data-al=dialog-tutorial]")
    page.click("[data-al=lesson-skip]")
    page.wait_for_selector(READY)
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        in_view(page, "[data-al=labeler]")
        stage = page.locator("[data-al=stage]").bounding_box()
        assert stage is not None
        covered = stage["width"] * stage["height"] / (width * height)
        assert covered > 0.5, (width, height, covered)
    for opened in ("help", "report"):
        page.click(f"[data-al={opened}]")
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            box = page.locator(f"[data-al=dialog-{opened}]").bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height + 0.5
        page.click("[data-al=close]")


def test_nothing_moves_between_pictures(server: Server, new_page: Pages) -> None:
    """Every part stays where it is, whatever the titles, the counts and the pictures are."""
    page = new_page(viewport=(390, 844))
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    places = """() => ['stage', 'status', 'back', 'next', 'label-text', 'help'].map(
        name => document.querySelector(`[data-al=${name}]`).getBoundingClientRect().toJSON())"""
    first = page.evaluate(places)
    for _ in range(10):
        volunteer.next()
        assert page.evaluate(places) == first
    volunteer.says("10 pictures rated by you. Thank you!")
    assert "10 rated" in page.inner_text("[data-al=count]")
    volunteer.next()
    volunteer.says("Press what you see")


@pytest.mark.parametrize(
    ("locale", "language", "next_word"), [("ja-JP", "ja", "次へ"), ("hu-HU", "hu", "Tovább")]
)
def test_the_page_speaks_the_browsers_language_and_can_be_switched(
    server: Server, new_page: Pages, locale: str, language: str, next_word: str
) -> None:
    """The choice stays; the features are named in that language too."""
    page = new_page(viewport=(360, 640), locale=locale)
    volunteer = Volunteer(page)
    volunteer.visit(server.address)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.inner_text("[data-al=next]").strip() == next_word
    in_view(page, "[data-al=labeler]")
    assert page.evaluate(
        "() => [...document.querySelectorAll('.al-name')]"
        ".every(name => name.scrollWidth <= name.parentElement.clientWidth)"
    )
    page.click("[data-al=help]")
    page.select_option("[data-al=language]", "en")
    page.wait_for_selector("text=How it works")
    page.click("[data-al=close]")
    assert page.inner_text("[data-al=next]").strip() == "Next"
    volunteer.page.reload()
    volunteer.sees_a_picture()
    assert page.inner_text("[data-al=label-person]").split()[0] == "Character"


def test_titles_and_file_names_show_as_text(
    server: Server, store: Store, frames: Path, new_page: Pages
) -> None:
    """HTML is no markup, emoji are emoji, and marks that turn text stay where they are."""
    title = "<img src=x onerror=alert(1)> 🐙 \u202eabc"
    folder = next(path for path in sorted(frames.iterdir()) if path.is_dir())
    name = "<b>🐙</b> \u202eabc.jpg".replace("/", "")
    shutil.copyfile(next(folder.glob("*.jpg")), folder / name)
    for image_id in store.images()["image_id"]:
        store.mark_broken(int(image_id), "not for this test")
    series = store.put_series(Series(folder.name, title), update=True)
    store.add_images(series, [NewImage(name, 9, 9, 5000)])
    page = new_page()
    Volunteer(page).visit(server.address)
    assert page.evaluate("document.querySelector('[data-al=title]').textContent") == title
    assert page.get_attribute("[data-al=picture]", "alt") == f"A frame of {title}"
    assert page.title().startswith("<img src=x")
    assert page.locator("[data-al=title] *").count() == 0


def test_the_keyboard_alone_is_enough_everywhere(server: Server, new_page: Pages) -> None:
    """The tutorial, the help and a report, without a pointer; the focus comes back each time."""
    page = new_page()
    page.goto(server.address)
    page.wait_for_selector(LESSON)
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-al=verdict][data-right=true]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"{LESSON}[data-number='1']")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-al=dialog-tutorial]", state="detached")
    volunteer = Volunteer(page)
    volunteer.sees_a_picture()
    page.keyboard.press("?")
    page.wait_for_selector("[data-al=dialog-help]")
    page.keyboard.press("t")
    assert volunteer.pressed == set()
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-al=dialog-help]", state="detached")
    for key, feature in zip("tlce", KEYS, strict=True):
        page.keyboard.press(key)
        assert feature in volunteer.pressed
    former = volunteer.assignment
    page.keyboard.press("Space")
    volunteer.sees_another(former)
    former = volunteer.assignment
    focused = "() => document.activeElement?.dataset.al"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "report":
            break
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-al=dialog-report]")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "report-unclear"
    page.keyboard.press("Enter")
    wait_until(lambda: volunteer.assignment != former, "another picture")
    volunteer.everything_is_saved()


def test_with_reduced_motion_nothing_moves(server: Server, new_page: Pages) -> None:
    """Neither the waiting picture nor a pressed button."""
    page = new_page(reduced_motion="reduce")
    Volunteer(page).visit(server.address)
    assert page.evaluate("document.getAnimations().length") == 0
