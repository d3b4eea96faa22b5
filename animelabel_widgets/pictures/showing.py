"""What a page shows of some images: each one's picture, or why it cannot be shown."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import PictureError
from ..labels import ImagePlace
from .scaling import Pictures


def picture_or_reason(
    pictures: Pictures, place: ImagePlace | None, side: int | None = None
) -> bytes | str:
    """Give the picture at a place as a JPEG file, or a sentence for the page."""
    if place is None:
        return "This image is not in the project."
    try:
        return pictures.jpeg(place.folder, place.filename, max_side=side)
    except PictureError as error:
        return f"This picture cannot be shown: {error}."


def pictures_or_reasons(
    pictures: Pictures, places: Iterable[ImagePlace | None], side: int
) -> tuple[list[int | str], list[bytes]]:
    """Give, for each place, the number of its file or a sentence; and the files."""
    found: list[int | str] = []
    files: list[bytes] = []
    for place in places:
        given = picture_or_reason(pictures, place, side)
        found.append(given if isinstance(given, str) else len(files))
        if isinstance(given, bytes):
            files.append(given)
    return found, files
