"""The supervisor's end of a zygote and of the spare children it keeps: hand out parts, learn who took them, reap."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any

PYTHON_COMMAND = (sys.executable, "-S", "-s", "-P", "-B", "-m")
HASH_SEEDS = {0: "1", 1: "4242"}
SPARES = {"light": 16, "hypothesis": 4, "crosshair": 1}
ANSWER_TIMEOUT_S = 30


class Zygote:
    """The supervisor's end of one zygote: it keeps spare children waiting, each of which takes one part and ends.

    Forking ahead, several at a time, is for speed: a process that forks pays again for each page it then writes to.
    """

    def __init__(self, kind: str, hash_seed: int) -> None:
        self._control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line, line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", ANSWER_TIMEOUT_S, 0))
        self._process = subprocess.Popen(
            [*PYTHON_COMMAND, "sandbox.agent.zygote", kind, str(control.fileno()), str(line.fileno())],
            env={**os.environ, "PYTHONHASHSEED": HASH_SEEDS[hash_seed]},
            pass_fds=[control.fileno(), line.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        control.close()
        line.close()
        self._batch = SPARES[kind]
        self._parts = 0
        self._unanswered = 0
        self._taken: dict[int, int] = {}
        self._is_ready = False
        self.spares: set[int] = set()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def start(self, part: dict[str, Any], descriptors: tuple[int, ...] = ()) -> int:
        """Hand one part to a spare child; the number by which `pid_of` knows it."""
        if len(self.spares) == self._unanswered:
            self._fork_spares()
        self._parts += 1
        self._unanswered += 1
        socket.send_fds(self._line, [json.dumps({**part, "part": self._parts}).encode()], descriptors)
        return self._parts

    def pid_of(self, part: int) -> int:
        """The process that took the part; it says so before it does anything else."""
        while part not in self._taken:
            number, pid = map(int, self._line.recv(64).split())
            self._taken[number] = pid
            self._unanswered -= 1
            self.spares.discard(pid)
        return self._taken.pop(part)

    def wait_until_ready(self) -> None:
        """Block until its imports and its warm-up are done; no child of its own is left by then."""
        if not self._is_ready:
            self._receive()
            self._is_ready = True

    def _fork_spares(self) -> None:
        self.wait_until_ready()
        self._control.send(b"%d" % self._batch)
        self.spares.update(map(int, self._receive().split()))
        self._receive()

    def _receive(self) -> bytes:
        data = self._control.recv(65_536)
        if not data:
            raise SystemExit("a zygote ended by itself")
        return data


def reap(pid: int, grace_s: float) -> dict[str, Any]:
    """How the child ended. It gets `grace_s` to end by itself, then it is killed, which is no fault of its own."""
    deadline = time.monotonic() + grace_s
    killed = False
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= deadline:
            killed = True
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    _, status, usage = os.wait4(pid, 0)
    return {
        "killed": killed,
        "status": os.waitstatus_to_exitcode(status),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 6),
        "max_rss_kb": usage.ru_maxrss,
    }
