"""What visitors cost comes back when they have left, in the server and in the hosts."""

from __future__ import annotations

from pathlib import Path

from support.commands import run, serving
from support.turnover import WARM_UP, turnover

ROUNDS, VISITORS = 10, 100
GROWTH = 1.1


def test_a_thousand_visitors_leave_no_memory_behind(
    frames: Path, sqlite_url: str, tmp_path: Path
) -> None:
    """Ten rounds of a hundred, who fill their queues and leave, are within 10 % of the second.

    It takes half a minute: fewer visitors would hide a leak of some kB in what caches hold.
    """
    environ = {
        "ANIMELABEL_DATABASE_URL": sqlite_url,
        "ANIMELABEL_PICTURES": str(frames),
        "ANIMELABEL_TARGET": "1000",
        "ANIMELABEL_LIMITS": "0",
        "ANIMELABEL_ESTIMATE_SECONDS": "0",
    }
    done = run("import", str(frames), cwd=tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    with serving("serve", cwd=tmp_path, environ=environ) as server:
        sizes = turnover(server, ROUNDS, VISITORS)
    first, last = sizes[WARM_UP - 1], sizes[-1]
    assert last.server < GROWTH * first.server, sizes
    assert last.hosts < GROWTH * first.hosts, sizes
