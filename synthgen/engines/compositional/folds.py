"""Stages that take a list to one value: sums, counts, searches, extremes, joins."""

from collections.abc import Callable

from synthgen.engines.compositional.scalars import DEFAULT, MODULUS, Role
from synthgen.engines.compositional.stages import Argument, Loop, Stage, always, is_exactly, is_list
from synthgen.engines.compositional.types import BOOL, INT, STR, Type, hashable, list_of, optional, orderable, set_of

INTEGERS = list_of(INT)
SEPARATOR = Role("separator", STR, ("-", ", ", "", " ", "/", "+", "|"), ("separator", "glue", "delimiter"))

Values = list[object]
Integers = list[int]
Test = Callable[[object], bool]
Key = Callable[[object], int]


def _optional_item(given: Type, _: tuple[Argument, ...]) -> Type:
    return optional(given.item)


def _searchable(given: Type) -> bool:
    return given.kind == "list" and given.item.kind in ("int", "str", "tuple")


def _first(values: Values, wanted: Test) -> object:
    return next((value for value in values if wanted(value)), None)


def _position(values: Values, wanted: Test) -> int:
    return next((place for place, value in enumerate(values) if wanted(value)), -1)


def _longest(values: Values, wanted: Test) -> int:
    best = current = 0
    for value in values:
        current = current + 1 if wanted(value) else 0
        best = max(best, current)
    return best


def _rise(values: Integers) -> int:
    best = current = 0
    for place, value in enumerate(values):
        current = current + 1 if place and values[place - 1] < value else 1
        best = max(best, current)
    return best


def _second(values: Integers) -> int | None:
    distinct = sorted(set(values))
    return distinct[-2] if len(distinct) > 1 else None


def _product(values: Integers, modulus: int) -> int:
    total = 1
    for value in values:
        total = total * value % modulus
    return total % modulus


def _horner(values: Integers) -> int:
    total = 0
    for value in values:
        total = 2 * total + value
    return total


# fmt: off
def _sums() -> tuple[Stage, ...]:
    integers, to_integer = is_exactly(INTEGERS), always(INT)
    return (
        Stage("sum", integers, to_integer, sum, lambda c: f"sum({c.gen})",
              lambda c: f"{c.out} = 0\nfor {c.name('place')} in range(len({c.src}), 0, -1):\n    {c.out} = {c.src}[{c.name('place')} - 1] + {c.out}",
              "the sum of {them} (0 if there are none)", names=("total", "sum_so_far", "result"), slug="sum",
              loop=Loop("0", lambda c: f"{c.out} += {c.x:1}"), streams=True, recursion=("0", "{head:5} + {tail}"), weight=2.0),
        Stage("alternating", integers, to_integer, lambda xs: sum(xs[::2]) - sum(xs[1::2]),
              lambda c: f"sum({c.src}[::2]) - sum({c.src}[1::2])",
              lambda c: (f"{c.out} = 0\nfor {c.name('value')} in reversed({c.src}):\n    {c.out} = {c.name('value')} - {c.out}"),
              "the alternating sum of {them}: the first minus the second plus the third and so on (0 if there are none)",
              names=("balance", "alternating_sum"), slug="alternating_sum", level=5,
              loop=Loop("0", lambda c: f"{c.out} += {c.name('sign')} * {c.x:7}\n{c.name('sign')} = -{c.name('sign')}",
                        before=lambda c: f"{c.name('sign')} = 1"), streams=False),
        Stage("weighted", integers, to_integer, lambda xs: sum(place * value for place, value in enumerate(xs, 1)),
              lambda c: f"sum({c.name('place')} * {c.name('value')} for {c.name('place')}, {c.name('value')} in enumerate({c.src:1}, start=1))",
              lambda c: (f"{c.out} = 0\nfor {c.name('place')} in range(len({c.src})):\n    {c.out} += sum({c.src}[{c.name('place')}:])"),
              "the sum of {them}, each multiplied by its position (positions start at 1; 0 if there are none)",
              names=("weighted_total", "score"), slug="weighted_sum",
              loop=Loop("0", lambda c: f"{c.name('position')} += 1\n{c.out} += {c.name('position')} * {c.x:7}",
                        before=lambda c: f"{c.name('position')} = 0")),
        Stage("product", integers, to_integer, _product,
              lambda c: f"prod({c.gen}) % {c.arg(0):7}",
              lambda c: (f"{c.out} = 1\nfor {c.name('value')} in {c.src}:\n    {c.out} *= {c.name('value')}\n{c.out} = {c.out} % {c.arg(0):7}"),
              "the product of {them} modulo {0} (the empty product is 1 modulo {0})", names=("product",), slug="product",
              slots=(MODULUS,), imports="from math import prod", loop=Loop("1", lambda c: f"{c.out} = {c.out} * {c.x:7} % {c.arg(0):7}",
                                          finish=lambda c: f"{c.out} % {c.arg(0):7}"), streams=True, level=6, weight=0.6),
        Stage("horner", integers, to_integer, _horner,
              lambda c: f"sum({c.name('value')} * 2 ** {c.name('place')} for {c.name('place')}, {c.name('value')} in enumerate(reversed({c.src:1})))",
              lambda c: (f"{c.out} = 0\n{c.name('weight')} = 1\nfor {c.name('value')} in {c.src}[::-1]:\n"
                         f"    {c.out} += {c.name('weight')} * {c.name('value')}\n    {c.name('weight')} += {c.name('weight')}"),
              "the number obtained by starting at 0 and, for each of {them} in turn, doubling the number and adding that value",
              names=("accumulated", "number"), slug="doubling_fold", loop=Loop("0", lambda c: f"{c.out} = 2 * {c.out} + {c.x:6}"), streams=True,
              weight=0.6),
        Stage("average", integers, to_integer, lambda xs: sum(xs) // len(xs) if xs else 0,
              lambda c: f"sum({c.src:1}) // max(len({c.src:1}), 1)",
              lambda c: (f"{c.out} = 0\nif {c.src}:\n    {c.name('rest')} = sum({c.src}) % len({c.src})\n"
                         f"    {c.out} = (sum({c.src}) - {c.name('rest')}) // len({c.src})"),
              "the average of {them}, rounded down (0 if there are none)", names=("average", "mean"), slug="average", level=6,
              weight=1.2),
        Stage("span", integers, to_integer, lambda xs: max(xs) - min(xs) if xs else 0,
              lambda c: f"max({c.src:1}, default=0) - min({c.src:1}, default=0)",
              lambda c: (f"{c.name('ranked')} = sorted({c.src})\n{c.out} = {c.name('ranked')}[-1] - {c.name('ranked')}[0] if {c.name('ranked')} else 0"),
              "the difference between the largest and the smallest of {them} (0 if there are none)",
              names=("spread", "span"), slug="spread", level=5, weight=1.2),
    )


def _counts() -> tuple[Stage, ...]:
    to_integer = always(INT)
    return (
        Stage("count", is_list, to_integer, lambda xs, p: sum(1 for x in xs if p(x)),
              lambda c: f"sum({c.comp('1', c.f(0, c.x))})",
              lambda c: f"{c.out} = len({c.src}) - len([{c.name('item')} for {c.name('item')} in {c.src} if {c.no(0, c.name('item')):3}])",
              "the number of {them} {plural}", names=("count", "matches", "tally"), slug="count", slots=("condition",),
              loop=Loop("0", lambda c: f"if {c.f(0, c.x):1}:\n    {c.out} += 1"), streams=True,
              recursion=("0", "{tail} + 1 if {test:1} else {tail}"), weight=2.0),
        Stage("length", is_list, to_integer, len, lambda c: f"len({c.src:1})",
              lambda c: f"{c.out} = 0\nfor _ in {c.src}:\n    {c.out} += 1",
              "the number of {them}", names=("count", "size", "how_many"), slug="number", weight=1.2),
        Stage("distinct", lambda t: t.kind == "list" and hashable(t.item), to_integer, lambda xs: len(set(xs)),
              lambda c: f"len(set({c.gen}))",
              lambda c: (f"{c.out} = 0\nfor {c.name('place')} in range(len({c.src})):\n    if {c.src}[{c.name('place')}] not in {c.src}[:{c.name('place')}]:\n        {c.out} += 1"),
              "the number of distinct values among {them}", names=("distinct", "variety"), slug="distinct_count", streams=True),
        Stage("longest", is_list, to_integer, _longest,
              lambda c: (f"max(({c.name('end')} - {c.name('start')} for {c.name('start')} in range(len({c.src})) for {c.name('end')} in range({c.name('start')} + 1, len({c.src}) + 1) "
                         f"if all({c.f(0, c.name('item'))} for {c.name('item')} in {c.src}[{c.name('start')}:{c.name('end')}])), default=0)"),
              lambda c: (f"{c.name('marks')} = \"\".join(\"+\" if {c.f(0, c.name('item'))} else \" \" for {c.name('item')} in {c.src})\n"
                         f"{c.out} = max((len({c.name('run')}) for {c.name('run')} in {c.name('marks')}.split()), default=0)"),
              "the length of the longest unbroken run of {them} {plural} (0 if there is no such run)", names=("longest", "best"), slug="longest_run",
              slots=("condition",),
              loop=Loop("0", lambda c: (f"{c.name('current')} = {c.name('current')} + 1 if {c.f(0, c.x):1} else 0\n"
                                        f"{c.out} = max({c.out}, {c.name('current')})"),
                        before=lambda c: f"{c.name('current')} = 0"), weight=1.2),
        Stage("rise", is_exactly(INTEGERS), to_integer, _rise,
              lambda c: (f"max(({c.name('end')} - {c.name('start')} for {c.name('start')} in range(len({c.src})) for {c.name('end')} in range({c.name('start')} + 1, len({c.src}) + 1) "
                         f"if all({c.src}[{c.name('place')} - 1] < {c.src}[{c.name('place')}] for {c.name('place')} in range({c.name('start')} + 1, {c.name('end')}))), default=0)"),
              lambda c: (f"{c.name('lengths')} = [1] * len({c.src})\nfor {c.name('place')} in range(len({c.src}) - 2, -1, -1):\n"
                         f"    if {c.src}[{c.name('place')}] < {c.src}[{c.name('place')} + 1]:\n        {c.name('lengths')}[{c.name('place')}] += {c.name('lengths')}[{c.name('place')} + 1]\n"
                         f"{c.out} = max({c.name('lengths')}, default=0)"),
              "the length of the longest stretch of {them} in which each value is greater than the one before it (0 if there are none)",
              names=("longest", "best_rise"), slug="longest_rise",
              loop=Loop("0", lambda c: (f"{c.name('current')} = {c.name('current')} + 1 if {c.name('current')} and {c.name('previous')} < {c.x:5} else 1\n"
                                        f"{c.out} = max({c.out}, {c.name('current')})\n{c.name('previous')} = {c.x:1}"),
                        before=lambda c: f"{c.name('current')} = 0\n{c.name('previous')} = 0", repeats=True), weight=0.8),
        Stage("inversions", is_exactly(INTEGERS), to_integer,
              lambda xs: sum(xs[i] > xs[j] for i in range(len(xs)) for j in range(i + 1, len(xs))),
              lambda c: f"sum({c.name('later')} < {c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) for {c.name('later')} in {c.src}[{c.name('place')} + 1:])",
              lambda c: (f"{c.out} = 0\n{c.name('earlier')}: list[int] = []\nfor {c.name('item')} in {c.src}:\n"
                         f"    {c.out} += len([{c.name('old')} for {c.name('old')} in {c.name('earlier')} if {c.name('old')} > {c.name('item')}])\n    {c.name('earlier')}.append({c.name('item')})"),
              "the number of inversions among {them}, that is, of positions `i < j` whose first value is greater than the second",
              names=("inversions",), slug="inversions", weight=0.6),
    )


def _decisions() -> tuple[Stage, ...]:
    to_boolean = always(BOOL)
    return (
        Stage("any", is_list, to_boolean, lambda xs, p: any(p(x) for x in xs), lambda c: f"any({c.comp(c.f(0, c.x))})",
              lambda c: f"{c.out} = len([{c.name('item')} for {c.name('item')} in {c.src} if {c.f(0, c.name('item')):1}]) > 0",
              "`True` if there is at least one among {them} {0}, and `False` otherwise", names=("found",), slug="any", slots=("condition",),
              loop=Loop("False", lambda c: f"if {c.f(0, c.x):1}:\n    {c.out} = True\n    break"), streams=True,
              recursion=("False", "{test:2} or {tail}"), weight=0.5),
        Stage("all", is_list, to_boolean, lambda xs, p: all(p(x) for x in xs), lambda c: f"all({c.comp(c.f(0, c.x))})",
              lambda c: f"{c.out} = [{c.name('item')} for {c.name('item')} in {c.src} if {c.no(0, c.name('item')):3}] == []",
              "`True` if {them} contain nothing but values {plural} (so also if there are none), and `False` otherwise", names=("agreed",), slug="all", slots=("condition",),
              loop=Loop("True", lambda c: f"if {c.no(0, c.x):3}:\n    {c.out} = False\n    break"), streams=True,
              recursion=("True", "{test:3} and {tail}"), weight=0.5),
        Stage("repeated", lambda t: t.kind == "list" and hashable(t.item), to_boolean, lambda xs: len(set(xs)) < len(xs),
              lambda c: f"len(set({c.src:1})) < len({c.src:1})",
              lambda c: f"{c.out} = any({c.src}[{c.name('place')}] in {c.src}[:{c.name('place')}] for {c.name('place')} in range(len({c.src})))",
              "`True` if some value occurs more than once among {them}, and `False` otherwise", names=("repeated",), slug="has_duplicates",
              level=4, weight=0.3),
        Stage("rising", lambda t: t.kind == "list" and t.item in (INT, STR), to_boolean, lambda xs: xs == sorted(xs),
              lambda c: f"{c.src} == sorted({c.src:1})",
              lambda c: f"{c.out} = not any({c.name('left')} > {c.name('right')} for {c.name('left')}, {c.name('right')} in zip({c.src}, {c.src}[1:]))",
              "`True` if {them} never decrease from one to the next, and `False` otherwise", names=("in_order",), slug="is_sorted",
              level=4, weight=0.3),
    )


def _searches() -> tuple[Stage, ...]:
    return (
        Stage("first", _searchable, _optional_item, _first, lambda c: f"next(({c.comp(c.x, c.f(0, c.x))}), None)",
              lambda c: f"{c.out} = None\nfor {c.name('item')} in reversed({c.src}):\n    if {c.f(0, c.name('item')):1}:\n        {c.out} = {c.name('item')}",
              "the first of {them} {0}, or `None` if there is none", names=("found", "match", "first_match"), slug="first", slots=("condition",),
              loop=Loop("None", lambda c: f"if {c.f(0, c.x):1}:\n    {c.out} = {c.x:1}\n    break", repeats=True), streams=True, weight=1.5),
        Stage("last", _searchable, _optional_item, lambda xs, p: _first(xs[::-1], p),
              lambda c: f"next(({c.name('item')} for {c.name('item')} in reversed({c.src:1}) if {c.f(0, c.name('item')):1}), None)",
              lambda c: f"{c.name('hits')} = [{c.name('item')} for {c.name('item')} in {c.src} if {c.f(0, c.name('item')):1}]\n{c.out} = {c.name('hits')}[-1] if {c.name('hits')} else None",
              "the last of {them} {0}, or `None` if there is none", names=("found", "match", "last_match"), slug="last", slots=("condition",),
              loop=Loop("None", lambda c: f"if {c.f(0, c.x):1}:\n    {c.out} = {c.x:1}", repeats=True)),
        Stage("position", is_list, always(INT), _position,
              lambda c: f"next(({c.name('place')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if {c.f(0, c.name('item')):1}), -1)",
              lambda c: (f"{c.out} = -1\nfor {c.name('place')} in range(len({c.src}) - 1, -1, -1):\n    if {c.f(0, c.src.text + '[' + c.name('place') + ']'):1}:\n        {c.out} = {c.name('place')}"),
              "the position (counting from 0) of the first of {them} {0}, or -1 if there is none", names=("position", "place"), slug="position",
              slots=("condition",)),
        Stage("largest", is_exactly(INTEGERS), _optional_item, lambda xs: max(xs, default=None), lambda c: f"max({c.par}, default=None)",
              lambda c: f"{c.out} = sorted({c.src})[-1] if {c.src} else None",
              "the largest of {them}, or `None` if there are none", names=("largest", "best"), slug="largest", streams=True,
              loop=Loop("None", lambda c: f"if {c.out} is None or {c.x:5} > {c.out}:\n    {c.out} = {c.x:1}", repeats=True)),
        Stage("smallest", is_exactly(INTEGERS), _optional_item, lambda xs: min(xs, default=None), lambda c: f"min({c.par}, default=None)",
              lambda c: f"{c.out} = sorted({c.src})[0] if {c.src} else None",
              "the smallest of {them}, or `None` if there are none", names=("smallest", "least"), slug="smallest", streams=True,
              loop=Loop("None", lambda c: f"if {c.out} is None or {c.x:5} < {c.out}:\n    {c.out} = {c.x:1}", repeats=True)),
        Stage("largest_or", is_exactly(INTEGERS), always(INT), lambda xs, d: max(xs, default=d), lambda c: f"max({c.par}, default={c.arg(0):1})",
              lambda c: f"{c.out} = sorted({c.src}, reverse=True)[0] if {c.src} else {c.arg(0):1}",
              "the largest of {them}, or {0} if there are none", names=("largest", "peak"), slug="largest", slots=(DEFAULT,), streams=True, weight=1.2),
        Stage("second", is_exactly(INTEGERS), _optional_item, _second,
              lambda c: f"(sorted(set({c.gen}), reverse=True) + [None, None])[1]",
              lambda c: (f"{c.name('below')} = [{c.name('value')} for {c.name('value')} in {c.src} if {c.name('value')} != max({c.src})]\n"
                         f"{c.out} = max({c.name('below')}) if {c.name('below')} else None"),
              "the second largest distinct value among {them}, or `None` if there are fewer than two distinct values",
              names=("runner_up",), slug="runner_up", streams=True, weight=0.6),
        Stage("best", _searchable, _optional_item, lambda xs, f: max(xs, key=f, default=None),
              lambda c: f"max({c.par}, key=lambda {c.name('item')}: {c.f(0, c.name('item')):1}, default=None)",
              lambda c: (f"{c.out} = None\nfor {c.name('item')} in reversed({c.src}):\n    if {c.out} is None or {c.f(0, c.name('item')):5} >= {c.f(0, c.out):5}:\n        {c.out} = {c.name('item')}"),
              "the one among {them} with the largest value of {0}, the earliest on a tie, or `None` if there are none", names=("best", "winner", "champion"),
              slug="best", slots=("integer",), streams=True, weight=1.2),
        Stage("worst", _searchable, _optional_item, lambda xs, f: min(xs, key=f, default=None),
              lambda c: f"min({c.par}, key=lambda {c.name('item')}: {c.f(0, c.name('item')):1}, default=None)",
              lambda c: (f"{c.out} = None\nfor {c.name('item')} in reversed({c.src}):\n    if {c.out} is None or {c.f(0, c.name('item')):5} <= {c.f(0, c.out):5}:\n        {c.out} = {c.name('item')}"),
              "the one among {them} with the smallest value of {0}, the earliest on a tie, or `None` if there are none", names=("lowest", "weakest"),
              slug="lowest", slots=("integer",), streams=True),
        Stage("mode", lambda t: t.kind == "list" and t.item in (INT, STR), _optional_item, lambda xs: max(xs, key=xs.count, default=None),
              lambda c: f"max({c.src:1}, key=lambda {c.name('item')}: {c.src}.count({c.name('item')}), default=None)",
              lambda c: (f"{c.out} = None\n{c.name('most')} = 0\nfor {c.name('item')} in {c.src}:\n    {c.name('seen')} = len([0 for {c.name('again')} in {c.src} if {c.name('again')} == {c.name('item')}])\n"
                         f"    if {c.name('seen')} > {c.name('most')}:\n        {c.out}, {c.name('most')} = {c.name('item')}, {c.name('seen')}"),
              "the most frequent value among {them}, the one that appears first on a tie, or `None` if there are none",
              names=("most_common", "favourite"), slug="most_common"),
    )


def _joins() -> tuple[Stage, ...]:
    return (
        Stage("join", is_exactly(list_of(STR)), always(STR), lambda xs, s: s.join(xs), lambda c: f"{c.arg(0)}.join({c.gen})",
              lambda c: (f"{c.out} = \"\"\nfor {c.name('place')}, {c.name('piece')} in enumerate({c.src}):\n"
                         f"    {c.out} = {c.out} + {c.arg(0):6} + {c.name('piece')} if {c.name('place')} > 0 else {c.name('piece')}"),
              "{them}, joined into one string with {0} between neighbours", names=("joined", "line", "text"), slug="joined", slots=(SEPARATOR,),
              streams=True, weight=1.5),
        Stage("as_set", lambda t: t.kind == "list" and orderable(t.item) and hashable(t.item), lambda t, _: set_of(t.item), set,
              lambda c: f"set({c.gen})", lambda c: f"{c.out} = {{*()}}\nfor {c.name('item')} in {c.src}:\n    {c.out} |= {{{c.name('item')}}}",
              "the set of {them}", names=("distinct",), slug="set", streams=True, final=True, weight=0.5),
    )
# fmt: on


FOLDS: tuple[Stage, ...] = (*_sums(), *_counts(), *_decisions(), *_searches(), *_joins())
