"""The app notebooks: each of their cells calls one function of this module."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from threading import Lock

from ipywidgets import HTML, DOMWidget

from . import assets
from .config import ADDRESS, Settings
from .errors import AnimelabelError
from .logs import log_to
from .project import Project, open_project

_log = logging.getLogger(__name__)
_opening = Lock()
_opened: dict[Settings, Project] = {}

_BREAK = """
<div style="position: fixed; inset: 0; z-index: 10; display: grid; place-content: center;
  gap: 24px; padding: 24px; text-align: center; font: 18px/1.5 system-ui, sans-serif;
  color-scheme: light dark; background: light-dark(#f6f6f9, #12141c);
  color: light-dark(#1b1e2b, #eceef6)">
%s</div>
"""
_BREAK_WORDS = """
<div lang="%s"><p style="max-width: 32em; margin: 0 0 16px">%s</p>
<a href="" style="display: inline-block; padding: 16px 28px; border-radius: 14px; font-weight: 550;
  background: light-dark(#1b1e2b, #eceef6); color: light-dark(#f6f6f9, #12141c)">%s</a></div>
"""


def label_app() -> DOMWidget:
    """Give the volunteers' page; settings come from the `ANIMELABEL_*` variables.

    Where the project cannot be opened, the log says why and the page says so
    in general words: it is seen by strangers.
    """
    try:
        return _project(Settings.load()).labeler(app=True, address=os.environ.get(ADDRESS, ""))
    except (AnimelabelError, OSError) as error:
        _log.error("The page cannot be served: %s", error)
        return HTML(_break())


def _project(settings: Settings) -> Project:
    """Open the project once in a process: all visitors of a shared host use the same."""
    with _opening:
        if settings not in _opened:
            log_to(Path(settings.log_file))
            _opened[settings] = open_project(create=False)
        return _opened[settings]


def review_app() -> DOMWidget:
    """Give the reviewers' page; settings come from the `ANIMELABEL_*` variables.

    Where the project cannot be opened, the page says why: reviewers belong to the project.
    """
    from html import escape

    try:
        return _project(Settings.load()).review(app=True)
    except (AnimelabelError, OSError) as error:
        _log.error("The reviewers' page cannot be served: %s", error)
        return HTML(f"<main><h1>Review</h1><p>{escape(str(error))}</p></main>")


def _break() -> str:
    """Say in every language that the site takes a break: nothing tells which one is read."""
    said = [
        _BREAK_WORDS % (language, words["page.break"], words["page.reload"])
        for language, words in assets.words().items()
    ]
    return _BREAK % "".join(said)
