"""The front end: joins the plain modules of `static/` into what a widget sends to the browser.

A widget's code travels as one ES module, while the modules stay separate on the
disk, where Node can import and test them one by one.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>[\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) )", re.MULTILINE)
_TOP = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import\b|export (?!default \{)).*", re.MULTILINE)


def esm(entry: str) -> str:
    """Join a module of `static/` with what it imports, each once, into one ES module.

    Parameters
    ----------
    entry
        The file that has the default export.

    Raises
    ------
    ValueError
        If a module has an import or export of a form that is not understood, or two
        modules use the same name at their top level.
    """
    parts: dict[str, str] = {}
    _collect(entry, parts)
    owners: dict[str, str] = {}
    for file, source in parts.items():
        for name in _TOP.findall(source):
            if name in owners:
                raise ValueError(f"{file} and {owners[name]} both define {name} at the top")
            owners[name] = file
    return "\n".join(parts.values())


def css(file: str) -> str:
    """Read a style sheet of `static/`."""
    return (STATIC / file).read_text(encoding="utf-8")


@cache
def words() -> dict[str, dict[str, str]]:
    """Read the catalogue of the page: for each language, its texts by their keys."""
    files = sorted((STATIC / "words").glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def _collect(file: str, parts: dict[str, str]) -> None:
    """Add what a module imports, then the module itself, without the words that modules need."""
    source = (STATIC / file).read_text(encoding="utf-8")
    for needed in _IMPORT.finditer(source):
        if needed["file"] not in parts:
            _collect(needed["file"], parts)
    joined = _EXPORT.sub("", _IMPORT.sub("", source))
    strange = _LEFT.search(joined)
    if strange:
        raise ValueError(f"{file} has a line that cannot be joined: {strange[0]}")
    parts[file] = joined
