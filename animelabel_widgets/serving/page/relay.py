"""What goes between a visitor's websocket and his virtual kernel, and no more than he needs.

Other kernels are asked who they are, nudged until they answer, and watched: with six more sockets
for each visitor, and a third of the server's work for each rating.
"""

from __future__ import annotations

import asyncio
from typing import Any

import zmq
from jupyter_client.session import DELIM
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from ..hosted.channel import Channel
from ..hosted.wire import address

_KINDS = {"iopub": zmq.SUB, "shell": zmq.DEALER}
_WELCOME_WITHIN = 10.0


class Relay(ZMQChannelsWebsocketConnection):
    """The connection of one websocket with a virtual kernel, which is ready from its start."""

    _welcomed: asyncio.Future[None] | None = None

    def create_stream(self) -> None:
        """Connect with the two channels that a page uses."""
        connection = self.kernel_manager.get_connection_info()
        for name, kind in _KINDS.items():
            # The manager's own kind gives futures of messages. A second object for one socket would
            # close, once it is forgotten, whatever socket stands in the place of the closed one.
            socket = self.kernel_manager.context.socket(kind, socket_class=zmq.Socket)
            channel = self.channels[name] = Channel(socket)
            channel.channel = name
            socket.identity = self.session.bsession
            if kind == zmq.SUB:
                socket.subscribe(b"")
            socket.connect(address(connection, name))

    async def prepare(self) -> None:
        """Take the kernel's key."""
        self.session_key = f"{self.kernel_id}:{self.session.session}"
        self.session.key = self.kernel_manager.session.key

    def nudge(self) -> asyncio.Future[None]:
        """Wait until the kernel has welcomed the listener: from then on nothing escapes him."""
        welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._welcomed = welcomed
        iopub = self.channels["iopub"]

        def hear(_message: object) -> None:
            iopub.stop_on_recv()
            if not welcomed.done():
                welcomed.set_result(None)

        iopub.on_recv(hear)
        return asyncio.ensure_future(asyncio.wait_for(welcomed, _WELCOME_WITHIN))

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[bytes]) -> None:
        """Hand a kernel's message on, in the only protocol there is here."""
        # A websocket that has just been closed has no protocol any more.
        if self.subprotocol:
            signature = outgoing_msg.index(DELIM) + 1
            parts = outgoing_msg[signature + 1 :]
            self._on_zmq_reply(stream, parts)  # type: ignore[no-untyped-call]

    def disconnect(self) -> None:  # type: ignore[override]
        """Part the two; nobody waits for a welcome any more."""
        if self._welcomed and not self._welcomed.done():
            self._welcomed.set_result(None)
        super().disconnect()  # type: ignore[no-untyped-call]
