"""How much a job may use, and how each of its processes ended."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one job. CPU time decides; wall time is the backstop.

    cpu_s is per guest process (RLIMIT_CPU, whole seconds); driver_cpu_s bounds the judge's own process.
    memory_mb bounds the container (cgroup); output_bytes counts what guests write to stdout and stderr.
    """

    cpu_s: int = 10
    driver_cpu_s: int = 60
    wall_s: float = 90.0
    memory_mb: int = 768
    processes: int = 64
    output_bytes: int = 1_000_000
    file_mb: int = 64
    report_bytes: int = 1_000_000


class Ended(Enum):
    """How a process ended, as the kernel or our own counters tell it; never read from its text."""

    ALIVE = "alive"  # still there when the driver had reported: the only good end of a process of a tests job
    EXITED = "exited"
    SIGNALLED = "signalled"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One process's end: exit code or signal, CPU seconds (own, user + system), peak memory in kB."""

    ended: Ended
    code: int = 0
    cpu_s: float = 0.0
    max_rss_kb: int = 0
