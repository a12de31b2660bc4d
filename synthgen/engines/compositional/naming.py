"""A name for the function, from what the term does."""

import keyword
import random

from synthgen.engines.compositional.expressions import Function1, slug
from synthgen.engines.compositional.terms import Node, Program, Source, Step
from synthgen.engines.compositional.types import BOOL

_VERBS = ("get", "compute", "find", "make", "collect")
_FILLERS = frozenset({"apply", "map", "filter"})


def entry_name(program: Program, rng: random.Random) -> str:
    """A snake_case name of at most six words."""
    words = _words(program.root)
    parts = [part for word in words for part in word.split("_")]
    parts = list(dict.fromkeys(parts[:6]))
    while parts and parts[-1] in ("of", "and", "from"):
        parts.pop()
    text = "_".join(parts)
    taken = {parameter.name for parameter in program.parameters}
    if not text or text in taken or keyword.iskeyword(text) or "_" not in text or rng.random() < 0.25:
        subject = program.parameters[0].name.split("_")[0]
        text = "_".join(dict.fromkeys([rng.choice(_VERBS), *parts[:3], *(["from"] if parts else []), subject]))
    return text


def _words(node: Node) -> list[str]:
    """The last stage first, then what came before it."""
    if isinstance(node, Source):
        return [node.parameter.name]
    own = _own(node)
    if len(node.inputs) == 2:
        return [*_words(node.inputs[0])[:1], "and", *_words(node.inputs[1])[:1]]
    rest = _words(node.inputs[0])
    joint = ["of"] if node.stage.slug and node.type.kind in ("int", "optional") and rest else []
    return [*own, *joint, *rest][:4]


def _own(node: Step) -> list[str]:
    if node.stage.name in _FILLERS:
        function = node.arguments[0]
        word = slug(function.body) if isinstance(function, Function1) else ""
        return [word] if word and not (node.stage.name == "filter" and function.type != BOOL) else []
    return [node.stage.slug] if node.stage.slug else []
