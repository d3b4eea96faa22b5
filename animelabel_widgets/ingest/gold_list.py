"""Right answers from a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..labels import KEYS, Answer, Gold, Known
from ..store import Store

COLUMNS = ("folder", "filename", *KEYS)
EXPLANATION = "explanation"
EXPLANATION_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class GoldReport:
    """What an import of right answers did; `unknown` are images that are not there."""

    stored: int
    unknown: tuple[tuple[str, str], ...]

    def summary(self) -> str:
        """Say it in one sentence."""
        refused = f", {len(self.unknown)} refused" if self.unknown else ""
        return f"{self.stored} right answers are stored{refused}."


def import_gold(store: Store, file: Path) -> GoldReport:
    """Read a CSV file of right answers and store them.

    Raises
    ------
    InputError
        If the file is not as it must be; the message names the line, and nothing is stored.
    """
    entries = read_gold(file)
    unknown = store.put_gold(entries)
    return GoldReport(
        len(entries) - len(unknown), tuple((each.folder, each.filename) for each in unknown)
    )


def read_gold(file: Path) -> list[Gold]:
    """Read right answers: `folder`, `filename`, 0 or 1 for each feature, maybe `explanation`.

    Raises
    ------
    InputError
        If the file is not as it must be; the message names the line.
    """
    entries: dict[tuple[str, str], Gold] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise InputError(
                    f"{file} has the columns {', '.join(reader.fieldnames or ()) or 'of nothing'}: "
                    f"expected {', '.join(COLUMNS)} in its first line."
                )
            for row in reader:
                entry = _entry(row, f"{file}, line {reader.line_num}")
                name = (entry.folder, entry.filename)
                if name in entries:
                    raise InputError(f"{file} lists {'/'.join(name)} twice: keep one.")
                entries[name] = entry
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read ({error}): save it as CSV in UTF-8.") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    return list(entries.values())


def _entry(row: dict[str, str | None], place: str) -> Gold:
    """Check a line."""
    said = {key: (row[key] or "").strip() for key in KEYS}
    if not set(said.values()) <= {"0", "1"}:
        raise InputError(f"{place}: expected 0 or 1 for {', '.join(KEYS)}.")
    try:
        answer = Answer(frozenset(key for key in KEYS if said[key] == "1"))
    except ValueError as error:
        raise InputError(f"{place}: {error}; correct one of them.") from None
    explanation = (row.get(EXPLANATION) or "").strip() or None
    if explanation is not None and len(explanation) > EXPLANATION_LENGTH:
        raise InputError(f"{place}: expected an explanation of up to {EXPLANATION_LENGTH} letters.")
    return Gold(row["folder"] or "", row["filename"] or "", Known(answer, explanation))
