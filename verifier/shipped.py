"""The modules of ours that generated tests begin with, read as text so that the host never loads Hypothesis for them."""

from functools import cache
from importlib.resources import files
from typing import Literal


@cache
def read_shipped(module: Literal["draws", "agreement"]) -> str:
    """The source of `verifier/draws.py` or `verifier/agreement.py`."""
    return files("verifier").joinpath(f"{module}.py").read_text(encoding="utf-8")
