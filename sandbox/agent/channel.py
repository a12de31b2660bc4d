"""The driver's end of the line to one guest: proxies, calls, and what came back, rebuilt from plain data.

The guest is untrusted: each reply is bounded, decoded into exact built-in types, and anything else ends the job through
`Broken`, which is no `Exception`, so that a test's own `except Exception` cannot swallow it.
"""

import ast
import builtins
import functools
import socket
from collections.abc import Callable
from typing import Any

from sandbox import wire

MAX_RECORDED_CALLS = 64
MAX_RENDERED_CHARS = 2_000


class Broken(BaseException):
    """The guest can no longer be believed. kind is a `sandbox.job.FailureKind`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Channel:
    """One guest, loaded once, called many times, by one thread."""

    def __init__(self, connection: socket.socket, index: int, source: str) -> None:
        self._connection = connection
        self.index = index
        self.source = source
        self.calls = 0
        self.broken: Broken | None = None
        self.recorded: list[tuple[bytes, bytes]] = []
        self.last_request: bytes | None = None
        self.last_reply: bytes | None = None
        self.exported: frozenset[str] = frozenset()

    def load(self) -> None:
        """Have the guest run its source. Raises Broken("load_raised") when that raises."""
        reply = wire.decode(self._exchange(wire.encode(["load", self.source])))
        if reply[0] == "raised":
            raise self._break("load_raised", f"{reply[1]}: {reply[3]}" if reply[3] else str(reply[1]))
        if reply[0] != "ok" or type(reply[1]) is not list or not all(type(name) is str for name in reply[1]):
            raise self._break("protocol", "the reply to the source is no list of names")
        self.exported = frozenset(reply[1])

    def proxy(self, name: str) -> Callable[..., Any]:
        """A function that calls `name` in the guest; its exceptions come back marked by `raised_by_guest`."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            return self.call(name, arguments, keywords)

        call.__name__ = call.__qualname__ = name
        return call

    def call(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The guest's result, or its exception re-raised; arguments are copies unless the function returned None."""
        try:
            request = wire.encode(["call", name, list(arguments), keywords])
        except wire.NonPlainValue as error:
            raise TypeError(f"{name} was called with {error}; only plain built-in values can be passed") from None
        self.calls += 1
        self.last_request, self.last_reply = request, None
        reply = self._exchange(request)
        self.last_reply = reply
        if len(self.recorded) < MAX_RECORDED_CALLS:
            self.recorded.append((request, reply))
        return self._result(self._decode(reply), arguments, keywords)

    def resend(self, request: bytes) -> Any:
        """The decoded reply to a call made earlier, for comparing results."""
        self.last_request, self.last_reply = request, None
        self.last_reply = self._exchange(request)
        return self._decode(self.last_reply)

    def _result(self, reply: list[Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        match reply:
            case ["ok", value]:
                return value
            case ["changed", [*after], dict(after_keywords)] if len(after) == len(arguments):
                for old, new in zip(arguments, after, strict=True):
                    _write_back(old, new)
                for key, new in after_keywords.items():
                    _write_back(keywords.get(key), new)
                return None
            case ["raised", str(name), str(base), str(message)]:
                raise raised_by_guest(name, base, message)
            case ["nonplain", str(description)]:
                raise self._break("nonplain_value", f"returned {description}")
            case ["large", str(description)]:
                raise self._break("value_too_large", f"returned {description}")
        raise self._break("protocol", "a reply of no known form")

    def _decode(self, payload: bytes) -> list[Any]:
        try:
            reply = wire.decode(payload)
        except wire.ProtocolError as error:
            raise self._break("protocol", str(error)) from None
        except wire.ValueTooLarge as error:
            raise self._break("value_too_large", str(error)) from None
        if type(reply) is not list:
            raise self._break("protocol", "a reply that is no list")
        return reply

    def _exchange(self, payload: bytes) -> bytes:
        if self.broken is not None:
            raise self.broken
        try:
            self._connection.sendall(wire.frame(payload))
            reply = wire.read_frame(self._connection.recv)
        except OSError:
            reply = None
        except wire.ProtocolError as error:
            raise self._break("protocol", str(error)) from None
        if reply is None:
            raise self._break("guest_gone", "its process ended, or hung up, before it answered")
        return reply

    def _break(self, kind: str, message: str) -> Broken:
        self.broken = Broken(kind, message)
        return self.broken

    def rendered_call(self) -> str | None:
        """The last call as `f(xs=[0, 0])`, None when there was none."""
        if self.last_request is None:
            return None
        _, name, arguments, keywords = wire.decode(self.last_request)
        parameters = _parameter_names(self.source, name)
        named = [
            f"{parameters[i]}={value!r}" if i < len(parameters) else repr(value) for i, value in enumerate(arguments)
        ]
        named += [f"{key}={value!r}" for key, value in keywords.items()]
        return shorten(f"{name}({', '.join(named)})")

    def rendered_outcome(self) -> str | None:
        """What the last call gave: `returned …` or `raised …`."""
        if self.last_reply is None:
            return None
        try:
            return render_reply(wire.decode(self.last_reply))
        except (wire.ProtocolError, wire.ValueTooLarge):
            return None


def render_reply(reply: Any) -> str:
    """A decoded reply in words."""
    match reply:
        case ["ok", value]:
            return shorten(f"returned {value!r}")
        case ["changed", arguments, _]:
            return shorten(f"returned None and left its arguments as {arguments!r}")
        case ["raised", name, _, message]:
            return shorten(f"raised {name}: {message}")
        case [_, description]:
            return shorten(f"returned {description}")
    return "sent no known reply"


def shorten(text: str) -> str:
    """At most MAX_RENDERED_CHARS characters, the middle left out."""
    if len(text) <= MAX_RENDERED_CHARS:
        return text
    half = MAX_RENDERED_CHARS // 2 - 20
    return f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"


def raised_by_guest(name: str, base: str, message: str) -> Exception:
    """The guest's exception as one of the nearest built-in type, marked so that no test error is mistaken for it."""
    kind = getattr(builtins, base, Exception)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = Exception
    error = _guest_error_type(name if name.isidentifier() else "GuestError", kind)(message)
    error.__dict__["raised_by_guest"] = True
    return error


@functools.lru_cache(maxsize=256)
def _guest_error_type(name: str, base: type[Exception]) -> type[Exception]:
    """One class per name and base, so that the same failure twice has the same type; its text is the text as sent."""
    if not _takes_one_argument(base):  # such as UnicodeDecodeError, whose constructor wants five
        base = ValueError if issubclass(base, ValueError) else Exception
    return type(name, (base,), {"__str__": lambda error: str(error.args[0]) if error.args else ""})


def _takes_one_argument(kind: type[Exception]) -> bool:
    try:
        kind("")
    except TypeError:
        return False
    return True


def _write_back(old: Any, new: Any) -> None:
    kind = type(old)
    if kind is not type(new):
        return
    if kind is list:
        old[:] = new
    elif kind is dict or kind is set:
        old.clear()
        old.update(new)


def _parameter_names(source: str, function: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
    return []
