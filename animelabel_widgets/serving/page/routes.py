"""Every address of the lean page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .handlers import (
    FileHandler,
    LeaveHandler,
    LiveHandler,
    MetricsHandler,
    PageHandler,
    ReadyHandler,
    RobotsHandler,
    Site,
    VisitHandler,
)
from .sockets import SocketHandler


def routes(site: Site, metrics: Callable[[], bytes]) -> list[tuple[Any, ...]]:
    """Give all routes, relative to the base URL.

    Parameters
    ----------
    site
        What the handlers share.
    metrics
        Gives the figures for Prometheus.
    """
    shared = {"site": site}
    return [
        (r"/", PageHandler, shared),
        (r"/static/([0-9a-f]{32}\.(?:js|css))", FileHandler, shared),
        (r"/robots\.txt", RobotsHandler, shared),
        (r"/visit", VisitHandler, shared),
        (r"/leave", LeaveHandler, shared),
        (r"/healthz", LiveHandler, shared),
        (r"/readyz", ReadyHandler, shared),
        (r"/metrics", MetricsHandler, {"metrics": metrics}),
        (r"/api/kernels/([0-9a-f-]{36})/channels", SocketHandler, shared),
    ]
