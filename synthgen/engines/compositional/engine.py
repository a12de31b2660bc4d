"""The compositional engine: (seed, index) to a native row, every part of it rendered from one typed term.

It asks no model. What a row holds comes by routes that share no code with each other beyond the term: the statement from
the English of the stages, the solution from the writer, the reference from other algorithms, expected values from the
interpreter, contracts and properties from facts about the stages.
"""

import hashlib
import json
import random
import textwrap
from dataclasses import dataclass

from synthgen.completion import Completion
from synthgen.engines.compositional.checks import chosen_examples, test_module
from synthgen.engines.compositional.compose import compose
from synthgen.engines.compositional.contracts import postconditions
from synthgen.engines.compositional.faults import planted
from synthgen.engines.compositional.menu import TOPICS
from synthgen.engines.compositional.naming import entry_name
from synthgen.engines.compositional.reference import reference_source
from synthgen.engines.compositional.statement import PROMPT_STYLES, instructions, prompt
from synthgen.engines.compositional.terms import Program, difficulty, preconditions, steps, wrapped_signature
from synthgen.engines.compositional.trial import Case
from synthgen.engines.compositional.writer import STYLES, Style, Writing

VERSION = "1"
STYLE_WEIGHTS = (28, 26, 14, 14, 9, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One clean item before it becomes a row."""

    program: Program
    entry_point: str
    cases: tuple[Case, ...]
    examples: tuple[Case, ...]
    prompt: str
    solution: str
    tests: str
    pre: tuple[str, ...]
    post: tuple[str, ...]
    reference: str
    style: str


def stream(*parts: object) -> random.Random:
    """A generator of its own for these parts, the same in every process."""
    return random.Random(hashlib.sha256(repr(parts).encode()).digest())


def make_item(*, seed: int, index: int) -> Item:
    """The clean item of this index."""
    rng = stream("compositional", VERSION, seed, index)
    trial = compose(rng)
    program = trial.program
    name = entry_name(program, rng)
    examples = chosen_examples(trial.cases)
    style = rng.choices(STYLES, STYLE_WEIGHTS)[0]
    told = rng.choice(PROMPT_STYLES)
    post = postconditions(program)
    return Item(
        program=program,
        entry_point=name,
        cases=trial.cases,
        examples=examples,
        prompt=prompt(program, name, told, _telling_examples(examples), rng),
        solution=solution_source(program, name, style, rng),
        tests=test_module(program, name, examples, post, rng),
        pre=preconditions(program),
        post=post,
        reference=reference_source(program, name),
        style=f"{told}/{style}",
    )


def _telling_examples(examples: tuple[Case, ...]) -> tuple[Case, ...]:
    """Two or three for the reader: short ones, and rarely the empty one."""
    ranked = sorted(examples[1:] or examples, key=lambda case: abs(len(repr(case)) - 45))
    return tuple(ranked[:3] if len(ranked) > 3 and len(repr(ranked[2])) < 90 else ranked[:2])


def solution_source(program: Program, name: str, style: Style, rng: random.Random) -> str:
    """The solution as a module, with a docstring more often than not."""
    writing = Writing(program, style=style, dialect="code", rng=rng, taken={name})
    body = writing.body()
    lines = [*sorted(writing.imports)]
    if lines:
        lines += ["", ""]
    lines += [*writing.helpers, *wrapped_signature(program, name)]
    if rng.random() < 0.6:
        lines += docstring(program)
    lines += ["    " + line if line else "" for line in body]
    return "\n".join(lines) + "\n"


def docstring(program: Program) -> list[str]:
    """The instructions as a docstring, indented."""
    text = " ".join(instructions(program))
    if len(text) <= 88:
        return [f'    """{text}"""']
    wrapped = textwrap.wrap(text, 92)
    return ['    """' + wrapped[0], *("    " + line for line in wrapped[1:]), '    """']


class Compositional:
    """Composes typed programs; `fault_rate` of them get one labelled fault in their solution."""

    name = "compositional"
    version = VERSION

    def __init__(self, *, seed: int, fault_rate: float = 0.0) -> None:
        if not 0.0 <= fault_rate <= 1.0:
            raise ValueError(f"fault_rate is {fault_rate!r}; give a share between 0.0 and 1.0")
        self.seed = seed
        self.fault_rate = fault_rate

    def complete(self, index: int) -> Completion:
        """The row of this index; which clean item it comes from does not depend on the fault rate."""
        item = make_item(seed=self.seed, index=index)
        solution, fault = item.solution, None
        chance = stream("fault", VERSION, self.seed, index)
        if chance.random() < self.fault_rate:
            mutant = planted(item.solution, item.entry_point, item.program, item.examples, chance)
            if mutant is not None:
                solution, fault = mutant.source, mutant.label
        row = {
            "task_id": f"compositional/{self.seed}/{index}",
            "prompt": item.prompt,
            "entry_point": item.entry_point,
            "solution": solution,
            "tests": item.tests,
            "contracts": {"pre": list(item.pre), "post": list(item.post)},
            "reference": item.reference,
        }
        return Completion(
            index=index,
            text=json.dumps(row, sort_keys=True, ensure_ascii=False),
            topic=topic(item.program),
            difficulty=difficulty(item.program),
            style=item.style,
            engine=self.name,
            engine_version=self.version,
            fault=fault,
        )


def topic(program: Program) -> str:
    """What the program is about: the kind of its data, or `optional` where `None` is part of it."""
    if program.type.kind == "optional" or any(step.type.kind == "optional" for step in steps(program)):
        return "optional"
    return TOPICS[program.parameters[0].type.kind]
