"""A hand that presses the buttons of the volunteers' page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from animelabel_widgets.labels import KEYS

from .waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page


READY = "[data-al=labeler][data-ready=true]"
"""The labeler while a vote counts."""


class Volunteer:
    """Presses the buttons of a page, and reads what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def visit(self, address: str) -> None:
        """Open the page and wait for a picture."""
        self.page.goto(address)
        self.sees_a_picture()
        if self.page.is_visible("[data-al=dialog-tutorial]"):
            self.page.click("[data-al=lesson-skip]")
            self.page.wait_for_selector("[data-al=dialog-tutorial]", state="detached")

    def sees_a_picture(self) -> None:
        """Wait until a picture is painted and can be rated."""
        self.page.wait_for_selector(READY, timeout=60_000)

    def has_pictures_ahead(self, count: int) -> None:
        """Wait until so many pictures have come that are not shown yet."""
        self.page.wait_for_function(
            "count => Object.entries(sessionStorage).some(([key, value]) => {"
            " if (!key.endsWith('.queue')) return false;"
            " const { assignments, index } = JSON.parse(value);"
            " return assignments.length - index > count; })",
            arg=count,
            timeout=60_000,
        )

    @property
    def assignment(self) -> str:
        """The assignment of the picture that is shown."""
        found = self.page.get_attribute("[data-al=picture]", "data-assignment")
        assert found is not None
        return found

    @property
    def pressed(self) -> set[str]:
        """The features whose buttons are pressed."""
        return {
            key
            for key in KEYS
            if self.page.get_attribute(f"[data-al=label-{key}]", "aria-pressed") == "true"
        }

    def press(self, *features: str) -> None:
        """Press buttons until exactly these features are chosen."""

        def chosen() -> bool:
            for key in sorted(self.pressed.symmetric_difference(features)):
                if (key in self.pressed) != (key in features):
                    self.page.click(f"[data-al=label-{key}]")
            return self.pressed == set(features)

        # The page may load itself again in between, and then show what was pressed before.
        wait_until(chosen, f"{features} to be pressed")

    def next(self) -> None:
        """Press Next, and wait for another picture."""
        former = self.assignment
        self.page.click("[data-al=next]", no_wait_after=True)
        self.sees_another(former)

    def back(self) -> None:
        """Press Back, and wait for another picture."""
        former = self.assignment
        self.page.click("[data-al=back]", no_wait_after=True)
        self.sees_another(former)

    def sees_another(self, former: str) -> None:
        """Wait until another picture is painted and can be rated."""
        self.page.wait_for_function(
            "([ready, former]) => { const image = document.querySelector(ready);"
            " return image && image.dataset.assignment !== former; }",
            arg=[f"{READY} [data-al=picture]", former],
            timeout=60_000,
        )

    def everything_is_saved(self) -> None:
        """Wait until the server has acknowledged every rating."""
        self.page.wait_for_selector('[data-al=labeler][data-pending="0"]', timeout=60_000)

    def says(self, text: str) -> None:
        """Wait until the status line has a text."""
        self.page.wait_for_function(
            "text => document.querySelector('[data-al=status]').textContent.includes(text)",
            arg=text,
            timeout=60_000,
        )
