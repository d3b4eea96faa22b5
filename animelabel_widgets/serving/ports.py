"""Where to listen, and what comes there."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable

from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from ..errors import ConfigError

_log = logging.getLogger(__name__)

_TRIES = 50
_AT_ONCE = 128
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_PAUSE = 1.0
"""Seconds for which nobody is let in while the system is short of something."""


def bind_near(ip: str, port: int) -> list[socket.socket]:
    """Listen at a port, or where it is taken at one above it.

    Parameters
    ----------
    ip
        The address or the name of this machine.
    port
        The first port to try.

    Returns
    -------
    list of socket.socket
        The sockets that listen, all at the same port.

    Raises
    ------
    ConfigError
        If none is free, or the address is not this machine's.
    """
    for each in range(port, min(port + _TRIES, 2**16)):
        try:
            return bind_sockets(each, ip)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise ConfigError(
                f"Nothing can listen at {ip} ({error.strerror}): give another address with --host."
            ) from None
    raise ConfigError(f"No port near {port} is free: give another one with --port.")


def take_from(
    listening: socket.socket, callback: Callable[[socket.socket, tuple[object, ...]], None]
) -> Callable[[], None]:
    """Take the connections that come, as Tornado does, and pause while there is no room for them.

    Tornado asks again at once where open files or memory are short, and logs each time.

    Parameters
    ----------
    listening
        Where they come.
    callback
        Takes each, and its address.

    Returns
    -------
    callable
        Ends it, and closes the socket.
    """
    loop = IOLoop.current()
    ended = False

    def take(_listening: object, _events: int) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in _SHORT:
                    raise
                _log.warning("Nobody is let in for %.0f s: %s", _PAUSE, error.strerror)
                loop.remove_handler(listening)
                loop.call_later(_PAUSE, begin)
                return
            callback(connection, address)

    def begin() -> None:
        if not ended:
            loop.add_handler(listening, take, loop.READ)

    def end() -> None:
        nonlocal ended
        ended = True
        loop.remove_handler(listening)
        listening.close()

    begin()
    return end
