"""axe-core looks at a page; a Python package brings it, so that no npm is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def accessible(page: Page, screen: str, within: str | None = None) -> None:
    """Let axe-core look at what is shown, or a part; fail with each violation and its place."""
    found = Axe().run(page, context=within, options={"runOnly": {"type": "tag", "values": RULES}})
    seen = [
        f"{screen}: {each['id']} – {node['target']} {node['failureSummary']}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]
    assert not seen, "\n".join(seen)


def accessible_light_and_dark(page: Page, screen: str) -> None:
    """Let axe-core look at what is shown in both colour schemes; it stays light."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        accessible(page, f"{screen}, {scheme}")
