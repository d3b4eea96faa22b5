"""`series.csv`: the titles and kinds that a data scientist gives to the series."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError
from ..labels import Series
from ..tables import TITLE_LENGTH

NAME = "series.csv"
COLUMNS = ("folder", "title", "is_anime")

_KINDS = {
    **dict.fromkeys(("1", "true", "yes"), True),
    **dict.fromkeys(("0", "false", "no"), False),
    "": None,
}


def read_series(folder: Path) -> dict[str, Series]:
    """Read the list of series in a folder of this machine.

    Parameters
    ----------
    folder
        Where `series.csv` may be.

    Returns
    -------
    dict
        The series by the name of their sub-folder; empty where there is no list.

    Raises
    ------
    InputError
        If the list is not as it must be; the message names the line.
    """
    file = folder / NAME
    if not file.exists():
        return {}
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    return parse_series(str(file), content, lambda name: (folder / name).is_dir())


def parse_series(file: str, content: bytes, is_there: Callable[[str], bool]) -> dict[str, Series]:
    """Read the content of a list of series.

    Parameters
    ----------
    file
        Its name, for messages.
    content
        What is in it.
    is_there
        Tells whether there is a sub-folder of this name.

    Raises
    ------
    InputError
        If the list is not as it must be; the message names the line.
    """
    listed: dict[str, Series] = {}
    try:
        with io.StringIO(content.decode("utf-8-sig"), newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise InputError(
                    f"{file} has the columns {', '.join(reader.fieldnames or ()) or 'of nothing'}: "
                    f"expected {', '.join(COLUMNS)} in its first line."
                )
            for row in reader:
                series = _series(row, f"{file}, line {reader.line_num}")
                if series.folder in listed:
                    raise InputError(f"{file} lists the folder {series.folder!r} twice: keep one.")
                if not is_there(series.folder):
                    raise InputError(
                        f"{file} lists the folder {series.folder!r}, which is not there: "
                        "correct its name or take the line out."
                    )
                listed[series.folder] = series
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read ({error}): save it as CSV in UTF-8.") from None
    return listed


def _series(row: dict[str, str | None], place: str) -> Series:
    """Check a line of the list."""
    folder, title, kind = ((row[column] or "").strip() for column in COLUMNS)
    if not folder or "/" in folder or folder in (".", ".."):
        raise InputError(f"{place}: expected the name of a sub-folder, got {folder!r}.")
    title = title or folder
    if len(title) > TITLE_LENGTH or not title.isprintable():
        raise InputError(f"{place}: expected a title of up to {TITLE_LENGTH} printable characters.")
    if kind.lower() not in _KINDS:
        raise InputError(
            f"{place}: expected is_anime to be 1, 0 or empty for not known, got {kind!r}."
        )
    return Series(folder, title, _KINDS[kind.lower()])
