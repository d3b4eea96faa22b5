"""What goes between a websocket and a virtual kernel."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import zmq
import zmq.asyncio
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from animelabel_widgets.serving.page.relay import Relay


def test_who_leaves_takes_nobody_elses_connection_along(tmp_path: Path) -> None:
    """ZeroMQ puts the next visitor's socket where his was."""

    async def story() -> None:
        with zmq.asyncio.Context() as context:
            kernel = ServerKernelManager(
                context=context,
                transport="ipc",
                ip=str(tmp_path / "kernel"),
                iopub_port=1,
                shell_port=2,
            )
            for _ in range(20):
                left, come = Relay(parent=kernel), Relay(parent=kernel)
                left.create_stream()
                for channel in left.channels.values():
                    channel.close()
                come.create_stream()
                del left
                gc.collect()
                assert not any(channel.closed() for channel in come.channels.values())
                for channel in come.channels.values():
                    channel.close()

    asyncio.run(story())
