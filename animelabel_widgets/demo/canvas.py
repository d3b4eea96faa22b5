"""A canvas of 16 × 9 units, drawn large and scaled down so that edges are smooth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 960, 540
_SCALE = 2
_UNIT = WIDTH * _SCALE / 16

RGB = tuple[int, int, int]
Colour = str | RGB
Point = tuple[float, float]
Place = Callable[[float, float], Point]
"""Gives the point that lies so far right of and below a figure's centre, in its sizes."""


class Canvas:
    """Shapes in units: x from 0 to 16, y from 0 to 9, downwards."""

    def __init__(self, colour: Colour = "black") -> None:
        self.image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), colour)
        self._draw = ImageDraw.Draw(self.image, "RGBA")

    def done(self) -> Image.Image:
        """Give the finished frame."""
        return self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)

    def gradient(self, top: Colour, bottom: Colour, to: float = 9) -> None:
        """Fill the upper part, down to `to`, with a vertical gradient."""
        size = (self.image.width, int(to * _UNIT))
        mask = Image.linear_gradient("L").resize(size)
        self.image.paste(top, (0, 0, *size))
        self.image.paste(bottom, (0, 0, *size), mask)

    def ellipse(
        self,
        centre: Point,
        radius: Point,
        fill: Colour | None = None,
        outline: Colour | None = None,
        width: float = 0,
    ) -> None:
        """Draw an ellipse by its centre and its two radii."""
        (x, y), (a, b) = centre, radius
        box = self._scaled([(x - a, y - b), (x + a, y + b)])
        self._draw.ellipse(box, fill, outline, self._pixels(width))

    def polygon(
        self,
        points: Sequence[Point],
        fill: Colour,
        outline: Colour | None = None,
        width: float = 0,
    ) -> None:
        """Draw a polygon; its outline has round corners."""
        self._draw.polygon(self._scaled(points), fill)
        if outline is not None:
            self.line([*points, points[0], points[1]], outline, width)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """Draw a line with round ends."""
        self._draw.line(self._scaled(points), fill, self._pixels(width), joint="curve")
        for end in (points[0], points[-1]):
            self.ellipse(end, (width / 2, width / 2), fill)

    def arc(self, centre: Point, radius: Point, angles: Point, fill: Colour, width: float) -> None:
        """Draw a part of an ellipse; angles in degrees, clockwise from the right."""
        (x, y), (a, b) = centre, radius
        turns = [angles[0] + (angles[1] - angles[0]) * step / 24 for step in range(25)]
        points = [
            (x + a * math.cos(math.radians(turn)), y + b * math.sin(math.radians(turn)))
            for turn in turns
        ]
        self.line(points, fill, width)

    def box(
        self,
        corner: Point,
        size: Point,
        fill: Colour,
        outline: Colour | None = None,
        width: float = 0,
        radius: float = 0,
    ) -> None:
        """Draw a rectangle by its upper left corner and its size."""
        (x, y), (w, h) = corner, size
        self._draw.rounded_rectangle(
            self._scaled([(x, y), (x + w, y + h)]),
            radius * _UNIT,
            fill,
            outline,
            self._pixels(width),
        )

    def text(
        self,
        centre: Point,
        said: str,
        size: float,
        fill: Colour,
        stroke: Colour | None = None,
    ) -> None:
        """Write a line of text around a point; `size` in units."""
        font = ImageFont.load_default(size * _UNIT)
        self._draw.text(
            self._scaled([centre])[0],
            said,
            fill,
            font,
            anchor="mm",
            stroke_width=self._pixels(size / 9) if stroke else 0,
            stroke_fill=stroke,
        )

    def _scaled(self, points: Iterable[Point]) -> list[Point]:
        """Turn units into pixels."""
        return [(x * _UNIT, y * _UNIT) for x, y in points]

    def _pixels(self, units: float) -> int:
        """Turn a length into whole pixels."""
        return round(units * _UNIT)


def jitter(rng: Random, value: float, by: float) -> float:
    """Give a value near another one."""
    return value + rng.uniform(-by, by)


def placed(x: float, y: float, size: float) -> Place:
    """Give the places of a figure with this centre and size."""
    return lambda dx, dy: (x + dx * size, y + dy * size)


def darker(colour: RGB, by: float = 0.75) -> RGB:
    """Give a darker shade of a colour."""
    red, green, blue = (int(part * by) for part in colour)
    return red, green, blue
