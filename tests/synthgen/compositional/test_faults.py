"""Planted faults: labelled, real, and without influence on which item they are planted in."""

import ast
import json
from collections import Counter

from synthgen.engines.compositional import Compositional
from synthgen.engines.compositional.edits import edits_of
from synthgen.engines.compositional.engine import make_item
from synthgen.engines.compositional.faults import departs, loaded

CLEAN = Compositional(seed=21)
FAULTY = Compositional(seed=21, fault_rate=1.0)
COUNT = 120
COMPLETIONS = [FAULTY.complete(index) for index in range(COUNT)]


def test_a_faulty_item_is_the_clean_item_with_another_solution() -> None:
    """All other fields are those of the clean item."""
    for index in range(30):
        clean, faulty = json.loads(CLEAN.complete(index).text), json.loads(COMPLETIONS[index].text)
        assert COMPLETIONS[index].fault is not None
        assert clean.pop("solution") != faulty.pop("solution")
        assert clean == faulty


def test_the_rate_decides_how_many_not_which_program() -> None:
    """At rate 0.3 about a third is faulty, each with the fault that it has at rate 1."""
    some = [Compositional(seed=21, fault_rate=0.3).complete(index) for index in range(COUNT)]
    planted = [completion for completion in some if completion.fault is not None]
    assert 0.15 * COUNT < len(planted) < 0.45 * COUNT
    assert all(completion == COMPLETIONS[completion.index] for completion in planted)


def test_nearly_every_item_takes_a_fault() -> None:
    """Where no edit is shown to matter, the item stays clean and says so; that is rare."""
    assert sum(completion.fault is not None for completion in COMPLETIONS) >= 0.98 * COUNT


def test_faults_are_real() -> None:
    """A planted fault shows on the item's examples or on a good share of drawn inputs; most show on an example."""
    shown = 0
    for completion in COMPLETIONS:
        if completion.fault is None:
            continue
        item = make_item(seed=21, index=completion.index)
        function = loaded(json.loads(completion.text)["solution"], item.entry_point)
        assert function is not None
        shown += any(departs(function, item.program, case) for case in item.examples)
    assert shown >= 0.9 * COUNT


def test_clean_solutions_are_not_found_faulty() -> None:
    """The control: the unedited solution never departs from the interpreter."""
    for index in range(40):
        item = make_item(seed=21, index=index)
        function = loaded(item.solution, item.entry_point)
        assert function is not None
        assert not any(departs(function, item.program, case) for case in item.cases)


def test_faults_are_of_many_kinds() -> None:
    """No label takes more than a quarter."""
    labels = Counter(completion.fault for completion in COMPLETIONS)
    assert len(labels) >= 15
    assert max(labels.values()) <= COUNT / 4


def test_edits_leave_python() -> None:
    """Nearly every edit gives source that still parses."""
    parsed = total = 0
    for index in range(30):
        item = make_item(seed=21, index=index)
        for edit in edits_of(item.solution, item.entry_point, item.program):
            total += 1
            try:
                ast.parse(item.solution[: edit.start] + edit.text + item.solution[edit.end :])
            except SyntaxError:
                continue
            parsed += 1
    assert parsed >= 0.98 * total


def test_an_endless_mutant_is_cut_off() -> None:
    """A loop that never ends counts as a departure and does not hang the engine."""
    item = make_item(seed=21, index=0)
    function = loaded(f"def {item.entry_point}(*given):\n    while True:\n        pass\n", item.entry_point)
    assert function is not None
    assert departs(function, item.program, item.cases[0])
