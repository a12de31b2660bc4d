"""The test module of a program: examples from the interpreter, and Hypothesis properties derived from the term."""

import random
from collections.abc import Sequence

from synthgen.engines.compositional.contracts import one_line
from synthgen.engines.compositional.expressions import Parameter
from synthgen.engines.compositional.statement import call
from synthgen.engines.compositional.terms import Program, Source, Step, nodes, signature
from synthgen.engines.compositional.trial import Case
from synthgen.engines.compositional.types import STR, annotation, shown, strategy
from synthgen.engines.compositional.writer import Writing

_ELEMENTWISE = {"map", "filter", "flatten", "repeat", "without"}
_ADDITIVE = {"sum", "count", "length"}
_ORDER_FREE = {
    "sum",
    "count",
    "length",
    "any",
    "all",
    "distinct",
    "largest",
    "smallest",
    "second",
    "span",
    "average",
    "as_set",
    "largest_or",
    "sort",
    "sort_down",
    "repeated",
    "sort_flag",
    "product",
}
_SETTLED = {"sort", "sort_down", "unique", "squeeze", "leaders", "keep_values", "filter"}


def test_module(program: Program, name: str, examples: Sequence[Case], posts: Sequence[str], rng: random.Random) -> str:
    """The tests as source: bare asserts first, then one to three properties."""
    lines = ["from hypothesis import given, strategies as st", ""]
    for environment, result in examples:
        lines.append(f"assert {call(name, program, environment)} {expectation(result)}")
    properties = [_oracle(program, name, rng)]
    law = _law(program, name)
    if law is not None:
        properties.append(law)
    facts = [
        post.replace("__return__", "result")
        for post in posts
        if not post.startswith(("__return__ ==", "__return__[0] ==", "__return__[1] =="))
    ][:3]
    if facts and (law is None or rng.random() < 0.5):
        properties.append(_facts_property(program, name, facts))
    elif (
        law is None
        and rng.random() < 0.5
        and any(one.type.kind in ("list", "dict", "set") for one in program.parameters)
    ):
        properties.append(_arguments_kept(program, name))
    imports = sorted({line for block in properties for line in block[0]})
    body = "\n\n\n".join("\n".join(block[1]) for block in properties)
    head = [*imports, ""] if imports else []
    return "\n".join([*head, *lines]) + f"\n\n\n{body}\n"


def expectation(result: object) -> str:
    """What an example asserts of its call."""
    return f"is {result}" if result is None or isinstance(result, bool) else f"== {shown(result)}"


Block = tuple[tuple[str, ...], list[str]]


def parameter_strategy(parameter: Parameter) -> str:
    """Where a property draws this parameter from; within its precondition."""
    if parameter.low is not None:
        return f"st.integers({parameter.low}, {parameter.high})"
    if parameter.type == STR and parameter.name.startswith(
        ("prefix", "start", "suffix", "ending", "tail", "marker", "separator", "glue", "delimiter")
    ):
        return "st.text(alphabet='abest-', max_size=2)"
    return strategy(parameter.type)


def _given(program: Program, *more: str) -> str:
    drawn = [*(f"{one.name}={parameter_strategy(one)}" for one in program.parameters), *more]
    line = f"@given({', '.join(drawn)})"
    return line if len(line) <= 100 else "\n".join(["@given(", *(f"    {one}," for one in drawn), ")"])


def _head(program: Program, test: str) -> str:
    return signature(program, test).rsplit(" -> ", 1)[0] + " -> None:"


def _arguments(program: Program) -> str:
    return ", ".join(one.name for one in program.parameters)


def _oracle(program: Program, name: str, rng: random.Random) -> Block:
    """The result agrees with the term written once more, over the second dialect of its element functions."""
    test = rng.choice(("test_agrees_with_a_direct_computation", "test_matches_the_definition", "test_equals_the_model"))
    head = [_given(program), _head(program, test)]
    line = one_line(program, program.root) if program.guard is None else None
    if line is not None and len(line) <= 90:
        return (), [*head, f"    assert {name}({_arguments(program)}) == {line}"]
    writing = Writing(program, style="comprehension", dialect="reference", rng=rng, taken={name})
    body = [line.replace("not not ", "") for line in writing.body()]
    model = [signature(program, "expected"), *("    " + line if line else "" for line in body), "", ""]
    return tuple(writing.imports), [
        *model,
        *head,
        f"    assert {name}({_arguments(program)}) == expected({_arguments(program)})",
    ]


def _chain(program: Program) -> tuple[Source, tuple[Step, ...]] | None:
    """The source and the stages of a program that is one plain chain over a list and nothing else."""
    if program.guard is not None:
        return None
    found = list(nodes(program.root))
    sources = [node for node in found if isinstance(node, Source)]
    chain = tuple(node for node in found if isinstance(node, Step))
    if len(sources) != 1 or any(len(step.inputs) != 1 for step in chain):
        return None
    return sources[0], chain


def _law(program: Program, name: str) -> Block | None:
    """A law that the shape of the term implies, if it implies one."""
    plain = _chain(program)
    if plain is None:
        return None
    source, chain = plain
    data = source.parameter.name
    if (
        source.type.kind == "list"
        and all(step.stage.name in _ELEMENTWISE for step in chain[:-1])
        and not _uses_other(chain, data)
    ):
        last = chain[-1].stage.name
        if last in _ELEMENTWISE or last in _ADDITIVE:
            return (), _concatenation(program, name, source)
        if last in _ORDER_FREE:
            return (), _reversal(program, name, data)
    settled = [step.stage.name for step in chain]
    if (
        all(one in _SETTLED for one in settled)
        and all(one == "filter" for one in settled[:-1])
        and program.type == source.type
    ):
        result = f"{name}({_arguments(program)})"
        again = ", ".join("once" if one.name == data else one.name for one in program.parameters)
        return (), [
            _given(program),
            _head(program, "test_a_second_application_changes_nothing"),
            f"    once = {result}",
            f"    assert {name}({again}) == once",
        ]
    return None


def _uses_other(chain: Sequence[Step], data: str) -> bool:
    return any(
        isinstance(argument, Parameter) and argument.name == data for step in chain for argument in step.arguments
    )


def _concatenation(program: Program, name: str, source: Source) -> list[str]:
    data = source.parameter.name
    more = f"more_{data}"

    def applied(value: str) -> str:
        return f"{name}({', '.join(value if one.name == data else one.name for one in program.parameters)})"

    given = _given(program, f"{more}={parameter_strategy(source.parameter)}")
    head = _head(program, "test_parts_can_be_handled_separately").replace(
        ") -> None:", f", {more}: {annotation(source.type)}) -> None:"
    )
    return [given, head, f"    assert {applied(f'{data} + {more}')} == {applied(data)} + {applied(more)}"]


def _reversal(program: Program, name: str, data: str) -> list[str]:
    turned = ", ".join(f"{one.name}[::-1]" if one.name == data else one.name for one in program.parameters)
    return [
        _given(program),
        _head(program, "test_the_order_of_the_input_does_not_matter"),
        f"    assert {name}({turned}) == {name}({_arguments(program)})",
    ]


def _facts_property(program: Program, name: str, facts: Sequence[str]) -> Block:
    return (), [
        _given(program),
        _head(program, "test_the_result_is_well_formed"),
        f"    result = {name}({_arguments(program)})",
        *(f"    assert {fact}" for fact in facts),
    ]


def _arguments_kept(program: Program, name: str) -> Block:
    data = next(one for one in program.parameters if one.type.kind in ("list", "dict", "set"))
    return (), [
        _given(program),
        _head(program, "test_the_argument_is_left_alone"),
        f"    before = {data.type.kind}({data.name})",
        f"    {name}({_arguments(program)})",
        f"    assert {data.name} == before",
    ]


def chosen_examples(cases: Sequence[Case], *, most: int = 8, width: int = 900) -> tuple[Case, ...]:
    """Examples without repetitions, results as varied as can be, short enough to read."""
    seen: set[str] = set()
    results: dict[str, int] = {}
    chosen: list[Case] = []
    length = 0
    for environment, result in cases:
        key, value = repr([(name, shown(one)) for name, one in environment.items()]), shown(result)
        if key in seen or results.get(value, 0) >= 2 or length + len(key) > width:
            continue
        seen.add(key)
        results[value] = results.get(value, 0) + 1
        length += len(key)
        chosen.append((environment, result))
    return tuple(chosen[:most])
