"""The visitors' kernels: virtual ones, each with the notebook's widget."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from ..hosted.hosts import HostDiedError, HostError, Hosts
from .files import Files

_SUFFIXES = {"_esm": "js", "_css": "css"}


class HostedKernels:
    """Starts and ends kernels through Voilà's manager, and runs the notebook in them.

    Parameters
    ----------
    manager
        Voilà's manager of kernels.
    hosts
        The host processes.
    code
        The notebook's code, whose last line gives an anywidget.
    files
        Takes the widget's module and style sheet.
    """

    def __init__(self, manager: Any, hosts: Hosts, code: str, files: Files) -> None:
        self._manager = manager
        self._hosts = hosts
        self._code = code
        self._files = files

    async def start(self, environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """Start a kernel; give its id, and the widget as the page's script takes it.

        Raises
        ------
        HostError
            If the notebook fails, or gives no anywidget.
        """
        try:
            return await self._started(environ)
        except HostDiedError:
            # Not the visitor's fault: he gets a kernel in another host.
            return await self._started(environ)

    async def _started(self, environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """Start a kernel once."""
        kernel_id = str(await self._manager.start_kernel(kernel_name="python3", env=dict(environ)))
        try:
            return kernel_id, self._widget(await self._hosts.run(kernel_id, self._code))
        except BaseException:
            await self.stop(kernel_id)
            raise

    async def stop(self, kernel_id: str) -> None:
        """End a kernel."""
        with contextlib.suppress(HTTPError, KeyError):
            await self._manager.shutdown_kernel(kernel_id, now=True)

    def alive(self, kernel_id: str) -> bool:
        """Tell whether a kernel lives."""
        return self._hosts.alive(kernel_id)

    def _widget(self, made: dict[str, Any]) -> dict[str, Any]:
        """Give the state of the widget that the notebook shows, with addresses for its files."""
        model = made["models"].get(made["view"])
        if model is None or "_esm" not in model["large"]:
            raise HostError("the notebook's last line gave no anywidget")
        texts = {
            name: self._files.add(self._hosts.text(digest), _SUFFIXES[name])
            for name, digest in model["large"].items()
            if name in _SUFFIXES
        }
        state = {name: each for name, each in model["state"].items() if not name.startswith("_")}
        return {"view": made["view"], "state": state, "texts": texts}
