"""The catalogue of the page: every language has every text, and the page asks for no other."""

from __future__ import annotations

import re

import pytest

from animelabel_widgets import assets
from animelabel_widgets.labels import KEYS, LABELS
from animelabel_widgets.protocol import REASONS

CATALOGUE = assets.words()
MODULES = {file.name: file.read_text(encoding="utf-8") for file in assets.STATIC.glob("*.js")}
PAGE = {name: text for name, text in MODULES.items() if not name.startswith(("gallery", "review"))}
PLACES = re.compile(r"\{(\w+)\}")

COMPOSED = {
    "label.${label.key}.name": [f"label.{key}.name" for key in KEYS],
    "label.${label.key}.question": [f"label.{key}.question" for key in KEYS],
    "label.${key}.name": [f"label.{key}.name" for key in KEYS],
    "button.${role}": [f"button.{role}" for role in ("back", "next", "report", "help")],
    "report.${reason}": [f"report.{reason}" for reason in REASONS],
    "${kind}.${key}": [f"{kind}.{key}" for kind in ("missed", "wrong") for key in KEYS],
    "mark.${mark}": ["mark.right", "mark.missed", "mark.wrong"],
    "outbox.${state}": [
        f"outbox.{each}" for each in ("full", "offline", "waiting", "sending", "saved")
    ],
    "status.${problem}": [
        f"status.{each}" for each in ("full", "offline", "gone", "unsaved", "unavailable")
    ],
}
"""The texts whose keys the page puts together, by the form that they have in the code."""

OF_PYTHON = ("break", "reload", "full", "offline", "about", "script")
"""What the server puts into the first page."""


def used() -> set[str]:
    """Find the keys that the page asks for."""
    known = set(CATALOGUE["en"])
    heads = {key.split(".")[0] for key in known}
    # Of the choice of languages, and of Python.
    found = {"language", *(f"page.{each}" for each in OF_PYTHON)}
    for source in PAGE.values():
        for key in re.findall(r'"([a-z]+(?:\.[a-z]+)*)"', source):
            if key in known or ("." in key and key.split(".")[0] in heads):
                found.add(key)
        for form in re.findall(r"`([\w.]*\$\{[^`]*?)`", source):
            found |= set(COMPOSED.get(form, ()))
    return found


def test_english_japanese_and_hungarian_are_shipped() -> None:
    """Others are a file more."""
    assert {"en", "ja", "hu"} <= set(CATALOGUE)


@pytest.mark.parametrize("language", CATALOGUE)
def test_no_text_is_missing_in_a_language(language: str) -> None:
    """Neither a key, nor a value that goes into the text, nor the text itself."""
    english, words = CATALOGUE["en"], CATALOGUE[language]
    assert words.keys() == english.keys()
    for key, text in words.items():
        assert text.strip()
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(english[key])), key


def test_the_page_asks_for_the_texts_of_the_catalogue_and_for_no_other() -> None:
    """A key that is misspelt, or a text that nobody needs any more, is found here."""
    assert used() == set(CATALOGUE["en"])


def test_every_key_that_is_put_together_is_known_here() -> None:
    """A new form must be added to this test, or it would check less than it says."""
    heads = {key.split(".")[0] for key in CATALOGUE["en"]} | {"${kind}"}
    for name, source in PAGE.items():
        for form in re.findall(r"`([\w.${}]*\$\{[\w.]+\}[\w.${}]*)`", source):
            if form.split(".")[0] in heads and "." in form.replace("label.key", ""):
                assert form in COMPOSED, (name, form)


def test_the_words_of_the_page_are_all_in_the_catalogue() -> None:
    """No sentence is written into the code of the page."""
    for name, source in PAGE.items():
        code = re.sub(r"^\s*(//|/?\*).*$", "", source, flags=re.MULTILINE)
        for text in re.findall(r'"([A-Z][a-z]+(?: [^"]*)?)"', code):
            assert text in {"Enter", "Backspace", "Tab", "ArrowRight", "ArrowLeft"}, (name, text)


def test_the_features_are_named_as_in_the_package() -> None:
    """`labels.py` is the one definition; the English catalogue repeats it."""
    for label in LABELS:
        assert CATALOGUE["en"][f"label.{label.key}.name"] == label.name
        assert CATALOGUE["en"][f"label.{label.key}.question"] == label.question


def test_the_first_letters_that_toggle_differ() -> None:
    """T, L, C and E."""
    assert [label.name[0] for label in LABELS] == ["T", "L", "C", "E"]
