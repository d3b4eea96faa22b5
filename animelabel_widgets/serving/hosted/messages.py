"""Jupyter's messages, from and to the parts of a ZeroMQ message.

`jupyter_client`'s `Session` does the same and more: it reads dates, remembers signatures, and
adapts former versions, which took a third of the time of a message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from jupyter_client._version import protocol_version
from jupyter_client.session import DELIM, json_packer

Message = dict[str, Any]
"""As kernels have it, with the `quoted` header, which an answer repeats."""

_EMPTY = b"{}"
_QUOTED = ("msg_id", "msg_type", "session")

_SIGNED = 4
"""Header, parent's header, metadata and content."""


class Messages:
    """Reads and writes the messages of one kernel; safe to share between threads.

    Parameters
    ----------
    key
        What signs them.
    scheme
        Such as `hmac-sha256`.
    """

    def __init__(self, key: bytes, scheme: str) -> None:
        self._hash = hmac.HMAC(key, digestmod=getattr(hashlib, scheme.removeprefix("hmac-")))
        self._session = uuid4().hex
        self._numbers = count()

    def read(self, parts: list[bytes]) -> tuple[list[bytes], Message]:
        """Give the identities and the message.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is not signed with the key, or is no message.
        """
        border = parts.index(DELIM)
        signature, *signed = parts[border + 1 : border + 2 + _SIGNED]
        if len(signed) < _SIGNED or not hmac.compare_digest(signature, self._sign(signed)):
            raise ValueError("not signed")
        header, parent, metadata, content = (
            {} if each == _EMPTY else json.loads(each.decode()) for each in signed
        )
        message = {
            "header": header,
            "msg_id": header["msg_id"],
            "msg_type": header["msg_type"],
            "parent_header": parent,
            "metadata": metadata,
            "content": content,
            "buffers": [memoryview(each) for each in parts[border + 2 + _SIGNED :]],
            "quoted": _quoted(header),
        }
        return parts[:border], message

    def write(
        self,
        identities: list[bytes],
        kind: str,
        content: Message,
        *,
        parent: Message | None = None,
        metadata: Message | None = None,
    ) -> list[bytes]:
        """Give the parts of a message, to which buffers may be added."""
        header = {
            "msg_id": f"{self._session}_{next(self._numbers)}",
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "date": datetime.now(UTC).isoformat(),
            "version": protocol_version,
        }
        quoted = parent["quoted"] if parent else _EMPTY
        known = json_packer(metadata) if metadata else _EMPTY
        signed = [json.dumps(header).encode(), quoted, known, json_packer(content)]
        return [*identities, DELIM, self._sign(signed), *signed]

    def _sign(self, signed: list[bytes]) -> bytes:
        """Give the signature of a message."""
        copy = self._hash.copy()
        for each in signed:
            copy.update(each)
        return copy.hexdigest().encode()


def _quoted(header: Message) -> bytes:
    """Give what an answer repeats of a header: names, in which nobody on the way finds a date."""
    names = {name: header.get(name) for name in _QUOTED}
    plain = {
        name: value
        for name, value in names.items()
        if isinstance(value, str) and value.isascii() and ":" not in value
    }
    return json.dumps(plain).encode()
