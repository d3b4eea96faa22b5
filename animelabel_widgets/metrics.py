"""What the volunteers' kernels count for Prometheus, in files that the server reads.

Where no `PROMETHEUS_MULTIPROC_DIR` says in which folder, as in a notebook, nothing is counted
and nothing is imported.
"""

from __future__ import annotations

import os
from time import perf_counter

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

counting = bool(os.environ.get(FOLDER))

if counting:
    from prometheus_client import Counter, Histogram

    _seconds = Histogram(
        "animelabel_answer_seconds",
        "Time to answer a message of a page: fetch is a hand-out, rate a rating",
        ["message"],
        buckets=BUCKETS,
    )
    _errors = Counter("animelabel_errors", "Messages answered with an error", ["code"])
    _resends = Counter("animelabel_resends", "Ratings that a page sent again and were stored")


def answered(message: str, since: float) -> None:
    """Count an answer, and how long it took since `perf_counter` gave `since`."""
    if counting:
        _seconds.labels(message).observe(perf_counter() - since)


def failed(code: str) -> None:
    """Count an answer that was an error."""
    if counting:
        _errors.labels(code).inc()


def resent() -> None:
    """Count a rating that had been stored before."""
    if counting:
        _resends.inc()
