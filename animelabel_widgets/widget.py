"""What both widgets share: nothing from the browser is trusted, each message gets one reply."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import anywidget

from . import metrics
from .errors import (
    AnimelabelError,
    AssignmentError,
    HelloError,
    ProtocolError,
    SlowDownError,
    VolunteerError,
)
from .protocol import message_id

_log = logging.getLogger(__name__)

Reply = tuple[dict[str, object], Sequence[bytes]]
"""The content of a reply, without its id, and its binary buffers."""

Answered = Reply | Callable[[], Reply]
"""A reply, or what gives it after some time: that runs beside the kernel's thread."""

_HELPERS = ThreadPoolExecutor(4, thread_name_prefix="animelabel-reply")

_UNAVAILABLE = "The server cannot answer just now: nothing is lost, this page tries again."


class PageWidget(anywidget.AnyWidget):
    """A widget whose page may be anybody's."""

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a message from the browser; one that no page of ours sends is ignored.

        State above all: every synced trait is writable by a visitor.
        """
        data = msg["content"].get("data")
        method = data.get("method") if isinstance(data, dict) else None
        if method == "custom":
            self._handle_custom_msg(data.get("content"), msg["buffers"])
        elif method == "request_state":
            self.send_state()

    def _answer(self, content: object, buffers: object) -> Answered:
        """Answer a message."""
        raise NotImplementedError

    def _handle_custom_msg(self, content: object, buffers: object) -> None:
        """Answer a message with exactly one reply, whatever happens."""
        self._give(message_id(content), lambda: self._answer(content, buffers))

    def _give(self, number: int | None, work: Callable[[], Answered]) -> None:
        """Send what some work replies, or why it cannot."""
        pictures: Sequence[bytes] = ()
        try:
            answered = work()
            if callable(answered):
                _HELPERS.submit(copy_context().run, self._give, number, answered)
                return
            reply, pictures = answered
        except HelloError as error:
            reply = _error("no-hello", f"This message came too early: {error}.")
        except ProtocolError as error:
            _log.warning("A malformed message: %.200s", error)
            reply = _error("malformed", f"This message was not understood: {error}.")
        except AssignmentError as error:
            reply = _error("unassigned", str(error))
        except VolunteerError as error:
            reply = _error("no-hello", str(error))
        except SlowDownError as error:
            reply = {**_error("slow-down", str(error)), "wait_ms": error.wait_ms}
        except AnimelabelError as error:
            _log.error("A message could not be answered: %s", error)
            reply = _error("unavailable", _UNAVAILABLE)
        except Exception:  # noqa: BLE001 - without a reply, the page would wait
            _log.exception("A message could not be answered")
            reply = _error("unavailable", _UNAVAILABLE)
        self.send({"id": number, **reply}, list(pictures))


def _error(code: str, message: str) -> dict[str, object]:
    """Make an error reply."""
    metrics.failed(code)
    return {"kind": "error", "code": code, "message": message}
