"""What an engine gives for one index, and the rejection a stage may give back."""

from dataclasses import dataclass
from typing import Protocol

from verifier.verdict import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One engine's answer for one index. text is kept verbatim: for `compositional` a native row as JSON.

    fault is the label of a planted fault, None for a clean sample. Counts of tokens are 0 where no model was asked.
    """

    index: int
    text: str
    topic: str
    difficulty: int
    style: str
    engine: str
    engine_version: str
    model: str | None = None
    prompt_version: str | None = None
    fault: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a completion went no further: the stage that refused it, a closed reason, and the evidence."""

    stage: str
    reason: Reason
    detail: str
    counterexample: str | None = None


class Engine(Protocol):
    """Item `index` depends on (run seed, index, prompt version, model) only."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same index may give another completion."""
        ...

    def complete(self, index: int) -> Completion:
        """The completion for `index`; the same at every call and in every process."""
        ...
