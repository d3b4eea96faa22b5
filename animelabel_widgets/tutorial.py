"""The tutorial: example pictures with their right answers, and what to say to each mistake.

A project's own is a folder with `tutorial.toml` and the pictures that it names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConfigError, PictureError
from .labels import KEYS, Answer

NAME = "tutorial.toml"
MOST = 100

Words = Mapping[str, str]
"""A text by language; the key "" is for every language."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture to learn from.

    Parameters
    ----------
    picture
        The name of its file.
    title
        Of its series.
    answer
        The right one.
    missed, wrong
        By feature, what to say to who did not see it, and to who saw it though it is not there.
        Where nothing is said, the page has general words.
    """

    picture: str
    title: str
    answer: Answer
    missed: Mapping[str, Words]
    wrong: Mapping[str, Words]


class Tutorial:
    """Examples in their order; safe to share between volunteers.

    Parameters
    ----------
    examples
        At least one.
    jpeg
        Gives a picture, as a JPEG file, by its name; raises `PictureError`.
    """

    def __init__(self, examples: tuple[Example, ...], jpeg: Callable[[str], bytes]) -> None:
        self.examples = examples
        self.jpeg = jpeg

    def check(self) -> None:
        """Look at every picture.

        Raises
        ------
        ConfigError
            If one cannot be shown.
        """
        for example in self.examples:
            try:
                self.jpeg(example.picture)
            except PictureError as error:
                raise ConfigError(
                    f"The picture {example.picture} of the tutorial cannot be shown ({error}): "
                    "put it beside its tutorial.toml, or correct its name there."
                ) from None


def read_tutorial(file: Path, jpeg: Callable[[str], bytes]) -> Tutorial:
    """Read a tutorial.

    Parameters
    ----------
    file
        A TOML file: an `[[example]]` for each, with `picture`, `title`, `shows` (a list of
        features), and for each mistake worth it `missed.FEATURE` or `wrong.FEATURE`, a text or
        a table of texts by language.
    jpeg
        Gives the pictures.

    Raises
    ------
    ConfigError
        If it cannot be read; the message names the example that is wrong.
    """
    try:
        with file.open("rb") as lines:
            listed = tomllib.load(lines).get("example", [])
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The tutorial {file} cannot be read ({error}): correct it or ANIMELABEL_TUTORIAL."
        ) from None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST:
        raise ConfigError(f"The tutorial {file} needs 1 to {MOST} [[example]] tables: add them.")
    examples = []
    for number, entry in enumerate(listed, start=1):
        try:
            examples.append(_example(entry))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"Example {number} of the tutorial {file} cannot be used ({error}): expected "
                "picture, title, shows, and texts as missed.FEATURE or wrong.FEATURE."
            ) from None
    return Tutorial(tuple(examples), jpeg)


def _example(entry: Any) -> Example:
    """Read an example; what does not fit is a KeyError, TypeError or ValueError."""
    if not isinstance(entry, dict):
        raise TypeError("it is no table")
    strange = entry.keys() - {"picture", "title", "shows", "missed", "wrong"}
    if strange:
        raise ValueError(f"it has {', '.join(sorted(strange))}")
    for name in ("picture", "title"):
        if not isinstance(entry[name], str):
            raise TypeError(f"{name} is no text")
    answer = Answer(frozenset(entry["shows"]))
    texts = {kind: _texts(entry.get(kind, {})) for kind in ("missed", "wrong")}
    for key in texts["missed"].keys() - answer.features:
        raise ValueError(f"{key} cannot be missed, as it is not shown")
    for key in texts["wrong"].keys() & answer.features:
        raise ValueError(f"{key} cannot be wrong, as it is shown")
    return Example(entry["picture"], entry["title"], answer, texts["missed"], texts["wrong"])


def _texts(table: Any) -> dict[str, Words]:
    """Read the texts of one kind of mistakes."""
    found: dict[str, Words] = {}
    for key, words in table.items():
        if key not in KEYS:
            raise ValueError(f"{key} is no feature of {', '.join(KEYS)}")
        found[key] = {"": words} if isinstance(words, str) else dict(words)
        if not all(isinstance(word, str) for word in found[key].values()):
            raise TypeError(f"the words for {key} are no text")
    return found
