"""A ZeroMQ socket in an event loop.

`ZMQStream` does the same and more; its bookkeeping took half of the time of a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import zmq

# As plain numbers: an enumeration's take longer than the question.
_EVENTS, _COME = int(zmq.EVENTS), int(zmq.POLLIN)
_LAST, _MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)
_AT_ONCE = 50
"""Messages after which the loop is left to the others."""


class Channel:
    """A socket that is read as messages come; it has the part of `ZMQStream` that is used here.

    Parameters
    ----------
    socket
        Of a kind that never waits for who does not take a message: it is dropped.
    """

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket = socket
        self.channel = ""
        self._loop = asyncio.get_running_loop()
        self._take: Callable[[list[bytes]], object] | None = None

    def on_recv(self, take: Callable[[list[bytes]], object] | None) -> None:
        """Have each message taken, or none any more; of a closed socket, none comes."""
        if take is None:
            self.stop_on_recv()
            return
        # The number of its descriptor may be another connection's by now.
        if self.socket.closed:
            return
        if self._take is None:
            self._loop.add_reader(self.socket.FD, self._read)
        self._take = take
        # What has come before is not told again.
        self._loop.call_soon(self._read)

    def on_recv_stream(self, take: Callable[[Channel, list[bytes]], object]) -> None:
        """Have each message taken together with its channel."""
        self.on_recv(lambda parts: take(self, parts))

    def stop_on_recv(self) -> None:
        """Leave messages where they are."""
        if self._take is not None:
            self._take = None
            self._loop.remove_reader(self.socket.FD)

    def send_multipart(self, parts: list[Any], *_flags: object, **_how: object) -> None:
        """Send a message."""
        for part in parts[:-1]:
            self.socket.send(part, _MORE)
        self.socket.send(parts[-1], _LAST)
        # What comes in is told once, and a send may be what hears it.
        if self._take and self._has_come():
            self._loop.call_soon(self._read)

    def closed(self) -> bool:
        """Tell whether it is closed."""
        return self.socket.closed

    def close(self, linger: int | None = 0) -> None:
        """Close the socket."""
        if not self.socket.closed:
            self.stop_on_recv()
            self.socket.close(linger=linger)

    def flush(self, *_which: object) -> None:
        """Take what has come."""
        self._read()

    def _read(self) -> None:
        """Take what has come, and leave the loop to the others after some of it."""
        for _ in range(_AT_ONCE):
            if self._take is None or not self._has_come():
                return
            try:
                self._take(self._next())
            except BaseException:
                # What else has come is not told again.
                self._loop.call_soon(self._read)
                raise
        self._loop.call_soon(self._read)

    def _next(self) -> list[bytes]:
        """Give the parts of the next message."""
        parts = []
        more = True
        while more:
            frame = self.socket.recv(_LAST, copy=False)
            parts.append(frame.bytes)
            more = frame.more
        return parts

    def _has_come(self) -> bool:
        """Tell whether there is a message."""
        return bool(int(self.socket.get(_EVENTS)) & _COME)
