"""Process 1 of a container: takes one job at a time from the host, has it forked, watches it, cleans up after it.

It runs as root with three capabilities (switch user, switch group, send signals) and never loads a line of any sample.
The host talks over standard input and output; when the host hangs up, process 1 ends and the container with it.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from sandbox import wire

WRITABLE_FOLDERS = ("/tmp",)
MAX_JOB_BYTES = 32_000_000
OUTPUT_HEAD_BYTES = 2_000
GONE_GRACE_S = 1.0
JOBS_PER_SHARED_DRIVER = 100
SHARED_DRIVER_UID = 15
STILL_ALIVE = {"killed": True, "status": 0, "cpu_s": 0.0, "max_rss_kb": 0}
SWEEP_ROUNDS = 20
PYTHON_COMMAND = (sys.executable, "-S", "-s", "-P", "-B", "-m")
HASH_SEEDS = {0: "1", 1: "4242"}


class HostGone(Exception):
    """Nobody holds the other end of standard input any more."""


class Zygote:
    """The supervisor's end of one zygote, started at the first use."""

    def __init__(self, kind: str, hash_seed: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [*PYTHON_COMMAND, "sandbox.agent.zygote", kind, str(theirs.fileno())],
            env={**os.environ, "PYTHONHASHSEED": HASH_SEEDS[hash_seed]},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self._control = ours
        self._is_ready = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, request: dict[str, Any], descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        """The reply to one request. A zygote that is gone ends the supervisor: the host replaces the container."""
        self.wait_until_ready()
        socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
        return self._receive()

    def wait_until_ready(self) -> None:
        """Block until its imports and its warm-up are done; no child of its own is left by then."""
        if not self._is_ready:
            self._receive()
            self._is_ready = True

    def _receive(self) -> dict[str, Any]:
        data = self._control.recv(65_536)
        if not data:
            raise SystemExit("a zygote ended by itself")
        reply: dict[str, Any] = json.loads(data)
        return reply


@dataclass(slots=True)
class Child:
    """A process of the running job."""

    pid: int
    zygote: Zygote
    uid: int
    cpu_limit_s: int


@dataclass(slots=True)
class SharedDriver:
    """A driver that judges one job after another, for tests that can leave nothing behind."""

    child: Child
    control: socket.socket
    jobs: int = 0


@dataclass(slots=True)
class Watched:
    """What was seen of a job while it ran."""

    report: bytes
    head: bytes
    output_bytes: int
    limit: str | None


class Supervisor:
    """One container's state between jobs: its zygotes and the memory cgroup's kill count."""

    def __init__(self, uid_base: int) -> None:
        self._uid_base = uid_base
        self._zygotes: dict[tuple[str, int], Zygote] = {}
        self._null = os.open("/dev/null", os.O_WRONLY)
        self._kills = _memory_kills()
        self._shared: SharedDriver | None = None

    def zygote(self, kind: str, hash_seed: int = 0) -> Zygote:
        """The zygote of that kind and hash seed, started now if it was not running."""
        key = (kind, hash_seed)
        if key not in self._zygotes:
            self._zygotes[key] = Zygote(kind, hash_seed)
        return self._zygotes[key]

    def run(self, job: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        """One job from fork to clean-up: the kernel's account of it, and the driver's report as it was written."""
        started = time.monotonic()
        limits = job["limits"]
        report_read, report_write = os.pipe()
        output_read, output_write = os.pipe()
        payload_fd = os.memfd_create("payload")
        os.write(payload_fd, payload)
        os.lseek(payload_fd, 0, os.SEEK_SET)
        ours = (report_write, output_write, payload_fd)
        try:
            children = self._start(job, report_write, output_write, payload_fd)
            for descriptor in ours:
                os.close(descriptor)
            ours = ()
            watched = _watch(report_read, output_read, started + limits["wall_s"], limits)
            outcomes = self._end(children, watched)
            watched.output_bytes += _drain(output_read, watched)
        finally:
            for descriptor in (*ours, report_read, output_read):
                os.close(descriptor)
        clean = self._clean_up(children)
        account = {
            "outcomes": outcomes,
            "wall_s": round(time.monotonic() - started, 6),
            "head": watched.head.decode("utf-8", "replace"),
            "clean": clean,
        }
        return account, watched.report

    def _start(self, job: dict[str, Any], report: int, output: int, payload: int) -> list[Child]:
        """Guests first, so that the driver's sockets exist; the judge is the list's first child."""
        limits = job["limits"]
        children: list[Child] = []
        driver_ends: list[socket.socket] = []
        for number, hash_seed in enumerate(job["guests"], start=1):
            driver_end, guest_end = socket.socketpair()
            driver_ends.append(driver_end)
            light = self.zygote("light", hash_seed)
            children.append(self._fork(light, "guest", number, limits["cpu_s"], limits, (output, guest_end.fileno()), hash_seed))
            guest_end.close()
        descriptors = (report, payload, *(end.fileno() for end in driver_ends))
        children.insert(0, self._start_judge(job, limits, descriptors))
        for end in driver_ends:
            end.close()
        return children

    def _start_judge(self, job: dict[str, Any], limits: dict[str, Any], descriptors: tuple[int, ...]) -> Child:
        if job["shares_driver"]:
            if self._shared is None:
                self._shared = self._start_shared(limits)
            self._shared.jobs += 1
            socket.send_fds(self._shared.control, [b"job"], descriptors)
            return self._shared.child
        zygote = self.zygote(job["zygote"])
        cpu_s = limits["cpu_s"] if job["role"] == "symbolic" else limits["driver_cpu_s"]
        return self._fork(zygote, job["role"], 0, cpu_s, limits, (self._null, *descriptors), 0)

    def _start_shared(self, limits: dict[str, Any]) -> SharedDriver:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = (self._null, theirs.fileno())
        child = self._fork(self.zygote("light"), "shared_driver", SHARED_DRIVER_UID, 0, limits, descriptors, 0)
        theirs.close()
        return SharedDriver(child, ours)

    def _fork(
        self,
        zygote: Zygote,
        role: str,
        number: int,
        cpu_s: int,
        limits: dict[str, Any],
        descriptors: tuple[int, ...],
        hash_seed: int,
    ) -> Child:
        uid = self._uid_base + number
        request = {
            "op": "fork",
            "role": role,
            "uid": uid,
            "cpu_s": cpu_s,
            "processes": limits["processes"],
            "file_bytes": limits["file_mb"] << 20,
            "expendable": role in ("guest", "symbolic"),
            "hash_seed": hash_seed,
            "job_cpu_s": limits["driver_cpu_s"],
        }
        return Child(zygote.ask(request, descriptors)["pid"], zygote, uid, cpu_s)

    def _end(self, children: list[Child], watched: Watched) -> list[dict[str, Any]]:
        """Reap every child, the judge last; those still alive are killed, and `alive` unless a limit was crossed."""
        gone, passed = _read_report(watched.report)
        replies = []
        for number, child in reversed(list(enumerate(children))):
            if self._shared is not None and child is self._shared.child:
                if passed and self._shared.jobs < JOBS_PER_SHARED_DRIVER:
                    replies.append(STILL_ALIVE)
                    continue
                self._shared.control.close()
                self._shared = None
            # a guest that hung up, or a judge that ended without a report, is about to end by itself
            grace_s = GONE_GRACE_S if not watched.limit and number in gone else 0.0
            replies.append(child.zygote.ask({"op": "reap", "pid": child.pid, "grace_s": grace_s}))
        replies.reverse()
        kills_before, self._kills = self._kills, _memory_kills()
        return [
            {
                "ended": _classify(reply, child, watched.limit, was_oom=self._kills > kills_before),
                "code": reply["status"],
                "cpu_s": reply["cpu_s"],
                "max_rss_kb": reply["max_rss_kb"],
            }
            for child, reply in zip(children, replies, strict=True)
        ]

    def _clean_up(self, children: list[Child]) -> bool:
        """Whether nothing of the job is left: no process of its users, no file. The host replaces a dirty container."""
        for _ in range(SWEEP_ROUNDS):
            self._reap_orphans()
            if not self._strangers() and not any(os.listdir(folder) for folder in WRITABLE_FOLDERS):
                return True
            for uid in {child.uid for child in children if self._shared is None or child is not self._shared.child}:
                self.zygote("light").ask({"op": "sweep", "uid": uid, "folders": WRITABLE_FOLDERS})
            time.sleep(0.002)
        return False

    def _reap_orphans(self) -> None:
        known = {zygote.pid for zygote in self._zygotes.values()}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid in known:
                raise SystemExit("a zygote ended by itself")
            os.waitpid(found.si_pid, 0)

    def _strangers(self) -> set[int]:
        known = {1, os.getpid(), *(zygote.pid for zygote in self._zygotes.values())}
        if self._shared is not None:
            known.add(self._shared.child.pid)
        return {int(name) for name in os.listdir("/proc") if name.isdigit()} - known


def _watch(report_fd: int, output_fd: int, deadline: float, limits: dict[str, Any]) -> Watched:
    """Read the report to its end, counting what guests print, until a limit is crossed."""
    watched = Watched(b"", b"", 0, None)
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(report_fd, select.POLLIN)
    poll.register(output_fd, select.POLLIN)
    poll.register(0, 0)
    while watched.limit is None:
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            watched.limit = "wall_limit"
            break
        for descriptor, _ in poll.poll(remaining_s * 1000 + 1):
            if descriptor == 0:
                raise HostGone
            chunk = os.read(descriptor, 65_536)
            if descriptor == output_fd:
                watched.output_bytes += len(chunk)
                watched.head += chunk[: OUTPUT_HEAD_BYTES - len(watched.head)]
                if not chunk:
                    poll.unregister(output_fd)
                elif watched.output_bytes > limits["output_bytes"]:
                    watched.limit = "output_limit"
            elif chunk:
                parts.append(chunk)
                size += len(chunk)
                if size > limits["report_bytes"]:
                    return watched  # no honest driver writes so much: silence
            else:
                watched.report = b"".join(parts)
                return watched
    return watched


def _drain(output_fd: int, watched: Watched) -> int:
    os.set_blocking(output_fd, False)
    try:
        chunk = os.read(output_fd, 65_536)
    except BlockingIOError:
        return 0
    watched.head += chunk[: OUTPUT_HEAD_BYTES - len(watched.head)]
    return len(chunk)


def _read_report(report: bytes) -> tuple[set[int], bool]:
    """(numbers of the children that should be ending by themselves, whether every step passed).

    The judge is number 0, and without a report it is meant.
    """
    try:
        steps, gone = json.loads(report)
        return {index + 1 for index in gone}, all(step["failure"] is None for step in steps)
    except (ValueError, KeyError, TypeError, RecursionError):
        return {0}, False


def _classify(reply: dict[str, Any], child: Child, limit: str | None, *, was_oom: bool) -> str:
    if reply["killed"]:
        return limit or "alive"
    if reply["status"] >= 0:
        return "exited"
    if -reply["status"] == signal.SIGXCPU:
        return "cpu_limit"
    if -reply["status"] == signal.SIGKILL:
        # a process that ignores SIGXCPU is killed a second later; the kernel's clock and its accounts differ a little
        if reply["cpu_s"] >= child.cpu_limit_s:
            return "cpu_limit"
        if was_oom:
            return "memory_limit"
    return "signalled"


def _memory_kills() -> int:
    """How many processes the memory cgroup has killed so far: cgroup v2's memory.events, else v1's memory.oom_control."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path) as stream:
                for row in stream:
                    if row.startswith("oom_kill "):
                        return int(row.split()[1])
        except OSError:
            continue
    return 0


def main(uid_base: int) -> None:
    """Serve jobs until the host hangs up."""
    supervisor = Supervisor(uid_base)
    for zygote in [supervisor.zygote("light", hash_seed) for hash_seed in HASH_SEEDS]:
        zygote.wait_until_ready()
    host_in, host_out = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    _send(host_out, json.dumps({"ready": True}).encode())
    while True:
        header = wire.read_frame(lambda count: os.read(host_in, count), limit=MAX_JOB_BYTES)
        payload = wire.read_frame(lambda count: os.read(host_in, count), limit=MAX_JOB_BYTES)
        if header is None or payload is None:
            return
        job = json.loads(header)
        account, report = supervisor.run(job, payload)
        _send(host_out, json.dumps(account).encode())
        _send(host_out, report)


def _send(descriptor: int, payload: bytes) -> None:
    data = wire.frame(payload)
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except HostGone:
        sys.exit(0)
