"""Watch a running job: read the judge's report, count what guests print, stop at a limit or when the host is gone."""

import os
import select
import time
from dataclasses import dataclass
from typing import Any

from sandbox.agent.host_line import HostGone

OUTPUT_HEAD_BYTES = 2_000


@dataclass(slots=True)
class Watched:
    """What was seen of a job while it ran."""

    report: bytes
    head: bytes
    output_bytes: int
    limit: str | None


def watch(host_fd: int, report_fd: int, output_fd: int, deadline: float, limits: dict[str, Any]) -> Watched:
    """Read the report to its end, counting what guests print, until a limit is crossed."""
    watched = Watched(b"", b"", 0, None)
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(report_fd, select.POLLIN)
    poll.register(output_fd, select.POLLIN)
    poll.register(host_fd, 0)
    while watched.limit is None:
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            watched.limit = "wall_limit"
            break
        for descriptor, _ in poll.poll(remaining_s * 1000 + 1):
            if descriptor == host_fd:
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


def drain(output_fd: int, watched: Watched) -> int:
    """How many bytes of output were still in the pipe when the job was over."""
    os.set_blocking(output_fd, False)
    try:
        chunk = os.read(output_fd, 65_536)
    except BlockingIOError:
        return 0
    watched.head += chunk[: OUTPUT_HEAD_BYTES - len(watched.head)]
    return len(chunk)
