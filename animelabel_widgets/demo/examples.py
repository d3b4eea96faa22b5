"""The pictures of the built-in tutorial."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image

from ..errors import PictureError
from ..tutorial import NAME, Tutorial, read_tutorial
from . import anime, cartoon, overlays
from .canvas import HEIGHT, WIDTH, Canvas

SHOWN = (800, 450)


def built_in_tutorial() -> Tutorial:
    """Give the tutorial of the package; its pictures are drawn when they are first shown."""
    return read_tutorial(Path(__file__).with_name(NAME), example_jpeg)


@cache
def example_jpeg(name: str) -> bytes:
    """Draw a picture of the tutorial, as a JPEG file.

    Raises
    ------
    PictureError
        If there is none of that name.
    """
    if name not in _DRAWINGS:
        raise PictureError(f"there is no drawing {name}")
    seed, draw = _DRAWINGS[name]
    picture = draw(Random(seed)).resize(SHOWN, Image.Resampling.LANCZOS)  # noqa: S311 - a drawing
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def _portrait(rng: Random) -> Image.Image:
    """Draw a character."""
    canvas = Canvas()
    anime.backdrop(canvas, rng)
    anime.figure(canvas, rng)
    return canvas.done()


def _subtitle(rng: Random) -> Image.Image:
    """Draw a character who says something."""
    canvas = Canvas()
    cartoon.backdrop(canvas, rng)
    cartoon.figure(canvas, rng)
    overlays.subtitle(canvas, rng, anime=False)
    return canvas.done()


def _corner(rng: Random) -> Image.Image:
    """Draw a character below a channel's logo."""
    canvas = Canvas()
    anime.backdrop(canvas, rng)
    anime.figure(canvas, rng)
    overlays.logo(canvas, "star", right=True)
    return canvas.done()


def _landscape(rng: Random) -> Image.Image:
    """Draw a place."""
    canvas = Canvas()
    cartoon.backdrop(canvas, rng)
    return canvas.done()


def _black(_rng: Random) -> Image.Image:
    """Draw nothing."""
    return Image.new("RGB", (WIDTH, HEIGHT))


def _sign(rng: Random) -> Image.Image:
    """Draw a sign in a place."""
    canvas = Canvas()
    anime.backdrop(canvas, rng)
    overlays.sign(canvas, rng, anime=True)
    return canvas.done()


def _letters(rng: Random) -> Image.Image:
    """Draw a place below a channel's logo that has letters."""
    canvas = Canvas()
    cartoon.backdrop(canvas, rng)
    overlays.logo(canvas, "wave", right=True)
    return canvas.done()


_DRAWINGS: dict[str, tuple[int, Callable[[Random], Image.Image]]] = {
    "portrait.jpg": (1, _portrait),
    "subtitle.jpg": (2, _subtitle),
    "corner.jpg": (33, _corner),
    "landscape.jpg": (4, _landscape),
    "black.jpg": (5, _black),
    "sign.jpg": (6, _sign),
    "letters.jpg": (7, _letters),
    "blur.jpg": (8, overlays.unrecognisable),
}
