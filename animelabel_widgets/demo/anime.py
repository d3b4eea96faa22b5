"""Anime-like scenes: gradient skies, pointed hair, large shining eyes, cel shading."""

from __future__ import annotations

from random import Random

from .canvas import RGB, Canvas, Colour, Place, darker, jitter, placed

SKIES: list[tuple[Colour, Colour]] = [
    ("#3f7fd6", "#cfe9fb"),
    ("#2a2358", "#f08a6c"),
    ("#10163d", "#4a5aa8"),
    ("#f3a7b9", "#fdeccf"),
    ("#2f9fb5", "#e6f7d8"),
]
HAIR = [
    (48, 60, 118),
    (196, 74, 92),
    (236, 188, 92),
    (74, 54, 66),
    (108, 176, 170),
    (226, 228, 240),
]
EYES = [(64, 130, 210), (170, 70, 150), (60, 150, 100), (190, 110, 40)]
SKIN = [(253, 226, 205), (246, 208, 180), (222, 176, 142)]
CLOTHES = [(38, 52, 96), (168, 48, 64), (70, 110, 90), (240, 240, 244)]


def backdrop(canvas: Canvas, rng: Random) -> None:
    """Draw a sky and, below it, hills, a town, the sea or a field."""
    top, bottom = rng.choice(SKIES)
    canvas.gradient(top, bottom)
    if top == "#10163d":
        for _ in range(70):
            size = rng.uniform(0.015, 0.05)
            canvas.ellipse((rng.uniform(0, 16), rng.uniform(0, 6)), (size, size), "#fdf6d0")
    else:
        for _ in range(3):
            _cloud(canvas, rng, (rng.uniform(0, 16), rng.uniform(0.8, 3.6)))
    rng.choice([_hills, _town, _sea, _field])(canvas, rng)


def figure(canvas: Canvas, rng: Random) -> None:
    """Draw the bust of a character."""
    x, y, size = rng.uniform(5, 11), jitter(rng, 4.3, 0.2), jitter(rng, 1.9, 0.25)
    hair, eye, skin, cloth = (rng.choice(each) for each in (HAIR, EYES, SKIN, CLOTHES))

    at = placed(x, y, size)
    if rng.random() < 0.6:
        canvas.polygon(
            [
                at(-1.1, -0.4),
                at(-1.35, 1.9),
                at(-0.7, 1.5),
                at(0.7, 1.5),
                at(1.35, 1.9),
                at(1.1, -0.4),
            ],
            darker(hair, 0.7),
        )
    canvas.ellipse(at(0, -0.25), (1.15 * size, 1.15 * size), darker(hair))
    _shoulders(canvas, at, size, skin, cloth)
    canvas.ellipse(at(0, 0), (0.92 * size, 0.95 * size), skin)
    canvas.polygon([at(-0.88, 0.3), at(0.88, 0.3), at(0.3, 1.0), at(0, 1.14), at(-0.3, 1.0)], skin)
    canvas.polygon(
        [at(-0.85, -0.45), at(0.85, -0.45), at(0.8, -0.1), at(-0.8, -0.1)], darker(skin, 0.86)
    )
    for side in (-1, 1):
        _eye(canvas, at, size, side, eye, hair)
        canvas.ellipse(at(side * 0.58, 0.52), (0.16 * size, 0.07 * size), (240, 150, 150))
    canvas.line([at(0.02, 0.44), at(0.06, 0.5)], darker(skin, 0.7), 0.03 * size)
    _mouth(canvas, at, size, rng)
    _fringe(canvas, at, rng, hair)


def _cloud(canvas: Canvas, rng: Random, centre: tuple[float, float]) -> None:
    """Draw a cloud of a few ellipses on a flat base."""
    x, y = centre
    for _ in range(6):
        dx, size = rng.uniform(-1.3, 1.3), rng.uniform(0.35, 0.75)
        canvas.ellipse((x + dx, y - size * 0.4), (size, size * 0.62), (255, 255, 255))


def _hills(canvas: Canvas, rng: Random) -> None:
    """Draw green hills, the nearer the darker."""
    for level, colour in enumerate(["#7db58a", "#4f9270", "#2f6b57"]):
        for _ in range(3):
            centre = (rng.uniform(0, 16), 9.6 + level * 0.3)
            canvas.ellipse(centre, (rng.uniform(4, 7), 3.4 - level * 0.7), colour)


def _town(canvas: Canvas, rng: Random) -> None:
    """Draw a row of houses with lit windows."""
    left = 0.0
    while left < 16:
        width, top = rng.uniform(1, 2), rng.uniform(3.8, 6.6)
        canvas.box((left, top), (width, 9 - top), rng.choice(["#3d4266", "#4d5580", "#2f3456"]))
        row = top + 0.3
        while row < 8.6:
            for place in (0.2, 0.6):
                lit = rng.choice(["#ffe7a0", "#5b6490", "#5b6490"])
                canvas.box((left + place * width, row), (0.22 * width, 0.3), lit)
            row += 0.6
        left += width


def _sea(canvas: Canvas, rng: Random) -> None:
    """Draw the sea with glitter."""
    canvas.box((0, 6), (16, 3), "#2c6fa6")
    for _ in range(50):
        x, y = rng.uniform(0, 16), rng.uniform(6.1, 9)
        canvas.line([(x, y), (x + rng.uniform(0.2, 0.7), y)], "#bfe4f5", 0.04)


def _field(canvas: Canvas, rng: Random) -> None:
    """Draw a meadow below a tree in bloom."""
    canvas.box((0, 7), (16, 2), "#86b86a")
    x = rng.uniform(2, 14)
    canvas.polygon([(x - 0.35, 8), (x - 0.15, 4), (x + 0.15, 4), (x + 0.4, 8)], "#5d4238")
    canvas.ellipse((x, 3.6), (1.9, 1.2), "#f39ab6")
    for _ in range(26):
        centre = (jitter(rng, x, 2.2), jitter(rng, 3.6, 1.3))
        canvas.ellipse(centre, (0.75, 0.6), rng.choice(["#f7b8cb", "#f39ab6", "#fcd5df"]))
    for _ in range(30):
        canvas.ellipse((rng.uniform(0, 16), rng.uniform(1, 9)), (0.09, 0.05), "#f9c6d4")


def _shoulders(canvas: Canvas, at: Place, size: float, skin: RGB, cloth: RGB) -> None:
    """Draw the neck, and a uniform with a sailor's collar."""
    canvas.polygon(
        [at(-0.4, 1.35), at(0.4, 1.35), at(1.7, 1.8), at(1.9, 4), at(-1.9, 4), at(-1.7, 1.8)],
        cloth,
    )
    neck = [at(-0.28, 0.8), at(0.28, 0.8), at(0.4, 1.4), at(0, 1.9), at(-0.4, 1.4)]
    canvas.polygon(neck, skin)
    canvas.polygon([at(-0.28, 0.95), at(0.28, 0.95), at(0.1, 1.25)], darker(skin, 0.82))
    canvas.line([at(-0.42, 1.38), at(0, 2.0), at(0.42, 1.38)], (244, 246, 250), 0.12 * size)
    for side in (-1, 1):
        knot = [at(0, 2.0), at(side * 0.42, 1.85), at(side * 0.42, 2.3)]
        canvas.polygon(knot, (206, 60, 70))
        canvas.polygon([at(0, 2.0), at(side * 0.3, 2.85), at(side * 0.05, 2.8)], (206, 60, 70))


def _eye(canvas: Canvas, at: Place, size: float, side: int, iris: RGB, hair: RGB) -> None:
    """Draw a large eye: white, iris in two tones, pupil, two lights, lashes and a brow."""
    x = side * 0.42
    canvas.ellipse(at(x, 0.16), (0.25 * size, 0.3 * size), (255, 255, 255))
    canvas.ellipse(at(x * 0.97, 0.18), (0.185 * size, 0.265 * size), darker(iris, 0.55))
    canvas.ellipse(at(x * 0.97, 0.26), (0.15 * size, 0.18 * size), iris)
    canvas.ellipse(at(x * 0.97, 0.16), (0.08 * size, 0.13 * size), (20, 18, 30))
    canvas.ellipse(at(x * 0.97 - 0.06, 0.05), (0.07 * size, 0.085 * size), (255, 255, 255))
    canvas.ellipse(at(x * 0.97 + 0.07, 0.31), (0.035 * size, 0.04 * size), (255, 255, 255))
    lash = (38, 26, 40)
    canvas.arc(at(x, 0.16), (0.27 * size, 0.32 * size), (200, 340), lash, 0.07 * size)
    canvas.line([at(x + side * 0.25, 0.05), at(x + side * 0.33, -0.03)], lash, 0.05 * size)
    canvas.arc(at(x, -0.2), (0.25 * size, 0.1 * size), (210, 330), darker(hair, 0.6), 0.04 * size)


def _mouth(canvas: Canvas, at: Place, size: float, rng: Random) -> None:
    """Draw a smile, or a mouth open in surprise."""
    if rng.random() < 0.6:
        canvas.arc(at(0, 0.66), (0.14 * size, 0.1 * size), (20, 160), (150, 60, 60), 0.035 * size)
    else:
        canvas.ellipse(at(0, 0.75), (0.11 * size, 0.1 * size), (150, 50, 60))
        canvas.ellipse(at(0, 0.8), (0.07 * size, 0.04 * size), (235, 130, 130))


def _fringe(canvas: Canvas, at: Place, rng: Random, hair: RGB) -> None:
    """Draw the hair in front: pointed strands from the crown, and a band of light."""
    ends = [-1.05, -0.72, -0.36, 0.02, 0.38, 0.74, 1.05]
    points = [at(-1.16, -0.2), at(-1.08, -0.8), at(-0.6, -1.3), at(0.1, -1.45)]
    points += [at(0.7, -1.25), at(1.1, -0.75), at(1.16, -0.2)]
    for end in reversed(ends):
        low = 0.75 if abs(end) > 1 else jitter(rng, 0.0, 0.14)
        points += [at(end, low), at(end - 0.17, -0.42)]
    canvas.polygon(points, hair)
    light = (min(hair[0] + 60, 255), min(hair[1] + 60, 255), min(hair[2] + 60, 255))
    canvas.polygon(
        [at(-0.7, -0.8), at(-0.2, -0.98), at(0.5, -0.9), at(0.2, -0.8), at(-0.2, -0.86)], light
    )
