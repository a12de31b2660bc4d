"""A pool of warm containers: `run_tests` and `run_symbolic` take a job and give its result, from any thread.

A container that dies, hangs, breaks its protocol or is left dirty is replaced. Its job is then run once more on a fresh
container, because the failure was ours; a job that loses two containers raises JobFailed and stays unjudged.
"""

import dataclasses
import itertools
import json
import logging
import queue
import random
import threading
from types import TracebackType
from typing import Any, Self

import docker

from sandbox import engine, image
from sandbox.container import Container
from sandbox.errors import ContainerLost, JobFailed, SandboxError
from sandbox.fifo_line import sweep_folders
from sandbox.job import Failure, Step, StepReport, SymbolicJob, SymbolicResult, TestsJob, TestsResult
from sandbox.limits import Ended, Limits, Outcome

logger = logging.getLogger(__name__)

FIRST_UID = 200_000
UIDS_PER_CONTAINER = 16
UID_BLOCKS = 60_000


class Pool:
    """`workers` containers, started on entry, removed on exit. limits gives the containers' memory and tmpfs sizes."""

    def __init__(self, workers: int = 2, *, runtime: str | None = None, limits: Limits | None = None) -> None:
        if workers < 1:
            raise ValueError(f"workers is {workers}; a pool needs at least 1")
        self._workers = workers
        self._runtime = runtime
        self._limits = limits or Limits()
        self._idle: queue.LifoQueue[Container | None] = queue.LifoQueue()
        self._live: set[Container] = set()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._is_open = False
        self._client: docker.DockerClient | None = None
        self.image_tag = ""
        self.replaced = 0

    def __enter__(self) -> Self:
        """Sweep orphans, build the image if need be, start the containers. Raises EngineUnavailable, ImageBuildFailed."""
        self._client = engine.connect()
        engine.sweep_orphans(self._client)
        sweep_folders()
        self.image_tag = image.ensure_image(self._client)
        self._is_open = True
        starters = [threading.Thread(target=self._start_idle) for _ in range(self._workers)]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        if not self._live:
            self.__exit__(None, None, None)
            self._container(None).close()  # raises what kept the others from starting
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        with self._lock:
            live, self._live = self._live, set()
        closers = [threading.Thread(target=container.close) for container in live]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join()

    def run_tests(self, job: TestsJob) -> TestsResult:
        """Run test modules against guests. Raises JobFailed, EngineUnavailable."""
        header = {
            "role": "driver",
            "zygote": "hypothesis" if job.uses_hypothesis else "light",
            "shares_driver": job.has_plain_tests and not job.uses_hypothesis,
            "guests": [guest.hash_seed for guest in job.guests],
            "limits": _fields(job.limits),
        }
        payload = {
            "sources": [guest.source for guest in job.guests],
            "steps": [_fields(step) for step in job.steps],
            "entry_point": job.entry_point,
            "seed": job.seed,
            "max_examples": job.max_examples,
            "max_shrinks": job.max_shrinks,
        }
        account, report = self._run(header, payload, job.limits)
        driver, *guests = [_outcome(found) for found in account["outcomes"]]
        return TestsResult(
            steps=_steps(report),
            driver=driver,
            guests=tuple(guests),
            wall_s=account["wall_s"],
            output_head=account["head"],
        )

    def run_symbolic(self, job: SymbolicJob) -> SymbolicResult:
        """Run CrossHair on one source. What it reports is a claim by the process the source lives in."""
        header = {
            "role": "symbolic",
            "zygote": "crosshair",
            "shares_driver": False,
            "guests": [],
            "limits": _fields(job.limits),
        }
        payload = {
            "source": job.source,
            "function": job.function,
            "max_paths": job.max_paths,
            "solver_steps": job.solver_steps,
        }
        account, report = self._run(header, payload, job.limits)
        process = _outcome(account["outcomes"][0])
        claim = _claim(report)
        if claim is None:
            claim = {"status": "budget", "message": f"ended by {process.ended.value}", "arguments": None, "paths": 0}
        return SymbolicResult(**claim, process=process, wall_s=account["wall_s"])

    def _run(self, header: dict[str, Any], payload: dict[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes]:
        data = json.dumps(payload).encode()
        first_loss: ContainerLost | None = None
        for _ in range(2):
            slot = self._idle.get()
            container: Container | None = None
            try:
                container = self._container(slot)
                account, report = container.exchange(header, data, wall_s=limits.wall_s)
                if account["clean"]:
                    self._idle.put(container)
                else:
                    logger.info("container %s replaced: a job left something behind", container.id[:12])
                    self._discard(container)
                return account, report
            except ContainerLost as error:
                if not self._is_open:
                    raise JobFailed("the pool was closed while the job ran") from error
                logger.warning("container replaced: %s", error)
                self._discard(container)
                if first_loss is not None:
                    raise JobFailed(f"two containers were lost on this job: {first_loss}; {error}") from error
                first_loss = error
            except BaseException:
                self._discard(container)
                raise
        raise AssertionError("unreachable: two attempts end in a result or in JobFailed")

    def _container(self, slot: Container | None) -> Container:
        if slot is not None:
            return slot
        assert self._client is not None
        uid_base = FIRST_UID + UIDS_PER_CONTAINER * random.SystemRandom().randrange(UID_BLOCKS)
        container = Container(
            self._client,
            tag=self.image_tag,
            uid_base=uid_base,
            core=next(self._numbers),
            limits=self._limits,
            runtime=self._runtime,
        )
        with self._lock:
            if self._is_open:
                self._live.add(container)
                return container
        container.close()
        raise JobFailed("the pool was closed")

    def _discard(self, container: Container | None) -> None:
        """Give up a container; its slot is filled when the next job asks for one."""
        self._idle.put(None)
        if container is not None:
            self.replaced += 1
            with self._lock:
                self._live.discard(container)
            container.close()

    def _start_idle(self) -> None:
        try:
            self._idle.put(self._container(None))
        except SandboxError:
            self._idle.put(None)  # tried again, and reported, by the first job that takes the slot


def _fields(value: Limits | Step) -> dict[str, Any]:
    """Field by field, without the deep copies of `dataclasses.asdict`: the result is serialised at once."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _outcome(found: dict[str, Any]) -> Outcome:
    return Outcome(
        ended=Ended(found["ended"]), code=found["code"], cpu_s=found["cpu_s"], max_rss_kb=found["max_rss_kb"]
    )


def _steps(report: bytes) -> tuple[StepReport, ...] | None:
    """The driver's steps, None for anything that is not a whole report: the judge was silent."""
    try:
        rows = json.loads(report)[0]
        return tuple(
            StepReport(**{**row, "failure": None if row["failure"] is None else Failure(**row["failure"])})
            for row in rows
        )
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None


def _claim(report: bytes) -> dict[str, Any] | None:
    try:
        claim = json.loads(report)[0]
        return {key: claim[key] for key in ("status", "message", "arguments", "paths")}
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
