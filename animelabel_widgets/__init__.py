"""Crowd labeling of anime and cartoon frames in Jupyter.

Names are imported when they are first used, so that a volunteer's page loads
neither pandas nor plots.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aggregation import (
        ConsensusWarning,
        DawidSkene,
        agreement,
        consensus,
        differences,
        hasty,
        majority,
        volunteers,
    )
    from .apps import label_app, review_app
    from .config import Settings
    from .demo_project import open_project_or_demo
    from .errors import (
        AnimelabelError,
        AssignmentError,
        ConfigError,
        InputError,
        PictureError,
        ProtocolError,
        SchemaError,
        StoreError,
        VolunteerError,
    )
    from .gallery import Gallery
    from .labeler import Labeler
    from .labels import LABELS, Answer, Label
    from .project import Project, open_project

__version__ = "0.1.0"

__all__ = [
    "LABELS",
    "AnimelabelError",
    "Answer",
    "AssignmentError",
    "ConfigError",
    "ConsensusWarning",
    "DawidSkene",
    "Gallery",
    "InputError",
    "Label",
    "Labeler",
    "PictureError",
    "Project",
    "ProtocolError",
    "SchemaError",
    "Settings",
    "StoreError",
    "VolunteerError",
    "agreement",
    "consensus",
    "differences",
    "hasty",
    "label_app",
    "majority",
    "open_project",
    "open_project_or_demo",
    "review_app",
    "volunteers",
]

_ERRORS = {name for name in __all__ if name.endswith("Error")}
_HOMES = {
    "LABELS": "labels",
    "Answer": "labels",
    "ConsensusWarning": "aggregation",
    "DawidSkene": "aggregation",
    "Gallery": "gallery",
    "Label": "labels",
    "Labeler": "labeler",
    "Project": "project",
    "Settings": "config",
    "agreement": "aggregation",
    "consensus": "aggregation",
    "differences": "aggregation",
    "hasty": "aggregation",
    "label_app": "apps",
    "majority": "aggregation",
    "open_project": "project",
    "open_project_or_demo": "demo_project",
    "review_app": "apps",
    "volunteers": "aggregation",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = "errors" if name in _ERRORS else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
