"""The reviewers' widget: filters, thumbnails, and a panel that settles an image. No SQL here."""

from .board import ReviewBoard

__all__ = ["ReviewBoard"]
