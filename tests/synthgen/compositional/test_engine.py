"""Rows of the compositional engine: the same everywhere, right, complete, varied."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from synthgen.engines.compositional import Compositional
from synthgen.engines.compositional.compose import STAGES
from synthgen.engines.compositional.engine import VERSION, make_item
from synthgen.engines.compositional.expressions import Apply, Expression, Function1
from synthgen.engines.compositional.scalars import SCALARS
from synthgen.engines.compositional.statement import PROMPT_STYLES
from synthgen.engines.compositional.terms import difficulty, evaluate, operations, steps
from synthgen.engines.compositional.trial import argument_for
from synthgen.engines.compositional.writer import STYLES
from synthgen.novelty import normalised_digest
from verifier.problem import Sample

ROOT = Path(__file__).parents[3]
ITEMS = [make_item(seed=11, index=index) for index in range(400)]
ROWS = [json.loads(Compositional(seed=11).complete(index).text) for index in range(40)]

DUMP = """
from synthgen.engines.compositional import Compositional
for rate in (0.0, 0.5):
    engine = Compositional(seed=4, fault_rate=rate)
    for index in range(12):
        print(engine.complete(index))
"""


def dumped(hash_seed: str) -> str:
    """What a fresh process prints under this hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", DUMP], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    return done.stdout


def test_the_same_item_in_every_process() -> None:
    """Neither the process nor its hash seed changes a completion."""
    first = dumped("1")
    assert first == dumped("4242")
    assert first.count("Completion(") == 24


def test_an_item_depends_on_seed_and_index_only() -> None:
    """Neither order nor earlier items matter; another seed gives another item."""
    engine = Compositional(seed=11)
    later = engine.complete(30)
    assert later == Compositional(seed=11).complete(30)
    assert later.text != Compositional(seed=12).complete(30).text


def test_rows_are_native_samples() -> None:
    """A row has the native fields, sorted, and reads as a sample."""
    for index, row in enumerate(ROWS):
        assert list(row) == ["contracts", "entry_point", "prompt", "reference", "solution", "task_id", "tests"]
        assert row["task_id"] == f"compositional/11/{index}"
        Sample.model_validate(row)


def test_a_completion_says_what_made_it() -> None:
    """Engine, version, topic, difficulty and style are filled in; a clean item has no fault."""
    completion = Compositional(seed=0).complete(3)
    assert (completion.engine, completion.engine_version, completion.fault) == ("compositional", VERSION, None)
    assert 1 <= completion.difficulty <= 5
    assert "/" in completion.style


def test_a_share_outside_zero_to_one_is_refused() -> None:
    """The message names the value."""
    with pytest.raises(ValueError, match=r"fault_rate is 1\.5; give a share between 0\.0 and 1\.0"):
        Compositional(seed=0, fault_rate=1.5)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["task_id"])
def test_clean_samples_pass_their_own_tests(row: dict[str, str]) -> None:
    """Examples hold on load and every property passes, for the solution and for the reference."""
    for source in (row["solution"], row["reference"]):
        namespace: dict[str, object] = {}
        exec(source, namespace)
        exec(row["tests"], namespace)
        properties = [value for name, value in namespace.items() if name.startswith("test_")]
        assert 1 <= len(properties) <= 3
        for check in properties:
            assert callable(check)
            settings(max_examples=15, deadline=None, database=None)(check)()


def test_contracts_hold() -> None:
    """Preconditions admit and postconditions hold on arguments drawn as Hypothesis would."""
    checked = 0
    for index, item in enumerate(ITEMS):
        rng = random.Random(index)
        for _ in range(6):
            environment = {
                one.name: argument_for(one, rng, size=rng.randint(0, 8), wild=True) for one in item.program.parameters
            }
            assert all(eval(pre, {}, dict(environment)) for pre in item.pre)
            result = evaluate(item.program, environment)
            for post in item.post:
                # Names go in as globals: a comprehension inside `eval` does not see the locals.
                assert eval(post, {**environment, "__return__": result}) is True, (index, post, environment)
                checked += 1
    assert checked > 1000


def test_most_items_have_postconditions() -> None:
    """A contract is the rule, and it is one expression a line."""
    assert sum(bool(item.post) for item in ITEMS) > 0.8 * len(ITEMS)
    assert not [post for item in ITEMS for post in item.post if "\n" in post]


def test_the_prompt_does_not_give_the_solution_away() -> None:
    """No line of the solution's body stands in the prompt, docstrings aside."""
    for item in ITEMS:
        lines = {line.strip() for line in item.solution.split("\n")}
        code = [
            line
            for line in lines
            if line.startswith(("return ", "for ", "while ")) and line.endswith((")", "]", ":", "}"))
        ]
        assert not [line for line in code if line in item.prompt]
        assert item.entry_point in item.prompt


def test_prompts_show_examples_that_hold() -> None:
    """Each prompt holds a call as in an interpreter session, and it is one of the examples."""
    for item in ITEMS:
        assert ">>> " + item.entry_point + "(" in item.prompt


def test_every_operation_is_reached() -> None:
    """Nothing in the algebra is out of the generator's reach."""
    stages: set[str] = set()
    scalars: set[str] = set()
    index = 0
    everything = {stage.name for stage in STAGES}
    while index < 2500 and not (stages >= everything and scalars >= {scalar.name for scalar in SCALARS}):
        program = make_item(seed=2, index=index).program
        index += 1
        for step in steps(program):
            stages.add(step.stage.name)
            for argument in step.arguments:
                if isinstance(argument, Function1):
                    scalars.update(scalar_names(argument.body))
        if program.guard is not None:
            scalars.update(scalar_names(program.guard.body))
    assert everything - stages == set()
    assert {scalar.name for scalar in SCALARS} - scalars == set()


def scalar_names(body: Expression) -> set[str]:
    """The operations in a function's body."""
    if not isinstance(body, Apply):
        return set()
    return {body.scalar.name}.union(*(scalar_names(operand) for operand in body.operands))


def test_difficulty_grows_with_size() -> None:
    """More operations never make a program easier, and all five grades occur."""
    graded = sorted((operations(item.program), difficulty(item.program)) for item in ITEMS)
    assert [grade for _, grade in graded] == sorted(grade for _, grade in graded)
    assert {grade for _, grade in graded} == {1, 2, 3, 4, 5}


def test_styles_and_topics_vary() -> None:
    """Every style of statement and solution occurs, and so do the main topics."""
    styles = Counter(item.style for item in ITEMS)
    assert {style.split("/")[0] for style in styles} == set(PROMPT_STYLES)
    assert {style.split("/")[1] for style in styles} == set(STYLES)
    topics = {Compositional(seed=11).complete(index).topic for index in range(150)}
    assert topics >= {"lists", "strings", "dicts", "numbers", "optional"}


def test_solutions_differ_in_more_than_names() -> None:
    """Of 400 items at one seed at least 97 % are distinct once names and constants are gone."""
    assert len({normalised_digest(item.solution) for item in ITEMS}) >= 0.97 * len(ITEMS)


def test_a_dictionary_of_last_items_keeps_the_order_of_first_keys() -> None:
    """The reference agrees with the solution on the order of keys, which a later item with the same key does not move."""
    row = json.loads(Compositional(seed=0).complete(196).text)
    solution: dict[str, Any] = {}
    reference: dict[str, Any] = {}
    exec(row["solution"], solution)
    exec(row["reference"], reference)
    name = row["entry_point"]
    for records in ([("", 0), ("a", 0)], [("a", 1), ("b", 2), ("a", 3)]):
        assert reference[name](records) == solution[name](records)
