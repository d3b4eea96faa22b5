"""What lies over a scene: subtitles, signs, credits, channel logos; and frames with nothing."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageFilter

from .canvas import HEIGHT, WIDTH, Canvas, Point

ANIME_LINES = [
    "The wind is calling us again.",
    "I won't run away this time!",
    "You forgot your umbrella, didn't you?",
    "Look... the stars are falling.",
    "Meet me on the roof after class.",
]
CARTOON_LINES = [
    "Who ate my cheese sandwich?!",
    "Quick, into the balloon!",
    "That is not how a ladder works.",
    "Tuesday again? Already?",
    "Nobody move. The cake is looking.",
]
SIGNS = ["BAKERY", "STATION", "OPEN", "SCHOOL", "NO ENTRY", "LIBRARY"]
ROLES = ["Director", "Story", "Art", "Music", "Colours", "Sound"]
NAMES = ["A. Miller", "K. Tanabe", "J. Okoro", "L. Svensson", "M. Rossi", "P. Novak"]


def subtitle(canvas: Canvas, rng: Random, *, anime: bool) -> None:
    """Write a line at the bottom; some anime have a second one in strokes like kana."""
    said = rng.choice(ANIME_LINES if anime else CARTOON_LINES)
    if anime and rng.random() < 0.5:
        _glyphs(canvas, rng, (3.2, 7.0), 12)
    canvas.text((8, 8.3), said, 0.7, "#ffe95c" if anime else "white", "black")


def sign(canvas: Canvas, rng: Random, *, anime: bool) -> None:
    """Put up a sign."""
    x = rng.uniform(3.5, 12.5)
    canvas.box((x - 0.12, 4), (0.24, 5), "#4a4038")
    if anime:
        canvas.box((x - 0.75, 1.2), (1.5, 5), "#fff6dc", "#9a2f2f", 0.1)
        _glyphs(canvas, rng, (x - 0.5, 1.5), 4, down=True)
    else:
        canvas.box((x - 2.6, 2.6), (5.2, 1.9), "#fff6dc", "#221c26", 0.13, 0.2)
        canvas.text((x, 3.55), rng.choice(SIGNS), 1.0, "#b3261e")


def credits_roll(canvas: Canvas, rng: Random) -> None:
    """Write the credits over the whole frame."""
    for row, (role, name) in enumerate(
        zip(rng.sample(ROLES, 5), rng.sample(NAMES, 5), strict=True)
    ):
        y = 1.6 + row * 1.45
        canvas.text((5.2, y), role, 0.62, "#e8e3d0", "black")
        canvas.text((10.8, y), name, 0.74, "white", "black")


def logo(canvas: Canvas, channel: str, *, right: bool) -> None:
    """Put a channel's logo into an upper corner."""
    x = 14.2 if right else 1.8
    if channel == "star":
        canvas.ellipse((x, 1.2), (0.75, 0.75), "#ffffff")
        canvas.polygon(_star((x, 1.2), 0.62), "#d8223c")
    elif channel == "wave":
        canvas.box((x - 0.95, 0.6), (1.9, 1.15), "#0b62c4", "white", 0.08, 0.25)
        canvas.text((x, 1.17), "W5", 0.75, "white")
    else:
        for step, colour in enumerate(["#ff3b30", "#34c759", "#0a84ff"]):
            canvas.ellipse((x - 0.5 + step * 0.5, 1.15), (0.45, 0.45), colour, "white", 0.07)


def unrecognisable(rng: Random) -> Image.Image:
    """Give a frame in which nothing can be made out: a fade, or noise as of a lost signal."""
    if rng.random() < 0.5:
        low, high = rng.sample(["#2b2d42", "#8d99ae", "#5a3d5c", "#40534c"], 2)
        canvas = Canvas(low)
        for _ in range(4):
            canvas.ellipse((rng.uniform(0, 16), rng.uniform(0, 9)), (5, 3), high)
        return canvas.done().filter(ImageFilter.GaussianBlur(110))
    # Drawn small, from our own generator, so that a seed gives the same noise everywhere.
    small = Image.frombytes("L", (240, 135), rng.randbytes(240 * 135))
    return small.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).convert("RGB")


def _star(centre: Point, size: float) -> list[Point]:
    """Give the corners of a star with five points."""
    ring = [
        (0, -1), (0.24, -0.32), (0.95, -0.31), (0.38, 0.12), (0.59, 0.81),
        (0, 0.4), (-0.59, 0.81), (-0.38, 0.12), (-0.95, -0.31), (-0.24, -0.32),
    ]  # fmt: skip
    return [(centre[0] + x * size, centre[1] + y * size) for x, y in ring]


def _glyphs(canvas: Canvas, rng: Random, corner: Point, count: int, *, down: bool = False) -> None:
    """Write strokes that look like kana and mean nothing."""
    x, y = corner
    ink, outline = ("#2b2320", None) if down else ("white", "black")
    for place in range(count):
        left, top = (x, y + place * 1.15) if down else (x + place * 0.82, y)
        size = 1.0 if down else 0.6
        ends = [(rng.choice((0.05, 0.5, 0.95)), rng.choice((0.05, 0.5, 0.95))) for _ in range(4)]
        strokes = [((0.05, 0.3), (0.95, 0.25)), (ends[0], ends[1]), (ends[2], ends[3])]
        for colour, width in ((outline, 0.17), (ink, 0.1)):
            if colour:
                for (ax, ay), (bx, by) in strokes:
                    points = [
                        (left + ax * size, top + ay * size),
                        (left + bx * size, top + by * size),
                    ]
                    canvas.line(points, colour, width * size)
