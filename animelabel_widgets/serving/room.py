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


def room_for(wanted: int, workers: int = 1) -> list[int]:
    """Raise the limit of open files, and give for how many visitors each process has room.

    Parameters
    ----------
    wanted
        Visitors at once in all processes; 0 for as many as memory and open files allow.
    workers
        Server processes, among which visitors are spread.

    Raises
    ------
    ConfigError
        If open files do not suffice for those that are wanted, or a process would have none.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = max(1, (hard - _SPARE_FILES) // FILES_OF_A_VISITOR)
    if 0 < wanted < workers:
        raise ConfigError(
            f"{workers} server processes have no places for {wanted} visitors: "
            "lower --workers, or raise --max-visitors."
        )
    places = [wanted // workers + (number < wanted % workers) for number in range(workers)]
    if places[0] > possible:
        raise ConfigError(
            f"{places[0]} visitors need {places[0] * FILES_OF_A_VISITOR + _SPARE_FILES} open "
            f"files, and the system allows {hard}: raise it (ulimit -n), or lower --max-visitors."
        )
    remembered = int(free_memory() / 2 / BYTES_OF_A_VISITOR / workers)
    return places if wanted else [max(1, min(possible, remembered, 5000))] * workers


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
        with suppress(OSError, ValueError, KeyError):
            # Without a limit, it says "max".
            most = int((group / "memory.max").read_text(encoding="ascii"))
            used = int((group / "memory.current").read_text(encoding="ascii"))
            lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
            # What files were read stays in memory only until somebody needs it.
            kept = {name: int(number) for name, number in map(str.split, lines)}
            left = min(left, most - used + kept["inactive_file"] + kept["active_file"])
        if group == top:
            break
    return max(left, 0)
