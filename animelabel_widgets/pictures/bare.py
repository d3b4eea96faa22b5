"""A JPEG file as it is, without all that is not needed to draw it.

Most frames fit the screen already. To encode one anew takes most of the time that a
rating costs, loses a little of it, and hardly makes it smaller.
"""

from __future__ import annotations

import io
import re

from PIL import Image

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_CODES, _TABLES, _SCAN, _RESTARTS = 0xC4, 0xDB, 0xDA, 0xDD
# Baseline, extended and progressive: what every browser draws.
_FRAMES = {0xC0, 0xC1, 0xC2}
# Comments, and what applications add; not what may say how the picture is turned, or that its
# colours are others.
_DROPPED = {0xFE, 0xE0, *range(0xE2, 0xEE), 0xEF}
# A marker within the pixels, other than a stuffed byte, a restart or padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def coarseness(quality: int) -> int:
    """Give the sum of the quantisation steps for brightness of Pillow's files of a quality."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG", quality=quality)
    content = buffer.getvalue()
    at = content.index(bytes([0xFF, _TABLES])) + 4
    return _steps(content[at : at + 65])


def bare(content: bytes, max_side: int, least: int) -> bytes | None:
    """Give a JPEG file without comments, profiles, previews, and what follows its end.

    None where it must be decoded: it is another kind of file, has no end or parts that are not
    known, may have to be turned, or would get much smaller. Damage within the pixels is not seen.

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
    at, framed = len(_BEGIN), False
    while at + 3 < len(content) and content[at] == 0xFF:  # noqa: PLR2004 - begins each part
        kind = content[at + 1]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if kind not in _DROPPED:
            part = content[at + 4 : end]
            if not _suits(part, kind, max_side, least):
                return None
            framed = framed or kind in _FRAMES
            if kind == _SCAN:
                found = _MARKER.search(content, end)
                if found is None or not framed:
                    return None
                end = found.start()
            parts.append(content[at:end])
        at = end
        if kind == _SCAN and content.startswith(_END, at):
            return b"".join([*parts, _END])
    return None


def _suits(part: bytes, kind: int, max_side: int, least: int) -> bool:
    """Tell whether a part of a file is known, whole, with nothing in it that is not needed."""
    if kind in _FRAMES:
        return _is_frame(part, max_side)
    if kind == _TABLES:
        return _steps(part) >= least
    if kind == _CODES:
        return _are_codes(part)
    if kind == _RESTARTS:
        return len(part) == 2  # noqa: PLR2004 - a number
    # How many colours, two bytes for each, and three more.
    return kind == _SCAN and len(part) == 4 + 2 * int.from_bytes(part[:1])


def _is_frame(part: bytes, max_side: int) -> bool:
    """Tell whether a frame has eight bits, sides that fit, and is grey or of the usual colours."""
    height, width = int.from_bytes(part[1:3]), int.from_bytes(part[3:5])
    colours = int.from_bytes(part[5:6])
    return (
        part[:1] == b"\x08"
        and 0 < height <= max_side
        and 0 < width <= max_side
        and colours in (1, 3)
        and len(part) == 6 + 3 * colours
        and part[6::3] != b"RGB"
    )


def _are_codes(part: bytes) -> bool:
    """Tell whether a part has Huffman tables, and nothing after them."""
    at = 0
    while at < len(part):
        # A byte for the kind, sixteen with how many codes of each length, and those.
        at += 17 + sum(part[at + 1 : at + 17])
    return at == len(part)


def _steps(part: bytes) -> int:
    """Give the sum of the quantisation steps of the first of a part's tables, if all are usual."""
    tables = [part[at : at + 65] for at in range(0, len(part), 65)]
    # Its number before each, and steps of one byte; those for colours come after, and are coarser.
    known = tables and all(len(each) == 65 and each[0] < 4 for each in tables)  # noqa: PLR2004
    return sum(tables[0][1:]) if known else 0
