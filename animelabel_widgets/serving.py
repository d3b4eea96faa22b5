"""Serving the volunteers' page with Voilà."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila

from .config import Settings
from .errors import ConfigError
from .store import Store

CULL_AFTER = 120
"""Seconds after which the kernel of a page that went away is ended."""


def serve(
    settings: Settings, *, ip: str, port: int, browse: bool, announce: Callable[[str], None]
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

    Raises
    ------
    ConfigError
        If the pictures' folder is missing or the database cannot be used.
    """
    settings = settings.absolute()
    if not Path(settings.pictures).is_dir():
        raise ConfigError(
            f"There is no folder of pictures {settings.pictures}: "
            "give it with --pictures or ANIMELABEL_PICTURES."
        )
    Store.open(settings.database_url, create=False).close()
    os.environ.update(settings.as_environ())

    def ready(address: str) -> None:
        announce(address)
        if browse and _has_screen():
            webbrowser.open(address)

    _Server(ready, _config(ip, port)).run()


def notebook() -> Path:
    """Give the app notebook: in an installed package, or in a checkout."""
    package = Path(__file__).parent
    for folder in (package, package.parent):
        file = folder / "notebooks" / "label.ipynb"
        if file.is_file():
            return file
    raise ConfigError("The notebook label.ipynb is missing: install animelabel-widgets again.")


class _Server(Voila):  # type: ignore[misc]
    """Voilà that tells its address when it listens."""

    def __init__(self, ready: Callable[[str], None], config: Config) -> None:
        super().__init__(config=config)
        self._ready = ready

    def run(self) -> None:
        """Serve until interrupted."""
        self.initialize([str(notebook())])
        self.start()

    def listen(self) -> None:
        """Listen, and tell the address once the loop runs."""
        IOLoop.current().add_callback(lambda: self._ready(self.display_url))
        super().listen()


def _config(ip: str, port: int) -> Config:
    """Give Voilà's settings for a page that anybody may visit."""
    config = Config()
    config.Voila.ip = ip
    config.Voila.port = port
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.show_margins = False
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.prelaunch_hook = _set_xsrf_cookie
    # Below the default of nbclient, a page stays empty when many come at once.
    config.VoilaExecutor.iopub_timeout = 60
    config.MappingKernelManager.cull_idle_timeout = CULL_AFTER
    config.MappingKernelManager.cull_interval = CULL_AFTER // 4
    if os.name == "posix":
        # Two kernels that start at once may pick the same TCP port.
        config.KernelManager.transport = "ipc"
    return config


def _set_xsrf_cookie(handler: Any, **_rest: object) -> None:
    """Set the cookie without which a closing page cannot end its kernel."""
    _ = handler.xsrf_token


def _has_screen() -> bool:
    """Tell whether a browser window could be seen."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
