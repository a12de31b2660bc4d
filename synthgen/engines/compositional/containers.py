"""Stages that start from or lead to strings, dictionaries and numbers, those that split, and those that bring two values together."""

from collections.abc import Callable

from synthgen.engines.compositional.scalars import DEFAULT, Role
from synthgen.engines.compositional.stages import (
    Argument,
    Loop,
    Other,
    Stage,
    always,
    function_of,
    is_exactly,
    is_list,
    same,
)
from synthgen.engines.compositional.types import BOOL, INT, STR, Type, dict_of, hashable, list_of, orderable, tuple_of

WORD_SEPARATOR = Role("word_separator", STR, (",", ";", "-", "/", ":"))

Values = list[object]
Test = Callable[[object], bool]
Key = Callable[[object], object]
Table = dict[object, object]


def _flat(given: Type) -> bool:
    return given.kind == "list" and given.item.kind in ("int", "str", "tuple")


def _is_dict(given: Type) -> bool:
    return given.kind == "dict"


def _keyed(given: Type, arguments: tuple[Argument, ...]) -> Type:
    return dict_of(function_of(arguments[0]).type, list_of(given.item))


def _counted(_: Type, arguments: tuple[Argument, ...]) -> Type:
    return dict_of(function_of(arguments[0]).type, INT)


def _group(values: Values, key: Key) -> dict[object, Values]:
    groups: dict[object, Values] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups


def _invert(table: Table) -> dict[object, Values]:
    inverted: dict[object, Values] = {}
    for key, value in table.items():
        inverted.setdefault(value, []).append(key)
    return inverted


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


# fmt: off
def _groupings() -> tuple[Stage, ...]:
    return (
        Stage("group_by", _flat, _keyed, _group,
              lambda c: f"{{{c.name('key')}: [{c.name('item')} for {c.name('item')} in {c.src:1} if {c.f(0, c.name('item')):5} == {c.name('key')}] for {c.name('key')} in dict.fromkeys({c.f(0, c.name('value')):1} for {c.name('value')} in {c.src:1})}}",
              lambda c: (f"{c.out}: {c.note()} = {{}}\nfor {c.name('item')} in {c.src}:\n    {c.name('key')} = {c.f(0, c.name('item')):1}\n"
                         f"    {c.out}[{c.name('key')}] = {c.out}.get({c.name('key')}, []) + [{c.name('item')}]"),
              "a dictionary that groups {them} by {0}: each key maps to the list of its elements, in order",
              names=("groups", "by_key", "buckets"), slug="grouped", slots=("key",), streams=True,
              loop=Loop("{}", lambda c: f"{c.out}.setdefault({c.f(0, c.x):1}, []).append({c.x:1})", repeats=True), weight=1.5),
        Stage("count_by", _flat, _counted, lambda xs, f: {key: len(group) for key, group in _group(xs, f).items()},
              lambda c: f"{{{c.name('key')}: [{c.f(0, c.name('item')):1} for {c.name('item')} in {c.src:1}].count({c.name('key')}) for {c.name('key')} in dict.fromkeys({c.f(0, c.name('value')):1} for {c.name('value')} in {c.src:1})}}",
              lambda c: (f"{c.name('keys')} = [{c.f(0, c.name('item')):1} for {c.name('item')} in {c.src}]\n{c.out} = {{{c.name('key')}: sum(1 for {c.name('other')} in {c.name('keys')} if {c.name('other')} == {c.name('key')}) for {c.name('key')} in {c.name('keys')}}}"),
              "a dictionary that counts {them} by {0}", names=("counts", "tally", "histogram"), slug="counts", slots=("key",), streams=True,
              loop=Loop("{}", lambda c: f"{c.name('key')} = {c.f(0, c.x):1}\n{c.out}[{c.name('key')}] = {c.out}.get({c.name('key')}, 0) + 1"),
              idiom=lambda c: f"dict(Counter({c.comp(c.f(0, c.x))}))", weight=1.2),
        Stage("frequencies", lambda t: t.kind == "list" and t.item in (INT, STR), lambda t, _: dict_of(t.item, INT), lambda xs: {x: xs.count(x) for x in xs},
              lambda c: f"{{{c.name('item')}: {c.src}.count({c.name('item')}) for {c.name('item')} in {c.src:1}}}",
              lambda c: f"{c.out} = dict.fromkeys({c.src}, 0)\nfor {c.name('item')} in {c.src}:\n    {c.out}[{c.name('item')}] += 1",
              "a dictionary that maps each distinct value among {them} to the number of its occurrences", names=("counts", "frequencies", "tally"), slug="frequencies",
              loop=Loop("{}", lambda c: f"{c.out}[{c.x:1}] = {c.out}.get({c.x:1}, 0) + 1", repeats=True),
              idiom=lambda c: f"dict(Counter({c.gen}))", weight=1.2),
        Stage("index_by", _flat, lambda t, a: dict_of(function_of(a[0]).type, t.item), lambda xs, f: {f(x): x for x in xs},
              lambda c: f"{{{c.comp(f'{c.f(0, c.x):1}: {c.x:1}')}}}",
              lambda c: (f"{c.out}: {c.note()} = {{}}\nfor {c.name('item')} in {c.src}:\n    {c.out}.setdefault({c.f(0, c.name('item')):1}, {c.name('item')})\nfor {c.name('item')} in {c.src}:\n    {c.out}.update({{{c.f(0, c.name('item')):1}: {c.name('item')}}})"),
              "a dictionary from {0} to the last of {them} with that key", names=("index", "lookup", "latest"), slug="indexed", slots=("key",), streams=True,
              loop=Loop("{}", lambda c: f"{c.out}[{c.f(0, c.x):1}] = {c.x:1}", repeats=True), final=True),
        Stage("totals_by", lambda t: t == list_of(tuple_of(STR, INT)), lambda _, __: dict_of(STR, INT),
              lambda xs: {key: sum(v for k, v in xs if k == key) for key, _ in xs},
              lambda c: f"{{{c.name('name')}: sum({c.name('amount')} for {c.name('key')}, {c.name('amount')} in {c.src:1} if {c.name('key')} == {c.name('name')}) for {c.name('name')}, _ in {c.src:1}}}",
              lambda c: f"{c.out} = {{{c.name('key')}: 0 for {c.name('key')}, _ in {c.src}}}\nfor {c.name('key')}, {c.name('amount')} in {c.src}:\n    {c.out}[{c.name('key')}] += {c.name('amount')}",
              "a dictionary that maps each first component among {them} to the sum of its second components", names=("totals", "sums"), slug="totals",
              loop=Loop("{}", lambda c: f"{c.name('name')}, {c.name('amount')} = {c.x:1}\n{c.out}[{c.name('name')}] = {c.out}.get({c.name('name')}, 0) + {c.name('amount')}"), weight=2.0),
        Stage("partition", _flat, lambda t, _: tuple_of(t, t), lambda xs, p: ([x for x in xs if p(x)], [x for x in xs if not p(x)]),
              lambda c: f"([{c.name('item')} for {c.name('item')} in {c.src:1} if {c.f(0, c.name('item')):1}], [{c.name('item')} for {c.name('item')} in {c.src:1} if {c.no(0, c.name('item')):3}])",
              lambda c: (f"{c.out} = ([], [])\nfor {c.name('item')} in {c.src}:\n    {c.out}[0 if {c.f(0, c.name('item')):1} else 1].append({c.name('item')})"),
              "a pair of lists: first {them} {plural}, then the others, each in order", names=("parts", "split"), slug="partitioned", slots=("condition",), weight=1.0),
    )


def _tables() -> tuple[Stage, ...]:
    def item_pairs(given: Type, _: tuple[Argument, ...]) -> Type:
        return list_of(tuple_of(*given.items))

    return (
        Stage("items", _is_dict, item_pairs, lambda d: list(d.items()), lambda c: f"list({c.src}.items())",
              lambda c: f"{c.out} = [({c.name('key')}, {c.src}[{c.name('key')}]) for {c.name('key')} in {c.src}]",
              "the list of pairs `(key, value)` of {them}, in insertion order", names=("pairs", "entries"), slug="items", weight=2.0),
        Stage("keys", _is_dict, lambda t, _: list_of(t.items[0]), list, lambda c: f"list({c.src:1})", lambda c: f"{c.out} = [{c.name('key')} for {c.name('key')}, _ in {c.src}.items()]",
              "the list of the keys of {them}, in insertion order", names=("keys",), slug="keys", weight=0.7),
        Stage("values", _is_dict, lambda t, _: list_of(t.items[1]), lambda d: list(d.values()), lambda c: f"list({c.src}.values())",
              lambda c: f"{c.out} = [{c.src}[{c.name('key')}] for {c.name('key')} in {c.src}]",
              "the list of the values of {them}, in insertion order of their keys", names=("amounts", "contents"), slug="values", weight=1.5),
        Stage("keep_values", _is_dict, same, lambda d, p: {k: v for k, v in d.items() if p(v)},
              lambda c: f"{{{c.name('key')}: {c.name('value')} for {c.name('key')}, {c.name('value')} in {c.src}.items() if {c.f(0, c.name('value')):1}}}",
              lambda c: (f"{c.out} = dict({c.src})\nfor {c.name('key')} in list({c.src}):\n    if {c.no(0, c.src.text + '[' + c.name('key') + ']'):3}:\n        del {c.out}[{c.name('key')}]"),
              "{them}, restricted to the entries whose value is a {kind} {0}", "keep only the entries of {them} whose value is a {kind} {0}", names=("kept", "selected"), slug="filtered", slots=("condition",), weight=2.0),
        Stage("map_values", _is_dict, lambda t, a: dict_of(t.items[0], function_of(a[0]).type), lambda d, f: {k: f(v) for k, v in d.items()},
              lambda c: f"{{{c.name('key')}: {c.f(0, c.name('value')):1} for {c.name('key')}, {c.name('value')} in {c.src}.items()}}",
              lambda c: f"{c.out}: {c.note()} = {{}}\nfor {c.name('key')} in {c.src}:\n    {c.out}[{c.name('key')}] = {c.f(0, c.src.text + '[' + c.name('key') + ']'):1}",
              "{them} with each value replaced by {0}", "in {them}, replace each value by {0}", names=("updated", "converted"), slug="updated", slots=("map",), weight=2.0),
        Stage("invert", lambda t: _is_dict(t) and hashable(t.items[1]), lambda t, _: dict_of(t.items[1], list_of(t.items[0])), _invert,
              lambda c: f"{{{c.name('wanted')}: [{c.name('key')} for {c.name('key')}, {c.name('value')} in {c.src}.items() if {c.name('value')} == {c.name('wanted')}] for {c.name('wanted')} in {c.src}.values()}}",
              lambda c: (f"{c.out}: {c.note()} = {{}}\nfor {c.name('key')} in {c.src}:\n    if {c.src}[{c.name('key')}] not in {c.out}:\n        {c.out}[{c.src}[{c.name('key')}]] = []\n    {c.out}[{c.src}[{c.name('key')}]].append({c.name('key')})"),
              "a dictionary that maps each value of {them} to the list of its keys, in insertion order", names=("inverted", "by_value"), slug="inverted", final=False, weight=1.0),
        Stage("sorted_items", lambda t: _is_dict(t) and orderable(t.items[0]), item_pairs, lambda d: sorted(d.items(), key=lambda item: item[0]),
              lambda c: f"[({c.name('key')}, {c.src}[{c.name('key')}]) for {c.name('key')} in sorted({c.src:1})]",
              lambda c: f"{c.out} = [({c.name('key')}, {c.name('value')}) for {c.name('key')}, {c.name('value')} in {c.src}.items()]\n{c.out}.sort(key=lambda {c.name('pair')}: {c.name('pair')}[0])",
              "the list of pairs `(key, value)` of {them}, in ascending order of the keys", names=("pairs", "listing"), slug="sorted_items", weight=1.5),
        Stage("top_key", lambda t: _is_dict(t) and t.items[1] == INT and t.items[0] in (INT, STR), lambda t, _: Type("optional", (t.items[0],)),
              lambda d: max(d, key=lambda key: d[key], default=None), lambda c: f"max({c.src:1}, key=lambda {c.name('key')}: {c.src}[{c.name('key')}], default=None)",
              lambda c: (f"{c.out} = None\nfor {c.name('key')}, {c.name('value')} in {c.src}.items():\n    if {c.out} is None or {c.name('value')} > {c.src}[{c.out}]:\n        {c.out} = {c.name('key')}"),
              "the key of {them} with the largest value (the one inserted first on a tie), or `None` if there are no entries", names=("top", "winner"), slug="top_key"),
        Stage("lookup", lambda t: _is_dict(t) and t.items[1] == INT and t.items[0] in (INT, STR), always(INT), lambda d, key, default: d.get(key, default),
              lambda c: f"{c.src}.get({c.arg(0):1}, {c.arg(1):1})", lambda c: f"{c.out} = {c.src}[{c.arg(0):1}] if {c.arg(0):5} in {c.src} else {c.arg(1):1}",
              "the value of {them} under the key {0} ({1} if it is missing)", names=("value", "amount"), slug="lookup",
              slots=(Other(lambda t: t.items[0], ("key", "wanted", "query")), DEFAULT), weight=0.4),
        Stage("merge", lambda t: t == dict_of(STR, INT), same, lambda d, e: {key: d.get(key, 0) + e.get(key, 0) for key in [*d, *e]},
              lambda c: f"{{{c.name('key')}: {c.src}.get({c.name('key')}, 0) + {c.arg(0)}.get({c.name('key')}, 0) for {c.name('key')} in [*{c.src}, *{c.arg(0)}]}}",
              lambda c: f"{c.out} = dict({c.src})\nfor {c.name('key')} in {c.arg(0)}:\n    if {c.name('key')} in {c.out}:\n        {c.out}[{c.name('key')}] += {c.arg(0)}[{c.name('key')}]\n    else:\n        {c.out}[{c.name('key')}] = {c.arg(0)}[{c.name('key')}]",
              "a dictionary with every key of {them} or {0}, mapped to the sum of its values in both (a missing key counts as 0), keys of the former first", names=("merged", "combined"), slug="merged",
              slots=(Other(lambda t: t, ("updates", "additions", "deliveries")),), weight=1.0),
    )


def _texts() -> tuple[Stage, ...]:
    string = is_exactly(STR)
    return (
        Stage("words", string, always(list_of(STR)), str.split, lambda c: f"{c.src}.split()",
              lambda c: (f"{c.out} = [\"\"]\nfor {c.name('symbol')} in {c.src}:\n    if {c.name('symbol')}.isspace():\n        {c.out}.append(\"\")\n    else:\n        {c.out}[-1] += {c.name('symbol')}\n"
                         f"{c.out} = [{c.name('word')} for {c.name('word')} in {c.out} if {c.name('word')}]"),
              "the list of the whitespace-separated words of {them}", "split {them} into words at whitespace", names=("words", "tokens"), slug="words", weight=3.0),
        Stage("characters", string, always(list_of(STR)), list, lambda c: f"list({c.src:1})", lambda c: f"{c.out} = [{c.src}[{c.name('place')}] for {c.name('place')} in range(len({c.src}))]",
              "the list of the characters of {them}", names=("characters", "letters", "symbols"), slug="characters", weight=2.0),
        Stage("fields", string, always(list_of(STR)), lambda s, c: s.split(c), lambda c: f"{c.src}.split({c.arg(0):1})",
              lambda c: f"{c.out} = [\"\"]\nfor {c.name('symbol')} in {c.src}:\n    if {c.name('symbol')} == {c.arg(0):5}:\n        {c.out}.append(\"\")\n    else:\n        {c.out}[-1] += {c.name('symbol')}",
              "the list of the parts of {them} between occurrences of {0} (empty parts included, so that the empty string gives one empty part)",
              "split {them} at every {0} (empty parts are kept, so that the empty string gives one empty part)", names=("fields", "parts"), slug="fields", slots=(WORD_SEPARATOR,), weight=0.7),
    )


def _numbers() -> tuple[Stage, ...]:
    integer, integers = is_exactly(INT), always(list_of(INT))
    return (
        Stage("digits", integer, integers, lambda n: [int(mark) for mark in str(abs(n))], lambda c: f"[int({c.name('symbol')}) for {c.name('symbol')} in str(abs({c.src:1}))]",
              lambda c: (f"{c.name('rest')}, {c.name('last')} = divmod(abs({c.src}), 10)\n{c.out} = [{c.name('last')}]\nwhile {c.name('rest')} > 0:\n    {c.name('rest')}, {c.name('last')} = divmod({c.name('rest')}, 10)\n    {c.out} = [{c.name('last')}, *{c.out}]"),
              "the list of the decimal digits of {them} (ignoring its sign), most significant first", names=("digits",), slug="digits", weight=1.5),
        Stage("upto", integer, integers, lambda n: list(range(1, n + 1)), lambda c: f"list(range(1, {c.src:5} + 1))",
              lambda c: f"{c.out}: {c.note()} = []\nwhile len({c.out}) < {c.src:5}:\n    {c.out} += [len({c.out}) + 1]",
              "the list of the whole numbers from 1 to {them} (empty if that is 0)", names=("numbers", "candidates"), slug="range", weight=1.5),
        Stage("divisors", integer, integers, _divisors, lambda c: f"[{c.name('divisor')} for {c.name('divisor')} in range(1, {c.src:5} + 1) if {c.src:6} % {c.name('divisor')} == 0]",
              lambda c: f"{c.out} = sorted({{{c.name('product')} // {c.name('part')} for {c.name('part')} in range(1, {c.src:5} + 1) for {c.name('product')} in [{c.src}] if {c.name('product')} // {c.name('part')} * {c.name('part')} == {c.name('product')}}})",
              "the list of the positive divisors of {them}, in ascending order (empty for 0)", names=("divisors",), slug="divisors"),
        Stage("bits", integer, integers, lambda n: [int(mark) for mark in format(abs(n), "b")], lambda c: f"[int({c.name('bit')}) for {c.name('bit')} in bin(abs({c.src:1}))[2:]]",
              lambda c: (f"{c.name('rest')} = abs({c.src})\n{c.out} = [{c.name('rest')} % 2]\nwhile {c.name('rest')} > 1:\n    {c.name('rest')} //= 2\n    {c.out}.insert(0, {c.name('rest')} % 2)"),
              "the list of the binary digits of the absolute value of {them}, most significant first (0 gives the list `[0]`)", names=("bits",), slug="bits", weight=0.8),
    )


def _sets() -> tuple[Stage, ...]:
    return (
        Stage("sorted_set", lambda t: t.kind == "set", lambda t, _: list_of(t.item), sorted, lambda c: f"sorted({c.src:1})",
              lambda c: f"{c.out}: {c.note()} = []\n{c.name('left')} = set({c.src})\nwhile {c.name('left')}:\n    {c.out}.append(min({c.name('left')}))\n    {c.name('left')}.remove({c.out}[-1])",
              "the list of {them} in ascending order", "put {them} into a list in ascending order", names=("ordered", "ranked"), slug="sorted"),
    )


def _joints() -> tuple[Stage, ...]:
    integer, to_integer = is_exactly(INT), always(INT)

    def two(code: str) -> Callable[..., str]:
        return lambda c: code.format(a=c.arg(0), b=c.arg(1), out=c.out)

    return (
        Stage("minus", integer, to_integer, lambda a, b: a - b, two("{a:5} - {b:6}"), two("{out} = -({b:5} - {a:6})"), "{a} minus {b}", names=("difference",), slug="difference", level=5),
        Stage("plus", integer, to_integer, lambda a, b: a + b, two("{a:5} + {b:6}"), two("{out} = sum([{b:1}, {a:1}])"), "the sum of {a} and {b}", names=("total",), slug="combined", level=5),
        Stage("larger", integer, to_integer, max, two("max({a:1}, {b:1})"), two("{out} = sorted([{a:1}, {b:1}])[1]"), "the larger of {a} and {b}", names=("larger",), slug="larger"),
        Stage("exceeds", integer, always(BOOL), lambda a, b: a > b, two("{a:5} > {b:5}"), two("{out} = not {a:5} <= {b:5}"), "`True` if {a} is greater than {b}, and `False` otherwise", names=("exceeds",), slug="exceeds", level=4, weight=0.7),
        Stage("both", lambda t: t.kind in ("int", "str", "list", "bool"), lambda t, _: t, lambda a, b: (a, b), two("({a:1}, {b:1})"), two("{out} = tuple([{a:1}, {b:1}])"), "the pair of {a} and {b}, in this order", names=("pair",), slug="both", weight=2.5),
        Stage("append", is_list, same, lambda a, b: a + b, two("{a:5} + {b:6}"), two("{out} = [*{a:1}, *{b:1}]"), "{a} followed by {b}, as one list", names=("combined",), slug="joined", level=5, weight=2.0),
        Stage("concat", is_exactly(STR), always(STR), lambda a, b: a + b, two("{a:5} + {b:6}"), two("{out} = \"\".join([{a:1}, {b:1}])"), "{a} followed by {b}, as one string", names=("combined",), slug="joined", level=5),
    )
# fmt: on


CONTAINERS: tuple[Stage, ...] = (*_groupings(), *_tables(), *_texts(), *_numbers(), *_sets())
JOINTS: tuple[Stage, ...] = _joints()
