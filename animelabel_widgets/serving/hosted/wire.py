"""The sockets of a virtual kernel, spoken to by the event loop alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import zmq

from .channel import Channel
from .messages import Message, Messages

Receive = Callable[["str", list[bytes], Message], None]

_SUBSCRIBED = b"\x01"
_HIGH_WATER = 10_000
"""Messages that wait for a slow server, after which more are dropped."""

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
        self.messages = Messages(
            key.encode() if isinstance(key, str) else key, connection["signature_scheme"]
        )
        self._receive = receive
        self._channels: dict[str, Channel] = {}
        try:
            for name, kind in _KINDS.items():
                socket = context.socket(kind)
                self._channels[name] = Channel(socket)
                socket.linger = 0
                socket.sndhwm = _HIGH_WATER
                if kind == zmq.XPUB:
                    # Else a second listener is not heard of while a former one is there.
                    socket.setsockopt(zmq.XPUB_VERBOSE, 1)
                socket.bind(address(connection, name))
        except BaseException:
            self.close()
            raise
        for name in ("shell", "control"):
            self._channels[name].on_recv(partial(self._on_request, name))
        self._channels["iopub"].on_recv(self._on_subscription)
        beat = self._channels["hb"]
        beat.on_recv(beat.send_multipart)

    def reply(
        self, channel: str, identities: list[bytes], kind: str, content: Message, parent: Message
    ) -> None:
        """Answer a request on its channel."""
        if channel in self._channels:
            parts = self.messages.write(identities, kind, content, parent=parent)
            self._channels[channel].send_multipart(parts)

    def publish(self, parts: list[bytes]) -> None:
        """Send a serialized message to all who listen."""
        if "iopub" in self._channels:
            self._channels["iopub"].send_multipart(parts)

    def close(self) -> None:
        """Close the sockets."""
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()

    def _on_request(self, channel: str, parts: list[bytes]) -> None:
        """Check a request's signature, and hand it on; what is malformed is dropped."""
        try:
            identities, message = self.messages.read(parts)
        except Exception:  # noqa: BLE001 - a page may send anything
            return
        if isinstance(message["msg_type"], str) and isinstance(message["content"], dict):
            self._receive(channel, identities, message)

    def _on_subscription(self, parts: list[bytes]) -> None:
        """Welcome a new listener: it knows then that nothing escapes it any more."""
        if parts[0][:1] != _SUBSCRIBED:
            return
        topic = parts[0][1:]
        welcome = {"subscription": topic.decode()}
        self.publish(self.messages.write([topic], "iopub_welcome", welcome))


def address(connection: Mapping[str, Any], channel: str) -> str:
    """Give the address of a channel, as jupyter_client does."""
    port = connection[f"{channel}_port"]
    if connection["transport"] == "tcp":
        return f"tcp://{connection['ip']}:{port}"
    return f"{connection['transport']}://{connection['ip']}-{port}"
