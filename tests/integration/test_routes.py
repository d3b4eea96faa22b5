"""Every route that a running server has registered, asked for by an anonymous visitor."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from support import telling_routes
from support.commands import run, serving
from support.story import tell
from support.visitor import Visitor

from animelabel_widgets.store import Store

FOREIGN = str(uuid4())
APP_FILES = r"/(manifest\.webmanifest|favicon\.ico|icon-(?:180|192|512)\.png)$"

LEAN = {
    r"/$": {"": 200, "?template=lab&theme=dark": 200},
    r"/static/([0-9a-f]{32}\.(?:js|css))$": {f"static/{'0' * 32}.js": 404},
    r"/robots\.txt$": {"robots.txt": 200},
    r"/visit$": {"visit": 405},
    r"/leave$": {"leave": 405},
    r"/healthz$": {"healthz": 200},
    r"/readyz$": {"readyz": 200},
    r"/metrics$": {"metrics": 404},
    r"/api/kernels/([0-9a-f-]{36})/channels$": {f"api/kernels/{FOREIGN}/channels": 403},
    APP_FILES: {"manifest.webmanifest": 200, "favicon.ico": 200, "icon-180.png": 200},
}
"""The routes of the lean page; its websocket's own checks are in `test_serving`."""

STOCK = {
    APP_FILES: {"manifest.webmanifest": 200},
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": {f"api/kernels/{FOREIGN}": 404},
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels$": {
        f"api/kernels/{FOREIGN}/channels": 404
    },
    r"/voila/templates/(.*)$": {"voila/templates/lab/static/none.css": 404},
    r"/voila/static/(.*)$": {"voila/static/../app.py": 403, "voila/static/voila.js": 200},
    r"/voila/api/themes/(.*)$": {"voila/api/themes/../../etc/passwd": 404},
    r"/voila/api/shutdown/(.*)$": {f"voila/api/shutdown/{FOREIGN}": 405},
    r"/voila/labextensions/(.*)$": {"voila/labextensions/../x": 404},
    r"/voila/files/(.*)$": {
        "voila/files/label.ipynb": 403,
        "voila/files/page.png": 403,
        "voila/files/../pyproject.toml": 403,
    },
    r"/(.*)$": {"other.ipynb": 302, "frames/": 302},
}
"""The routes of Voilà's own page. Its last one is the page, under its own address only."""


@pytest.mark.parametrize(
    ("options", "table"),
    [((), LEAN), (("--template", "lab"), STOCK), (("--kernels", "process"), STOCK)],
    ids=["lean", "lab", "process"],
)
def test_every_route_has_its_answer(
    options: tuple[str, ...],
    table: dict[str, dict[str, int]],
    sqlite_url: str,
    frames: Path,
    tmp_path: Path,
) -> None:
    """Nothing is registered that is not in the table, and each answers as it says."""
    assert run("import", str(frames), "--database-url", sqlite_url, cwd=tmp_path).returncode == 0
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_PICTURES": str(frames)}
    program = [sys.executable, telling_routes.__file__]
    with (
        closing(Store.open(sqlite_url)),
        serving("serve", *options, cwd=tmp_path, environ=environ, program=program) as server,
    ):
        assert set(telling_routes.told(tmp_path / "stderr.txt")) == set(table)

        async def story() -> None:
            visitor = Visitor(server.address)
            # As it comes through a proxy.
            passed_on = {"X-Forwarded-For": "203.0.113.7"}
            for route, paths in table.items():
                for path, status in paths.items():
                    reply = await visitor.fetch(path, headers=passed_on)
                    assert (route, path, reply.code) == (route, path, status)
                    assert b"Traceback" not in reply.body
                    for method in ("POST", "PUT", "DELETE", "PATCH"):
                        body = None if method == "DELETE" else ""
                        reply = await visitor.fetch(
                            path, method=method, body=body, headers=passed_on
                        )
                        assert reply.code in (400, 403, 404, 405), (method, path)

        tell(story)
