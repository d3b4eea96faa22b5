"""Picture files: opened safely, inspected for import, scaled for the screen."""

from .disk_cache import DiskCache, user_cache
from .folders import Folder, LocalFolder, Source, find_folder
from .inspecting import Inspection, inspect
from .opening import inside
from .scaling import Pictures
from .showing import picture_or_reason, pictures_or_reasons

__all__ = [
    "DiskCache",
    "Folder",
    "Inspection",
    "LocalFolder",
    "Pictures",
    "Source",
    "find_folder",
    "inside",
    "inspect",
    "picture_or_reason",
    "pictures_or_reasons",
    "user_cache",
]
