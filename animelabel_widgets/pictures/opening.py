"""Opening a picture file safely: inside its root, of a known format, of a bearable size."""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ..errors import ConfigError, PictureError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_PIXELS = 64_000_000
"""More pixels than any frame has; what claims more may be a decompression bomb."""

SMALL = 4 * 2**20
"""Bytes; a larger file is not sent to a page as it is."""

_LOOP = "it is a link that leads to itself"

# What the machine or its storage lacks just now.
_BUSY = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,
    errno.ETIMEDOUT,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.ECONNRESET,
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
}

# What Pillow's decoders raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def inside(root: Path, *parts: str) -> Path:
    """Give the path of a file below a root.

    Raises
    ------
    PictureError
        If the path, or a symbolic link in it, leaves the root.
    """
    path = root.joinpath(*parts)
    # A click waits for it, and to follow every folder from the top takes five times as long.
    if os.name == "posix" and _has_no_links(root, "/".join(parts)):
        return path
    top = os.path.realpath(root)
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PictureError(_LOOP) from None
        real = os.path.realpath(path)  # a file that is missing is told by who opens it
    try:
        stays = os.path.commonpath([real, top]) == top
    except ValueError:  # on another drive
        stays = False
    if not stays:
        raise PictureError("it lies outside of the pictures' folder")
    return path


def _has_no_links(root: Path, below: str) -> bool:
    """Tell whether a path below a root is there, and leads nowhere else."""
    at = str(root)
    for name in below.split("/"):
        if name in ("", ".", ".."):
            return False
        at = f"{at}/{name}"
        try:
            if stat.S_ISLNK(os.lstat(at).st_mode):
                return False
        except (OSError, ValueError):
            return False
    return True


def small_content(source: Path | io.BytesIO) -> bytes:
    """Give what is in a file that a page may get; nothing of one that is large or not there."""
    if isinstance(source, io.BytesIO):
        return source.getvalue()
    with suppress(OSError):
        found = source.stat()
        if stat.S_ISREG(found.st_mode) and found.st_size <= SMALL:
            return source.read_bytes()
    return b""


@contextmanager
def opened(source: Path | io.BytesIO) -> Iterator[Image.Image]:
    """Open a picture and read its header; what fails inside is a `PictureError` as well.

    Parameters
    ----------
    source
        A file, or the content of one.

    Raises
    ------
    PictureError
        If the file is missing, no regular file, of an unknown format, too large or damaged.
    ConfigError
        If the machine cannot read it just now: then no picture is to blame.
    """
    try:
        # A pipe would block for ever when it is opened.
        if isinstance(source, Path) and not stat.S_ISREG(source.stat().st_mode):
            raise PictureError("it is no regular file")
        with Image.open(source, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError(f"it is too large ({width} × {height} pixels)")
            yield picture
    except FileNotFoundError:
        raise PictureError("the file is missing") from None
    except PermissionError:
        raise PictureError("the file may not be read") from None
    except UnidentifiedImageError:
        raise PictureError("it is no JPEG, PNG, WebP or GIF picture") from None
    except MemoryError as error:
        raise _unreadable("there is no memory left") from error
    except _DAMAGE as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.ELOOP:
            raise PictureError(_LOOP) from None
        if number in _BUSY:
            raise _unreadable(os.strerror(number)) from error
        raise PictureError(f"it is damaged ({error})") from error


def _unreadable(why: str) -> ConfigError:
    """Make the error of a machine or a storage that is in need."""
    return ConfigError(
        f"Pictures cannot be read just now ({why}): look after this machine and its disks; "
        "no picture is taken for a broken one."
    )
