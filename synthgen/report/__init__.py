"""Figures of a run, in the terminal and as one HTML page."""
