"""Picture files: what is shown, what is refused, and that nothing but pixels gets out."""

from __future__ import annotations

import io
import os
import resource
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from animelabel_widgets.errors import ConfigError, PictureError
from animelabel_widgets.pictures import Pictures, inspect
from animelabel_widgets.pictures.opening import opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a pictures' folder with one series."""
    (tmp_path / "root" / "s").mkdir(parents=True)
    return tmp_path / "root"


def drawing(size: tuple[int, int] = (64, 36), mode: str = "RGB") -> Image.Image:
    """Give a picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return picture.convert(mode)


def shown(jpeg: bytes) -> Image.Image:
    """Open what a browser would get."""
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def test_no_picture_is_blamed_for_what_the_machine_lacks(root: Path) -> None:
    """Without a free descriptor none can be opened, and a moment later each of them can."""
    drawing().save(root / "s" / "a.png")
    pictures = Pictures(root)
    free = os.open(os.devnull, os.O_RDONLY)
    former = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, former[1]))
    os.close(free)
    filled = []
    try:
        with suppress(OSError):
            while True:
                filled.append(os.open(os.devnull, os.O_RDONLY))
        said = r"just now \(Too many open files\)"
        with pytest.raises(ConfigError, match=said), opened(root / "s" / "a.png"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, former)
        for each in filled:
            os.close(each)
    assert shown(pictures.jpeg("s", "a.png")).size == (64, 36)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif", "no-suffix"])
def test_each_format_is_shown_as_jpeg(root: Path, name: str) -> None:
    """The content decides, whatever the suffix says."""
    kind = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}.get(name[2:], "PNG")
    drawing().save(root / "s" / name, kind)
    picture = shown(Pictures(root).jpeg("s", name))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (64, 36))
    red, blue = picture.getpixel((5, 18)), picture.getpixel((60, 18))
    assert red[0] - red[2] > 150
    assert blue[2] - blue[0] > 150


def test_a_large_picture_is_scaled_and_a_small_one_is_not(root: Path) -> None:
    """The longest side fits, in either direction."""
    drawing((3000, 1000)).save(root / "s" / "wide.jpg")
    drawing((500, 2000)).save(root / "s" / "high.png")
    drawing((100, 50)).save(root / "s" / "small.jpg")
    pictures = Pictures(root, max_side=600)
    sizes = [shown(pictures.jpeg("s", name)).size for name in ("wide.jpg", "high.png", "small.jpg")]
    assert sizes == [(600, 200), (150, 600), (100, 50)]
    assert shown(pictures.jpeg("s", "wide.jpg", max_side=90)).size == (90, 30)


def test_quality_is_settable(root: Path) -> None:
    """A lower quality gives fewer bytes."""
    Image.effect_noise((400, 300), 80).convert("RGB").save(root / "s" / "a.png")
    sizes = [len(Pictures(root, quality=quality).jpeg("s", "a.png")) for quality in (30, 85)]
    assert sizes[0] < sizes[1] * 0.8


def test_a_turned_picture_is_upright_and_tells_nothing_else(root: Path) -> None:
    """EXIF rotation is applied, and the rest of EXIF does not reach a browser."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    drawing((64, 36)).save(root / "s" / "a.jpg", exif=exif, comment=b"secret")
    jpeg = Pictures(root).jpeg("s", "a.jpg")
    assert shown(jpeg).size == (36, 64)
    seen = inspect(root / "s" / "a.jpg")
    assert (seen.width, seen.height) == (36, 64)
    assert b"taken at home" not in jpeg
    assert b"secret" not in jpeg


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_a_picture_is_as_large_as_it_is_shown(root: Path, name: str) -> None:
    """Also where nothing but its XMP data says that it is turned."""
    turned = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    drawing((64, 36)).save(root / "s" / name, xmp=turned)
    seen = inspect(root / "s" / name)
    assert (seen.width, seen.height) == shown(Pictures(root).jpeg("s", name)).size == (36, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_are_white(root: Path, mode: str) -> None:
    """Not black, which would look empty."""
    Image.new(mode, (20, 20), 0).save(root / "s" / "a.png")
    assert min(shown(Pictures(root).jpeg("s", "a.png")).getpixel((9, 9))) > 250


@pytest.mark.parametrize("mode", ["L", "P", "1", "I;16"])
def test_unusual_modes_are_shown(root: Path, mode: str) -> None:
    """Grey, palette, black and white, and deep grey pictures are RGB in the end."""
    (Image.new("I;16", (64, 36), 900) if mode == "I;16" else drawing(mode=mode)).save(
        root / "s" / "a.png"
    )
    assert shown(Pictures(root).jpeg("s", "a.png")).mode == "RGB"


def test_a_deep_grey_picture_has_its_shades(root: Path) -> None:
    """Sixteen bits become eight, instead of being cut; and it is not of one colour."""
    deep = Image.frombytes("I;16", (256, 2), struct.pack("<256H", *range(300, 65_536, 255)) * 2)
    deep.save(root / "s" / "a.png")
    picture = shown(Pictures(root).jpeg("s", "a.png"))
    shades = [picture.getpixel((x, 0))[0] for x in (5, 128, 250)]
    assert all(abs(shade - x) < 9 for shade, x in zip(shades, (5, 128, 250), strict=True))
    assert not inspect(root / "s" / "a.png").one_colour


def test_a_cmyk_picture_is_shown(root: Path) -> None:
    """Printers' JPEGs have four channels."""
    drawing(mode="CMYK").save(root / "s" / "a.jpg")
    assert shown(Pictures(root).jpeg("s", "a.jpg")).mode == "RGB"


def bomb() -> bytes:
    """Give a PNG of a few bytes that claims ten billion pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("read", ["inspect", "show"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text.jpg", "no JPEG, PNG, WebP or GIF"),
        ("nothing.jpg", "no JPEG, PNG, WebP or GIF"),
        ("drawing.bmp", "no JPEG, PNG, WebP or GIF"),
        ("half.jpg", "damaged"),
        ("half.png", "damaged"),
        ("half.webp", "damaged|no JPEG"),
        ("half.gif", "damaged"),
        ("bomb.png", "too large|damaged"),
        ("large.png", r"too large \(9000 × 8000"),
        ("gone.jpg", "missing"),
        ("pipe.jpg", "no regular file"),
        ("folder.jpg", "no regular file"),
    ],
)
def test_what_cannot_be_shown_says_why(root: Path, read: str, name: str, reason: str) -> None:
    """Both the import and the page find the same fault."""
    file = root / "s" / name
    if name.startswith("half"):
        whole = io.BytesIO()
        kind = {"jpg": "JPEG"}.get(name[5:], name[5:].upper())
        Image.effect_noise((300, 200), 90).convert("RGB").save(whole, kind)
        file.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    elif name == "text.jpg":
        file.write_text("not a picture")
    elif name == "nothing.jpg":
        file.touch()
    elif name == "drawing.bmp":
        drawing().save(file)
    elif name == "bomb.png":
        file.write_bytes(bomb())
    elif name == "large.png":
        Image.new("1", (9000, 8000)).save(file)
    elif name == "pipe.jpg":
        os.mkfifo(file)
    elif name == "folder.jpg":
        file.mkdir()
    with pytest.raises(PictureError, match=reason):
        inspect(file) if read == "inspect" else Pictures(root).jpeg("s", name)


def test_nothing_outside_of_the_root_is_shown(root: Path) -> None:
    """Neither by dots, nor by an absolute path, nor by a link."""
    drawing().save(root.parent / "secret.png")
    (root / "s" / "link.png").symlink_to(root.parent / "secret.png")
    (root / "out").symlink_to(root.parent)
    pictures = Pictures(root)
    for folder, name in (
        ("s", "../../secret.png"),
        ("..", "secret.png"),
        ("s", str(root.parent / "secret.png")),
        ("s", "link.png"),
        ("out", "secret.png"),
    ):
        with pytest.raises(PictureError, match="outside"):
            pictures.jpeg(folder, name)


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    """Links are a way to arrange a data set."""
    drawing().save(root / "s" / "a.png")
    (root / "s" / "b.png").symlink_to("a.png")
    assert shown(Pictures(root).jpeg("s", "b.png")).size == (64, 36)


@pytest.mark.parametrize("there", [True, False])
def test_a_missing_disk_is_not_the_picture_s_fault(tmp_path: Path, *, there: bool) -> None:
    """Otherwise every image would be marked broken while a disk is not mounted."""
    if there:
        (tmp_path / "root").mkdir()
    with pytest.raises(ConfigError, match="missing or empty"):
        Pictures(tmp_path / "root").jpeg("s", "a.png")


def test_a_picture_is_encoded_once_and_the_cache_stays_small(root: Path) -> None:
    """A shown picture is served after its file is gone, until others take its place."""
    for name in "abc":
        Image.effect_noise((200, 200), 90).convert("RGB").save(root / "s" / f"{name}.png")
    size = len(Pictures(root).jpeg("s", "a.png"))
    pictures = Pictures(root, cache_bytes=int(size * 2.5))
    for name in "ab":
        pictures.jpeg("s", f"{name}.png")
    (root / "s" / "a.png").unlink()
    assert len(pictures.jpeg("s", "a.png")) == size
    pictures.jpeg("s", "c.png")
    (root / "s" / "b.png").unlink()
    with pytest.raises(PictureError, match="missing"):
        pictures.jpeg("s", "b.png")
    assert pictures.jpeg("s", "a.png")


def test_threads_share_the_pictures(root: Path) -> None:
    """Many at once get what one alone gets."""
    for number in range(6):
        drawing((300 + number, 200)).save(root / "s" / f"{number}.png")
    pictures = Pictures(root, cache_bytes=5000)
    alone = [Pictures(root).jpeg("s", f"{number}.png") for number in range(6)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda n: pictures.jpeg("s", f"{n % 6}.png"), range(60)))
    assert together == alone * 10


@pytest.mark.parametrize(
    ("colours", "one"),
    [
        (("black", "black"), True),
        (("#101010", "#131313"), True),
        (("#101010", "#303030"), False),
        (("red", "blue"), False),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_one_colour_is_told_from_two(
    tmp_path: Path, colours: tuple[str, str], kind: str, *, one: bool
) -> None:
    """JPEG's noise does not make a second colour."""
    picture = Image.new("RGB", (320, 180), colours[0])
    picture.paste(colours[1], (0, 0, 160, 180))
    picture.save(tmp_path / "a", kind)
    seen = inspect(tmp_path / "a")
    assert (seen.width, seen.height, seen.one_colour) == (320, 180, one)
    assert seen.byte_size == (tmp_path / "a").stat().st_size
