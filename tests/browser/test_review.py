"""The reviewers' page in Chromium: what a reviewer sees, and what each key and button does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.accessibility import accessible
from support.commands import Server, serving
from support.waiting import wait_until

import animelabel_widgets as al
from animelabel_widgets.estimation import reestimate
from animelabel_widgets.ingest import read_gold
from animelabel_widgets.labels import Answer, Known
from animelabel_widgets.simulate import read_truth, simulate
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute
    from support.chromium import Pages

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TOKEN = "a-token-of-the-test-0123"  # noqa: S105 - of the test alone
FIRST = "[data-al=item][data-row='0']"
EVERYTHING = "[data-al=said]:text-is('132 images')"


@contextmanager
def reviewed(url: str, demo: Path, folder: Path) -> Iterator[Server]:
    """Serve the reviewers' page on a demo that simulated volunteers have rated."""
    pictures = demo / "frames"
    with al.open_project(url, pictures=pictures) as project:
        project.add_series(progress=False)
        simulate(
            project.store, project.pictures, read_truth(demo / "truth.csv"),
            volunteers=5, ratings=40, skill=0.9, seed=1, progress=False,
        )  # fmt: skip
        project.store.put_gold(read_gold(demo / "truth.csv")[::9])
        reestimate(project.store)
    environ = {"ANIMELABEL_DATABASE_URL": url, "ANIMELABEL_PICTURES": str(pictures)}
    environ["ANIMELABEL_REVIEW_TOKEN"] = TOKEN
    with serving("serve", "--review", cwd=folder, environ=environ) as running:
        yield running


@pytest.fixture
def review(database_url: str, demo_set: Path, tmp_path: Path) -> Iterator[Server]:
    """Give a page whose database the test may change."""
    with reviewed(database_url, demo_set, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def looked_at(demo_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a page where nothing is stored."""
    folder = tmp_path_factory.mktemp("review")
    with reviewed(f"sqlite:///{folder / 'review.db'}", demo_set, folder) as running:
        yield running


@pytest.fixture
def store(review: Server, database_url: str) -> Iterator[Store]:
    """Give the store behind the page."""
    with closing(Store.open(database_url, create=False)) as opened:
        yield opened


def visit(page: Page, server: Server, name: str) -> None:
    """Open the page with its token, and say who reviews."""
    page.goto(f"{server.address}?token={TOKEN}")
    page.fill("#alr-name", name)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-al=review][data-state=ready]")
    page.wait_for_selector(EVERYTHING)
    page.wait_for_selector(f"{FIRST} img")


def opened(page: Page) -> int:
    """Open the first image; give its id."""
    page.click(FIRST)
    page.wait_for_selector("[data-al=picture]")
    return int(page.get_attribute("[data-al=picture]", "data-image") or 0)


def say(page: Page, *features: str) -> None:
    """Press the toggles so that the answer is these features."""
    for key in ("empty", "text", "logo", "person"):
        pressed = page.get_attribute(f"[data-al=toggle-{key}]", "aria-pressed") == "true"
        if pressed != (key in features):
            page.click(f"[data-al=toggle-{key}]")


def test_an_image_is_settled_by_keys_and_undone(
    review: Server, store: Store, new_page: Pages
) -> None:
    """The decision is a row of the database, the next image is shown, and Undo takes it back."""
    page = new_page()
    visit(page, review, "Ada")
    assert TOKEN not in page.url
    image = opened(page)
    for key in ("text", "logo", "person", "empty"):
        if page.get_attribute(f"[data-al=toggle-{key}]", "aria-pressed") == "true":
            page.keyboard.press({"text": "t", "logo": "l", "person": "c", "empty": "e"}[key])
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-al=picture]:not([data-image='{image}'])")
    row = store.reviews().loc[image]
    assert (row["reviewer"], bool(row["person"]), bool(row["text"])) == ("Ada", True, False)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f"[data-al=picture][data-image='{image}']")
    page.click("[data-al=panel-undo]")
    wait_until(lambda: store.reviews().empty, "the decision to be taken back")
    assert [each.kind for each in store.acts()] == ["settle", "undo"]
    page.wait_for_selector("[data-al=panel-said]:text('Undone')")
    assert store.check() == []


def test_the_later_of_two_reviewers_sees_the_other(
    review: Server, store: Store, new_page: Pages
) -> None:
    """Nothing of his is stored until he decides again."""
    pages = [new_page(), new_page()]
    for page, name in zip(pages, ("Ada", "Bob"), strict=True):
        visit(page, review, name)
    image = opened(pages[0])
    assert opened(pages[1]) == image
    say(pages[0], "person")
    pages[0].click("[data-al=settle]")
    pages[0].wait_for_selector(f"[data-al=picture]:not([data-image='{image}'])")
    say(pages[1], "logo")
    pages[1].click("[data-al=settle]")
    pages[1].wait_for_selector("[data-al=panel-said]:text('Ada was first (settle: Character)')")
    assert store.reviews().loc[image, "reviewer"] == "Ada"
    assert pages[1].get_attribute("[data-al=picture]", "data-image") == str(image)
    say(pages[1], "logo")
    pages[1].click("[data-al=settle]")
    wait_until(lambda: store.reviews().loc[image, "reviewer"] == "Bob", "the second decision")


@on_sqlite
def test_each_button_of_the_panel_does_what_it_says(
    review: Server, store: Store, new_page: Pages
) -> None:
    """Take out, bring back, settle as gold, withdraw, undo; the grid tells what has become."""
    page = new_page()
    visit(page, review, "Ada")
    image = opened(page)
    state = "[data-al=state]:text-is('{}')"
    page.click("[data-al=retire]")
    page.wait_for_selector(state.format("retired, taken out"))
    page.click("[data-al=reopen]")
    page.wait_for_selector(state.format("in the pool, brought back"))
    say(page, "text")
    page.check("[data-al=teaches]")
    page.fill("[data-al=explanation]", "A sign, left of the door.")
    page.click("[data-al=settle]")
    page.wait_for_selector(f"[data-al=picture]:not([data-image='{image}'])")
    volunteer = store.volunteer("9" * 32)
    tasks = {task.image_id: task for task in store.hand_out_gold(volunteer, 99)}
    known = store.rate(volunteer, tasks[image].assignment_id, Answer.of("logo"), 0, 5).known
    assert known == Known(Answer.of("text"), "A sign, left of the door.")
    page.click("[data-al=back]")
    page.wait_for_selector("[data-al=stands]:text-is('Settled by Ada: Text')")
    assert page.input_value("[data-al=explanation]") == "A sign, left of the door."
    page.click("[data-al=history] summary")
    assert "Ada: settle, Text" in page.inner_text("[data-al=history]")
    page.click("[data-al=withdraw]")
    page.wait_for_selector("[data-al=stands]:has-text('%')")
    page.click("[data-al=panel-undo]")
    page.wait_for_selector("[data-al=stands]:text-is('Settled by Ada: Text')")
    page.click("[data-al=close]")
    page.wait_for_selector(f"{FIRST} .al-caption:text('retired · settled')")
    page.click("[data-al=undo]")
    page.wait_for_selector("[data-al=said]:text-is('Undone.')")
    page.wait_for_selector(f"{FIRST} .al-caption:text('brought back')")
    kinds = ["retire", "reopen", "settle", "withdraw", "undo", "undo"]
    assert [each.kind for each in store.acts()] == kinds
    assert store.check() == []


@on_sqlite
def test_keys_that_are_pressed_twice_or_held_settle_nothing_that_was_not_seen(
    review: Server, store: Store, new_page: Pages
) -> None:
    """One settle an image; one who has closed the panel is not shown another image."""
    page = new_page()
    visit(page, review, "Ada")
    image = opened(page)
    for _ in range(10):
        # Further downs without an up are repeats.
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    another = f"[data-al=picture]:not([data-image='{image}'])"
    page.wait_for_selector(another)
    second = page.get_attribute("[data-al=picture]", "data-image")
    assert list(store.reviews().index) == [image]
    page.evaluate(
        "() => { const settle = document.querySelector('[data-al=settle]');"
        " settle.click(); settle.click(); document.querySelector('[data-al=close]').click(); }"
    )
    wait_until(lambda: len(store.acts()) == 2, "the second image to be settled")
    page.click("[data-al=tab-dashboard]")
    page.wait_for_selector("[data-al=dashboard]:has-text('Settled')")
    assert page.locator("[data-al=panel][open]").count() == 0
    assert [str(act.image_id) for act in store.acts()] == [str(image), second]


@on_sqlite
def test_who_blocks_a_volunteer_keeps_what_he_was_about_to_decide(
    review: Server, store: Store, new_page: Pages
) -> None:
    """The toggles, the tick and the words stay as they are on the screen."""
    page = new_page()
    visit(page, review, "Ada")
    image = opened(page)
    say(page, "text", "logo")
    page.check("[data-al=teaches]")
    page.fill("[data-al=explanation]", "Both of them.")
    page.click("[data-al=block] >> nth=0")
    page.wait_for_selector("[data-al=unblock]")
    assert page.input_value("[data-al=explanation]") == "Both of them."
    page.click("[data-al=settle]")
    wait_until(lambda: image in store.reviews().index, "the decision")
    row = store.reviews().loc[image]
    assert (bool(row["text"]), bool(row["logo"]), bool(row["person"])) == (True, True, False)
    assert (bool(row["teaches"]), row["explanation"]) == (True, "Both of them.")


@on_sqlite
def test_a_volunteer_is_blocked_beside_a_vote_and_in_the_list(
    review: Server, store: Store, new_page: Pages
) -> None:
    """The ratings leave and come back; Undo ends a block too, and a skill stays known."""
    page = new_page()
    visit(page, review, "Ada")
    ratings = len(store.ratings())
    opened(page)
    page.click("[data-al=block] >> nth=0")
    page.wait_for_selector("[data-al=unblock]")
    assert len(store.ratings()) == ratings - 40
    page.click("[data-al=unblock]")
    page.wait_for_selector("[data-al=unblock]", state="detached")
    page.click("[data-al=close]")
    page.click("[data-al=tab-volunteers]")
    row = "[data-al=volunteer] >> nth=0"
    said = page.inner_text(row)
    assert said.split()[1] == "40"
    assert "%" in said
    page.click(f"{row} >> [data-al=block]")
    page.wait_for_selector("[data-al=volunteer].alr-blocked")
    assert len(store.ratings()) == ratings - 40
    assert page.inner_text(row).replace("\tblocked\tUnblock", "") == said.replace("\t\tBlock", "")
    page.select_option("[data-al=volunteers-order]", "blocked")
    page.click("[data-al=undo]")
    page.wait_for_selector("[data-al=volunteer].alr-blocked", state="detached")
    assert [each.kind for each in store.acts()] == ["block", "unblock", "block", "undo"]
    assert len(store.ratings()) == ratings
    assert store.check() == []


@on_sqlite
def test_a_list_that_comes_late_does_not_hide_a_later_one(
    review: Server, store: Store, new_page: Pages
) -> None:
    """The server reads lists beside each other: the one that was asked for first may come last."""
    held: list[str | bytes] = []
    given = []

    def hold_one_back(route: WebSocketRoute) -> None:
        server_side = route.connect_to_server()

        def to_page(message: str | bytes) -> None:
            is_list = isinstance(message, bytes) and b'"odd"' in message
            if is_list and page.input_value("[data-al=volunteers-order]") == "blocked" and not held:
                held.append(message)
                return
            route.send(message)
            if is_list and held:
                given.append(held[0])
                route.send(held[0])

        server_side.on_message(to_page)

    page = new_page()
    page.route_web_socket("**/channels*", hold_one_back)
    visit(page, review, "Ada")
    page.click("[data-al=tab-volunteers]")
    page.click("[data-al=volunteer] >> nth=0 >> [data-al=block]")
    page.wait_for_selector("[data-al=volunteer].alr-blocked")
    page.select_option("[data-al=volunteers-order]", "blocked")
    wait_until(lambda: page.title() and held, "the list to be held back")
    page.click("[data-al=undo]")
    page.wait_for_selector("[data-al=volunteer].alr-blocked", state="detached")
    wait_until(lambda: page.title() and given, "the first list to come")
    page.click("[data-al=tab-images]")
    page.wait_for_selector(f"{FIRST} img")
    assert page.locator("[data-al=volunteer]").count() == 5
    assert page.locator("[data-al=volunteer].alr-blocked").count() == 0
    assert store.check() == []


@on_sqlite
def test_a_reviewer_goes_on_when_the_process_behind_the_page_dies(
    review: Server, store: Store, new_page: Pages
) -> None:
    """What is pressed once the page is connected again is done, in the filter that is shown."""
    page = new_page()
    visit(page, review, "Ada")
    page.select_option("[data-al=filter-order]", "number")
    # The hardest image may be the first one too.
    page.wait_for_selector("[data-al=item][data-row='1'][data-image='2'] img")
    image = opened(page)
    say(page, "text")
    (host,) = review.kernels()
    os.kill(host, signal.SIGKILL)
    wait_until(lambda: review.kernels() not in ([], [host]), "another process")

    def stored() -> bool:
        """Press the button, and see what comes of it."""
        page.evaluate("document.querySelector('[data-al=panel-said]').textContent = ''")
        page.click("[data-al=settle]")
        page.wait_for_selector(
            f"[data-al=picture]:not([data-image='{image}']), "
            "[data-al=panel-said]:has-text('does not answer')"
        )
        return page.get_attribute("[data-al=picture]", "data-image") != str(image)

    wait_until(stored, "the decision to be stored")
    assert list(store.reviews().index) == [image]
    assert page.get_attribute("[data-al=picture]", "data-image") == "2"


@on_sqlite
def test_a_picture_that_is_missing_is_told_and_can_be_settled(
    database_url: str, demo_set: Path, tmp_path: Path, new_page: Pages
) -> None:
    """In the grid and in the panel, where the picture would be."""
    demo = tmp_path / "demo"
    (demo / "frames" / "kujira").mkdir(parents=True)
    (demo / "truth.csv").symlink_to(demo_set / "truth.csv")
    first, *others = sorted((demo_set / "frames" / "kujira").iterdir())[:3]
    for file in (first, *others):
        (demo / "frames" / "kujira" / file.name).write_bytes(file.read_bytes())
    with al.open_project(database_url, pictures=demo / "frames") as project:
        project.add_series(progress=False)
    (demo / "frames" / "kujira" / first.name).unlink()
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_REVIEW_TOKEN": TOKEN}
    environ["ANIMELABEL_PICTURES"] = str(demo / "frames")
    with serving("serve", "--review", cwd=tmp_path, environ=environ) as server:
        page = new_page()
        page.goto(f"{server.address}?token={TOKEN}")
        page.fill("#alr-name", "Ada")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-al=said]:text-is('3 images')")
        page.click("[data-al=item]:has-text('the file is missing')")
        page.wait_for_selector("[data-al=missing]:text('the file is missing')")
        page.wait_for_selector("p:text-is('Nobody has rated it.')")
        say(page, "empty")
        page.click("[data-al=settle]")
        with closing(Store.open(database_url, create=False)) as store:
            wait_until(lambda: len(store.reviews()) == 1, "the decision")


def test_of_a_former_list_nothing_can_be_opened(looked_at: Server, new_page: Pages) -> None:
    """Between a new list and its first frame, a click would mean another image."""
    page = new_page()
    visit(page, looked_at, "Ada")
    page.evaluate("window.requestAnimationFrame = () => 1")
    page.select_option("[data-al=filter-feature-text]", "yes")
    page.wait_for_selector("[data-al=said]:text('images'):not(:text-is('132 images'))")
    assert page.locator("[data-al=item]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_filters_and_every_screen(
    looked_at: Server, new_page: Pages, tmp_path: Path, viewport: tuple[int, int], scheme: str
) -> None:
    """A filter narrows the images, an empty one says so; axe finds nothing, nothing sticks out."""
    page = new_page(viewport=viewport, color_scheme=scheme)
    visit(page, looked_at, "Ada")

    def seen(screen: str) -> None:
        page.screenshot(path=tmp_path / f"{screen}.png")
        accessible(page, screen)
        assert page.evaluate("document.querySelector('.alr').scrollWidth <= innerWidth"), screen

    seen("images")
    if page.get_attribute(".alr-side", "open") is None:
        page.click("[data-al=filters-open]")
    page.select_option("[data-al=filter-feature-text]", "yes")
    page.wait_for_selector("[data-al=said]:text('images'):not(:text-is('132 images'))")
    page.wait_for_selector(f"{FIRST} .al-badge:text-is('Text')")
    page.select_option("[data-al=filter-state]", "3")
    page.wait_for_selector("[data-al=said]:text('No image matches')")
    page.wait_for_selector("[data-al=item]", state="hidden")
    page.click("[data-al=filter-clear]")
    page.wait_for_selector(EVERYTHING)
    seen("filters")
    if viewport[0] < 760:
        page.click("[data-al=filters-open]")
    page.wait_for_selector(f"{FIRST} img")
    opened(page)
    page.wait_for_selector("[data-al=picture] img")
    seen("panel")
    page.keyboard.press("Escape")
    page.click("[data-al=tab-dashboard]")
    for name in ("coverage", "days", "certainty", "calibration", "volunteers"):
        page.wait_for_selector(f"[data-al=plot-{name}] svg[aria-label]")
    assert "Ratings\n200" in page.inner_text("[data-al=dashboard]")
    seen("dashboard")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("[data-al=volunteer]")
    assert page.locator("[data-al=volunteer]").count() == 5
    seen("volunteers")
