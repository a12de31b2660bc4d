"""The static rung: is the sample well formed? Parsed on the host, never run there."""

import ast

from verifier.contracts import Malformed, Terms, read_contracts
from verifier.problem import Sample
from verifier.sample_tests import read_tests
from verifier.signature import EntryPoint, find_entry_point
from verifier.subject import Subject, choose_signature
from verifier.syntax import Refused, parse_source
from verifier.verdict import Check, CheckResult, Reason, Status


def inspect_sample(sample: Sample) -> Subject | CheckResult:
    """The parsed sample, or the refutation that says what is wrong with it."""
    solution = parse_source(sample.solution)
    if isinstance(solution, Refused):
        return _refute(solution.reason, f"solution: {solution.detail}")
    entry = find_entry_point(solution, sample.entry_point)
    if entry is None or entry.kind in ("async_function", "imported"):
        return _refute(Reason.ENTRY_POINT_MISSING, _explain_missing(sample.entry_point, entry))
    tests = read_tests(sample.tests)
    if isinstance(tests, Refused):
        return _refute(tests.reason, tests.detail)
    reference = _read_reference(sample)
    if isinstance(reference, CheckResult):
        return reference
    signature = choose_signature(sample, reference=reference, entry=entry)
    terms = _read_terms(sample, signature)
    if isinstance(terms, Malformed):
        return _refute(Reason.CONTRACT_MALFORMED, terms.detail)
    return Subject(
        sample=sample,
        solution=solution,
        reference=reference,
        entry=entry,
        signature=signature,
        tests=tests,
        terms=terms,
    )


def _read_reference(sample: Sample) -> ast.Module | CheckResult | None:
    if not sample.reference.strip():
        return None
    module = parse_source(sample.reference)
    if isinstance(module, Refused):
        return _refute(Reason.REFERENCE_BROKEN, f"reference: {module.detail}")
    if find_entry_point(module, sample.entry_point) is None:
        return _refute(Reason.REFERENCE_BROKEN, f"reference: no top-level definition of {sample.entry_point!r}")
    return module


def _read_terms(sample: Sample, signature: EntryPoint) -> Terms | Malformed | None:
    contracts = sample.contracts
    if not (contracts.pre or contracts.post or contracts.raises):
        return None
    return read_contracts(contracts, signature)


def _explain_missing(name: str, entry: EntryPoint | None) -> str:
    if entry is None:
        return f"solution: no top-level definition of {name!r}"
    if entry.kind == "imported":
        return f"solution: {name!r} is imported, not defined"
    return f"solution: {name!r} is an async function; only plain functions and classes are judged"


def _refute(reason: Reason, detail: str) -> CheckResult:
    return CheckResult(check=Check.STATIC, status=Status.REFUTED, reason=reason, detail=detail)
