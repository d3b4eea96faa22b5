"""`animelabel`, which tells every route that its server has registered, in its standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.routing import PathMatches

from animelabel_widgets.cli import main
from animelabel_widgets.serving.server import Server

MARK = "ROUTES "


def patterns(router: Any) -> list[str]:
    """Give the paths of a router and of those below it, as regular expressions."""
    found = []
    for rule in router.rules:
        if hasattr(rule.target, "rules"):
            found += patterns(rule.target)
        elif isinstance(rule.matcher, PathMatches):
            found.append(rule.matcher.regex.pattern)
    return found


def telling(server: Server, ready: Callable[[str], None], *options: Any, **more: Any) -> None:
    """Make a server that tells its routes before its address."""

    def told(address: str) -> None:
        sys.stderr.write(f"{MARK}{json.dumps(patterns(server.app.default_router))}\n")
        sys.stderr.flush()
        ready(address)

    make(server, told, *options, **more)


def told(file: Path) -> list[str]:
    """Read the routes from what a server has said."""
    said = file.read_text(encoding="utf-8")
    found: list[str] = json.loads(said.partition(MARK)[2].partition("\n")[0])
    return found


make = Server.__init__
Server.__init__ = telling  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    main()
