"""Picture files: opened safely, inspected for import, scaled for the screen."""

from .inspecting import Inspection, inspect
from .opening import inside
from .scaling import Pictures

__all__ = ["Inspection", "Pictures", "inside", "inspect"]
