"""What a source says of its entry point: is it there, what kind of thing, which parameters."""

import ast
from dataclasses import dataclass
from typing import Literal

EntryKind = Literal["function", "class", "async_function", "assigned", "imported"]
ParameterKind = Literal["positional_only", "positional_or_keyword", "keyword_only", "variadic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as the source writes it; the annotation stays a syntax tree."""

    name: str
    kind: ParameterKind
    annotation: ast.expr | None
    has_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """How the source defines the entry point. parameters is None where the source does not spell them out."""

    name: str
    kind: EntryKind
    parameters: tuple[Parameter, ...] | None
    returns: ast.expr | None = None


def find_entry_point(module: ast.Module, name: str) -> EntryPoint | None:
    """The last top-level definition of `name`, as Python itself would take it; None where there is none."""
    found: EntryPoint | None = None
    for statement in module.body:
        found = _read_definition(statement, name) or found
    return found


def read_parameters(arguments: ast.arguments) -> tuple[Parameter, ...]:
    """The parameters in calling order, `*args` and `**kwargs` last."""
    positional = [
        *((argument, "positional_only") for argument in arguments.posonlyargs),
        *((argument, "positional_or_keyword") for argument in arguments.args),
    ]
    first_default = len(positional) - len(arguments.defaults)
    parameters = [
        _read_parameter(argument, kind=kind, has_default=position >= first_default)  # type: ignore[arg-type]
        for position, (argument, kind) in enumerate(positional)
    ]
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameters.append(_read_parameter(argument, kind="keyword_only", has_default=default is not None))
    for variadic in (arguments.vararg, arguments.kwarg):
        if variadic is not None:
            parameters.append(_read_parameter(variadic, kind="variadic", has_default=True))
    return tuple(parameters)


def _read_parameter(argument: ast.arg, *, kind: ParameterKind, has_default: bool) -> Parameter:
    return Parameter(name=argument.arg, kind=kind, annotation=argument.annotation, has_default=has_default)


def _read_definition(statement: ast.stmt, name: str) -> EntryPoint | None:
    match statement:
        case ast.FunctionDef(name=defined, args=arguments, returns=returns) if defined == name:
            return EntryPoint(name=name, kind="function", parameters=read_parameters(arguments), returns=returns)
        case ast.AsyncFunctionDef(name=defined) if defined == name:
            return EntryPoint(name=name, kind="async_function", parameters=None)
        case ast.ClassDef(name=defined) if defined == name:
            return EntryPoint(name=name, kind="class", parameters=None)
        case ast.Assign(targets=targets, value=value) if any(_binds(target, name) for target in targets):
            return _read_assigned(name, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) if _binds(target, name):
            return _read_assigned(name, value)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            if any((alias.asname or alias.name) == name for alias in aliases):
                return EntryPoint(name=name, kind="imported", parameters=None)
        case ast.If(body=body, orelse=orelse):
            return _read_last([*body, *orelse], name)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            handled = [inner for handler in handlers for inner in handler.body]
            return _read_last([*handled, *body, *orelse, *final], name)
        case _:
            pass
    return None


def _read_last(statements: list[ast.stmt], name: str) -> EntryPoint | None:
    found: EntryPoint | None = None
    for statement in statements:
        found = _read_definition(statement, name) or found
    return found


def _read_assigned(name: str, value: ast.expr) -> EntryPoint:
    parameters = read_parameters(value.args) if isinstance(value, ast.Lambda) else None
    return EntryPoint(name=name, kind="assigned", parameters=parameters)


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))
