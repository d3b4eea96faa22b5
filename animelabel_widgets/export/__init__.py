"""Export: the chosen images as a data set, or the ratings as a file; complete or not at all."""

from .dataset import ExportReport, Recipe, export
from .parquet import check_new_parquet, export_ratings, export_verdicts
from .placing import MODES
from .splitting import SPLITS

__all__ = [
    "MODES",
    "SPLITS",
    "ExportReport",
    "Recipe",
    "check_new_parquet",
    "export",
    "export_ratings",
    "export_verdicts",
]
