"""Process 1 of a container: takes one job at a time from the host, has it forked, watches it, cleans up after it.

It runs as root with three capabilities (switch user, switch group, send signals) and never loads a line of any sample.
The host talks over two named pipes, or else over standard input and output; when the host hangs up, process 1 ends and
the container with it.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

from sandbox import wire
from sandbox.agent.host_line import HostGone, JobInput, open_line, send
from sandbox.agent.spares import HASH_SEEDS, Zygote, reap
from sandbox.agent.watch import Watched, drain, watch

WRITABLE_FOLDERS = ("/tmp",)
GONE_GRACE_S = 1.0
JOBS_PER_SHARED_DRIVER = 100
SHARED_DRIVER_UID = 15
STILL_ALIVE = {"killed": True, "status": 0, "cpu_s": 0.0, "max_rss_kb": 0}
SWEEP_ROUNDS = 20


@dataclass(slots=True)
class Child:
    """A process of the running job."""

    zygote: Zygote
    part: int
    uid: int
    cpu_limit_s: int
    known_pid: int = 0

    @property
    def pid(self) -> int:
        """Its process id, asked for when it is first needed: until then nobody waits for the child to wake up."""
        if not self.known_pid:
            self.known_pid = self.zygote.pid_of(self.part)
        return self.known_pid


@dataclass(slots=True)
class SharedDriver:
    """A driver that judges one job after another, for tests that can leave nothing behind."""

    child: Child
    control: socket.socket
    jobs: int = 0


class Supervisor:
    """One container's state between jobs: its zygotes and the memory cgroup's kill count."""

    def __init__(self, uid_base: int, host: int) -> None:
        self._uid_base = uid_base
        self._host = host
        self._zygotes: dict[tuple[str, int], Zygote] = {}
        self._null = os.open("/dev/null", os.O_WRONLY)
        self._process_count = _open_first("/sys/fs/cgroup/pids.current", "/sys/fs/cgroup/pids/pids.current")
        self._memory_events = _open_first("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
        self._kills = self._memory_kills()
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
        ours: tuple[int, ...] = (report_write, output_write, payload_fd)
        try:
            children = self._start(job, report_write, output_write, payload_fd)
            for descriptor in ours:
                os.close(descriptor)
            ours = ()
            watched = watch(self._host, report_read, output_read, started + limits["wall_s"], limits)
            outcomes = self._end(children, watched)
            watched.output_bytes += drain(output_read, watched)
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
            descriptors: tuple[int, ...] = (output, guest_end.fileno())
            children.append(self._fork(light, "guest", number, limits["cpu_s"], limits, descriptors, hash_seed))
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
        child.pid  # noqa: B018 - known from here on, for every later count of processes
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
        part = {
            "role": role,
            "uid": uid,
            "cpu_s": cpu_s,
            "processes": limits["processes"],
            "file_bytes": limits["file_mb"] << 20,
            "expendable": role in ("guest", "symbolic"),
            "hash_seed": hash_seed,
            "job_cpu_s": limits["driver_cpu_s"],
        }
        return Child(zygote, zygote.start(part, descriptors), uid, cpu_s)

    def _end(self, children: list[Child], watched: Watched) -> list[dict[str, Any]]:
        """Reap every child, the judge last; those still alive are killed, and `alive` unless a limit was crossed."""
        gone, passed = _read_report(watched.report)
        replies = []
        used_up: socket.socket | None = None
        for number, child in reversed(list(enumerate(children))):
            if self._shared is not None and child is self._shared.child:
                if passed and self._shared.jobs < JOBS_PER_SHARED_DRIVER:
                    replies.append(STILL_ALIVE)
                    continue
                # not closed yet: the driver would end by itself before it is seen alive
                used_up, self._shared = self._shared.control, None
            # a guest that hung up, or a judge that ended without a report, is about to end by itself
            grace_s = GONE_GRACE_S if not watched.limit and number in gone else 0.0
            replies.append(reap(child.pid, grace_s))
        if used_up is not None:
            used_up.close()
        replies.reverse()
        kills_before, self._kills = self._kills, self._memory_kills()
        return [
            {
                "ended": _classify(reply, child, watched.limit, was_oom=self._kills > kills_before),
                "code": reply["status"],
                "cpu_s": reply["cpu_s"],
                "max_rss_kb": reply["max_rss_kb"],
            }
            for child, reply in zip(children, replies, strict=True)
        ]

    def _memory_kills(self) -> int:
        """How many processes the memory cgroup has killed so far."""
        if self._memory_events is None:
            return 0
        for row in os.pread(self._memory_events, 4_096, 0).splitlines():
            if row.startswith(b"oom_kill "):
                return int(row.split()[1])
        return 0

    def _clean_up(self, children: list[Child]) -> bool:
        """Whether nothing of the job is left: no process of its users, no file. The host replaces a dirty container."""
        for _ in range(SWEEP_ROUNDS):
            self._reap_orphans()
            if not self._has_strangers() and not any(os.listdir(folder) for folder in WRITABLE_FOLDERS):
                return True
            for uid in {child.uid for child in children if self._shared is None or child is not self._shared.child}:
                light = self.zygote("light")
                part = light.start({"role": "sweep", "uid": uid, "folders": WRITABLE_FOLDERS}, (self._null,))
                os.waitpid(light.pid_of(part), 0)
            time.sleep(0.002)
        return False

    def _reap_orphans(self) -> None:
        """Reap who ended unasked; all processes of the container are children of process 1 once their parents are gone."""
        zygotes = self._zygotes.values()
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if any(found.si_pid == zygote.pid for zygote in zygotes):
                raise SystemExit("a zygote ended by itself")
            os.waitpid(found.si_pid, 0)
            for zygote in zygotes:
                zygote.spares.discard(found.si_pid)
            if self._shared is not None and found.si_pid == self._shared.child.pid:
                self._shared.control.close()
                self._shared = None

    def _has_strangers(self) -> bool:
        """Whether there are processes other than our own: by the kernel's count, else one by one."""
        zygotes = self._zygotes.values()
        ours = 1 + sum(1 + len(zygote.spares) for zygote in zygotes) + (self._shared is not None)
        if self._process_count is not None and int(os.pread(self._process_count, 32, 0)) == ours:
            return False
        known = {1, os.getpid(), *(zygote.pid for zygote in zygotes)}.union(*(zygote.spares for zygote in zygotes))
        if self._shared is not None:
            known.add(self._shared.child.pid)
        return any(int(name) not in known for name in os.listdir("/proc") if name.isdigit())


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


def _open_first(*paths: str) -> int | None:
    """A descriptor of the first file that is there: cgroup v2's, else v1's; None where the runtime shows neither."""
    for path in paths:
        with contextlib.suppress(OSError):
            return os.open(path, os.O_RDONLY)
    return None


def main(uid_base: int, core: int) -> None:
    """Serve jobs until the host hangs up."""
    _stay_on_one(core)
    host_in, host_out, uses_pipes = open_line()
    supervisor = Supervisor(uid_base, host_in)
    for zygote in [supervisor.zygote("light", hash_seed) for hash_seed in HASH_SEEDS]:
        zygote.wait_until_ready()
    send(1, wire.frame(json.dumps({"uses_pipes": uses_pipes}).encode()))
    os.dup2(2, 1)
    jobs = JobInput(host_in)
    while True:
        header, payload = jobs.read_frame(), jobs.read_frame()
        if header is None or payload is None:
            return
        job = json.loads(header)
        account, report = supervisor.run(job, payload)
        send(host_out, wire.frame(json.dumps(account).encode()) + wire.frame(report))


def _stay_on_one(core: int) -> None:
    """Keep the whole container on one core: its processes take turns anyway, and waking one elsewhere costs more."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except HostGone:
        sys.exit(0)
