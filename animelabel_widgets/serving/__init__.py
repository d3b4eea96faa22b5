"""Serving the volunteers' page with Voilà."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..config import Settings
from ..errors import ConfigError, StoreError
from ..project import find_tutorial
from ..store import Store
from .background import estimating, sweeping


@dataclass(frozen=True, slots=True)
class Crowd:
    """How the kernels of the visitors are run.

    Parameters
    ----------
    hosts
        Processes that the visitors share; 0 gives each visitor a stock kernel, a process of his
        own, with Voilà's own page.
    max_visitors
        Visitors at once; 0 for as many as memory and open files allow.
    idle_minutes
        Minutes without a message after which the kernel of an open page goes; the page gets
        another one with the next click.
    proxied
        True behind a proxy of yours: its headers tell the visitor's address and protocol.
    """

    hosts: int = 2
    max_visitors: int = 0
    idle_minutes: int = 15
    proxied: bool = False


def serve(
    settings: Settings,
    *,
    ip: str,
    port: int,
    browse: bool,
    announce: Callable[[str], None],
    crowd: Crowd = Crowd(),
) -> None:
    """Serve the volunteers' page until it is interrupted.

    Parameters
    ----------
    settings
        What the page's kernels work with; they get it as variables.
    ip, port
        Where to listen; if the port is taken, one near it is used.
    browse
        Open the page in a browser, where there is a screen.
    announce
        Called with the page's address once it is served.
    crowd
        How the kernels of the visitors are run.

    Raises
    ------
    ConfigError
        If the pictures' folder is missing, the tutorial wrong, or the log cannot be written.
    StoreError, SchemaError
        If the database cannot be used.
    """
    settings = settings.absolute()
    if not Path(settings.pictures).is_dir():
        raise ConfigError(
            f"There is no folder of pictures {settings.pictures}: "
            "give it with --pictures or ANIMELABEL_PICTURES."
        )
    try:
        Path(settings.log_file).open("a", encoding="utf-8").close()
    except OSError as error:
        raise ConfigError(
            f"The log {settings.log_file} cannot be written ({error.strerror}): "
            "give another file with --log or ANIMELABEL_LOG_FILE."
        ) from None
    find_tutorial(settings.tutorial).check()
    store = Store.open(settings.database_url, create=False)
    os.environ.update(settings.as_environ())

    def ready(address: str) -> None:
        announce(address)
        if browse and _has_screen():
            webbrowser.open(address)

    # Imported once there is something to serve: Voilà takes its time.
    from .server import Server, hosted_config, voila_config

    with closing(store), sweeping(store), estimating(settings):
        if not crowd.hosts:
            Server(ready, voila_config(ip, port)).run(notebook())
            return
        from .lean import LeanServer

        LeanServer(
            ready,
            hosted_config(ip, port),
            hosts=crowd.hosts,
            modules=("animelabel_widgets.apps",),
            max_visitors=crowd.max_visitors,
            idle_minutes=crowd.idle_minutes,
            proxied=crowd.proxied,
            database_ready=lambda: _answers(store),
        ).run(notebook())


def _answers(store: Store) -> bool:
    """Tell whether the database answers."""
    try:
        store.progress()
    except StoreError:
        return False
    return True


def notebook(name: str = "label.ipynb") -> Path:
    """Give an app notebook: in an installed package, or in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package, package.parent):
        file = folder / "notebooks" / name
        if file.is_file():
            return file
    raise ConfigError(f"The notebook {name} is missing: install animelabel-widgets again.")


def _has_screen() -> bool:
    """Tell whether a browser window could be seen."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
