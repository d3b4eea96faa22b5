"""A virtual kernel: a visitor's namespace, comms and widgets, and what is done with messages."""

from __future__ import annotations

import ast
import asyncio
import logging
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import zmq
from comm.base_comm import CommManager
from jupyter_client._version import protocol_version

from . import routing
from .compact import compact
from .messages import Message
from .turns import Threads, Turns
from .wire import Wire

_log = logging.getLogger(__name__)

INFO = {
    "status": "ok",
    "protocol_version": protocol_version,
    "implementation": "hosted",
    "implementation_version": "1",
    "language_info": {
        "name": "python",
        "version": "3",
        "mimetype": "text/x-python",
        "file_extension": ".py",
    },
    "banner": "",
    "help_links": [],
}
_MOST_WAITING = 256
"""Messages of a visitor that may wait for those before; what comes then is dropped."""

_URGENT = ("kernel_info_request", "shutdown_request")
"""What is answered at once where it comes over the control channel, which takes nothing else."""


class VirtualKernel:
    """One visitor's kernel in a host.

    Messages of one visitor are handled one after another, those of several at once in the
    host's threads.

    Parameters
    ----------
    kernel_id
        Its name in logs.
    context
        The host's ZeroMQ context.
    connection
        The content of its connection file.
    environ
        The visitor's own variables.
    threads
        They handle messages.
    statuses
        Tell the page when a message of a widget is handled; the stock front end waits for it.
    ended
        Called when the kernel ended by itself.
    """

    def __init__(
        self,
        kernel_id: str,
        context: zmq.Context[Any],
        connection: Mapping[str, Any],
        environ: dict[str, str],
        threads: Threads,
        *,
        statuses: bool,
        ended: Callable[[str], None],
    ) -> None:
        self.kernel_id = kernel_id
        self.environ = environ
        self.comms = CommManager()
        self.widgets: dict[str, Any] = {}
        self._namespace: dict[str, Any] = {"__name__": "__main__", "display": routing.display}
        self._statuses = statuses
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._parent: Message = {}
        self._captured: list[tuple[str, dict[str, Any], list[bytes]]] | None = None
        self._count = 0
        self._runs: set[asyncio.Future[Any]] = set()
        self.closed = False
        self._wire = Wire(context, connection, self._receive)
        self._context: Context = copy_context()
        self._context.run(routing.current.set, self)
        self._turns = Turns(threads, self._context, kernel_id)

    def publish(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        topic: bytes = b"",
    ) -> None:
        """Send a message to the visitor's page, from any thread."""
        if self.closed:
            return
        if self._captured is not None:
            self._captured.append((kind, content, buffers or []))
            return
        parts = self._wire.messages.write(
            [topic or kind.encode()], kind, content, parent=self._parent, metadata=metadata
        )
        # What is no buffer is refused here: half of a message would be taken for part of the next.
        views = [memoryview(each).cast("B") for each in buffers or []]
        self._on_loop(self._wire.publish, [*parts, *views])

    async def run(self, code: str, known: set[str]) -> dict[str, Any]:
        """Run code that ends in a widget, and give the widget in place of publishing it.

        Parameters
        ----------
        code
            The notebook's code.
        known
            Hashes of the large texts that the server has; new ones are added.

        Returns
        -------
        dict
            `view`, the id of the widget's model or None; `models`, the state of each widget by
            its id; `texts`, large texts by their hash.
        """
        done: asyncio.Future[Any] = self._loop.create_future()

        def work() -> None:
            captured: list[tuple[str, dict[str, Any], list[bytes]]] = []
            self._captured = captured
            try:
                data = self._execute(code)
                result = data, captured
            except BaseException as error:  # noqa: BLE001 - told to the server
                failed = RuntimeError(f"{type(error).__name__}: {error}")
                self._on_loop(_end, done, failed)
                _log.exception("Kernel %s: the notebook failed", self.kernel_id)
            else:
                self._on_loop(_end, done, result)
            finally:
                self._captured = None

        if self.closed:
            raise RuntimeError("the kernel ended")
        self._runs.add(done)
        self._turns.add(work)
        try:
            data, captured = await done
        finally:
            self._runs.discard(done)
        texts: dict[str, str] = {}
        models = {
            content["comm_id"]: compact(content["data"], buffers, known, texts)
            for kind, content, buffers in captured
            if kind == "comm_open"
        }
        view = (data or {}).get("application/vnd.jupyter.widget-view+json", {}).get("model_id")
        return {"view": view, "models": models, "texts": texts}

    def close(self) -> None:
        """End: the sockets, the widgets, the namespace."""
        if self.closed:
            return
        self.closed = True
        self._wire.close()
        self._turns.clear()
        for each in self._runs:
            _end(each, RuntimeError("the kernel ended"))
        # After the handler that may be running: two cannot be in one context.
        self._turns.add(self._forget)

    def _forget(self) -> None:
        """Break the circles between widgets and comms, so that their memory comes back now."""
        for widget in list(self.widgets.values()):
            try:
                widget.close()
            except Exception:  # noqa: BLE001 - a visitor's leftover
                _log.debug("A widget did not close", exc_info=True)
        self.widgets.clear()
        self.comms.comms.clear()
        self._namespace.clear()

    def _receive(self, channel: str, identities: list[bytes], message: Message) -> None:
        """Take a message from a socket."""
        if channel == "control":
            if message["msg_type"] in _URGENT:
                self._handle(channel, identities, message)
        elif len(self._turns) < _MOST_WAITING:
            self._turns.add(partial(self._handle, channel, identities, message))

    def _on_loop(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Have something done by the event loop."""
        try:
            self._loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:
            _log.debug("The host ends")

    def _handle(self, channel: str, identities: list[bytes], message: Message) -> None:
        """Answer a message."""
        kind = message["header"]["msg_type"]
        handle = {
            "kernel_info_request": self._info,
            "comm_info_request": self._comm_info,
            "execute_request": self._on_execute,
            "shutdown_request": self._shutdown,
            "comm_msg": self._comm,
            "comm_open": self._comm,
            "comm_close": self._comm,
        }.get(kind)
        if handle is None or (kind == "execute_request" and not self._statuses):
            return
        self._parent = message
        tells = self._statuses or kind != "comm_msg"
        if tells:
            self._state("busy", message)
        try:
            content = handle(message)
            if content is not None:
                reply = kind.replace("_request", "_reply")
                self._on_loop(self._wire.reply, channel, identities, reply, content, message)
        finally:
            if tells:
                self._state("idle", message)
        if kind == "shutdown_request":
            self._on_loop(self._ended, self.kernel_id)

    def _state(self, state: str, parent: Message) -> None:
        """Tell whether the kernel works."""
        content = {"execution_state": state}
        parts = self._wire.messages.write([b"status"], "status", content, parent=parent)
        self._on_loop(self._wire.publish, parts)

    def _info(self, _message: Message) -> dict[str, Any]:
        return INFO

    def _comm_info(self, _message: Message) -> dict[str, Any]:
        """Tell the visitor's own comms."""
        comms = {key: {"target_name": each.target_name} for key, each in self.comms.comms.items()}
        return {"status": "ok", "comms": comms}

    def _shutdown(self, message: Message) -> dict[str, Any]:
        return {"status": "ok", "restart": message["content"].get("restart", False)}

    def _comm(self, message: Message) -> None:
        """Hand a message to its comm, where it is one."""
        name, data = (message["content"].get(each) for each in ("comm_id", "data"))
        if isinstance(name, str) and name.isascii() and isinstance(data, dict):
            getattr(self.comms, message["msg_type"])(None, None, message)

    def _on_execute(self, message: Message) -> dict[str, Any]:
        """Run a cell for the server; what went wrong goes to the log, never to the page."""
        self._count += 1
        try:
            data = self._execute(message["content"]["code"])
        except BaseException as error:  # noqa: BLE001 - sys.exit ends no host
            _log.exception("Kernel %s: the notebook failed", self.kernel_id)
            content = {"ename": type(error).__name__, "evalue": "", "traceback": []}
            self.publish("error", content)
            return {"status": "error", "execution_count": self._count, **content}
        if data:
            shown = {"data": data, "metadata": {}, "execution_count": self._count}
            self.publish("execute_result", shown)
        return {"status": "ok", "execution_count": self._count, "payload": []}

    def _execute(self, code: str) -> dict[str, Any] | None:
        """Run code; give its last expression as a page can show it."""
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<notebook>", "exec"), self._namespace)  # noqa: S102 - trusted
        if last is None:
            return None
        expression = ast.Expression(last.value)  # type: ignore[attr-defined]
        shown = eval(compile(expression, "<notebook>", "eval"), self._namespace)  # noqa: S307
        return None if shown is None else routing.bundle(shown)


def _end(run: asyncio.Future[Any], outcome: Any) -> None:
    """Tell who waits for a run how it ended, unless he has been told."""
    if run.done():
        return
    if isinstance(outcome, Exception):
        run.set_exception(outcome)
    else:
        run.set_result(outcome)
