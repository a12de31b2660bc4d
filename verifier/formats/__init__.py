"""Rows of a JSONL file as samples: one module a format, read one line at a time."""
