"""JPEG files that are sent as they are: the very pixels, and nothing else of the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from animelabel_widgets.pictures import Pictures
from animelabel_widgets.pictures.bare import bare, coarseness

SIZE = (96, 80)


def noise(mode: str = "RGB") -> Image.Image:
    """Give a picture in which every compressed byte matters."""
    bands = [Image.effect_noise(SIZE, 60) for _ in range(3)]
    return Image.merge("RGB", bands).convert(mode)


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    """Give a JPEG file."""
    buffer = io.BytesIO()
    noise(mode).save(buffer, "JPEG", **{"quality": 85, **options})
    return buffer.getvalue()


def pixels(content: bytes) -> Image.Image:
    """Decode a file."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture.copy()


def taken(content: bytes) -> bytes | None:
    """Give what is taken of a file, whatever its size and quality."""
    return bare(content, 1000, 1)


def shown(folder: Path, content: bytes) -> bytes:
    """Give what a browser gets of a file."""
    (folder / "s").mkdir(exist_ok=True)
    (folder / "s" / "a.jpg").write_bytes(content)
    return Pictures(folder).jpeg("s", "a.jpg")


@pytest.mark.parametrize(
    "content",
    [
        jpeg(),
        jpeg("L"),
        jpeg(progressive=True),
        jpeg(subsampling=0, restart_marker_rows=1),
        jpeg(optimize=True, quality=90),
    ],
    ids=["colours", "grey", "progressive", "restarts", "quality 90"],
)
def test_a_file_that_fits_has_its_very_pixels(tmp_path: Path, content: bytes) -> None:
    """No generation is lost, whatever the kind of file."""
    sent = shown(tmp_path, content)
    assert ImageChops.difference(pixels(sent), pixels(content)).getbbox() is None
    assert len(sent) <= len(content)


def test_nothing_but_the_pixels_is_sent(tmp_path: Path) -> None:
    """Neither comments, nor a profile, nor a density, nor what follows the end."""
    content = jpeg(comment=b"<script>", icc_profile=b"a profile", dpi=(72, 72))
    sent = shown(tmp_path, content + b"an archive" + jpeg())
    for secret in (b"script", b"profile", b"JFIF", b"archive"):
        assert secret not in sent
    assert sent == taken(content)


def test_a_file_with_exif_data_is_encoded(tmp_path: Path) -> None:
    """They may say how it is turned, and more that is nobody's business."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    content = jpeg(exif=exif)
    assert taken(content) is None
    assert b"at home" not in shown(tmp_path, content)


def test_a_finer_file_is_encoded(tmp_path: Path) -> None:
    """What is much larger than it need be becomes smaller."""
    content = jpeg(quality=95)
    sent = shown(tmp_path, content)
    assert pixels(sent).size == SIZE
    assert len(sent) < len(content) * 0.9


def test_a_file_that_was_cut_anywhere_is_not_taken() -> None:
    """It must be decoded, which tells that it is damaged."""
    content = jpeg(progressive=True, comment=b"a comment")
    assert taken(content) is not None
    assert [taken(content[:length]) for length in range(len(content))] == [None] * len(content)


def test_only_what_fits_and_is_coarse_enough_is_taken() -> None:
    """Sides to the pixel; quality to the table."""
    content = jpeg()
    assert bare(content, max(SIZE), coarseness(85)) is not None
    assert bare(content, max(SIZE) - 1, coarseness(85)) is None
    assert bare(content, max(SIZE), coarseness(84)) is None
    assert taken(jpeg("CMYK")) is None


@pytest.mark.parametrize("marker", [0x01, 0xC3, 0xC9, 0xD8, 0xDC, 0xF7])
def test_a_file_with_parts_that_are_not_known_is_not_taken(marker: int) -> None:
    """Lossless and arithmetic files, and whatever else a browser may not draw."""
    content = jpeg()
    strange = content[:2] + bytes([0xFF, marker, 0, 4, 0, 0]) + content[2:]
    assert taken(strange) is None


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xDA, 0xDB])
def test_a_part_with_something_after_it_is_not_taken(marker: int) -> None:
    """Whatever it is, nothing of it is needed."""
    content = jpeg()
    at = content.index(bytes([0xFF, marker]))
    length = int.from_bytes(content[at + 2 : at + 4])
    longer = content[: at + 2] + (length + 6).to_bytes(2) + content[at + 4 : at + 2 + length]
    assert taken(longer + b"secret" + content[at + 2 + length :]) is None


def test_pixels_without_a_frame_are_not_taken() -> None:
    """No browser draws them."""
    assert taken(b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00 pixels\xff\xd9") is None


def test_unusual_colours_are_encoded(tmp_path: Path) -> None:
    """Which ones they are is told by a part that is not sent."""
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, (250, 10, 60)).save(buffer, "JPEG", keep_rgb=True)
    assert taken(buffer.getvalue()) is None
    pixel = pixels(shown(tmp_path, buffer.getvalue())).getpixel((9, 9))
    assert all(abs(a - b) < 9 for a, b in zip(pixel, (250, 10, 60), strict=True))


def test_padding_before_a_marker_is_no_marker() -> None:
    """It may be there, after the pixels at least."""
    content = jpeg()
    padded = taken(content[:-2] + b"\xff\xff" + content[-2:])
    assert padded is not None
    assert ImageChops.difference(pixels(padded), pixels(content)).getbbox() is None
