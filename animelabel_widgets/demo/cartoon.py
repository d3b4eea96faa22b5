"""Cartoon-like scenes: flat colours, thick outlines, round heads, dot eyes, animals."""

from __future__ import annotations

from random import Random

from .canvas import RGB, Canvas, Place, darker, jitter, placed

INK = (34, 28, 38)
LINE = 0.13
WALLS = ["#ffd166", "#7fd1c7", "#f7a072", "#a3c4f3", "#cdb4db", "#b9e28c"]
PEOPLE: list[RGB] = [(255, 205, 148), (240, 184, 120), (150, 98, 62), (255, 224, 102)]
FUR: list[RGB] = [(232, 142, 60), (150, 150, 164), (122, 84, 58), (244, 236, 216), (92, 140, 200)]
SHIRTS: list[RGB] = [(222, 68, 62), (62, 124, 214), (76, 170, 92), (250, 196, 54), (140, 82, 190)]


def backdrop(canvas: Canvas, rng: Random) -> None:
    """Draw a street, a room or a park in flat colours."""
    rng.choice([_street, _room, _park])(canvas, rng)


def figure(canvas: Canvas, rng: Random) -> None:
    """Draw a person or an animal, from head to feet."""
    x, size = rng.uniform(4.5, 11.5), jitter(rng, 1.45, 0.15)
    at = placed(x, 3.5, size)
    animal = rng.random() < 0.5
    skin = rng.choice(FUR if animal else PEOPLE)
    _body(canvas, at, size, skin, rng)
    if animal:
        _ears(canvas, at, size, skin, rng)
    canvas.ellipse(at(0, 0), (1.15 * size, 1.05 * size), skin, INK, LINE)
    if animal:
        canvas.ellipse(at(0, 0.42), (0.62 * size, 0.45 * size), (252, 246, 232), INK, LINE * 0.7)
        canvas.ellipse(at(0, 0.18), (0.18 * size, 0.13 * size), INK)
    else:
        _hair(canvas, at, size, rng)
        canvas.ellipse(at(0.05, 0.2), (0.2 * size, 0.17 * size), darker(skin, 0.88), INK, LINE / 2)
    for side in (-1, 1):
        canvas.ellipse(
            at(side * 0.38, -0.18), (0.27 * size, 0.31 * size), (255, 255, 255), INK, LINE / 2
        )
        canvas.ellipse(at(side * 0.38 + 0.07, -0.14), (0.09 * size, 0.11 * size), INK)
    canvas.arc(at(0, 0.42), (0.42 * size, 0.28 * size), (15, 165), INK, LINE * 0.8)


def _street(canvas: Canvas, rng: Random) -> None:
    """Draw houses along a road."""
    canvas.box((0, 0), (16, 9), rng.choice(["#8fd8f4", "#bfe8ff", "#ffd9a8"]))
    canvas.ellipse((rng.uniform(1, 15), 1.5), (0.9, 0.9), "#ffe066", INK, LINE)
    left = -0.5
    while left < 16:
        width, top = rng.uniform(2.2, 3.6), rng.uniform(2.4, 4.2)
        canvas.box((left, top), (width, 9 - top), rng.choice(WALLS), INK, LINE)
        canvas.polygon(
            [(left - 0.2, top), (left + width / 2, top - 1.3), (left + width + 0.2, top)],
            rng.choice(["#c8553d", "#588157", "#6d597a"]),
            INK,
            LINE,
        )
        canvas.box((left + width * 0.2, top + 0.6), (0.8, 0.8), "#e8f6ff", INK, LINE * 0.7)
        canvas.box((left + width * 0.58, 5.6), (0.9, 1.9), "#8d5a3b", INK, LINE * 0.7)
        left += width
    canvas.box((0, 7.3), (16, 1.9), "#6c6f7a", INK, LINE)
    for place in range(0, 17, 3):
        canvas.box((place, 8.1), (1.4, 0.18), "#f4f1de")


def _room(canvas: Canvas, rng: Random) -> None:
    """Draw a room with a window, a picture of a hill, and a table."""
    canvas.box((0, 0), (16, 9), rng.choice(WALLS))
    canvas.box((0, 6.9), (16, 2.1), rng.choice(["#a26a42", "#7a8fb0", "#8a6fa8"]), INK, LINE)
    canvas.box((1.2, 1.2), (3.6, 3), "#bfe8ff", INK, LINE * 1.3)
    canvas.line([(3, 1.2), (3, 4.2)], INK, LINE)
    canvas.line([(1.2, 2.7), (4.8, 2.7)], INK, LINE)
    canvas.box((11, 1.4), (2.8, 2), "#fff7e0", INK, LINE * 1.3)
    canvas.polygon([(11.3, 3.1), (12.3, 1.9), (13.4, 3.1)], "#7cb46b")
    canvas.box((10.6, 5.4), (4.4, 0.4), "#c98a52", INK, LINE)
    for leg in (11, 14.3):
        canvas.box((leg, 5.8), (0.35, 2), "#c98a52", INK, LINE)
    canvas.ellipse((12.8, 5), (0.5, 0.4), rng.choice(SHIRTS), INK, LINE * 0.8)


def _park(canvas: Canvas, rng: Random) -> None:
    """Draw a lawn with round trees and a bench."""
    canvas.box((0, 0), (16, 9), rng.choice(["#a8e0ff", "#ffe3b8"]))
    canvas.ellipse((8, 11.4), (13, 5), "#8ccf6b", INK, LINE)
    for x in (rng.uniform(0.8, 3.2), rng.uniform(6, 9), rng.uniform(12.8, 15)):
        canvas.box((x - 0.25, 4.4), (0.5, 2.9), "#8d5a3b", INK, LINE)
        canvas.ellipse((x, 3.6), (1.5, 1.6), rng.choice(["#4fa65a", "#6cbf5c"]), INK, LINE)
    bench = rng.uniform(3, 10)
    canvas.box((bench, 6.4), (3, 0.35), "#d08c4a", INK, LINE)
    for leg in (0.3, 2.4):
        canvas.box((bench + leg, 6.75), (0.25, 0.8), "#5c5c66", INK, LINE * 0.7)


def _body(canvas: Canvas, at: Place, size: float, skin: RGB, rng: Random) -> None:
    """Draw a shirt, arms with one hand raised, and legs."""
    shirt = rng.choice(SHIRTS)
    for side in (-1, 1):
        canvas.line([at(side * 0.35, 2.3), at(side * 0.4, 3.3)], INK, 0.42 * size)
        canvas.line([at(side * 0.35, 2.3), at(side * 0.4, 3.3)], (70, 82, 130), 0.28 * size)
        canvas.ellipse(at(side * 0.52, 3.4), (0.34 * size, 0.17 * size), (90, 60, 50), INK, LINE)
        hand = at(side * 1.35, 1.0 if side > 0 else 2.1)
        canvas.line([at(side * 0.6, 1.45), hand], INK, 0.4 * size)
        canvas.line([at(side * 0.6, 1.45), hand], shirt, 0.26 * size)
        canvas.ellipse(hand, (0.25 * size, 0.25 * size), skin, INK, LINE)
    canvas.polygon([at(-0.6, 1.0), at(0.6, 1.0), at(0.78, 2.5), at(-0.78, 2.5)], shirt, INK, LINE)


def _ears(canvas: Canvas, at: Place, size: float, fur: RGB, rng: Random) -> None:
    """Draw the ears of a cat, a bear or a rabbit."""
    kind = rng.choice(["cat", "bear", "rabbit"])
    for side in (-1, 1):
        if kind == "cat":
            tip = [at(side * 1.05, -0.35), at(side * 0.95, -1.4), at(side * 0.3, -0.9)]
            canvas.polygon(tip, fur, INK, LINE)
        elif kind == "bear":
            canvas.ellipse(at(side * 0.82, -0.85), (0.38 * size, 0.38 * size), fur, INK, LINE)
        else:
            canvas.ellipse(at(side * 0.42, -1.4), (0.26 * size, 0.75 * size), fur, INK, LINE)


def _hair(canvas: Canvas, at: Place, size: float, rng: Random) -> None:
    """Draw a tuft, a cap or curls."""
    kind, colour = rng.choice(["tuft", "cap", "curls"]), rng.choice(SHIRTS)
    if kind == "tuft":
        for lean in (-0.3, 0.0, 0.3):
            canvas.line([at(lean * 0.5, -0.98), at(lean * 1.4, -1.4)], INK, 0.12 * size)
    elif kind == "cap":
        crown = [at(-1.05, -0.5), at(-0.8, -1.1), at(0, -1.35), at(0.8, -1.1), at(1.05, -0.5)]
        canvas.polygon(crown, colour, INK, LINE)
        canvas.line([at(0.3, -0.5), at(1.6, -0.45)], INK, 0.26 * size)
    else:
        for dx, dy in ((-0.95, -0.55), (-0.6, -0.95), (0, -1.12), (0.6, -0.95), (0.95, -0.55)):
            canvas.ellipse(at(dx, dy), (0.36 * size, 0.34 * size), (112, 62, 40), INK, LINE)
