"""The sockets of a virtual kernel, spoken to by the event loop alone.

They are read without `ZMQStream`, whose bookkeeping took half of the CPU time of a rating.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import zmq
from jupyter_client.session import Session

Message = dict[str, Any]
Receive = Callable[["str", list[bytes], Message], None]

_SUBSCRIBED = b"\x01"
_HIGH_WATER = 10_000
"""Messages that wait for a slow server, after which more are dropped."""

_AT_ONCE = 50
_KINDS = {
    "shell": zmq.ROUTER,
    "control": zmq.ROUTER,
    "stdin": zmq.ROUTER,
    "iopub": zmq.XPUB,
    "hb": zmq.REP,
}


class Wire:
    """Five sockets, bound at the places that the server chose.

    Parameters
    ----------
    context
        The process's ZeroMQ context.
    connection
        The content of the connection file.
    receive
        Called with the channel (`shell` or `control`), the identities, and the message.
    """

    def __init__(
        self, context: zmq.Context[Any], connection: Mapping[str, Any], receive: Receive
    ) -> None:
        key = connection["key"]
        self.session = Session(
            key=key.encode() if isinstance(key, str) else key,
            signature_scheme=connection["signature_scheme"],
        )
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._takers: dict[str, Callable[[list[bytes]], None]] = {
            "shell": partial(self._on_request, "shell"),
            "control": partial(self._on_request, "control"),
            "iopub": self._on_subscription,
            "hb": lambda parts: self._send("hb", parts),
        }
        try:
            for channel, kind in _KINDS.items():
                socket = self._sockets[channel] = context.socket(kind)
                socket.linger = 0
                socket.sndhwm = _HIGH_WATER
                if kind == zmq.XPUB:
                    # Each listener is welcomed, and not the first of several only.
                    socket.set(zmq.XPUB_VERBOSE, 1)
                socket.bind(_address(connection, channel))
        except BaseException:
            self.close()
            raise
        for channel in self._takers:
            self._loop.add_reader(self._sockets[channel].FD, self._take, channel)
            self._loop.call_soon(self._take, channel)

    def reply(
        self, channel: str, identities: list[bytes], kind: str, content: Message, parent: Message
    ) -> None:
        """Answer a request on its channel."""
        message = self.session.msg(kind, content, parent=parent)
        self._send(channel, self.session.serialize(message, ident=identities))

    def publish(self, parts: list[bytes]) -> None:
        """Send a serialized message to all who listen."""
        self._send("iopub", parts)

    def close(self) -> None:
        """Close the sockets."""
        for socket in self._sockets.values():
            self._loop.remove_reader(socket.FD)
            socket.close(linger=0)
        self._sockets.clear()

    def _send(self, channel: str, parts: list[bytes]) -> None:
        """Send; none of these sockets waits for a listener who does not take it."""
        socket = self._sockets.get(channel)
        if socket is not None:
            socket.send_multipart(parts, zmq.NOBLOCK)
            # What comes in is told once, and a send may be what hears it.
            if int(socket.get(zmq.EVENTS)) & zmq.POLLIN:
                self._loop.call_soon(self._take, channel)

    def _take(self, channel: str) -> None:
        """Take what has come in, and leave the loop to the others after some of it."""
        for _ in range(_AT_ONCE):
            if channel not in self._sockets:
                return
            try:
                parts = self._sockets[channel].recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._takers[channel](parts)
        self._loop.call_soon(self._take, channel)

    def _on_request(self, channel: str, parts: list[bytes]) -> None:
        """Check a request's signature, and hand it on; what is malformed is dropped."""
        try:
            identities, signed = self.session.feed_identities(parts)
            message = self.session.deserialize(signed)
            # An answer quotes the header, and cannot with half a character in it.
            self.session.pack(message["header"])
        except Exception:  # noqa: BLE001 - a page may send anything
            return
        if isinstance(message["msg_type"], str) and isinstance(message["content"], dict):
            self._receive(channel, identities, message)

    def _on_subscription(self, parts: list[bytes]) -> None:
        """Welcome a new listener: it knows then that nothing escapes it any more."""
        if parts[0][:1] != _SUBSCRIBED:
            return
        welcome = self.session.msg("iopub_welcome", {"subscription": parts[0][1:].decode()})
        self.publish(self.session.serialize(welcome, ident=parts[0][1:]))


def _address(connection: Mapping[str, Any], channel: str) -> str:
    """Give the address of a channel, as jupyter_client does."""
    port = connection[f"{channel}_port"]
    if connection["transport"] == "tcp":
        return f"tcp://{connection['ip']}:{port}"
    return f"{connection['transport']}://{connection['ip']}-{port}"
