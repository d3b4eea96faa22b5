"""How the kernels of the visitors are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Crowd:
    """How the kernels of the visitors are run.

    Parameters
    ----------
    kernels
        `hosted`: visitors share a few processes. `process`: each has a stock kernel, a process of
        his own, and Voilà's own page.
    template
        `lean`: the page of this package. `lab`: Voilà's own page, with JupyterLab's front end.
    hosts
        Processes that visitors share, for each server process.
    workers
        Server processes behind the one address.
    max_visitors
        Visitors at once; 0 for as many as memory and open files allow.
    idle_minutes
        Minutes without a message after which the kernel of an open page goes; the page gets
        another one with the next click.
    recycle_after, recycle_mb
        Visitors, and MiB of memory, after which a shared process takes no more visitors and is
        replaced.
    proxied
        True behind a proxy of yours: its headers tell the visitor's address and protocol.
    """

    kernels: Literal["hosted", "process"] = "hosted"
    template: Literal["lean", "lab"] = "lean"
    hosts: int = 2
    workers: int = 1
    max_visitors: int = 0
    idle_minutes: int = 15
    recycle_after: int = 5000
    recycle_mb: int = 2048
    proxied: bool = False

    def hosting(self) -> dict[str, Any]:
        """Give the options of `hosted.hosts.Hosts`."""
        return {
            "number": self.hosts,
            "modules": ("animelabel_widgets.apps",),
            "recycle_after": self.recycle_after,
            "recycle_bytes": self.recycle_mb * 2**20,
        }

    @property
    def lean(self) -> bool:
        """Tell whether the page is this package's: it is for hosted kernels alone."""
        return self.kernels == "hosted" and self.template == "lean"
