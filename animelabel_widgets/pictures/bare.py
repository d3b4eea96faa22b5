"""A JPEG file as it is, without all that is not needed to draw it.

Most frames fit the screen already. To encode one anew takes most of the time that a
rating costs, loses a little of it, and hardly makes it smaller.
"""

from __future__ import annotations

import io
import re

from PIL import Image

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_TABLES, _SCAN, _ADOBE = 0xDB, 0xDA, 0xEE
# Baseline, extended and progressive: what every browser draws.
_FRAMES = {0xC0, 0xC1, 0xC2}
# These, tables for Huffman's code and of quantisation, and the distance of restarts.
_KEPT = {*_FRAMES, 0xC4, _TABLES, 0xDD, _SCAN}
# Comments, and what applications add; not 0xE1, which may say how the picture is turned.
_DROPPED = {0xFE, 0xE0, *range(0xE2, 0xF0)}
# A marker within the pixels, other than a stuffed byte, a restart or padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def coarseness(quality: int) -> int:
    """Give the sum of the quantisation steps for brightness of Pillow's files of a quality."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG", quality=quality)
    content = buffer.getvalue()
    return _steps(content, content.index(bytes([0xFF, _TABLES])))


def bare(content: bytes, max_side: int, least: int) -> bytes | None:
    """Give a JPEG file without comments, profiles, previews, and what follows its end.

    None where it must be decoded: it is another kind of file, has no end or parts that are not
    known, may have to be turned, or would get much smaller.

    Parameters
    ----------
    content
        Any file.
    max_side
        Longest side, in pixels.
    least
        Its `coarseness`, at least.
    """
    if not content.startswith(_BEGIN):
        return None
    parts = [_BEGIN]
    at = len(_BEGIN)
    while at + 3 < len(content) and content[at] == 0xFF:  # noqa: PLR2004 - begins each part
        kind = content[at + 1]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if kind == _SCAN:
            found = _MARKER.search(content, end)
            if found is None:
                return None
            end = found.start()
        if kind in _KEPT or (kind == _ADOBE and content[at + 4 : at + 9] == b"Adobe"):
            if not _suits(content, at, kind, max_side, least):
                return None
            parts.append(content[at:end])
        elif kind not in _DROPPED:
            return None
        at = end
        if kind == _SCAN and content.startswith(_END, at):
            return b"".join([*parts, _END])
    return None


def _suits(content: bytes, at: int, kind: int, max_side: int, least: int) -> bool:
    """Tell whether a part of a file allows to show it as it is."""
    if kind in _FRAMES:
        # Bits, height, width, and the number of colours: grey, or three.
        sides = [int.from_bytes(content[place : place + 2]) for place in (at + 5, at + 7)]
        small = min(sides) > 0 and max(sides) <= max_side
        bits, colours = content[at + 4 : at + 5], content[at + 9 : at + 10]
        return small and bits == b"\x08" and colours in (b"\x01", b"\x03")
    return kind != _TABLES or _steps(content, at) >= least


def _steps(content: bytes, at: int) -> int:
    """Give the sum of the quantisation steps of the first of a part's tables, if of one byte."""
    table = content[at + 4 : at + 69]
    # The second one is for colours, and coarser.
    return sum(table[1:]) if table[:1] in (b"\x00", b"\x01") else 0
