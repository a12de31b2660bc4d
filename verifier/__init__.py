"""Decide whether a sample is right, and how we know."""
