"""Which test modules can leave nothing behind in the process that runs them.

Such tests may be run one sample after another in one driver, which saves a fork per sample. The question is answered by
an allowlist over the syntax tree: plain statements and expressions, a few functions of a few modules, no attribute is
ever set, no class, decorator, global or module object travels. What is not recognised is not plain.
"""

import ast
from collections.abc import Iterator

from verifier.syntax import Refused, parse_source

_MATH = frozenset(
    "acos asin atan atan2 ceil comb cos degrees dist e exp fabs factorial floor fmod gcd hypot inf isclose isfinite isinf"
    " isnan isqrt lcm log log10 log2 nan perm pi pow prod radians sin sqrt tan tau trunc".split()
)
ALLOWED_ATTRIBUTES = {
    "math": _MATH,
    "copy": frozenset({"copy", "deepcopy"}),
    "random": frozenset(
        {"choice", "choices", "randint", "random", "randrange", "sample", "seed", "shuffle", "uniform"}
    ),
    "string": frozenset({"ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "punctuation"}),
    "itertools": frozenset({"chain", "combinations", "count", "permutations", "product", "repeat"}),
    "typing": frozenset({"Any", "Dict", "List", "Optional", "Set", "Tuple", "Union"}),
}

# fmt: off
_ALLOWED_NODES: tuple[type[ast.AST], ...] = (
    ast.Module, ast.Expr, ast.Assert, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.While, ast.Break,
    ast.Continue, ast.Pass, ast.Return, ast.Raise, ast.Try, ast.ExceptHandler, ast.FunctionDef, ast.arguments, ast.arg,
    ast.Lambda, ast.Call, ast.keyword, ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred,
    ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension,
    ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.JoinedStr, ast.FormattedValue, ast.Import,
    ast.ImportFrom, ast.alias, ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop,
)
# fmt: on
_REACHING_NAMES = frozenset(
    "__builtins__ __import__ breakpoint classmethod compile delattr dir eval exec exit getattr globals help input locals"
    " memoryview object open property quit setattr staticmethod super type vars".split()
)


def is_plain(source: str) -> bool:
    """Whether a test module is made of nothing but what this file allows."""
    module = parse_source(source)
    if isinstance(module, Refused):
        return False
    modules = dict(_imported_modules(module))
    bases = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    return all(_is_allowed(node, modules, bases) for node in ast.walk(module))


def _imported_modules(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name


def _is_allowed(node: ast.AST, modules: dict[str, str], bases: set[int]) -> bool:
    match node:
        case ast.Import(names=names):
            return all(alias.name in ALLOWED_ATTRIBUTES for alias in names)
        case ast.ImportFrom(module=str(name), level=0, names=names):
            return all(alias.name in ALLOWED_ATTRIBUTES.get(name, ()) for alias in names)
        case ast.FunctionDef(decorator_list=[_, *_]):
            return False
        case ast.Attribute(value=ast.Name(id=base), attr=attribute) if base in modules:
            return isinstance(node.ctx, ast.Load) and attribute in ALLOWED_ATTRIBUTES.get(modules[base], ())
        case ast.Attribute(attr=attribute):
            return isinstance(node.ctx, ast.Load) and not attribute.startswith("_")
        case ast.Name(id=name):
            if name in _REACHING_NAMES or (name.startswith("__") and name != "__name__"):
                return False
            return name not in modules or (isinstance(node.ctx, ast.Load) and id(node) in bases)
        case ast.Subscript(ctx=ast.Store()):
            return isinstance(node.value, ast.Name)
    return isinstance(node, _ALLOWED_NODES)
