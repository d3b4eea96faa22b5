"""The demo data set: invented series, drawn by this package, with the right answers known."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType

from PIL import Image

from ..labels import KEYS, Answer
from . import anime, cartoon, overlays
from .canvas import HEIGHT, WIDTH, Canvas
from .examples import built_in_tutorial

__all__ = ["built_in_tutorial", "draw_demo"]


@dataclass(frozen=True, slots=True)
class _Show:
    """A series of the demo."""

    folder: str
    title: str
    style: ModuleType
    channel: str
    prefix: str = "frame"


_SHOWS = (
    _Show("hoshi-no-kaze", "星の風 – Hoshi no Kaze", anime, "star"),
    _Show("moonlit-academy", "Moonlit Academy", anime, "wave"),
    _Show("kujira", "The Whale Weather Club", anime, "rings", prefix="場面"),
    _Show("captain-turnip", "Captain Turnip", cartoon, "wave"),
    _Show("bubble-street", "Bubble Street 12", cartoon, "rings"),
    _Show("owl-office", "The Night Owl Office", cartoon, "star"),
)

_SCENES: tuple[tuple[str, ...], ...] = (
    *[("person",)] * 7,
    *[("person", "text")] * 3,
    *[("person", "logo")] * 2,
    ("person", "text", "logo"),
    *[()] * 3,
    ("logo",),
    ("text",),
    ("text", "credits"),
    ("empty", "black"),
    ("empty", "one colour"),
    ("empty", "unrecognisable"),
)
"""What each frame of a series shows: features, then how, where there is a choice."""


def draw_demo(folder: Path, *, seed: int = 1) -> None:
    """Draw the demo data set, or what is missing of it.

    Parameters
    ----------
    folder
        Gets `frames/`, with a sub-folder for each of 6 series, 22 frames of
        960 × 540 pixels in each, and `series.csv`; and beside it `truth.csv`
        (`folder,filename,` and 0 or 1 for each feature), written last.
    seed
        The same seed draws the same frames.
    """
    truth = folder / "truth.csv"
    if truth.exists():
        return
    rows = []
    for show in _SHOWS:
        home = folder / "frames" / show.folder
        home.mkdir(parents=True, exist_ok=True)
        for filename, shown, rng in _plan(show, seed):
            if not (home / filename).exists():
                _save(_draw(show, shown, rng), home / filename)
            answer = Answer(frozenset(shown) & frozenset(KEYS)).as_row()
            rows.append([show.folder, filename, *map(int, answer.values())])
    series = [[show.folder, show.title, int(show.style is anime)] for show in _SHOWS]
    _write(folder / "frames" / "series.csv", ["folder", "title", "is_anime"], series)
    _write(truth, ["folder", "filename", *KEYS], rows)


def _plan(show: _Show, seed: int) -> Iterator[tuple[str, tuple[str, ...], Random]]:
    """Give the frames of a series in mixed order, each with a generator of its own."""
    scenes = list(_SCENES)
    Random(f"{seed} {show.folder}").shuffle(scenes)  # noqa: S311 - a drawing, not a secret
    for number, shown in enumerate(scenes, start=1):
        rng = Random(f"{seed} {show.folder} {number}")  # noqa: S311
        yield f"{show.prefix}_{number:03}.jpg", shown, rng


def _draw(show: _Show, shown: tuple[str, ...], rng: Random) -> Image.Image:
    """Draw a frame."""
    if "black" in shown:
        return Image.new("RGB", (WIDTH, HEIGHT))
    if "one colour" in shown:
        return Image.new("RGB", (WIDTH, HEIGHT), rng.choice(["#f5f5f0", "#1d4fa3", "#7a1f2b"]))
    if "unrecognisable" in shown:
        return overlays.unrecognisable(rng)
    is_anime = show.style is anime
    canvas = Canvas()
    show.style.backdrop(canvas, rng)
    if "person" in shown:
        show.style.figure(canvas, rng)
    if "credits" in shown:
        overlays.credits_roll(canvas, rng)
    elif "text" in shown and "person" in shown:
        overlays.subtitle(canvas, rng, anime=is_anime)
    elif "text" in shown:
        overlays.sign(canvas, rng, anime=is_anime)
    if "logo" in shown:
        overlays.logo(canvas, show.channel, right=show.channel != "rings")
    return canvas.done()


def _save(picture: Image.Image, file: Path) -> None:
    """Write a frame so that it is there wholly or not at all."""
    part = file.with_suffix(".part")
    picture.save(part, "JPEG", quality=88)
    part.replace(file)


def _write(file: Path, header: list[str], rows: list[list[object]]) -> None:
    """Write a table so that it is there wholly or not at all."""
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([header, *rows])
    part.replace(file)
