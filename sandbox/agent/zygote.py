"""A process that has paid for its imports and forks on request: guests, drivers, symbolic runs.

Started by the supervisor as `python -m sandbox.agent.zygote KIND CONTROL_FD LINE_FD`. It holds the right to switch users so
that each child can be put under its own; a child gives that up before it touches anything untrusted. It forks children
ahead of need, when the supervisor asks on the control socket; they wait on the line, where each takes one part (JSON, file
descriptors beside it) and answers with its process id.
"""

import contextlib
import ctypes
import gc
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys
from typing import Any

PRELOADED_FOR_SOLUTIONS = (
    "abc array ast bisect calendar collections.abc copy dataclasses datetime decimal enum fractions functools hashlib"
    " heapq inspect itertools json linecache math numbers operator queue random re statistics string textwrap"
    " threading time traceback types typing unicodedata"
).split()
SYMBOLIC_REPORT_BYTES = 200_000


def main(kind: str, control_fd: int, line_fd: int) -> None:
    """Fork spare children on request until the supervisor hangs up."""
    preload(kind)
    os.environ.clear()
    os.environ.update({"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": ""})
    os.chdir("/tmp")
    gc.collect()
    gc.disable()
    gc.freeze()
    control = socket.socket(fileno=control_fd)
    line = socket.socket(fileno=line_fd)
    control.send(b"ready")
    while count := control.recv(64):
        # a process in between forks them and ends, so that the supervisor, process 1, becomes their parent
        pid = int(_fork_process())
        if pid == 0:
            _fork_spares(int(count), control, line)
        if os.waitpid(pid, 0)[1]:
            return
        control.send(b"done")


def _fork_spares(count: int, control: socket.socket, line: socket.socket) -> None:
    pids = []
    for _ in range(count):
        pid = int(_fork_process())
        if pid == 0:
            _take_part(control, line)
        if pid < 0:
            os._exit(1)
        pids.append(pid)
    control.send(" ".join(map(str, pids)).encode())
    os._exit(0)


def preload(kind: str) -> None:
    """Import what children of this kind will need."""
    import sandbox.agent.driver
    import sandbox.agent.guest  # noqa: F401

    for name in PRELOADED_FOR_SOLUTIONS:
        __import__(name)
    if kind == "hypothesis":
        from sandbox.agent import properties

        properties.preload()
    elif kind == "crosshair":
        from sandbox.agent import symbolic

        symbolic.preload()
    _warm_up()


# The C library's fork, without Python's hooks after it (threading, random): this process has one thread and the guest
# seeds `random` itself, while each hook costs the child dozens of page faults.
_fork_process = ctypes.PyDLL(None).fork


WARM_UP_ROUNDS = 20
WARM_UP_SOURCE = "def f(xs: list[int], k: int = 0) -> list[int]:\n    return [x + k for x in sorted(xs)]\n"
WARM_UP_TESTS = "assert f([2, 1]) == [1, 2]\ndef test_f():\n    assert f([3], k=1) == [4]\n    assert f([]) == []\n"


def _warm_up() -> None:
    """Play both parts of a small job here, so that children inherit specialised code instead of each writing its own.

    CPython rewrites a function's instructions when it gets warm; done before the fork, those pages stay shared.
    """
    from sandbox.agent import driver, guest
    from sandbox.agent.channel import Channel

    payload = {
        "steps": [
            {"check": "warm-up", "kind": "run", "source": WARM_UP_TESTS, "bindings": {"f": [0, "f"]}, "replay_on": 0},
            {"check": "warm-up", "kind": "replay", "source": "", "bindings": {}, "replay_on": 0},
        ],
        "entry_point": "f",
    }
    for plays_guest in (True, False) * WARM_UP_ROUNDS:
        driver_end, guest_end = socket.socketpair()
        pid = int(_fork_process())
        if (pid == 0) == plays_guest:
            guest_end.close()
            reports = driver.run(payload, [Channel(driver_end, 0, WARM_UP_SOURCE)])
            json.dumps(reports)
            driver_end.close()
        else:
            driver_end.close()
            guest.serve(guest_end, 0)
            guest_end.close()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    for name in ("solution", "tests"):
        sys.modules.pop(name, None)


def _take_part(control: socket.socket, line: socket.socket) -> None:
    """Wait for one part, play it, end. All spare children wait on one line; the kernel gives each part to one of them."""
    status = 1
    try:
        data, descriptors, _, _ = socket.recv_fds(line, 65_536, 16)
        part = json.loads(data)
        line.send(b"%d %d" % (part["part"], os.getpid()))
        control.close()
        line.close()
        output = descriptors.pop(0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        _play(part, descriptors)
        status = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}"[:500].encode(errors="replace"))
    finally:
        os._exit(status)


def _become(part: dict[str, Any]) -> None:
    if part["expendable"]:
        _write("/proc/self/oom_score_adj", b"1000")
    if part["cpu_s"]:
        resource.setrlimit(resource.RLIMIT_CPU, (part["cpu_s"], part["cpu_s"] + 1))
    for limit, value in (
        (resource.RLIMIT_NPROC, part["processes"]),
        (resource.RLIMIT_FSIZE, part["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    _switch_user(part["uid"])


def _switch_user(uid: int) -> None:
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _play(part: dict[str, Any], descriptors: list[int]) -> None:
    if part["role"] == "sweep":
        _sweep(part["uid"], part["folders"])
        return
    _become(part)
    gc.enable()
    match part["role"]:
        case "guest":
            from sandbox.agent import guest

            guest.serve(socket.socket(fileno=descriptors[0]), part["hash_seed"])
        case "symbolic":
            from sandbox.agent import symbolic

            report = json.dumps([symbolic.analyse(_read_payload(descriptors[1]))])
            _write_all(descriptors[0], report.encode()[:SYMBOLIC_REPORT_BYTES])
        case "driver":
            _hold(_judge(descriptors))
        case _:
            _judge_in_turn(socket.socket(fileno=descriptors[0]), part["job_cpu_s"])


def _judge(descriptors: list[int]) -> list[socket.socket]:
    """Run one job's tests and write the report; descriptors: report, payload, one line per guest.

    The lines are given back open: held until the supervisor has looked, they show which guests are alive at the end.
    """
    from sandbox.agent import driver
    from sandbox.agent.channel import Channel

    report_fd, payload_fd, *guest_fds = descriptors
    payload = _read_payload(payload_fd)
    lines = [socket.socket(fileno=descriptor) for descriptor in guest_fds]
    channels = [
        Channel(line, index, source) for index, (line, source) in enumerate(zip(lines, payload["sources"], strict=True))
    ]
    random.seed(payload["seed"])
    steps = driver.run(payload, channels)
    gone = [channel.index for channel in channels if channel.broken is not None and channel.broken.kind == "guest_gone"]
    _write_all(report_fd, json.dumps([steps, gone]).encode())
    os.close(report_fd)
    return lines


def _hold(_lines: list[socket.socket]) -> None:
    """Keep the lines open until the supervisor ends this process: a guest that loses its line ends by itself."""
    while True:
        signal.pause()


def _judge_in_turn(control: socket.socket, job_cpu_s: int) -> None:
    """Judge one job after another, for tests that the host vouches cannot leave anything behind."""
    lines: list[socket.socket] = []
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 16, 16)
        if not data:
            return
        for line in lines:
            line.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        used_s = int(usage.ru_utime + usage.ru_stime) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (used_s + job_cpu_s, resource.RLIM_INFINITY))
        lines = _judge(descriptors)


def _read_payload(descriptor: int) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(os.read(descriptor, os.fstat(descriptor).st_size))
    os.close(descriptor)
    return payload


def _sweep(uid: int, folders: list[str]) -> None:
    """End every process of `uid` and delete its files, as that user: no right beyond its own is needed."""
    _switch_user(uid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    for folder in folders:
        for entry in os.scandir(folder):
            with contextlib.suppress(OSError):  # another user's: the supervisor looks again after every sweep
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, onerror=_open_up)
                else:
                    os.unlink(entry.path)


def _open_up(_function: Any, path: str, _error: object) -> None:
    """Give a folder that its owner locked against itself back its rights, and delete it again."""
    for locked in (os.path.dirname(path), path):
        if not os.path.islink(locked) and os.path.isdir(locked):
            with contextlib.suppress(OSError):
                os.chmod(locked, 0o700)
    with contextlib.suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, data)
    os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
