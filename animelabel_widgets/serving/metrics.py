"""The figures for Prometheus: what server processes have to do now, what kernels counted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import active_children

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from .hosted.host import resident


@dataclass(frozen=True, slots=True)
class Load:
    """What one server process and its hosts have to do.

    Parameters
    ----------
    visitors, waiting
        Who has a place, and who waits for one.
    places
        Visitors at once, at most.
    kernels
        Kernels of each host, by its process id.
    memory
        Bytes of each process, by what it is (`server`, `host`) and its process id.
    """

    visitors: int
    waiting: int
    places: int
    kernels: list[tuple[int, int]]
    memory: list[tuple[str, int, int]]


def own_memory(what: str) -> list[tuple[str, int, int]]:
    """Give the memory of this process and of those that work beside it."""
    beside = [(each.name, each.pid, resident(each.pid)) for each in active_children() if each.pid]
    return [(what, os.getpid(), resident()), *beside]


def exposition(loads: Iterable[Load], folder: str) -> bytes:
    """Give all figures as Prometheus reads them.

    Parameters
    ----------
    loads
        Of each server process.
    folder
        Where the kernels' counts are; see `animelabel_widgets.metrics`.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    registry.register(_Now(list(loads)))
    return generate_latest(registry)


class _Now(Collector):
    """The gauges of one moment."""

    def __init__(self, loads: list[Load]) -> None:
        self._loads = loads

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges."""
        loads = self._loads
        for name, about, total in (
            ("visitors", "Visitors who have a place", sum(each.visitors for each in loads)),
            ("visitors_waiting", "Visitors who wait", sum(each.waiting for each in loads)),
            ("visitors_limit", "Visitors at once, at most", sum(each.places for each in loads)),
        ):
            yield GaugeMetricFamily(f"animelabel_{name}", about, value=total)
        kernels = GaugeMetricFamily("animelabel_kernels", "Kernels of a host", labels=["pid"])
        memory = GaugeMetricFamily(
            "animelabel_memory_bytes", "Resident memory of a process", labels=["process", "pid"]
        )
        for each in loads:
            for pid, number in each.kernels:
                kernels.add_metric([str(pid)], number)
            for what, pid, size in each.memory:
                memory.add_metric([what, str(pid)], size)
        yield kernels
        yield memory
