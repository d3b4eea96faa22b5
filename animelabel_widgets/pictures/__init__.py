"""Picture files: opened safely, inspected for import, scaled for the screen."""

from .disk_cache import DiskCache, user_cache
from .inspecting import Inspection, inspect
from .opening import inside
from .scaling import Pictures

__all__ = ["DiskCache", "Inspection", "Pictures", "inside", "inspect", "user_cache"]
