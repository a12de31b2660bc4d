"""The threads of a run: one that generates, W that judge, and the one inbox that they all report to.

No policy lives here. The produce loop asks for an index to be generated or a sample to be judged, and takes one event at
a time; since it asks for no more than its window allows, both queues are bounded by that window. The generating thread
takes its requests in order, so `Generated` events come in index order; `Judged` ones come as they end.
"""

import hashlib
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sandbox.errors import EngineUnavailable
from synthgen.completion import Completion, Engine, Rejection
from synthgen.novelty import normalised_digest
from synthgen.parse import parse
from verifier.problem import Sample
from verifier.verdict import Verdict

DIGEST_BYTES = 16

Judge = Callable[[Sample], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A completion and what its text turned into; digest is None where there is no sample."""

    completion: Completion
    parsed: Sample | Rejection
    digest: bytes | None
    generated_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verifier's word on one index."""

    index: int
    verdict: Verdict
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Our machinery failed on one index; the first line of detail says how."""

    index: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Nothing more can be generated or judged; the message says what failed."""

    message: str


Event = Generated | Judged | Unjudged | Broken


class Workers:
    """The running threads. They are daemons: a judge that never comes back does not keep the process alive."""

    def __init__(self, *, engine: Engine, judge: Judge, count: int) -> None:
        self._inbox: SimpleQueue[Event] = SimpleQueue()
        self._to_generate: SimpleQueue[int | None] = SimpleQueue()
        self._to_judge: SimpleQueue[tuple[int, Sample] | None] = SimpleQueue()
        self._count = count
        generate = threading.Thread(target=self._generate_all, args=(engine,), name="generate", daemon=True)
        judges = [
            threading.Thread(target=self._judge_all, args=(judge,), name=f"judge-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in (generate, *judges):
            thread.start()

    def generate(self, index: int) -> None:
        """Ask for one index; its `Generated` event comes after those asked for before."""
        self._to_generate.put(index)

    def judge(self, index: int, sample: Sample) -> None:
        """Ask for one verdict."""
        self._to_judge.put((index, sample))

    def next_event(self, *, timeout_s: float) -> Event | None:
        """The oldest event not taken yet, or None when none came in time."""
        try:
            return self._inbox.get(timeout=timeout_s)
        except Empty:
            return None

    def queued(self) -> int:
        """How many samples wait for a judge."""
        return self._to_judge.qsize()

    def forget_queued(self) -> int:
        """Drop what no judge has begun; gives how many that were."""
        dropped = 0
        while True:
            try:
                self._to_judge.get_nowait()
            except Empty:
                return dropped
            dropped += 1

    def dismiss(self) -> None:
        """Tell every thread to end once its current work is done; does not wait for it."""
        self._to_generate.put(None)
        for _ in range(self._count):
            self._to_judge.put(None)

    def _generate_all(self, engine: Engine) -> None:
        while (index := self._to_generate.get()) is not None:
            started = time.monotonic()
            try:
                completion = engine.complete(index)
                parsed = parse(completion)
                digest = digest_of(parsed.solution) if isinstance(parsed, Sample) else None
            except Exception as error:
                message = f"the {engine.name} engine failed at index {index}: {type(error).__name__}: {error}"
                self._inbox.put(Broken(message=message))
                return
            generated_s = time.monotonic() - started
            self._inbox.put(Generated(completion=completion, parsed=parsed, digest=digest, generated_s=generated_s))

    def _judge_all(self, judge: Judge) -> None:
        while (request := self._to_judge.get()) is not None:
            index, sample = request
            self._inbox.put(judge_once(judge, index, sample))


def digest_of(source: str) -> bytes:
    """16 bytes that two solutions share when they differ in names and constants only.

    A source that Python cannot parse is its own canonical form; whether to refuse it is the verifier's business.
    """
    try:
        return bytes.fromhex(normalised_digest(source))[:DIGEST_BYTES]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return hashlib.sha256(source.encode("utf-8")).digest()[:DIGEST_BYTES]


def judge_once(judge: Judge, index: int, sample: Sample) -> Judged | Unjudged | Broken:
    """Ask the judge, and tell its failure from the sample's: any exception is ours."""
    started = time.monotonic()
    try:
        verdict = judge(sample)
    except EngineUnavailable as error:
        return Broken(message=f"the Docker engine no longer answers: {error}")
    except Exception as error:
        detail = f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
        return Unjudged(index=index, detail=detail)
    if verdict.unjudged:
        detail = "; ".join(check.detail for check in verdict.checks if check.detail)
        return Unjudged(index=index, detail=detail or "the sandbox failed")
    return Judged(index=index, verdict=verdict, wall_s=time.monotonic() - started)
