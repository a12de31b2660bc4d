"""`run.db`: every completion and every verdict of a run, written as it happens.

SQLite with a write-ahead log and one writer. What is committed here survives `kill -9`; shards, manifest and report are
made from it and can be made again. Completions are written in index order without gaps, so the next index to generate is
their count, and a candidate is new if no lower index has its digest. A completion without a verdict is work to do.

Samples that our machinery failed to judge are noted in `unjudged`, never among the verdicts; one that fails at every
retry while other samples are judged well is put in `set_aside`, and belongs to neither shard.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from synthgen.completion import Completion, Rejection
from verifier.verdict import Verdict

FILE_NAME = "run.db"
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE completions (
    idx INTEGER PRIMARY KEY, task_id TEXT NOT NULL, text TEXT NOT NULL, topic TEXT NOT NULL, difficulty INTEGER NOT NULL,
    style TEXT NOT NULL, engine TEXT NOT NULL, engine_version TEXT NOT NULL, model TEXT, prompt_version TEXT, fault TEXT,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, created_at REAL NOT NULL, generated_s REAL NOT NULL,
    digest BLOB
);
CREATE INDEX completions_by_digest ON completions (digest) WHERE digest IS NOT NULL;
CREATE INDEX completions_by_task_id ON completions (task_id);
CREATE TABLE verdicts (
    idx INTEGER PRIMARY KEY, stage TEXT, accepted INTEGER NOT NULL, assurance TEXT, reason TEXT, detail TEXT NOT NULL,
    counterexample TEXT, verdict TEXT, judged_at REAL NOT NULL, wall_s REAL NOT NULL
);
CREATE INDEX verdicts_by_reason ON verdicts (reason, stage, idx) WHERE accepted = 0;
CREATE INDEX verdicts_accepted ON verdicts (idx) WHERE accepted = 1;
CREATE TABLE unjudged (idx INTEGER NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE set_aside (idx INTEGER PRIMARY KEY, detail TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL, ended TEXT);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_COMPLETION = (
    "c.idx, c.text, c.topic, c.difficulty, c.style, c.engine, c.engine_version, c.model, c.prompt_version, c.fault, "
    "c.tokens_in, c.tokens_out"
)


class LedgerRefused(Exception):
    """A `run.db` that this version cannot work with. The message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resolved index: the completion and what became of it. verdict is None where no verifier was asked."""

    completion: Completion
    task_id: str
    accepted: bool
    stage: str | None
    assurance: str | None
    reason: str | None
    detail: str
    counterexample: str | None
    verdict: Verdict | None


class Ledger:
    """An open `run.db`. Use it from the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    # what is written

    def add(
        self,
        completion: Completion,
        *,
        task_id: str,
        digest: bytes | None,
        generated_s: float,
        rejection: Rejection | None = None,
    ) -> None:
        """Write a completion and, in the same transaction, the rejection that spares it the verifier."""
        row = (
            completion.index,
            storable(task_id),
            storable(completion.text),
            completion.topic,
            completion.difficulty,
            completion.style,
            completion.engine,
            completion.engine_version,
            completion.model,
            completion.prompt_version,
            completion.fault,
            completion.tokens_in,
            completion.tokens_out,
            time.time(),
            generated_s,
            digest,
        )
        with self._transaction():
            self.connection.execute(f"INSERT INTO completions VALUES ({', '.join('?' * len(row))})", row)
            if rejection is not None:
                self._add_verdict(
                    completion.index,
                    stage=rejection.stage,
                    accepted=False,
                    reason=rejection.reason.value,
                    detail=rejection.detail,
                    counterexample=rejection.counterexample,
                )

    def add_verdict(self, index: int, verdict: Verdict, *, wall_s: float) -> None:
        """Write the verifier's verdict on a completion that is already here."""
        stage, detail, counterexample = _deciding_check(verdict)
        with self._transaction():
            self._add_verdict(
                index,
                stage=stage,
                accepted=verdict.accepted,
                assurance=verdict.assurance.value if verdict.assurance else None,
                reason=verdict.reason.value if verdict.reason else None,
                detail=detail,
                counterexample=counterexample,
                verdict=json.dumps(verdict.model_dump(mode="json"), ensure_ascii=False),
                wall_s=wall_s,
            )

    def _add_verdict(
        self,
        index: int,
        *,
        stage: str | None,
        accepted: bool,
        detail: str,
        assurance: str | None = None,
        reason: str | None = None,
        counterexample: str | None = None,
        verdict: str | None = None,
        wall_s: float = 0.0,
    ) -> None:
        evidence = (None if text is None else storable(text) for text in (detail, counterexample, verdict))
        self.connection.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (index, stage, accepted, assurance, reason, *evidence, time.time(), wall_s),
        )

    def add_unjudged(self, index: int, *, detail: str) -> None:
        """Note that our machinery failed on a sample. It stays work to do."""
        with self._transaction():
            self.connection.execute("INSERT INTO unjudged VALUES (?, ?, ?)", (index, storable(detail), time.time()))

    def set_aside(self, index: int, *, detail: str) -> None:
        """Give up on a sample that cannot be judged although others can; final in this folder."""
        with self._transaction():
            self.connection.execute("INSERT INTO set_aside VALUES (?, ?, ?)", (index, storable(detail), time.time()))

    def set_meta(self, values: Mapping[str, object]) -> None:
        """Write facts about the run, each as JSON under its name."""
        with self._transaction():
            rows = [(key, json.dumps(value, sort_keys=True)) for key, value in values.items()]
            self.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def start_session(self) -> int:
        """Note that a process began to work on this run; gives the number to end the session with."""
        with self._transaction():
            cursor = self.connection.execute("INSERT INTO sessions (started_at) VALUES (?)", (time.time(),))
        return int(cursor.lastrowid or 0)

    def end_session(self, session: int, *, ended: str) -> None:
        """Note how the process ended: done, short, interrupted or stopped."""
        with self._transaction():
            update = "UPDATE sessions SET ended_at = ?, ended = ? WHERE id = ?"
            self.connection.execute(update, (time.time(), ended, session))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    # what is read

    def meta(self, key: str) -> object:
        """A fact written with `set_meta`, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def next_index(self) -> int:
        """The first index that has no completion yet."""
        return self._count("SELECT COALESCE(MAX(idx) + 1, 0) FROM completions")

    def accepted_count(self) -> int:
        """How many samples are accepted so far, whatever waits below them."""
        return self._count("SELECT COUNT(*) FROM verdicts WHERE accepted = 1")

    def nth_accepted(self, n: int) -> int | None:
        """The index of the n-th accepted sample in index order, counted from 1."""
        query = "SELECT idx FROM verdicts WHERE accepted = 1 ORDER BY idx LIMIT 1 OFFSET ?"
        row = self.connection.execute(query, (n - 1,)).fetchone()
        return None if row is None else int(row[0])

    def first_with_digest(self, digest: bytes) -> str | None:
        """The task_id of the lowest index with this digest."""
        query = "SELECT task_id FROM completions WHERE digest = ? ORDER BY idx LIMIT 1"
        row = self.connection.execute(query, (digest,)).fetchone()
        return None if row is None else str(row[0])

    def waiting(self) -> Iterator[tuple[int, bool]]:
        """The indexes without a verdict, lowest first, each with whether our machinery failed on it before."""
        yield from (
            (int(index), bool(failed))
            for index, failed in self.connection.execute(
                "SELECT c.idx, EXISTS (SELECT 1 FROM unjudged u WHERE u.idx = c.idx) FROM completions c "
                "WHERE c.idx NOT IN (SELECT idx FROM verdicts) AND c.idx NOT IN (SELECT idx FROM set_aside) ORDER BY c.idx"
            )
        )

    def completion(self, index: int) -> Completion | None:
        """The completion at an index, or None where there is none."""
        row = self.connection.execute(f"SELECT {_COMPLETION} FROM completions c WHERE idx = ?", (index,)).fetchone()
        return None if row is None else _completion(row)

    def records(self, *, accepted: bool, below: int) -> Iterator[Record]:
        """The accepted or the rejected samples with an index less than `below`, in index order."""
        query = (
            f"SELECT {_COMPLETION}, c.task_id, v.stage, v.assurance, v.reason, v.detail, v.counterexample, v.verdict "
            "FROM verdicts v JOIN completions c ON c.idx = v.idx WHERE v.accepted = ? AND v.idx < ? ORDER BY v.idx"
        )
        for row in self.connection.execute(query, (accepted, below)):
            task_id, stage, assurance, reason, detail, counterexample, verdict = row[12:]
            yield Record(
                completion=_completion(row[:12]),
                task_id=task_id,
                accepted=accepted,
                stage=stage,
                assurance=assurance,
                reason=reason,
                detail=detail,
                counterexample=counterexample,
                verdict=Verdict.model_validate_json(verdict) if verdict else None,
            )

    def count(self, *, accepted: bool, below: int) -> int:
        """How many samples with an index less than `below` were accepted, or rejected."""
        query = "SELECT COUNT(*) FROM verdicts WHERE accepted = ? AND idx < ?"
        return int(self.connection.execute(query, (accepted, below)).fetchone()[0])

    def rejections_by_reason(self) -> dict[str, int]:
        """How many samples each reason has refused so far."""
        query = "SELECT reason, COUNT(*) FROM verdicts WHERE accepted = 0 GROUP BY reason"
        return {str(reason): int(count) for reason, count in self.connection.execute(query)}

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchone()[0])


@contextmanager
def open_ledger(path: Path, *, read_only: bool = False) -> Iterator[Ledger]:
    """Open or make a `run.db`; a file of another version, or one that is no ledger, is refused (LedgerRefused).

    A reader may open it while the one writer is at work.
    """
    uri = f"file:{quote(str(path.absolute()))}?{_reading_mode(path) if read_only else 'mode=rwc'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30.0, check_same_thread=not read_only)
    try:
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        _prepare(connection, path=path, read_only=read_only)
        yield Ledger(connection)
    finally:
        connection.close()


def _reading_mode(path: Path) -> str:
    """How SQLite should open a file that is only read.

    With a write-ahead log even a reader keeps an index beside the file, and only one that may write removes it again. In
    a folder that cannot be written a file without that log has no writer, and is read as it is.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "mode=rw"
    return "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"


def _prepare(connection: sqlite3.Connection, *, path: Path, read_only: bool) -> None:
    try:
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = int(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise LedgerRefused(f"{path} is not a SQLite file ({error}). Use another --out.") from error
    if version == 0 and tables == 0 and not read_only:
        script = f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;"
        connection.executescript(script)
    elif version != SCHEMA_VERSION:
        raise LedgerRefused(
            f"{path} has ledger version {version}, and this synthgen works with version {SCHEMA_VERSION}. "
            "Use another --out, or the synthgen that made it."
        )


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _completion(row: tuple[object, ...]) -> Completion:
    names = ("index", "text", "topic", "difficulty", "style", "engine", "engine_version", "model", "prompt_version")
    fields = dict(zip((*names, "fault", "tokens_in", "tokens_out"), row, strict=True))
    return Completion(**fields)  # type: ignore[arg-type]  # the columns have the fields' types


def _deciding_check(verdict: Verdict) -> tuple[str | None, str, str | None]:
    """The stage, detail and counterexample of the check that refused the sample; no stage where it was accepted."""
    if verdict.accepted:
        return None, "", None
    deciding = [check for check in verdict.checks if check.reason is not None and check.reason is verdict.reason]
    candidates = deciding or list(verdict.checks[-1:])
    if not candidates:
        return "verify", "", None
    check = candidates[0]
    return check.check.value, check.detail, check.counterexample
