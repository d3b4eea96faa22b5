"""How many visitors there is room for."""

from __future__ import annotations

import math
import resource
from contextlib import suppress
from pathlib import Path

from ..errors import ConfigError

FILES_OF_A_VISITOR = 20
"""Open files that a visitor needs in the server, with some to spare."""

BYTES_OF_A_VISITOR = 1.5 * 2**20
"""Memory that a visitor needs in the server and the hosts, with some to spare."""

_SPARE_FILES = 200


def room_for(wanted: int, workers: int = 1) -> int:
    """Raise the limit of open files, and give for how many visitors a process has room.

    Parameters
    ----------
    wanted
        Visitors at once in all processes; 0 for as many as memory and open files allow.
    workers
        Server processes, among which visitors are spread.

    Raises
    ------
    ConfigError
        If open files do not suffice for those that are wanted.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = max(1, (hard - _SPARE_FILES) // FILES_OF_A_VISITOR)
    each = math.ceil(wanted / workers)
    if each > possible:
        raise ConfigError(
            f"{each} visitors need {each * FILES_OF_A_VISITOR + _SPARE_FILES} open files, and "
            f"the system allows {hard}: raise it (ulimit -n), or lower --max-visitors."
        )
    remembered = int(free_memory() / 2 / BYTES_OF_A_VISITOR / workers)
    return each or max(1, min(possible, remembered, 5000))


def free_memory(system: Path = Path("/")) -> float:
    """Give the memory at hand in bytes; 2 GiB where the system does not tell.

    Parameters
    ----------
    system
        The root of the file system that tells of it.
    """
    try:
        lines = (system / "proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 2 * 2**30
    free = next(line for line in lines if line.startswith("MemAvailable:"))
    return min(float(free.split()[1]) * 1024, _allowance(system))


def _allowance(system: Path) -> float:
    """Give what control groups leave: those of a container, or a unit's `MemoryMax`."""
    top = system / "sys/fs/cgroup"
    try:
        groups = (system / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return math.inf
    own = next((line.removeprefix("0::/") for line in groups if line.startswith("0::/")), "")
    left = math.inf
    for group in (top / own, *(top / own).parents):
        with suppress(OSError, ValueError):
            # Without a limit, it says "max".
            most = int((group / "memory.max").read_text(encoding="ascii"))
            left = min(left, most - int((group / "memory.current").read_text(encoding="ascii")))
        if group == top:
            break
    return max(left, 0)
