"""What makes the page an app of the phone: its manifest and its icons, drawn with Pillow."""

from __future__ import annotations

import io
import json
from functools import cache

from PIL import Image, ImageDraw
from tornado.web import RequestHandler

from ..assets import words

INK, SKY = "#1b1e2b", "#9aa9ff"
SIZES = (180, 192, 512)
PATHS = r"/(manifest\.webmanifest|favicon\.ico|icon-(?:180|192|512)\.png)"
_MANIFEST = "manifest.webmanifest"
_DRAWN = 1024


class AppFileHandler(RequestHandler):
    """Serves the manifest and the icons, and nothing else."""

    def set_default_headers(self) -> None:
        """Say what a browser may do with a file, and not what serves it."""
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")

    def get(self, name: str) -> None:
        """Give one of the files that `PATHS` names."""
        self.set_header("Cache-Control", "public, max-age=86400")
        if name == _MANIFEST:
            self.set_header("Content-Type", "application/manifest+json")
            self.finish(manifest())
            return
        self.set_header("Content-Type", "image/png")
        size = 192 if name.startswith("favicon") else int(name[5:8])
        self.finish(icon(size))

    def head(self, name: str) -> None:
        """Give the same without its content."""
        self.get(name)


def manifest() -> str:
    """Give the web app manifest; its addresses are relative to its own."""
    icons = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": use}
        for size in SIZES[1:]
        for use in ("any", "maskable")
    ]
    name = words()["en"]["page.name"]
    return json.dumps(
        {
            "name": name,
            "short_name": name,
            "start_url": "./",
            "scope": "./",
            "display": "standalone",
            "background_color": INK,
            "theme_color": INK,
            "icons": icons,
        }
    )


@cache
def icon(size: int) -> bytes:
    """Draw the icon as a PNG file: a frame with a star, within the circle that phones may cut."""
    picture = Image.new("RGB", (_DRAWN, _DRAWN), INK)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((212, 292, 812, 732), 72, fill="#f6f6f9")
    draw.rounded_rectangle((252, 332, 772, 692), 40, fill=SKY)
    draw.ellipse((612, 372, 702, 462), fill="#ffe27a")
    draw.polygon([(252, 652), (420, 470), (540, 592), (620, 520), (772, 652)], fill="#3b4fd6")
    draw.rounded_rectangle((252, 610, 772, 692), 40, fill="#3b4fd6")
    draw.ellipse((650, 590, 860, 800), fill="#1b6e3c", outline=INK, width=24)
    draw.line([(708, 698), (744, 736), (806, 660)], fill="#ffffff", width=30, joint="curve")
    small = picture.resize((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
