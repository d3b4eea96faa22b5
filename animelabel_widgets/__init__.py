"""Crowd labeling of anime and cartoon frames in Jupyter."""
