"""The provisioner: jupyter_client asks it for a kernel, and gets a virtual one."""

from __future__ import annotations

import signal
from typing import Any, ClassVar

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from .hosts import Hosts

_ENDED = -9
"""The exit code of a kernel that lives no more."""

_PASSED = ("VOILA_", "QUERY_STRING", "SCRIPT_NAME", "PATH_INFO", "HTTP_", "SERVER_")
"""Beginnings of the variables that are a visitor's own; the rest is the process's."""


class HostedProvisioner(KernelProvisionerBase):
    """Makes virtual kernels in shared hosts.

    `hosts` may be set before the first kernel; else two hosts are started then.
    """

    hosts: ClassVar[Hosts | None] = None
    statuses: ClassVar[bool] = True
    own: ClassVar[tuple[str, ...]] = _PASSED

    _started = False

    @property
    def has_process(self) -> bool:
        """Tell whether a kernel was started and not yet cleared away."""
        return self._started

    async def poll(self) -> int | None:
        """Give None while the kernel lives."""
        return None if self._hosts().alive(self._name()) else _ENDED

    async def wait(self) -> int | None:
        """Clear the kernel away."""
        await self._stop()
        self._started = False
        return _ENDED

    async def send_signal(self, signum: int) -> None:
        """End the kernel on a signal that ends; an interrupt would meet other visitors too."""
        if signum in (signal.SIGTERM, signal.SIGKILL):
            await self._stop()

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """End the kernel."""
        await self._stop()

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """End the kernel."""
        await self._stop()

    async def shutdown_requested(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """End the kernel: there is no process that would take its time."""
        await self._stop()

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """End the kernel."""
        await self._stop()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets' places."""
        manager: Any = self.parent
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel."""
        del cmd
        info: dict[str, Any] = dict(self.connection_info)
        info["key"] = info["key"].decode()
        environ = {
            name: value for name, value in kwargs["env"].items() if name.startswith(self.own)
        }
        if HostedProvisioner.hosts is None:
            HostedProvisioner.hosts = Hosts()
        await self._hosts().launch(self._name(), info, environ, statuses=self.statuses)
        self._started = True
        return self.connection_info

    async def _stop(self) -> None:
        """End the kernel, where it lives."""
        await self._hosts().stop(self._name())

    def _name(self) -> str:
        """Give the kernel's id."""
        return str(self.kernel_id)

    def _hosts(self) -> Hosts:
        """Give the hosts."""
        if self.hosts is None:
            raise RuntimeError("expected launch_kernel before this call")
        return self.hosts
