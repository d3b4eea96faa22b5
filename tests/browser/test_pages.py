"""The same notebook on each page that can be served: a volunteer sees no difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.commands import serving
from support.volunteer import Volunteer

from animelabel_widgets.labels import KEYS
from animelabel_widgets.store import Store

if TYPE_CHECKING:
    from support.chromium import Pages

PAGES = {
    "lab": ["--template", "lab"],
    "process": ["--kernels", "process"],
    "lab below a path": ["--template", "lab", "--base-url", "/label/"],
    "lean below a path, by two processes": ["--workers", "2", "--base-url", "/label/"],
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("options", PAGES.values(), ids=PAGES.keys())
def test_each_page_shows_pictures_and_stores_what_was_pressed(
    options: list[str], store: Store, database_url: str, frames: Path, tmp_path: Path,
    new_page: Pages,
) -> None:  # fmt: skip
    """Three frames are rated, on the page that the options ask for, and nothing fails there."""
    environ = {"ANIMELABEL_DATABASE_URL": database_url, "ANIMELABEL_PICTURES": str(frames)}
    with serving("serve", *options, "--hosts", "1", cwd=tmp_path, environ=environ) as server:
        volunteer = Volunteer(new_page())
        volunteer.visit(server.address)
        for choice in (("person",), (), ("text", "logo")):
            volunteer.press(*choice)
            volunteer.next()
        volunteer.everything_is_saved()
    pressed = store.ratings()[list(KEYS)].sum(axis=1)
    assert sorted(pressed) == [0, 1, 2]
