"""The gallery widget: images page by page, as thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from traitlets import Unicode

from . import assets
from .errors import PictureError
from .pictures import Pictures
from .protocol import parse_gallery
from .widget import PageWidget, Reply

THUMBNAIL = 320
"""Longest side of a thumbnail, in pixels."""


@dataclass(frozen=True, slots=True)
class Item:
    """An image of a gallery, and the line below it."""

    image_id: int
    folder: str
    filename: str
    title: str
    caption: str


class Gallery(PageWidget):
    """Shows images page by page.

    Parameters
    ----------
    items
        The images, in order.
    pictures
        Where their pictures come from.
    heading
        A line above them.
    page_size
        Images on a page.
    """

    _esm = assets.esm("gallery.js")
    _css = assets.css("gallery.css")

    heading = Unicode().tag(sync=True)

    def __init__(
        self, items: Sequence[Item], pictures: Pictures, *, heading: str = "", page_size: int = 24
    ) -> None:
        self._items = items
        self._pictures = pictures
        self._page_size = page_size
        super().__init__(heading=heading)

    def _answer(self, content: object, buffers: object) -> Reply:
        """Give a page; past the end, the last one."""
        size = self._page_size
        pages = max(1, -(-len(self._items) // size))
        number = min(parse_gallery(content, buffers).number, pages - 1)
        thumbnails: list[bytes] = []
        items: list[dict[str, object]] = []
        for item in self._items[number * size : (number + 1) * size]:
            try:
                thumbnails.append(
                    self._pictures.jpeg(item.folder, item.filename, max_side=THUMBNAIL)
                )
                picture = len(thumbnails) - 1
            except PictureError:
                picture = None
            items.append(
                {
                    "image_id": item.image_id,
                    "title": item.title,
                    "caption": item.caption,
                    "picture": picture,
                }
            )
        reply = {
            "kind": "page",
            "number": number,
            "pages": pages,
            "total": len(self._items),
            "items": items,
        }
        return reply, thumbnails
