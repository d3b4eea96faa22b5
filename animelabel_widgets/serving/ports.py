"""Where to listen."""

from __future__ import annotations

import errno
import socket

from tornado.netutil import bind_sockets

from ..errors import ConfigError

_TRIES = 50


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
