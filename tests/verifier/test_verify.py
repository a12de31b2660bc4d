"""The ladder, with a sandbox double: which rungs are climbed, and what follows from their results."""

import dataclasses
from typing import Any

import pytest

from sandbox.errors import EngineUnavailable, JobFailed
from sandbox.job import Failure
from tests.verifier.doubles import ScriptedSandbox, claim
from verifier.problem import Sample
from verifier.verdict import Assurance, Check, CheckResult, Reason, Status, Verdict
from verifier.verify import VerifyOptions, find_assurance, verify

SOLUTION = "def f(n: int) -> int:\n    return n + 1\n"
PROPERTY = (
    "from hypothesis import given, strategies as st\n\n@given(st.integers())\ndef test_f(n):\n    assert f(n) > n\n"
)
FULL = {
    "task_id": "x/1",
    "entry_point": "f",
    "solution": SOLUTION,
    "tests": "assert f(1) == 2\n" + PROPERTY,
    "contracts": {"pre": ["n >= 0"], "post": ["__return__ > n"]},
    "reference": "def f(n):\n    return 1 + n\n",
}


def judge(pool: ScriptedSandbox, *, level: str = "full", **fields: object) -> Verdict:
    options = VerifyOptions(level="quick" if level == "quick" else "full")
    return verify(Sample.model_validate({**FULL, **fields}), pool=pool, options=options)


def test_a_full_sample_climbs_every_rung_in_order() -> None:
    """One tests job holds the concrete rungs in the ladder's order, then CrossHair is asked."""
    pool = ScriptedSandbox()
    verdict = judge(pool)
    assert verdict.accepted
    assert verdict.assurance is Assurance.SYMBOLIC
    assert [step.check for step in pool.jobs[0].steps] == [
        "examples", "properties", "contract", "differential", "determinism",
    ]  # fmt: skip
    assert [result.check for result in verdict.checks] == [
        Check.STATIC, Check.EXAMPLES, Check.PROPERTIES, Check.PROPERTIES, Check.DIFFERENTIAL, Check.DETERMINISM, Check.SYMBOLIC,
    ]  # fmt: skip
    assert [(guest.source == SOLUTION, guest.hash_seed) for guest in pool.jobs[0].guests] == [
        (True, 0), (True, 1), (False, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "assurance"),
    [
        ({"tests": "assert f(1) == 2", "contracts": None, "reference": None}, Assurance.TESTED),
        ({"contracts": None, "reference": None}, Assurance.PROPERTY_TESTED),
        ({"contracts": None}, Assurance.CROSS_CHECKED),
        ({"tests": None, "contracts": None}, Assurance.CROSS_CHECKED),
        ({"tests": None, "reference": None}, Assurance.SYMBOLIC),
    ],
)
def test_assurance_is_the_highest_rung_that_applies(fields: dict[str, Any], assurance: Assurance) -> None:
    """Rungs that do not apply are stepped over."""
    verdict = judge(ScriptedSandbox(), **fields)
    assert (verdict.accepted, verdict.assurance) == (True, assurance)


def test_a_confirmed_contract_is_proved() -> None:
    """All paths confirmed, and the same contract held on concrete inputs."""
    assert judge(ScriptedSandbox(symbolic=claim("confirmed"))).assurance is Assurance.PROVED


@pytest.mark.parametrize("status", ["budget", "unsupported", "precondition_unsatisfiable"])
def test_an_undecided_crosshair_neither_refutes_nor_lifts(status: str) -> None:
    """The sample stands on the rung below."""
    verdict = judge(ScriptedSandbox(symbolic=claim(status)))
    assert verdict.assurance is Assurance.CROSS_CHECKED
    assert verdict.checks[-1].status is Status.INCONCLUSIVE


def test_a_counterexample_that_fails_again_refutes() -> None:
    """CrossHair's claim is replayed in the driver, and that failure is what counts."""
    failure = Failure(kind="assertion", message="assert __return__ > n", call="f(n=7)")
    pool = ScriptedSandbox(symbolic=claim("refuted", arguments={"n": "7"}), failures={"symbolic": failure})
    verdict = judge(pool)
    assert (verdict.accepted, verdict.reason) == (False, Reason.SYMBOLIC_REFUTED)
    assert verdict.checks[-1].counterexample == "f(n=7)"
    assert "'n': 7" in pool.jobs[1].steps[0].source


@pytest.mark.parametrize("arguments", [{"n": "7"}, {"n": "__import__('os')"}, {"m": "7"}, None])
def test_a_counterexample_that_does_not_fail_again_is_an_artefact(arguments: dict[str, str] | None) -> None:
    """What cannot be replayed, or holds when replayed, leaves the rung inconclusive."""
    verdict = judge(ScriptedSandbox(symbolic=claim("refuted", arguments=arguments)))
    assert (verdict.accepted, verdict.assurance) == (True, Assurance.CROSS_CHECKED)
    assert verdict.checks[-1].status is Status.INCONCLUSIVE


def test_crosshair_never_sees_a_source_that_could_forge_its_word() -> None:
    """A solution that imports os stays at the concrete rungs."""
    pool = ScriptedSandbox(symbolic=claim("confirmed"))
    verdict = judge(pool, solution="import os\n" + SOLUTION)
    assert pool.symbolic_jobs == []
    assert verdict.assurance is Assurance.CROSS_CHECKED
    assert verdict.checks[-1].detail == "not eligible: it imports 'os'"


def test_a_refuted_rung_ends_the_climb() -> None:
    """Nothing after the failing step is run, and CrossHair is not asked."""
    failure = Failure(kind="assertion", message="assert f(1) == 2", call="f(1)")
    pool = ScriptedSandbox(failures={"examples": failure})
    verdict = judge(pool)
    assert (verdict.accepted, verdict.assurance, verdict.reason) == (False, None, Reason.EXAMPLE_FAILED)
    assert [result.check for result in verdict.checks] == [Check.STATIC, Check.EXAMPLES]
    assert pool.symbolic_jobs == []


def test_the_quick_level_takes_examples_and_determinism_only() -> None:
    """No property is run and CrossHair is not asked."""
    pool = ScriptedSandbox()
    verdict = judge(pool, level="quick")
    assert [step.check for step in pool.jobs[0].steps] == ["examples", "determinism"]
    assert pool.symbolic_jobs == []
    assert verdict.assurance is Assurance.TESTED


def test_the_quick_level_falls_back_on_properties_where_there_are_no_examples() -> None:
    """A sample without examples is still judged, on fewer inputs."""
    pool = ScriptedSandbox()
    assert judge(pool, level="quick", tests="").accepted
    assert [step.check for step in pool.jobs[0].steps] == ["contract", "differential", "determinism"]
    assert pool.jobs[0].max_examples == 25


def test_a_sample_with_nothing_to_check_is_refused() -> None:
    """No tests, no contract, no reference: nothing is run."""
    pool = ScriptedSandbox()
    verdict = judge(pool, tests="x = 1", contracts=None, reference=None)
    assert (verdict.accepted, verdict.reason) == (False, Reason.NOTHING_TO_CHECK)
    assert pool.jobs == []


def test_inconclusive_rungs_alone_are_nothing_to_check() -> None:
    """A contract whose inputs cannot be drawn does not carry a sample by itself."""
    verdict = judge(ScriptedSandbox(), solution="def f(n):\n    return n + 1\n", tests="", reference="")
    assert (verdict.accepted, verdict.reason) == (False, Reason.NOTHING_TO_CHECK)
    assert verdict.checks[-1].status is Status.INCONCLUSIVE


def test_an_inconclusive_rung_leaves_a_sample_on_the_rung_below() -> None:
    """Examples that passed carry a sample whose contract could not be tried, and no further."""
    verdict = judge(
        ScriptedSandbox(symbolic=claim("confirmed")),
        solution="def f(n):\n    return n + 1\n",
        tests="assert f(1) == 2",
        reference="",
    )
    assert (verdict.accepted, verdict.assurance) == (True, Assurance.TESTED)


def test_a_static_refusal_runs_nothing() -> None:
    """A solution that does not parse never reaches a sandbox."""
    pool = ScriptedSandbox()
    verdict = judge(pool, solution="def f(:")
    assert (verdict.reason, pool.jobs) == (Reason.SYNTAX_ERROR, [])


@pytest.mark.parametrize("field", ["error", "symbolic_error"])
def test_a_job_our_machinery_lost_leaves_the_sample_unjudged(field: str) -> None:
    """Our failure is neither the sample's success nor its fault, at whichever rung it happens."""
    loss: dict[str, Any] = {field: JobFailed("two containers were lost on this job")}
    pool = dataclasses.replace(ScriptedSandbox(), **loss)
    verdict = judge(pool)
    assert (verdict.accepted, verdict.reason, verdict.unjudged) == (False, Reason.SANDBOX_FAILED, True)
    assert verdict.checks[-1].detail == "two containers were lost on this job"


def test_a_lost_engine_is_the_callers_to_handle() -> None:
    """Without an engine no sample can be judged, so the run must stop."""
    with pytest.raises(EngineUnavailable):
        judge(ScriptedSandbox(error=EngineUnavailable("no engine answers")))


@pytest.mark.parametrize("status", list(Status))
def test_a_verdict_never_improves_when_a_result_is_added(status: Status) -> None:
    """Adding an inconclusive or refuted result below the top never raises the assurance."""
    passed = [
        CheckResult(check=check, status=Status.PASSED)
        for check in (Check.EXAMPLES, Check.PROPERTIES, Check.DIFFERENTIAL)
    ]
    before = find_assurance(tuple(passed), confirmed=False)
    extra = CheckResult(check=Check.PROPERTIES, status=status)
    order = list(Assurance)
    assert order.index(find_assurance((*passed, extra), confirmed=False)) <= order.index(before)
