"""Facts that follow from the term: pre- and postconditions as single expressions over builtins."""

import random

from synthgen.engines.compositional.expressions import (
    Apply,
    Code,
    Constant,
    Dialect,
    Expression,
    Function1,
    Parameter,
    written,
)
from synthgen.engines.compositional.names import Names
from synthgen.engines.compositional.stages import function_of, operand
from synthgen.engines.compositional.terms import Node, Program, Source, Step, evaluate
from synthgen.engines.compositional.types import INT, hashable, shown
from synthgen.engines.compositional.writer import Writing

LONGEST_POST = 220
MOST_FACTS = 6
DIALECTS: tuple[Dialect, ...] = ("reference", "code")


def postconditions(program: Program) -> tuple[str, ...]:
    """True statements about `__return__`, the exact one last; each fits one line."""
    names = Names({one.name for one in program.parameters}, rng=random.Random(0))
    facts = _facts(program.root, names)
    if program.guard is not None and program.early is not None:
        test = written(program.guard.body, Code(program.parameters[0].name), dialect="code")
        facts = [f"{test:1} or {_tight(fact)}" for fact in facts]
        facts += [f"not {test:3} or {_tight(fact)}" for fact in _facts(program.early, names)]
    kept = [fact for fact in dict.fromkeys(facts) if len(fact) <= LONGEST_POST][:MOST_FACTS]
    for dialect in DIALECTS:
        exact = [post for post in _exact(program, dialect) if len(post) <= LONGEST_POST]
        if exact:
            return (*kept, *exact)
    return tuple(kept) or _on_empty(program)


_EMPTY: dict[str, object] = {"list": [], "str": "", "dict": {}, "set": set()}


def _on_empty(program: Program) -> tuple[str, ...]:
    """What a function of one collection gives for the empty one: the fact that is left where no other fits a line."""
    only = program.parameters[0]
    if len(program.parameters) > 1 or only.type.kind not in _EMPTY:
        return ()
    result = evaluate(program, {only.name: _EMPTY[only.type.kind]})
    expected = f"is {result}" if result is None or isinstance(result, bool) else f"== {shown(result)}"
    return (f"len({only.name}) > 0 or __return__ {expected}",)


def _tight(fact: str) -> str:
    """A fact as an operand of `or`; a fact that is an `or` itself needs no brackets there."""
    return f"({fact})" if " if " in fact and not fact.startswith(("all(", "len(", "sum(")) else fact


def one_line(program: Program, root: Node, *, dialect: Dialect = "reference") -> str | None:
    """The node's value as one expression without imports, if it has such a form."""
    writing = Writing(program, style="comprehension", dialect=dialect, rng=random.Random(0), width=10_000)
    writing.shared = set()
    code = writing.code(root)
    if code is None or writing.lines or writing.imports:
        return None
    return f"{code:5}".replace("not not ", "")


def _exact(program: Program, dialect: Dialect) -> list[str]:
    root = program.root
    value = _builtin(one_line(program, root, dialect=dialect))
    if program.guard is not None and program.early is not None:
        early = _builtin(one_line(program, program.early, dialect=dialect))
        test = written(program.guard.body, Code(program.parameters[0].name), dialect=dialect)
        return [f"__return__ == ({early} if {test:1} else {value})"] if value is not None and early is not None else []
    if isinstance(root, Step) and root.stage.name == "both":
        parts = [_builtin(one_line(program, one, dialect=dialect)) for one in root.inputs]
        return [f"__return__[{place}] == {part}" for place, part in enumerate(parts) if part is not None]
    return [f"__return__ == {value}"] if value is not None else []


def _builtin(code: str | None) -> str | None:
    """The code, unless it calls what a contract may not call."""
    return None if code is None or "next(" in code or "groupby(" in code else code


def _facts(root: Node, names: Names) -> list[str]:
    if not isinstance(root, Step):
        return []
    if root.stage.name == "both":
        parts = [_facts(one, names) for one in root.inputs]
        return [
            fact.replace("__return__", f"__return__[{place}]") for place, facts in enumerate(parts) for fact in facts
        ]
    if len(root.inputs) > 1:
        return _append_facts(root)
    facts = [*_element_facts(root, names), *_fold_facts(root, names), *_shape_facts(root, names)]
    if root.type.kind == "list":
        facts.extend([*_length_facts(root), *_order_facts(root, names)])
    return facts


def _append_facts(root: Step) -> list[str]:
    """The length of two lists in one, where their lengths are known."""
    lengths = [_source_length(one) for one in root.inputs if one.type.kind == "list"]
    known = [length for length in lengths if length is not None]
    if root.stage.name != "append" or len(known) < 2:
        return []
    relation = "==" if all(exact for _, exact in known) else "<="
    return [f"len(__return__) {relation} {' + '.join(text for text, _ in known)}"]


def _base(root: Node) -> tuple[Node, tuple[Step, ...]]:
    """Go back over the stages that only keep elements: where they begin, and those stages in order."""
    kept: list[Step] = []
    node = root
    while isinstance(node, Step) and node.stage.keeps:
        kept.insert(0, node)
        node = node.inputs[0]
    return node, tuple(kept)


def _element_facts(root: Step, names: Names) -> list[str]:
    """Where the elements come from, which conditions they satisfy, which range they are in."""
    facts: list[str] = []
    base, kept = _base(root)
    item = names.passing("item", "element")
    if root.type.kind == "list":
        if kept and isinstance(base, Source):
            facts.append(f"all({item} in {base.parameter.name} for {item} in __return__)")
        for step in kept:
            if step.stage.name == "filter":
                test = written(function_of(step.arguments[0]).body, Code(item), dialect="reference")
                facts.append(f"all({test:1} for {item} in __return__)".replace("not not ", ""))
            if step.stage.name == "without":
                facts.append(f"all({item} not in {operand(step.arguments[0])} for {item} in __return__)")
        if isinstance(base, Step) and base.stage.name == "map":
            facts.extend(
                f"all({bound} for {item} in __return__)" for bound in _range(function_of(base.arguments[0]).body, item)
            )
    if root.stage.name == "map_values":
        facts.extend(
            f"all({bound} for {item} in __return__.values())"
            for bound in _range(function_of(root.arguments[0]).body, item)
        )
    if root.stage.name == "apply":
        facts.extend(_range(function_of(root.arguments[0]).body, "__return__"))
    return facts


_COUNTS = {
    "length",
    "size",
    "occurrences",
    "vowels",
    "variety",
    "distinct",
    "absolute",
    "square",
    "digit_sum",
    "distance",
}


def _range(body: Expression, value: str) -> list[str]:
    """What the outermost operation says about the range of its value."""
    if not isinstance(body, Apply):
        return []
    name, extra = body.scalar.name, body.operands[1] if len(body.operands) > 1 else None
    if name in _COUNTS:
        return [f"{value} >= 0"]
    if name == "last_digit":
        return [f"0 <= {value} <= 9"]
    if name == "digits":
        return [f"{value} >= 1"]
    if isinstance(extra, Constant | Parameter):
        limit = operand(extra)
        if name == "remainder":
            return [f"0 <= {value} < {limit:5}"]
        if name == "at_least":
            return [f"{value} >= {limit:5}"]
        if name == "at_most":
            return [f"{value} <= {limit:5}"]
        if name == "shortened":
            return [f"len({value}) <= {limit:5}"]
        if name == "without":
            return [f"{limit} not in {value}"]
    return []


def _source_length(node: Node) -> tuple[str, bool] | None:
    """An expression for the length and whether it is exact rather than an upper bound."""
    exact = True
    while isinstance(node, Step):
        if node.stage.length == "" or node.inputs[0].type.kind != "list":
            return None
        exact = exact and node.stage.length == "same"
        node = node.inputs[0]
    return (f"len({node.parameter.name})", exact) if node.type.kind in ("list", "set", "dict") else None


def _length_facts(root: Step) -> list[str]:
    facts: list[str] = []
    known = _source_length(root)
    if known is not None:
        facts.append(f"len(__return__) {'==' if known[1] else '<='} {known[0]}")
    if root.stage.name in ("take", "take_last"):
        facts.append(f"len(__return__) <= {operand(root.arguments[0]):5}")
    return facts


def _order_facts(root: Step, names: Names) -> list[str]:
    """Order and distinctness, where later stages only left elements out."""
    facts: list[str] = []
    node: Node = root
    left, right = names.passing("left"), names.passing("right")
    while isinstance(node, Step):
        if node.stage.order:
            function = next((argument for argument in node.arguments if isinstance(argument, Function1)), None)
            one, two = (
                (Code(left), Code(right))
                if function is None
                else tuple(written(function.body, Code(name), dialect="reference") for name in (left, right))
            )
            comparison = "<=" if node.stage.order == "up" else ">="
            facts.append(f"all({one:5} {comparison} {two:5} for {left}, {right} in zip(__return__, __return__[1:]))")
        if node.stage.name in ("unique", "sorted_set") and hashable(root.type.item):
            facts.append("len(set(__return__)) == len(__return__)")
        if not (node.stage.keeps and node.stage.length == "fewer"):
            break
        node = node.inputs[0]
    return facts


def _shape_facts(root: Step, names: Names) -> list[str]:
    """What windows, blocks, digits and the like look like."""
    item, name = names.passing("item", "element"), root.stage.name
    constant = next((operand(argument) for argument in root.arguments if not isinstance(argument, Function1)), Code(""))
    shapes = {
        "windows": f"all(len({item}) == {constant} for {item} in __return__)",
        "chunks": f"all(0 < len({item}) <= {constant} for {item} in __return__)",
        "groups": f"all(len({item}) > 0 for {item} in __return__)",
        "run_lengths": f"all({item}[1] > 0 for {item} in __return__)",
        "digits": f"all(0 <= {item} <= 9 for {item} in __return__)",
        "bits": f"all(0 <= {item} <= 1 for {item} in __return__)",
        "places": f"all({item} >= 0 for {item} in __return__)",
        "divisors": f"all({item} > 0 for {item} in __return__)",
    }
    return [shapes[name]] if name in shapes else []


def _fold_facts(root: Step, names: Names) -> list[str]:
    """Bounds on counts, witnesses of searches, totals of groupings."""
    name, source = root.stage.name, root.inputs[0]
    facts: list[str] = []
    length = _source_length(source) if source.type.kind == "list" else None
    base, _kept = _base(source)
    item = names.passing("item", "element")
    if name in ("count", "length", "distinct", "longest", "rise"):
        facts.append(f"0 <= __return__ <= {length[0]}" if length is not None else "__return__ >= 0")
    if name in ("span", "inversions"):
        facts.append("__return__ >= 0")
    if name == "position":
        facts.append(f"-1 <= __return__ < {length[0]}" if length is not None else "__return__ >= -1")
    if root.type.kind == "optional" and source.type.kind == "list":
        if isinstance(base, Source):
            facts.append(f"__return__ is None or __return__ in {base.parameter.name}")
        if name in ("first", "last"):
            test = written(function_of(root.arguments[0]).body, Code("__return__"), dialect="reference")
            facts.append(f"__return__ is None or {test:2}".replace("not not ", ""))
        if isinstance(source, Source) and name not in ("first", "last", "second"):
            facts.append(f"(__return__ is None) == ({base_name(source)} == [])")
    if name in ("largest", "largest_or") and isinstance(source, Source) and source.type.item == INT:
        never_above = f"all({item} <= __return__ for {item} in {base_name(source)})"
        facts.append(f"__return__ is None or {never_above}" if name == "largest" else never_above)
    exact = length is not None and length[1]
    if exact and length is not None:
        totals = {
            "group_by": f"sum(len({item}) for {item} in __return__.values()) == {length[0]}",
            "count_by": f"sum(__return__.values()) == {length[0]}",
            "frequencies": f"sum(__return__.values()) == {length[0]}",
            "partition": f"len(__return__[0]) + len(__return__[1]) == {length[0]}",
        }
        if name in totals:
            facts.append(totals[name])
    if name in ("count_by", "frequencies"):
        facts.append(f"all({item} > 0 for {item} in __return__.values())")
    if name == "group_by":
        test = written(function_of(root.arguments[0]).body, Code(item), dialect="reference")
        key, group = names.passing("key", "label"), names.passing("group", "members")
        facts.append(f"all({test:5} == {key} for {key}, {group} in __return__.items() for {item} in {group})")
    return facts


def base_name(source: Source) -> str:
    """The name of a source's parameter."""
    return source.parameter.name
