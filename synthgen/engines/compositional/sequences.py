"""Stages that take a list to another list: maps, filters, slices, sorts, windows, scans."""

from collections.abc import Callable
from itertools import groupby, pairwise

from synthgen.engines.compositional.expressions import Code
from synthgen.engines.compositional.scalars import COUNT, Role
from synthgen.engines.compositional.stages import (
    Argument,
    Loop,
    Other,
    Stage,
    function_of,
    is_exactly,
    is_list,
    same,
)
from synthgen.engines.compositional.types import BOOL, INT, Type, hashable, list_of, orderable, tuple_of

INTEGERS = list_of(INT)
WIDTH = Role("width", INT, (2, 3, 4), ("size", "width", "window"), 1, 6)
STRIDE = Role("stride", INT, (2, 3), ("step", "stride", "every"), 1, 5)
TURNS = Role("turns", INT, (1, 2, 3), ("turns", "shift", "places"), 0, 12)
TIMES = Role("times", INT, (2, 3), ("times", "copies"), 0, 4)

Values = list[object]
Test = Callable[[object], bool]
Key = Callable[[object], object]


def _flat(given: Type) -> bool:
    """Lists whose elements are no lists themselves: wrapping those once more makes no sensible exercise."""
    return given.kind == "list" and given.item.kind in ("int", "str", "tuple")


def _plain(given: Type) -> bool:
    return given.kind == "list" and given.item.kind in ("int", "str")


def _nested(given: Type, _: tuple[Argument, ...]) -> Type:
    return list_of(given)


def _mapped(_: Type, arguments: tuple[Argument, ...]) -> Type:
    return list_of(function_of(arguments[0]).type)


def _until(values: Values, wanted: Test) -> int:
    return next((place for place, value in enumerate(values) if not wanted(value)), len(values))


def _less_one(code: Code) -> Code:
    """A size less one, computed where it is a constant."""
    return Code(str(int(code.text) - 1)) if code.text.isdigit() else Code(f"{code:6} + 1")


# fmt: off
def _streams() -> tuple[Stage, ...]:
    return (
        Stage("map", is_list, _mapped, lambda xs, f: [f(x) for x in xs], lambda c: f"[{c.comp(c.f(0, c.x))}]",
              lambda c: (f"{c.out}: {c.note()} = []\n{c.name('waiting')} = list({c.src})\nwhile {c.name('waiting')}:\n"
                         f"    {c.name('item')} = {c.name('waiting')}.pop()\n    {c.out} = [{c.f(0, c.name('item')):1}, *{c.out}]"),
              "", "replace each {one} by {0}", names=("mapped", "results"), slots=("map",), streams=True, length="same", weight=6.0),
        Stage("filter", is_list, same, lambda xs, p: [x for x in xs if p(x)], lambda c: f"[{c.comp(c.x, c.f(0, c.x))}]",
              lambda c: (f"{c.out} = list({c.src})\nfor {c.name('place')} in range(len({c.src}) - 1, -1, -1):\n"
                         f"    if {c.no(0, c.out + '[' + c.name('place') + ']'):3}:\n        del {c.out}[{c.name('place')}]"),
              "", "keep each {one} {0} and drop the others", names=("kept", "selected", "chosen", "matching"), slots=("condition",), streams=True,
              keeps=True, length="fewer", weight=6.0),
    )


def _sorts() -> tuple[Stage, ...]:
    def insertion(comparison: str) -> Callable[..., str]:
        return lambda c: (
            f"{c.out}: {c.note()} = []\nfor {c.name('item')} in {c.src}:\n    {c.name('place')} = len({c.out})\n"
            f"    while {c.name('place')} > 0 and {c.out}[{c.name('place')} - 1] {comparison} {c.name('item')}:\n        {c.name('place')} -= 1\n"
            f"    {c.out}.insert({c.name('place')}, {c.name('item')})")

    def insertion_by(comparison: str) -> Callable[..., str]:
        return lambda c: (
            f"{c.out}: {c.note()} = []\nfor {c.name('item')} in {c.src}:\n    {c.name('place')} = len({c.out})\n"
            f"    while {c.name('place')} > 0 and {c.f(0, c.out + '[' + c.name('place') + ' - 1]'):5} {comparison} {c.f(0, c.name('item')):5}:\n"
            f"        {c.name('place')} -= 1\n    {c.out}.insert({c.name('place')}, {c.name('item')})")

    def sortable(given: Type) -> bool:
        return given.kind == "list" and orderable(given.item)

    return (
        Stage("sort", sortable, same, sorted, lambda c: f"sorted({c.gen})", insertion(">"),
              "{them} in ascending order", "sort {them} in ascending order", names=("ordered", "ranked"), slug="sorted", streams=True,
              keeps=True, length="same", order="up", weight=1.5),
        Stage("sort_down", sortable, same, lambda xs: sorted(xs, reverse=True), lambda c: f"sorted({c.par}, reverse=True)", insertion("<"),
              "{them} in descending order", "sort {them} in descending order", names=("ordered", "ranked"), slug="descending", streams=True,
              keeps=True, length="same", order="down", weight=1.2),
        Stage("sort_flag", sortable, same, lambda xs, down: sorted(xs, reverse=bool(down)), lambda c: f"sorted({c.par}, reverse={c.arg(0):1})",
              lambda c: f"{c.out} = sorted({c.src})\nif {c.arg(0)}:\n    {c.out}.reverse()",
              "{them}, sorted in descending order if {0} is true and in ascending order otherwise",
              "sort {them}: in descending order if {0} is true, in ascending order otherwise", names=("ordered", "ranked"), slug="ordered",
              slots=(Other(lambda _: BOOL, ("descending", "largest_first", "downwards")),), streams=True, keeps=True, length="same", weight=0.7),
        Stage("sort_by", _flat, same, lambda xs, f: sorted(xs, key=f),
              lambda c: f"sorted({c.par}, key=lambda {c.name('item')}: {c.f(0, c.name('item')):1})", insertion_by(">"),
              "{them}, sorted by {0}, smallest first (ties stay in their current order)",
              "sort {them} by {0}, smallest first (ties stay in their current order)", names=("ordered", "ranked", "arranged"), slug="arranged",
              slots=("key",), streams=True, keeps=True, length="same", order="up", weight=2.0),
        Stage("sort_down_by", _flat, same, lambda xs, f: sorted(xs, key=f, reverse=True),
              lambda c: f"sorted({c.par}, key=lambda {c.name('item')}: {c.f(0, c.name('item')):1}, reverse=True)", insertion_by("<"),
              "{them}, sorted by {0}, largest first (ties stay in their current order)",
              "sort {them} by {0}, largest first (ties stay in their current order)", names=("ordered", "ranked", "arranged"), slug="ranked",
              slots=("key",), streams=True, keeps=True, length="same", order="down", weight=1.5),
        Stage("reverse", is_list, same, lambda xs: xs[::-1], lambda c: f"{c.src}[::-1]",
              lambda c: f"{c.out}: {c.note()} = []\nfor {c.name('item')} in {c.src}:\n    {c.out}.insert(0, {c.name('item')})",
              "{them} in reverse order", "reverse the order of {them}", names=("backwards", "reversed_order"), slug="reversed", keeps=True, length="same", weight=0.8),
        Stage("rotate", _flat, same, lambda xs, k: xs[k % len(xs):] + xs[:k % len(xs)] if xs else [],
              lambda c: f"{c.src}[{c.arg(0):6} % max(len({c.src:1}), 1):] + {c.src}[:{c.arg(0):6} % max(len({c.src:1}), 1)]",
              lambda c: (f"{c.out} = list({c.src})\nfor _ in range({c.arg(0):1}):\n    if {c.out}:\n        {c.out}.append({c.out}.pop(0))"),
              "{them}, rotated to the left by {0} (each turn moves the first to the end)",
              "rotate {them} to the left by {0} (each turn moves the first to the end)", names=("rotated",), slug="rotated", slots=(TURNS,),
              keeps=True, length="same", level=5, weight=0.8),
    )


def _slices() -> tuple[Stage, ...]:
    return (
        Stage("take", is_list, same, lambda xs, k: xs[:k], lambda c: f"{c.src}[:{c.arg(0):1}]",
              lambda c: f"{c.out} = [{c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src}) if {c.name('place')} < {c.arg(0):5}]",
              "the first {0} of {them} (all, if there are fewer)", "take only the first {0} of {them} (all, if there are fewer)", names=("head", "leading"), slug="top",
              slots=(COUNT,), keeps=True, length="fewer", weight=1.2),
        Stage("drop", is_list, same, lambda xs, k: xs[k:], lambda c: f"{c.src}[{c.arg(0):1}:]",
              lambda c: f"{c.out} = list({c.src})\nfor _ in range(min({c.arg(0):1}, len({c.src}))):\n    {c.out}.pop(0)",
              "{them} without the first {0}", "drop the first {0} of {them} (all, if there are fewer)", names=("rest", "remaining"), slug="rest", slots=(COUNT,),
              keeps=True, length="fewer"),
        Stage("take_last", is_list, same, lambda xs, k: xs[max(len(xs) - k, 0):],
              lambda c: f"{c.src}[max(len({c.src:1}) - {c.arg(0):6}, 0):]",
              lambda c: f"{c.out} = list({c.src})\nwhile len({c.out}) > {c.arg(0):5}:\n    {c.out} = {c.out}[1:]",
              "the last {0} of {them} in their current order (all, if there are fewer)", "take only the last {0} of {them}, in their current order (all, if there are fewer)",
              names=("tail", "latest"), slug="last", slots=(COUNT,), keeps=True, length="fewer"),
        Stage("stride", is_list, same, lambda xs, k: xs[::k], lambda c: f"{c.src}[::{c.arg(0):1}]",
              lambda c: (f"{c.out}: {c.note()} = []\n{c.name('place')} = 0\nwhile {c.name('place')} < len({c.src}):\n"
                         f"    {c.out}.append({c.src}[{c.name('place')}])\n    {c.name('place')} += {c.arg(0):1}"),
              "those of {them} at the positions that are multiples of {0} (counting from 0)",
              "keep only those of {them} at positions that are multiples of {0} (counting from 0)", names=("sampled", "spaced"), slug="sampled", slots=(STRIDE,),
              keeps=True, length="fewer", weight=0.8),
        Stage("take_while", is_list, same, lambda xs, p: xs[:_until(xs, p)],
              lambda c: (f"{c.src}[:next(({c.name('place')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if {c.no(0, c.name('item')):3}), len({c.src:1}))]"),
              lambda c: (f"{c.name('stop')} = 0\nwhile {c.name('stop')} < len({c.src}) and {c.f(0, c.src.text + '[' + c.name('stop') + ']'):3}:\n    {c.name('stop')} += 1\n{c.out} = {c.src}[:{c.name('stop')}]"),
              "", "keep elements of {source} from the start for as long as each is a {kind} {0}, and drop everything after that",
              names=("leading", "opening"), slug="leading", slots=("condition",), imports="",
              loop=Loop("[]", lambda c: f"if {c.no(0, c.x):3}:\n    break\n{c.out}.append({c.x:1})", repeats=True), keeps=True, length="fewer"),
        Stage("drop_while", is_list, same, lambda xs, p: xs[_until(xs, p):],
              lambda c: (f"{c.src}[next(({c.name('place')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if {c.no(0, c.name('item')):3}), len({c.src:1})):]"),
              lambda c: (f"{c.out} = list({c.src})\nwhile {c.out} and {c.f(0, c.out + '[0]'):3}:\n    {c.out}.pop(0)"),
              "", "drop elements of {source} from the start for as long as each is a {kind} {0}; keep everything from there on",
              names=("remaining", "rest"), slug="trimmed", slots=("condition",),
              loop=Loop("[]", lambda c: f"if {c.out} or {c.no(0, c.x):3}:\n    {c.out}.append({c.x:1})", repeats=True), keeps=True, length="fewer"),
        Stage("unique", lambda t: is_list(t) and hashable(t.item), same, lambda xs: list(dict.fromkeys(xs)), lambda c: f"list(dict.fromkeys({c.gen}))",
              lambda c: f"{c.out} = [{c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src}) if {c.name('item')} not in {c.src}[:{c.name('place')}]]",
              "{them} without repetitions, each at the place of its first occurrence", "remove duplicates from {source}, keeping the first occurrence of each",
              names=("unique", "distinct"), slug="unique", streams=True,
              loop=Loop("[]", lambda c: f"if {c.x:5} not in {c.out}:\n    {c.out}.append({c.x:1})", repeats=True),
              keeps=True, length="fewer", weight=1.5),
        Stage("unique_by", _flat, same, lambda xs, f: [x for i, x in enumerate(xs) if all(f(y) != f(x) for y in xs[:i])],
              lambda c: (f"[{c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if all({c.f(0, c.name('earlier')):5} != {c.f(0, c.name('item')):5} "
                         f"for {c.name('earlier')} in {c.src}[:{c.name('place')}])]"),
              lambda c: (f"{c.out} = list({{{c.f(0, c.name('item')):1}: {c.name('item')} for {c.name('item')} in reversed({c.src})}}.values())\n"
                         f"{c.out}.sort(key={c.src}.index)"),
              "{them}, keeping only the first for each value of {0}", "in {source}, for each value of {0}, keep only the first {kind} that has it", names=("unique", "representatives"),
              slug="distinct", slots=("key",),
              loop=Loop("[]", lambda c: f"{c.name('key')} = {c.f(0, c.x):1}\nif {c.name('key')} not in {c.name('seen')}:\n    {c.name('seen')}.add({c.name('key')})\n    {c.out}.append({c.x:1})",
                        before=lambda c: f"{c.name('seen')} = set()", repeats=True), keeps=True, length="fewer"),
        Stage("squeeze", _plain, same, lambda xs: [x for x, _ in groupby(xs)],
              lambda c: f"[{c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if {c.name('place')} == 0 or {c.src}[{c.name('place')} - 1] != {c.name('item')}]",
              lambda c: (f"{c.out} = {c.src}[:1]\nfor {c.name('left')}, {c.name('right')} in zip({c.src}, {c.src}[1:]):\n    if {c.name('left')} != {c.name('right')}:\n        {c.out}.append({c.name('right')})"),
              "{them} with each run of equal neighbours reduced to one", "in {source}, reduce each run of equal neighbours to a single one", names=("squeezed", "collapsed"), slug="squeezed",
              loop=Loop("[]", lambda c: f"if not {c.out} or {c.out}[-1] != {c.x:5}:\n    {c.out}.append({c.x:1})", repeats=True), keeps=True, length="fewer"),
        Stage("without", _plain, same, lambda xs, ys: [x for x in xs if x not in ys], lambda c: f"[{c.comp(c.x, f'{c.x:5} not in {c.arg(0)}')}]",
              lambda c: f"{c.out} = [{c.name('item')} for {c.name('item')} in {c.src} if {c.arg(0)}.count({c.name('item')}) == 0]",
              "{them} that do not occur in {0}", "remove every {one} that occurs in {0}", names=("allowed", "remaining"), slug="allowed",
              slots=(Other(lambda t: t, ("excluded", "banned", "blocked", "skipped")),),
              loop=Loop("[]", lambda c: f"if {c.x:5} not in {c.arg(0)}:\n    {c.out}.append({c.x:1})", repeats=True), keeps=True, length="fewer", weight=0.8),
    )


def _shapes() -> tuple[Stage, ...]:
    def pairs(given: Type, _: tuple[Argument, ...]) -> Type:
        return list_of(tuple_of(given.item, given.item))

    return (
        Stage("windows", _plain, _nested, lambda xs, k: [xs[i:i + k] for i in range(len(xs) - k + 1)],
              lambda c: f"[{c.src}[{c.name('start')}:{c.name('start')} + {c.arg(0):6}] for {c.name('start')} in range(len({c.src:1}) - {_less_one(c.arg(0))})]",
              lambda c: (f"{c.out}: {c.note()} = []\n{c.name('frame')}: {c.note()[5:-1]} = []\nfor {c.name('item')} in {c.src}:\n    {c.name('frame')} = [*{c.name('frame')}, {c.name('item')}][-{c.arg(0)}:]\n"
                         f"    if len({c.name('frame')}) == {c.arg(0):5}:\n        {c.out}.append({c.name('frame')})"),
              "the list of all windows of {0} consecutive elements of {them}, from left to right (empty if there are fewer than {0})",
              names=("windows", "frames"), slug="windows", slots=(WIDTH,), weight=1.2),
        Stage("chunks", _plain, _nested, lambda xs, k: [xs[i:i + k] for i in range(0, len(xs), k)],
              lambda c: f"[{c.src}[{c.name('start')}:{c.name('start')} + {c.arg(0):6}] for {c.name('start')} in range(0, len({c.src:1}), {c.arg(0):1})]",
              lambda c: (f"{c.out}: {c.note()} = []\n{c.name('rest')} = {c.src}\nwhile {c.name('rest')}:\n    {c.out}.append({c.name('rest')}[:{c.arg(0):1}])\n"
                         f"    {c.name('rest')} = {c.name('rest')}[{c.arg(0):1}:]"),
              "{them} cut into consecutive blocks of {0} (the last block may be shorter)", "cut {them} into consecutive blocks of {0} (the last block may be shorter)", names=("blocks", "chunks", "batches"), slug="blocks",
              slots=(WIDTH,),
              loop=Loop("[]", lambda c: f"if not {c.out} or len({c.out}[-1]) == {c.arg(0):5}:\n    {c.out}.append([])\n{c.out}[-1].append({c.x:1})")),
        Stage("neighbours", _plain, pairs, lambda xs: list(pairwise(xs)), lambda c: f"list(zip({c.src:1}, {c.src}[1:]))",
              lambda c: f"{c.out}: {c.note()} = []\nfor {c.name('place')} in range(1, len({c.src})):\n    {c.out} += [({c.src}[{c.name('place')} - 1], {c.src}[{c.name('place')}])]",
              "the list of pairs of neighbours among {them}, from left to right (empty if there are fewer than two)", names=("pairs", "neighbours"), slug="neighbours"),
        Stage("numbered", _plain, lambda t, _: list_of(tuple_of(INT, t.item)), lambda xs: list(enumerate(xs)),
              lambda c: f"list(enumerate({c.gen}))", lambda c: f"{c.out} = list(zip(range(len({c.src})), {c.src}))",
              "the list of pairs `(position, element)` over {them}, positions counting from 0", "pair each {one} with its position: `(position, element)`, counting from 0", names=("numbered", "indexed"), slug="numbered",
              streams=True, length="same"),
        Stage("zipped", _plain, lambda t, _: list_of(tuple_of(t.item, INT)), lambda xs, ys: list(zip(xs, ys, strict=False)), lambda c: f"list(zip({c.src:1}, {c.arg(0):1}))",
              lambda c: f"{c.out} = [({c.src}[{c.name('place')}], {c.arg(0)}[{c.name('place')}]) for {c.name('place')} in range(min(len({c.src}), len({c.arg(0)})))]",
              "the list of pairs of {them} with the elements of {0} at the same positions, as long as both last", "pair {them} with the elements of {0} at the same positions; stop when either runs out",
              names=("pairs", "matched"), slug="paired", slots=(Other(lambda _: INTEGERS, ("others", "weights", "amounts", "prices")),), weight=1.5),
        Stage("flatten", lambda t: is_list(t) and is_list(t.item), lambda t, _: t.item, lambda xss: [x for xs in xss for x in xs],
              lambda c: f"[{c.name('item')} for {c.name('group')} in {c.src:1} for {c.name('item')} in {c.name('group')}]",
              lambda c: f"{c.out} = sum({c.src}, [])", "the elements of {them} in one flat list, in order", "flatten {them} into one list, in order", names=("flat", "flattened"), slug="flattened",
              loop=Loop("[]", lambda c: f"{c.out}.extend({c.x:1})"), weight=1.5),
        Stage("repeat", _plain, same, lambda xs, k: [x for x in xs for _ in range(k)],
              lambda c: f"[{c.name('item')} for {c.name('item')} in {c.src:1} for _ in range({c.arg(0):1})]",
              lambda c: f"{c.out}: {c.note()} = []\nfor {c.name('item')} in {c.src}:\n    {c.out} += [{c.name('item')}] * {c.arg(0):7}",
              "the list with each of {them} repeated {0} times in a row", "repeat each {one} {0} times in a row", names=("repeated", "expanded"), slug="repeated", slots=(TIMES,),
              loop=Loop("[]", lambda c: f"{c.out}.extend([{c.x:1}] * {c.arg(0):7})"), weight=0.6),
        Stage("places", is_list, lambda _, __: INTEGERS, lambda xs, p: [i for i, x in enumerate(xs) if p(x)],
              lambda c: f"[{c.name('place')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if {c.f(0, c.name('item')):1}]",
              lambda c: (f"{c.out} = list(range(len({c.src})))\nfor {c.name('place')} in range(len({c.src}) - 1, -1, -1):\n    if {c.no(0, c.src.text + '[' + c.name('place') + ']'):3}:\n        {c.out}.remove({c.name('place')})"),
              "the list of the positions (counting from 0) of those of {them} {plural}", names=("places", "positions"), slug="positions", slots=("condition",)),
        Stage("groups", _flat, _nested, lambda xs, f: [list(run) for _, run in groupby(xs, f)],
              lambda c: f"[list({c.name('run')}) for _, {c.name('run')} in groupby({c.src:1}, key=lambda {c.name('item')}: {c.f(0, c.name('item')):1})]",
              lambda c: (f"{c.out}: {c.note()} = []\nfor {c.name('item')} in reversed({c.src}):\n    if {c.out} and {c.f(0, c.out + '[0][0]'):5} == {c.f(0, c.name('item')):5}:\n"
                         f"        {c.out}[0] = [{c.name('item')}] + {c.out}[0]\n    else:\n        {c.out} = [[{c.name('item')}]] + {c.out}"),
              "the list of the runs of neighbouring elements of {them} that share the same value of {0}, from left to right", "split {source} into runs of neighbours that share the same value of {0}", names=("runs", "groups"),
              slug="runs", slots=("key",), imports="from itertools import groupby",
              loop=Loop("[]", lambda c: (f"{c.name('key')} = {c.f(0, c.x):1}\nif {c.out} and {c.name('key')} == {c.name('previous')}:\n    {c.out}[-1].append({c.x:1})\n"
                                         f"else:\n    {c.out}.append([{c.x:1}])\n{c.name('previous')} = {c.name('key')}"), before=lambda c: f"{c.name('previous')} = None", repeats=True)),
        Stage("run_lengths", _plain, lambda t, _: list_of(tuple_of(t.item, INT)), lambda xs: [(x, len(list(run))) for x, run in groupby(xs)],
              lambda c: f"[({c.name('item')}, len(list({c.name('run')}))) for {c.name('item')}, {c.name('run')} in groupby({c.src:1})]",
              lambda c: (f"{c.out}: {c.note()} = []\n{c.name('start')} = 0\nfor {c.name('place')} in range(1, len({c.src}) + 1):\n    if {c.name('place')} == len({c.src}) or {c.src}[{c.name('place')}] != {c.src}[{c.name('start')}]:\n"
                         f"        {c.out}.append(({c.src}[{c.name('start')}], {c.name('place')} - {c.name('start')}))\n        {c.name('start')} = {c.name('place')}"),
              "the list of pairs `(element, length)`, one for each run of equal neighbours among {them}, from left to right", "encode {source} as pairs `(element, length)`, one for each run of equal neighbours", names=("encoded", "runs"),
              slug="encoded", imports="from itertools import groupby",
              loop=Loop("[]", lambda c: f"if {c.out} and {c.out}[-1][0] == {c.x:5}:\n    {c.out}[-1] = ({c.x:1}, {c.out}[-1][1] + 1)\nelse:\n    {c.out}.append(({c.x:1}, 1))", repeats=True)),
    )


def _scans() -> tuple[Stage, ...]:
    integers = is_exactly(INTEGERS)
    return (
        Stage("differences", integers, same, lambda xs: [b - a for a, b in pairwise(xs)],
              lambda c: f"[{c.name('right')} - {c.name('left')} for {c.name('left')}, {c.name('right')} in zip({c.src:1}, {c.src}[1:])]",
              lambda c: f"{c.out} = []\nfor {c.name('place')} in range(1, len({c.src})):\n    {c.out}.append({c.src}[{c.name('place')}] - {c.src}[{c.name('place')} - 1])",
              "the list of differences between each of {them} and the one before it (empty if there are fewer than two)", names=("steps", "differences", "changes"), slug="differences",
              length="fewer"),
        Stage("running_sum", integers, same, lambda xs: [sum(xs[:i + 1]) for i in range(len(xs))],
              lambda c: f"[sum({c.src}[:{c.name('stop')}]) for {c.name('stop')} in range(1, len({c.src:1}) + 1)]",
              lambda c: f"{c.out} = list({c.src})\nfor {c.name('place')} in range(1, len({c.out})):\n    {c.out}[{c.name('place')}] += {c.out}[{c.name('place')} - 1]",
              "the list of running totals of {them} (the n-th is the sum of the first n)", names=("running", "totals", "cumulative"), slug="running_totals",
              loop=Loop("[]", lambda c: f"{c.name('total')} += {c.x:1}\n{c.out}.append({c.name('total')})", before=lambda c: f"{c.name('total')} = 0"),
              idiom=lambda c: f"list(accumulate({c.gen}))", length="same"),
        Stage("running_max", integers, same, lambda xs: [max(xs[:i + 1]) for i in range(len(xs))],
              lambda c: f"[max({c.src}[:{c.name('stop')}]) for {c.name('stop')} in range(1, len({c.src:1}) + 1)]",
              lambda c: f"{c.out} = list({c.src})\nfor {c.name('place')} in range(1, len({c.out})):\n    if {c.out}[{c.name('place')} - 1] > {c.out}[{c.name('place')}]:\n        {c.out}[{c.name('place')}] = {c.out}[{c.name('place')} - 1]",
              "the list of running maxima of {them} (the n-th is the largest of the first n)", names=("records", "peaks", "maxima"), slug="running_maxima",
              loop=Loop("[]", lambda c: f"{c.out}.append(max({c.x:1}, {c.out}[-1]) if {c.out} else {c.x:1})", repeats=True),
              idiom=lambda c: f"list(accumulate({c.par}, max))", keeps=True, length="same", order="up"),
        Stage("peaks", integers, same, lambda xs: [xs[i] for i in range(1, len(xs) - 1) if xs[i - 1] < xs[i] > xs[i + 1]],
              lambda c: (f"[{c.name('middle')} for {c.name('left')}, {c.name('middle')}, {c.name('right')} in zip({c.src:1}, {c.src}[1:], {c.src}[2:]) if {c.name('left')} < {c.name('middle')} > {c.name('right')}]"),
              lambda c: (f"{c.out}: {c.note()} = []\nfor {c.name('place')} in range(1, len({c.src}) - 1):\n    if {c.src}[{c.name('place')}] > max({c.src}[{c.name('place')} - 1], {c.src}[{c.name('place')} + 1]):\n        {c.out}.append({c.src}[{c.name('place')}])"),
              "the list of those of {them} that are greater than both of their neighbours (the first and the last never count)", names=("peaks", "summits"), slug="peaks", keeps=True, length="fewer"),
        Stage("leaders", integers, same, lambda xs: [x for i, x in enumerate(xs) if all(x > y for y in xs[:i])],
              lambda c: f"[{c.name('item')} for {c.name('place')}, {c.name('item')} in enumerate({c.src:1}) if all({c.name('item')} > {c.name('earlier')} for {c.name('earlier')} in {c.src}[:{c.name('place')}])]",
              lambda c: (f"{c.out} = {c.src}[:1]\nfor {c.name('item')} in {c.src}:\n    if {c.out}[-1] < {c.name('item')}:\n        {c.out} = {c.out} + [{c.name('item')}]"),
              "the list of those of {them} that are greater than everything before them (the first one always counts)", names=("leaders", "records"), slug="records",
              loop=Loop("[]", lambda c: f"if not {c.out} or {c.x:5} > {c.out}[-1]:\n    {c.out}.append({c.x:1})", repeats=True), keeps=True, length="fewer", order="up"),
    )
# fmt: on


MAP, FILTER = _streams()
SEQUENCES: tuple[Stage, ...] = (MAP, FILTER, *_sorts(), *_slices(), *_shapes(), *_scans())
