"""Serving the volunteers' page with Voilà."""

from __future__ import annotations

import logging
import os
import sys
import webbrowser
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ..config import Settings
from ..errors import ConfigError, StoreError
from ..logs import PACKAGE, log_to
from ..pictures import find_folder
from ..project import find_tutorial
from ..store import Store
from .background import estimating, sweeping
from .crowd import Crowd

ALONE = Crowd()
"""What one server process needs."""


def serve(
    settings: Settings,
    *,
    ip: str,
    port: int,
    base_url: str = "/",
    browse: bool,
    announce: Callable[[str], None],
    crowd: Crowd = ALONE,
) -> None:
    """Serve the volunteers' page until it is interrupted.

    Parameters
    ----------
    settings
        What the page's kernels work with; they get it as variables.
    ip, port
        Where to listen; if the port is taken, one near it is used.
    base_url
        What the page's address begins with after the host, with a slash at both ends.
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
    if not crowd.lean and (crowd.workers > 1 or crowd.max_visitors):
        raise ConfigError(
            "--workers and --max-visitors are for the lean page with hosted kernels: leave them "
            "out, or leave out --template lab and --kernels process."
        )
    settings = settings.absolute()
    folder = find_folder(settings.pictures)
    if folder.local is not None and not folder.local.is_dir():
        raise ConfigError(
            f"There is no folder of pictures {settings.pictures}: "
            "give it with --pictures or ANIMELABEL_PICTURES."
        )
    prepare_log(settings)
    find_tutorial(settings.tutorial).check()
    store = Store.open(settings.database_url, create=False)
    os.environ.update(settings.as_environ())

    def ready(address: str) -> None:
        announce(address)
        if browse and _has_screen():
            webbrowser.open(address)

    with closing(store), sweeping(store), estimating(settings):
        if crowd.lean and crowd.workers > 1:
            from .front import Front

            Front(ready, ip, port, base_url, crowd).run()
        elif crowd.lean:
            from .worker import serve_lean

            serve_lean(ready, ip, port, base_url, crowd, store)
        else:
            _serve_stock(ready, ip, port, base_url, crowd)


def _serve_stock(
    ready: Callable[[str], None], ip: str, port: int, base_url: str, crowd: Crowd
) -> None:
    """Serve Voilà's own page."""
    # Imported once there is something to serve: Voilà takes its time.
    from .server import Server, hosted_config, voila_config

    if crowd.kernels == "process":
        Server(ready, voila_config(ip, port, base_url)).run(notebook())
        return
    from .hosted.hosts import Hosts
    from .lean import HostedServer

    hosts = Hosts(**crowd.hosting())
    HostedServer(ready, hosted_config(ip, port, base_url), hosts).run(notebook())


def prepare_log(settings: Settings) -> None:
    """Log to the file of the settings, and errors to the terminal too.

    Raises
    ------
    ConfigError
        If the file cannot be written.
    """
    try:
        log_to(Path(settings.log_file))
    except OSError as error:
        raise ConfigError(
            f"The log {settings.log_file} cannot be written ({error.strerror}): "
            "give another file with --log or ANIMELABEL_LOG_FILE."
        ) from None
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.ERROR)
    logging.getLogger(PACKAGE).addHandler(terminal)


def answers(store: Store) -> bool:
    """Tell whether the database answers."""
    try:
        store.ping()
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
