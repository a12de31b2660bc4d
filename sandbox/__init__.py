"""Run untrusted Python in Docker and report how it ended; knows nothing of problems."""
