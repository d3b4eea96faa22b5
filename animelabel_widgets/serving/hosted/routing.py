"""What is global in ipywidgets, comm and the process, led to the visitor who is served.

A context variable tells whose code runs. Tasks, `asyncio.to_thread` and `call_later` carry it
along; a plain `threading.Thread` does not, and there everything fails closed: no visitor, no
comm, no widget.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, Protocol

from comm.base_comm import BaseComm, CommManager

PRIVATE = (
    ("ipywidgets.widgets.widget", "_instances"),
    ("comm", "create_comm"),
    ("comm", "get_comm_manager"),
    ("comm.base_comm", "CommManager.comm_open"),
    ("IPython.core.display_functions", "display"),
    ("IPython.display", "display"),
    ("ipywidgets.widgets.interaction", "display"),
)
"""Every place in other libraries that is put to another use here."""


class NoVisitorError(RuntimeError):
    """Something of a visitor's was needed where none is served."""


class Visitor(Protocol):
    """What the routes need of a virtual kernel."""

    comms: CommManager
    widgets: dict[str, Any]
    environ: dict[str, str]

    def publish(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        topic: bytes = b"",
    ) -> None:
        """Send a message to the visitor's page."""


current: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def visitor() -> Visitor:
    """Give the visitor who is served.

    Raises
    ------
    NoVisitorError
        If none is: in a thread that the program started by itself.
    """
    found = current.get()
    if found is None:
        raise NoVisitorError(
            "no visitor is served here: expected code that a message started; "
            "in a thread of your own, run it with contextvars.copy_context().run"
        )
    return found


class VisitorComm(BaseComm):
    """A comm that holds its visitor: from whatever thread it sends, it reaches the right page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._visitor = visitor()
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Send a message to the visitor's page."""
        content = {"data": data or {}, "comm_id": self.comm_id, **keys}
        self._visitor.publish(
            msg_type, content, metadata=metadata, buffers=buffers, topic=self.topic
        )

    def handle_msg(self, msg: dict[str, Any]) -> None:
        """Hand a message on; there is no shell to be told before and after."""
        if self._msg_callback:
            self._msg_callback(msg)

    def close(
        self,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        deleting: bool = False,  # noqa: FBT001, FBT002 - the base class's
    ) -> None:
        """Close the page's side; a collector may do so in any thread."""
        if self._closed:
            return
        self._closed = True
        self.publish_msg("comm_close", data, metadata, buffers)
        if not deleting:
            self._visitor.comms.comms.pop(self.comm_id, None)


class VisitorWidgets(MutableMapping[str, Any]):
    """In place of the registry of all widgets: those of the visitor who is served."""

    def _own(self) -> dict[str, Any]:
        found = current.get()
        return {} if found is None else found.widgets

    def __getitem__(self, key: str) -> Any:
        """Give a widget by its model's id."""
        return self._own()[key]

    def __setitem__(self, key: str, widget: Any) -> None:
        """Keep a new widget."""
        visitor().widgets[key] = widget

    def __delitem__(self, key: str) -> None:
        """Let a widget go."""
        del self._own()[key]

    def __iter__(self) -> Iterator[str]:
        """Go through the ids."""
        return iter(self._own())

    def __len__(self) -> int:
        """Count them."""
        return len(self._own())


class VisitorEnviron(MutableMapping[str, str]):
    """In place of `os.environ`: the visitor's own variables before those of the process."""

    def __init__(self, process: MutableMapping[str, str]) -> None:
        self._process = process

    def _own(self) -> dict[str, str]:
        found = current.get()
        return {} if found is None else found.environ

    def __getitem__(self, name: str) -> str:
        """Give a variable."""
        own = self._own()
        return own[name] if name in own else self._process[name]

    def __setitem__(self, name: str, value: str) -> None:
        """Set a variable: the visitor's, where one is served."""
        if current.get() is None:
            self._process[name] = value
        else:
            self._own()[name] = value

    def __delitem__(self, name: str) -> None:
        """Remove a variable; a visitor can remove his own only."""
        if current.get() is None:
            del self._process[name]
        else:
            del self._own()[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter({**self._process, **self._own()})

    def __len__(self) -> int:
        """Count them."""
        return len({**self._process, **self._own()})

    def copy(self) -> dict[str, str]:
        """Give all as a dictionary, as `os.environ` does."""
        return dict(self)


def check() -> None:
    """Tell where another version of a library lacks what is used here.

    Raises
    ------
    RuntimeError
        With the missing place and the version at hand.
    """
    for module, name in PRIVATE:
        try:
            owner, last = _place(module, name)
            getattr(owner, last)
        except AttributeError:
            library = module.partition(".")[0]
            raise RuntimeError(
                f"{module}.{name} is missing in {library} {version(library)}: install the "
                "versions of requirements.lock, or serve with --kernels process."
            ) from None


def install() -> None:
    """Lead the globals; once for a process, before any widget is made."""
    check()
    set_global("comm", "create_comm", VisitorComm)
    set_global("comm", "get_comm_manager", lambda: visitor().comms)
    set_global("ipywidgets.widgets.widget", "_instances", VisitorWidgets())
    for module, name in PRIVATE:
        if name == "display":
            set_global(module, name, display)
    os.environ = VisitorEnviron(os.environ)  # type: ignore[assignment] # noqa: B003
    set_global("comm.base_comm", "CommManager.comm_open", _refuse)


def set_global(module: str, name: str, value: object) -> None:
    """Put something in place of a library's own."""
    owner, last = _place(module, name)
    setattr(owner, last, value)


def _place(module: str, name: str) -> tuple[Any, str]:
    """Give what holds a name, a module or a class in it, and the name's last part."""
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for each in path:
        owner = getattr(owner, each)
    return owner, last


def display(*shown: Any, **_rest: Any) -> None:
    """Show objects on the visitor's page, in place of `IPython.display.display`."""
    for each in shown:
        visitor().publish("display_data", {"data": bundle(each), "metadata": {}, "transient": {}})


def bundle(shown: Any) -> dict[str, Any]:
    """Give an object in the forms in which a page can show it."""
    make: Callable[[], Any] | None = getattr(shown, "_repr_mimebundle_", None)
    made = make() if make else None
    data = made[0] if isinstance(made, tuple) else made
    return dict(data) if data else {"text/plain": repr(shown)}


def _refuse(manager: CommManager, _stream: Any, _ident: Any, message: dict[str, Any]) -> None:
    """Open no comm that a browser asks for: it could make any widget there is."""
    del manager
    visitor().publish("comm_close", {"comm_id": message["content"].get("comm_id"), "data": {}})
