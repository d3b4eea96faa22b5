"""Hosts and virtual kernels without a server: a house, spoken to as Voilà does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import zmq
from jupyter_client.multikernelmanager import AsyncMultiKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from traitlets.config import Config

from animelabel_widgets.serving.hosted.hosts import Hosts
from animelabel_widgets.serving.hosted.provisioner import HostedProvisioner

TESTS = str(Path(__file__).parent.parent)
PATIENCE = 30
"""Seconds that a message may take on a busy machine."""


class Kernel:
    """A kernel, spoken to as Voilà does."""

    def __init__(self, manager: Any, kernel_id: str, hosts: Hosts) -> None:
        self.manager = manager
        self.kernel_id = kernel_id
        self.hosts = hosts
        self.view = ""
        self.models: set[str] = set()
        self.client: Any = None

    async def show(self, code: str) -> None:
        """Run the notebook, and listen."""
        shown = await self.hosts.run(self.kernel_id, code)
        self.view, self.models = shown["view"], set(shown["models"])
        self.client = self.manager.get_kernel(self.kernel_id).client(context=self.manager.context)
        self.client.start_channels(stdin=False, hb=False)
        while True:
            message = await self.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] == "iopub_welcome":
                return

    def send(self, msg_type: str, metadata: dict[str, Any] | None = None, **content: Any) -> str:
        """Send any message; give its id."""
        message = self.client.session.msg(msg_type, content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def post(self, comm_id: str = "", **content: Any) -> None:
        """Send a message to the widget, or to another one."""
        data = {"method": "custom", "content": content}
        self.send("comm_msg", comm_id=comm_id or self.view, data=data)

    async def heard(self) -> dict[str, Any]:
        """Give the next message that is no status."""
        while True:
            message: dict[str, Any] = await self.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] not in ("status", "iopub_welcome"):
                return message

    async def ask(self, **content: Any) -> dict[str, Any]:
        """Send a message and give the widget's answer."""
        self.post(**content)
        answer: dict[str, Any] = (await self.heard())["content"]["data"]["content"]
        return answer


class House:
    """Hosts and kernels of a test."""

    def __init__(self, hosts: Hosts, manager: AsyncMultiKernelManager, code: str) -> None:
        self.hosts = hosts
        self.manager = manager
        self.clients: list[Any] = []
        self._code = code

    async def kernel(self, name: str) -> Kernel:
        """Start a kernel with a visitor's name among its variables."""
        kernel_id = await self.manager.start_kernel(
            kernel_name="python3", env={"VOILA_NAME": name, "SECRET": "never passed on"}
        )
        kernel = Kernel(self.manager, kernel_id, self.hosts)
        await kernel.show(self._code)
        self.clients.append(kernel.client)
        return kernel

    async def end(self, kernel: Kernel) -> None:
        """End a kernel."""
        await self.manager.shutdown_kernel(kernel.kernel_id)


@asynccontextmanager
async def house(
    code: str,
    number: int = 1,
    *,
    modules: Sequence[str] = ("anywidget",),
    statuses: bool = True,
    **options: Any,
) -> AsyncIterator[House]:
    """Open hosts for a notebook, and end them."""
    # The path of a socket may have 107 characters: pytest's own folders are too deep.
    folder = TemporaryDirectory()
    config = Config()
    config.KernelProvisionerFactory.default_provisioner_name = "animelabel-hosts"
    config.KernelManager.transport = "ipc"
    # It is one for the process, and keeps the settings of its first use.
    KernelProvisionerFactory.clear_instance()
    hosts = Hosts(number, modules, **options)
    HostedProvisioner.hosts = hosts
    HostedProvisioner.statuses = statuses
    HostedProvisioner.own = ("VOILA_",)
    manager = AsyncMultiKernelManager(config=config, connection_dir=folder.name)
    manager.context.set(zmq.MAX_SOCKETS, 10_000)
    await hosts.start()
    opened = House(hosts, manager, code)
    try:
        yield opened
    finally:
        for each in opened.clients:
            each.stop_channels()
        for each in manager.list_kernel_ids():
            await manager.shutdown_kernel(each, now=True)
        await hosts.close()
        manager.context.destroy(linger=0)
        HostedProvisioner.hosts = None
        KernelProvisionerFactory.clear_instance()
        folder.cleanup()


Story = Callable[[House], Awaitable[None]]


def tell(story: Story, code: str, number: int = 1, **options: Any) -> None:
    """Run a story in a house of its own."""

    async def run() -> None:
        async with house(code, number, **options) as opened:
            await story(opened)

    with pytest.MonkeyPatch.context() as patch:
        # A host may import what only the tests have.
        patch.setenv("PYTHONPATH", os.pathsep.join([TESTS, os.environ.get("PYTHONPATH", "")]))
        asyncio.run(run())
