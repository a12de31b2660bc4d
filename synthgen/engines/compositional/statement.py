"""Put a term into English: what to do, in order, complete and without ambiguity."""

import random
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from synthgen.engines.compositional.expressions import Constant, Function1, english, literal, relative
from synthgen.engines.compositional.scalars import noun
from synthgen.engines.compositional.stages import Argument
from synthgen.engines.compositional.terms import Node, Program, Source, Step, nodes, signature, wrapped_signature
from synthgen.engines.compositional.types import BOOL, INT, Type, shown

PROMPT_STYLES = ("prose", "numbered", "stub", "request", "bullets", "terse")


@dataclass(frozen=True, slots=True)
class Telling:
    """A node in words: what to do first, and a noun phrase for the value itself."""

    doing: tuple[str, ...]
    value: str


_PLURALS = (
    ("that is ", "that are "),
    ("that has ", "that have "),
    ("that contains ", "that contain "),
    ("that starts ", "that start "),
    ("that ends ", "that end "),
    ("that leaves ", "that leave "),
    ("that lies ", "that lie "),
    ("that reads ", "that read "),
    ("that does ", "that do "),
)
_MORE_PLURALS = (
    ("is", "are"),
    ("has", "have"),
    ("contains", "contain"),
    ("starts", "start"),
    ("ends", "end"),
    ("leaves", "leave"),
    ("lies", "lie"),
    ("reads", "read"),
    ("does", "do"),
)


def plural_clause(clause: str) -> str:
    """A relative clause about several: `that is even and has ...` becomes `that are even and have ...`."""
    if not clause.startswith("that "):
        return clause
    for single, several in _PLURALS:
        clause = clause.replace(single, several) if clause.startswith(single) else clause
    for single, several in _MORE_PLURALS:
        clause = re.sub(rf"\b(and|or) {single}\b", rf"\1 {several}", clause)
    return clause


def plural(kind: Type) -> str:
    """What several elements of this type are called."""
    return {"entry": "entries"}.get(noun(kind), noun(kind) + "s")


def described(kind: Type) -> str:
    """A type in words: `a list of integers`."""
    return f"{'an' if kind == INT else 'a'} {_named(kind)}"


def _named(kind: Type, *, several: bool = False) -> str:
    end = "s" if several else ""
    match kind.kind:
        case "int":
            return "integer" + end
        case "bool":
            return "boolean" + end
        case "str":
            return "string" + end
        case "list":
            return f"list{end} of {_named(kind.item, several=True)}"
        case "set":
            return f"set{end} of {_named(kind.item, several=True)}"
        case "dict":
            word = "dictionaries" if several else "dictionary"
            return f"{word} from {_named(kind.items[0], several=True)} to {_named(kind.items[1], several=True)}"
        case "optional":
            return (
                f"{_named(kind.item, several=several)} or `None`"
                if not several
                else f"{_named(kind.item, several=True)} and `None`s"
            )
        case "tuple":
            return f"pair{end} ({', '.join(_named(item) for item in kind.items)})"


def told(node: Node, known: dict[int, str]) -> Telling:
    """The node in words; `known` holds the phrases of nodes already introduced."""
    if id(node) in known:
        return Telling((), known[id(node)])
    if isinstance(node, Source):
        return Telling((), _start(node))
    source = node.inputs[0]
    them = told(source, known).value if isinstance(source, Source) or id(source) in known else _result_of(source)
    return Telling(told_steps(source, known), _value(node, them))


def told_steps(node: Node, known: dict[int, str]) -> tuple[str, ...]:
    """Every step up to this node as an imperative clause."""
    if isinstance(node, Source) or id(node) in known:
        return ()
    return (*told_steps(node.inputs[0], known), _clause(node, known))


def _clause(node: Step, known: dict[int, str]) -> str:
    source = node.inputs[0]
    them = told(source, known).value if isinstance(source, Source) or id(source) in known else _result_of(source)
    if node.stage.does:
        return _filled(node.stage.does, node, them)
    value = _value(node, them)
    if node.stage.name == "apply":
        return f"take {value}"
    if value.startswith(("the list", "the set", "a dictionary", "a pair")):
        return f"build {value}"
    if value.startswith("`True`"):
        return f"produce {value}"
    return f"{'find' if value.startswith(('the first', 'the last', 'the one', 'the key')) else 'compute'} {value}"


def _start(node: Source) -> str:
    name, kind = f"`{node.parameter.name}`", node.type
    if kind.kind == "list":
        return f"the {plural(kind.item)} in {name}"
    return name


def _result_of(node: Node) -> str:
    kind = node.type
    if kind.kind == "list":
        keeps = isinstance(node, Step) and node.stage.keeps and node.stage.length == "fewer"
        return f"the {'remaining' if keeps else 'resulting'} {plural(kind.item)}"
    return {
        "int": "that number",
        "str": "that string",
        "dict": "that dictionary",
        "tuple": "that pair",
        "set": "that set",
    }.get(kind.kind, "that result")


def _value(node: Step, them: str) -> str:
    if node.stage.english:
        return _filled(node.stage.english, node, them)
    return "the resulting list"


def _filled(template: str, node: Step, them: str) -> str:
    source = node.inputs[0]
    element = noun(source.type.items[-1]) if source.type.items and node.stage.name != "apply" else noun(source.type)
    where = f" in `{source.parameter.name}`" if isinstance(source, Source) and source.type.kind == "list" else ""
    apply = node.stage.name == "apply"
    phrases = [_argument(argument, them if apply else f"the {element}") for argument in node.arguments]
    several = plural_clause(phrases[0]) if phrases else ""
    text = template.format(
        *phrases,
        them=them,
        source=f"`{source.parameter.name}`" if isinstance(source, Source) else them,
        one=element + where,
        kind=element,
        plural=several,
    )
    text = text.replace("a entry", "an entry").replace("in its current order", "in order")
    text = re.sub(r"\bthe first 1 of", "the first one of", text)
    text = re.sub(r"\bthe last 1 of", "the last one of", text)
    text = text.replace("number of the ", "number of ")
    text = re.sub(
        r"\bone of (.*?)(, in their current order)? \(all, if there are fewer\)", r"one of \1 (if there are any)", text
    )
    return re.sub(r"`None`s? if there are none", "`None` if there are none", text)


def _argument(argument: Argument, subject: str) -> str:
    if isinstance(argument, Constant):
        return str(argument.value) if argument.type == INT else f"`{literal(argument.value)}`"
    if isinstance(argument, Function1):
        return relative(argument.body) if argument.type == BOOL else english(argument.body, subject)
    return f"`{argument.name}`"


def instructions(program: Program) -> list[str]:
    """The whole task as sentences without numbers, the last of them saying what to return."""
    sentences: list[str] = []
    if program.guard is not None and program.early is not None:
        condition = english(program.guard.body, f"`{program.parameters[0].name}`")
        early = _chain_sentences(program.early)
        inner = "; then ".join(_lower(sentence.rstrip(".")) for sentence in early)
        sentences.append(f"If {condition}, {inner}." if len(early) == 1 else f"If {condition}, do only this: {inner}.")
        rest = _chain_sentences(program.root)
        return [sentences[0], f"Otherwise, {_lower(rest[0])}", *rest[1:]]
    return _chain_sentences(program.root)


def _chain_sentences(root: Node) -> list[str]:
    if isinstance(root, Step) and len(root.inputs) == 2:
        return _joint_sentences(root)
    return _sentences(told_steps(root, {})[:-1], root, {})


def _sentences(doing: Sequence[str], root: Node, known: dict[int, str]) -> list[str]:
    if isinstance(root, Source):
        return [f"Return `{root.parameter.name}`."]
    lead = [_capital(clause) + "." for clause in doing]
    if not root.stage.english:
        last = told_steps(root, known)[-1]
        return [*lead, f"{_capital(last)}.", "Return the resulting list."]
    return [*lead, f"Return {told(root, known).value}."]


def _joint_sentences(root: Step) -> list[str]:
    left, right = root.inputs
    known: dict[int, str] = {}
    sentences: list[str] = []
    common = _trunk(left, right)
    if isinstance(common, Step):
        sentences = [_capital(clause) + "." for clause in told_steps(common, {})]
        kept = _result_of(common)
        known[id(common)] = kept
        sentences[-1] = f"{sentences[-1][:-1]}; A and B below both start from {kept}."
    for name, node in (("A", left), ("B", right)):
        doing = told_steps(node, known)
        if id(node) in known or isinstance(node, Source):
            sentences.append(f"Let {name} be {told(node, known).value}.")
        elif isinstance(node, Step) and node.stage.english:
            lead = "; then ".join(doing[:-1])
            final = told(node, known).value
            sentences.append(f"For {name}, {lead}; {name} is {final}." if lead else f"Let {name} be {final}.")
        else:
            sentences.append(f"For {name}, {'; then '.join(doing)}; {name} is the resulting list.")
    joined = root.stage.english.format(a="A", b="B")
    return [*sentences, f"Return {joined}."]


def _trunk(left: Node, right: Node) -> Node | None:
    shared = {id(node) for node in nodes(left)} & {id(node) for node in nodes(right)}
    common = [node for node in nodes(left) if id(node) in shared]
    return common[-1] if common else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not text.startswith(("A ", "B ", "`")) else text


def assumptions(program: Program) -> str:
    """The preconditions as a sentence, or nothing."""
    bounded = [f"`{one.low} <= {one.name} <= {one.high}`" for one in program.parameters if one.low is not None]
    return f"You may assume that {' and '.join(bounded)}." if bounded else ""


def doctest(name: str, program: Program, cases: Sequence[tuple[dict[str, object], object]]) -> list[str]:
    """The examples as an interpreter session."""
    lines: list[str] = []
    for environment, result in cases:
        lines.extend([f">>> {call(name, program, environment)}", shown(result)])
    return lines


def call(name: str, program: Program, environment: dict[str, object]) -> str:
    """A call with these arguments as source."""
    return f"{name}({', '.join(shown(environment[one.name]) for one in program.parameters)})"


def parameters_described(program: Program) -> str:
    """One phrase for each parameter, joined."""
    phrases = [f"`{one.name}` ({_named_type(one.type)})" for one in program.parameters]
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]


def _named_type(kind: Type) -> str:
    return described(kind)


def prompt(
    program: Program, name: str, style: str, cases: Sequence[tuple[dict[str, object], object]], rng: random.Random
) -> str:
    """The text that a solver is given."""
    told_all = instructions(program)
    notes = assumptions(program)
    head = signature(program, name).removeprefix("def ").removesuffix(":")
    examples = doctest(name, program, cases)
    if style == "stub":
        docstring = [*textwrap.wrap(" ".join(told_all + ([notes] if notes else [])), 84), "", *examples]
        return (
            "\n".join(
                [
                    *wrapped_signature(program, name),
                    '    """' + docstring[0],
                    *("    " + line if line else "" for line in docstring[1:]),
                    '    """',
                ]
            )
            + "\n"
        )
    if style == "numbered":
        steps = "\n".join(f"{place}. {sentence}" for place, sentence in enumerate(told_all, 1))
        lead = rng.choice(("Implement", "Write", "Define", "Complete")) + f" `{head}`"
        given = f"It is given {parameters_described(program)}."
        return (
            "\n\n".join(
                part
                for part in (f"{lead}. {given} It works as follows:", steps, notes, _example_block(examples, rng))
                if part
            )
            + "\n"
        )
    if style == "bullets":
        steps = "\n".join(f"- {sentence}" for sentence in told_all)
        inputs = "\n".join(f"- `{one.name}`: {described(one.type)}" for one in program.parameters)
        blocks = (
            f"Task: write the Python function `{head}`.",
            "Parameters:\n" + inputs,
            "What it does, in this order:\n" + steps,
            notes,
            _example_block(examples, rng),
        )
        return "\n\n".join(part for part in blocks if part) + "\n"
    if style == "request":
        opening = rng.choice(
            (
                f"I am working with {parameters_described(program)} and need a Python function for it:",
                f"Could you write a small Python function for me? Its input is {parameters_described(program)}.",
                f"For a report I need one function that takes {parameters_described(program)}.",
                f"We need a function in our code base that takes {parameters_described(program)}.",
            )
        )
        return f"{opening}\n\n{_prose(told_all)}{' ' + notes if notes else ''}\n\nPlease use this signature: `{head}`.\n\n{_example_block(examples, rng)}\n"
    if style == "terse":
        return f"`{head}`\n\n{_prose(told_all)}{' ' + notes if notes else ''}\n\n" + "\n".join(examples) + "\n"
    opening = rng.choice(
        ("Write a Python function", "Write a function", "Implement the Python function", "Create a function")
    )
    tail = rng.choice(("", "", "The arguments must not be modified.", "Do not change the arguments."))
    parts = (
        f"{opening} `{head}`.",
        f"{_prose(told_all)}{' ' + notes if notes else ''}{' ' + tail if tail else ''}",
        _example_block(examples, rng),
    )
    return "\n\n".join(parts) + "\n"


def _prose(sentences: Sequence[str]) -> str:
    """The sentences as running text, the order made plain."""
    if len(sentences) == 1 or any(sentence.startswith(("If ", "Let ", "For ")) for sentence in sentences):
        return " ".join(sentences)
    words = ["First,", "Then", "Next,", "After that,", "Then", "Next,", "After that,"]
    linked = [f"{words[place]} {_lower(sentence)}" for place, sentence in enumerate(sentences[:-1])]
    return " ".join([*linked, f"Finally, {_lower(sentences[-1])}"])


def _example_block(examples: Sequence[str], rng: random.Random) -> str:
    title = rng.choice(("Examples:", "For example:", "Some examples:"))
    return title + "\n\n" + "\n".join(examples)
