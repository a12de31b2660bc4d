"""The engine that needs no model: typed programs composed from an algebra of operations. Start at engine.py."""

from synthgen.engines.compositional.engine import Compositional

__all__ = ["Compositional"]
