"""The first page: the same for all, so that crawlers and link previews start no kernel."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass

from ... import assets

_HERE = "%HERE%"
_COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/)\n", re.MULTILINE | re.DOTALL)
"""Lines of a script that are comments alone: who reads them finds them in the package."""

_STYLE = """
:root { color-scheme: light dark; --page: #f6f6f9; --surface: #e9eaf0; --ink: #1b1e2b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12141c; --surface: #1f2230; --ink: #eceef6; }
}
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
#al-shell { position: fixed; inset: 0; display: grid; gap: 12px; padding: 12px 20px;
  grid-template-rows: 40px minmax(0, 1fr) 24px 120px; }
#al-shell > div { border-radius: 14px; background: var(--surface); }
#al-door { position: fixed; inset: auto 0 50%; margin: 0 auto; max-width: 30em; padding: 0 24px;
  text-align: center; font-size: 18px; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="description" content="{about}">
<meta property="og:type" content="website">
<meta property="og:title" content="{name}">
<meta property="og:description" content="{about}">
<meta property="og:url" content="{here}">
<meta property="og:image" content="{here}icon-512.png">
<link rel="icon" type="image/png" href="icon-192.png">
{preload}<style>{style}</style>
</head>
<body>
<div id="al-shell" aria-hidden="true"><div></div><div></div><div></div><div></div></div>
<div id="al-room"></div>
<p id="al-door" role="status"></p>
<noscript><p>{script_needed}</p></noscript>
<script type="application/json" id="al-words">{words}</script>
<script type="module">{script}</script>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Document:
    """The page, and the policy that lets run what is in it and nothing else."""

    body: bytes
    policy: str

    def at(self, address: str) -> bytes:
        """Give the page as it is at an address, which link previews want in full."""
        return self.body.replace(_HERE.encode(), html.escape(address).encode())


def document(code: str, style: str) -> Document:
    """Make the first page.

    Parameters
    ----------
    code, style
        Addresses of the widget's module and style sheet, relative to the page's; the page's script
        has them loaded while the server prepares the visit.
    """
    catalogue = assets.words()
    english = catalogue["en"]
    words = {
        language: {key: texts[f"page.{key}"] for key in ("full", "break", "offline")}
        for language, texts in catalogue.items()
    }
    script = _COMMENTS.sub("", assets.esm("door.js")).replace("</", "<\\/")
    body = _PAGE.format(
        name=html.escape(english["page.name"]),
        about=html.escape(english["page.about"]),
        script_needed=html.escape(english["page.script"]),
        preload=(
            f'<link data-rel="modulepreload" href="{code}">\n'
            f'<link data-rel="stylesheet" href="{style}">\n'
            if code
            else ""
        ),
        style=_STYLE,
        words=json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"),
        script=script,
        here=_HERE,
    )
    policy = (
        "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; manifest-src 'self'; "
        f"script-src 'self' '{_hash(script)}'; style-src 'self' '{_hash(_STYLE)}'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return Document(body.encode(), policy)


def _hash(text: str) -> str:
    """Name a script or style for the policy, as CSP level 3 says."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
