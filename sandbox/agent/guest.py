"""The process an untrusted source lives in: load it, answer calls, nothing else.

Nothing here is a defence: the source shares this process and may replace every line of it. It holds no test, no expected
value and no channel to the verdict; what it sends is decoded on the other side as untrusted bytes.
"""

import builtins
import contextlib
import random
import socket
import sys
import types

from sandbox import wire

MODULE_NAME = "solution"
MUTABLE = (list, dict, set)


def serve(connection: socket.socket, hash_seed: int) -> None:
    """Answer the driver until it hangs up. Messages: ["load", source] once, then ["call", name, args, kwargs]."""
    random.seed(hash_seed)
    namespace: dict[str, object] = {}
    while (payload := wire.read_frame(connection.recv)) is not None:
        message = wire.decode(payload)
        if message[0] == "load":
            reply = _load(message[1], namespace)
        else:
            reply = _call(namespace, message[1], message[2], message[3])
        _flush()
        connection.sendall(wire.frame(reply))


def _flush() -> None:
    """What was printed so far goes out: at the end this process is killed, not asked."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()


def _load(source: str, namespace: dict[str, object]) -> bytes:
    module = types.ModuleType(MODULE_NAME)
    sys.modules[MODULE_NAME] = module
    try:
        exec(compile(source, "solution.py", "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:
        return _raised(error)
    namespace.update(module.__dict__)
    return wire.encode(["ok", [name for name, value in namespace.items() if callable(value)]])


def _call(namespace: dict[str, object], name: str, arguments: list[object], keywords: dict[str, object]) -> bytes:
    try:
        result = namespace[name](*arguments, **keywords)  # type: ignore[operator]
    except BaseException as error:
        return _raised(error)
    try:
        if result is None and any(type(value) in MUTABLE for value in [*arguments, *keywords.values()]):
            return wire.encode(["changed", arguments, keywords])
        return wire.encode(["ok", result])
    except wire.NonPlainValue as error:
        return wire.encode(["nonplain", str(error)])
    except wire.ValueTooLarge as error:
        return wire.encode(["large", str(error)])


def _raised(error: BaseException) -> bytes:
    kind = type(error)
    base = next(name for name in (b.__name__ for b in kind.__mro__) if hasattr(builtins, name))
    try:
        message = str(error)
    except BaseException:
        message = "(its message could not be read)"
    return wire.encode(["raised", str(kind.__name__)[:200], str(base), message[:2000]])
