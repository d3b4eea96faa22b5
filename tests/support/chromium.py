"""A headless Chromium of the system, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, WebError, sync_playwright

from .missing import missing

REMEDY = "install the Debian package chromium, or set ANIMELABEL_CHROMIUM to a Chromium's path"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Start the browser with a new, empty profile, and end it."""
    found = os.environ.get("ANIMELABEL_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), ""
    )
    if not found:
        missing("Chromium", REMEDY)
    with sync_playwright() as playwright:
        # Playwright makes the profile in a temporary folder, and removes it.
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Pages:
    """Opens pages, and notes each error that no script of theirs caught.

    Every call makes a visitor of its own: own storage, own cookies. A second
    tab of the same visitor is `page.context.new_page()`; it is watched too.
    """

    def __init__(self, browser: Browser) -> None:
        """Open pages in this browser."""
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def __call__(
        self,
        *,
        viewport: tuple[int, int] = (1280, 800),
        color_scheme: str = "light",
        **options: Any,
    ) -> Page:
        """Open an empty page of a new visitor.

        Parameters
        ----------
        viewport
            Width and height in CSS pixels.
        color_scheme
            `light` or `dark`.
        **options
            Anything else that Playwright's `new_context` takes, such as
            `has_touch=True`.
        """
        width, height = viewport
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=color_scheme, **options
        )
        self._contexts.append(context)
        context.set_default_timeout(60_000)
        context.on("weberror", self._note)
        return context.new_page()

    def close(self) -> None:
        """Close every page; fail if one of them had an uncaught error, or does not answer."""
        with ExitStack() as contexts:
            for context in self._contexts:
                contexts.callback(context.close)
                for page in context.pages:
                    self._ask(page)
        if self.errors:
            pytest.fail("Uncaught in the page:\n" + "\n".join(self.errors), pytrace=False)

    def _ask(self, page: Page) -> None:
        """Make a round trip, after which all errors up to now are known."""
        try:
            # Unlike `evaluate` it has a timeout: a script of the page may run forever.
            page.wait_for_function("true")
        except Error as error:
            self.errors.append(f"{page.url} does not answer: {error}")

    def _note(self, error: WebError) -> None:
        self.errors.append(error.error.stack or str(error.error))
