"""Inspecting a picture for import: its size, and whether there is anything to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from .folders import Source
from .opening import opened

TOLERANCE = 6
"""Levels, of 256, by which the pixels of one colour may differ after JPEG compression."""

_REDUCED = (256, 256)
_ON_ITS_SIDE = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a picture is: its sides in pixels as shown, its bytes, and whether it has one colour."""

    width: int
    height: int
    byte_size: int
    one_colour: bool


def inspect(source: Source) -> Inspection:
    """Read a picture wholly, so that a truncated file does not pass.

    A JPEG is decoded at a fraction of its size, which is several times faster
    and reads all of the file just the same.

    Raises
    ------
    PictureError
        If the file cannot be shown.
    """
    with opened(source) as picture:
        width, height = picture.size
        picture.draft("RGB", _REDUCED)
        picture.load()
        if picture.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE:
            width, height = height, width
        size = source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes
        return Inspection(width, height, size, _one_colour(picture))


def _one_colour(picture: Image.Image) -> bool:
    """Tell whether all pixels are alike, as far as JPEG noise lets them."""
    shown = picture if picture.mode in ("L", "RGB") else on_white(picture)
    extrema = shown.getextrema()
    bands = [extrema] if shown.mode == "L" else extrema
    return all(high - low <= TOLERANCE for low, high in bands)  # type: ignore[misc, operator]


def on_white(picture: Image.Image) -> Image.Image:
    """Give a picture in RGB, transparent parts on white; itself where it is so."""
    if picture.has_transparency_data:
        pixels = picture.convert("RGBA")
        white = Image.new("RGBA", pixels.size, "white")
        return Image.alpha_composite(white, pixels).convert("RGB")
    if picture.mode.startswith("I;16"):
        # Pillow would cut everything above 255.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")
