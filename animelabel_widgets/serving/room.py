"""How many visitors there is room for."""

from __future__ import annotations

import math
import resource
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
    remembered = int(_free_memory() / 2 / BYTES_OF_A_VISITOR / workers)
    return each or max(1, min(possible, remembered, 5000))


def _free_memory() -> float:
    """Give the memory at hand in bytes; 2 GiB where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 2 * 2**30
    free = next(line for line in lines if line.startswith("MemAvailable:"))
    return float(free.split()[1]) * 1024
