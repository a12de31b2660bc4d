"""A sample that passed the static check, parsed once: what every later rung reads."""

import ast
from dataclasses import dataclass

from verifier.contracts import Terms
from verifier.problem import Sample
from verifier.sample_tests import SampleTests
from verifier.shapes import read_shape
from verifier.signature import EntryPoint, find_entry_point
from verifier.syntax import Refused, parse_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """signature is the one inputs are drawn from; entry is how the solution itself defines the entry point."""

    sample: Sample
    solution: ast.Module
    reference: ast.Module | None
    entry: EntryPoint
    signature: EntryPoint
    tests: SampleTests
    terms: Terms | None

    @property
    def passes_by_name(self) -> bool:
        """Whether the solution calls its parameters what the signature calls them."""
        if self.entry.parameters is None or self.signature.parameters is None:
            return False
        return [p.name for p in self.entry.parameters] == [p.name for p in self.signature.parameters]


def choose_signature(sample: Sample, *, reference: ast.Module | None, entry: EntryPoint) -> EntryPoint:
    """Where inputs are drawn from: the prompt, else the reference, else the solution.

    The solution comes last because it is on trial: an annotation such as `Literal[0]` would choose its own inputs. One
    that annotates every parameter is preferred over one that does not.
    """
    in_reference = find_entry_point(reference, sample.entry_point) if reference is not None else None
    candidates = [_find_in_prompt(sample), in_reference, entry]
    functions = [found for found in candidates if found is not None and found.parameters is not None]
    for found in functions:
        if all(p.has_default or read_shape(p.annotation) is not None for p in found.parameters or ()):
            return found
    return functions[0] if functions else entry


def _find_in_prompt(sample: Sample) -> EntryPoint | None:
    """A prompt may be code to complete; prose simply does not parse."""
    if f"def {sample.entry_point}" not in sample.prompt:
        return None
    module = parse_source(sample.prompt)
    return None if isinstance(module, Refused) else find_entry_point(module, sample.entry_point)
