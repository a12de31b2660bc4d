"""Measure a model and say whether two differ (planned: the folder holds no evaluator yet)."""
