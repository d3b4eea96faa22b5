"""Picture files: opened safely, inspected for import, scaled for the screen."""

from .disk_cache import DiskCache, user_cache
from .inspecting import Inspection, inspect
from .opening import inside
from .scaling import Pictures
from .showing import picture_or_reason, pictures_or_reasons

__all__ = [
    "DiskCache",
    "Inspection",
    "Pictures",
    "inside",
    "inspect",
    "picture_or_reason",
    "pictures_or_reasons",
    "user_cache",
]
