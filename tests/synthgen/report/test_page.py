"""The page as a file: what it holds, what it lets run, and how it comes to be."""

import base64
import hashlib
import re
import stat
from pathlib import Path

import pytest

from synthgen.dataset.ledger import FILE_NAME, open_ledger
from synthgen.report.page import duration, write_report
from synthgen.report.visible import shortened, visible
from tests.synthgen.report.runs import Entry, completion, ordinary, refuted, write_run
from verifier.verdict import Check, Reason

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def hostile(index: int) -> Entry:
    """A sample that says nothing but markup, everywhere."""
    verdict = refuted(index, check=Check.EXAMPLES, reason=Reason.EXAMPLE_FAILED, detail=HOSTILE, counterexample=HOSTILE)
    return completion(index, text=HOSTILE, fault=HOSTILE, topic=HOSTILE), verdict


def test_only_the_pages_own_script_may_run(tmp_path: Path) -> None:
    """The policy forbids everything but one script, named by its hash; the page loads nothing."""
    text = write_report(write_run(tmp_path / "run", map(ordinary, range(60)))).read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'" in policy.group(1)
    assert "unsafe-inline" not in policy.group(1).split("style-src")[0]
    assert not re.search(r'(?:src|href)="(?!#|data:,")', text)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Markup in topics and labels of faults is escaped in tables and plots alike."""
    directory = write_run(tmp_path / "run <img src=x>", map(hostile, range(3)))
    text = write_report(directory).read_text(encoding="utf-8")
    assert "<img" not in text
    assert text.count("<script") == 2
    assert "&lt;img" in text


def test_report_is_the_same_for_the_same_run(tmp_path: Path) -> None:
    """Nothing in the page depends on when it is written."""
    directory = write_run(tmp_path / "run", map(ordinary, range(60)))
    first = write_report(directory).read_bytes()
    assert write_report(directory).read_bytes() == first


def test_a_failed_write_leaves_the_old_page(tmp_path: Path) -> None:
    """When a report cannot be made, the earlier page stays whole and no partial file is left."""
    directory = write_run(tmp_path / "run", map(ordinary, range(30)))
    before = write_report(directory).read_bytes()
    with open_ledger(directory / FILE_NAME) as ledger:
        ledger.connection.execute("UPDATE verdicts SET verdict = 'broken' WHERE idx = 20")
    with pytest.raises(ValueError, match="Expecting value"):
        write_report(directory)
    assert (directory / "report.html").read_bytes() == before
    assert not [path for path in directory.iterdir() if path.name.endswith(".partial")]


def test_page_can_be_read_by_others(tmp_path: Path) -> None:
    """The page has the mode of an ordinary file."""
    path = write_report(write_run(tmp_path / "run", map(ordinary, range(5))))
    assert path == tmp_path / "run" / "report.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_run_without_samples_has_a_page(tmp_path: Path) -> None:
    """An empty or unfinished run is reported as such."""
    text = write_report(write_run(tmp_path / "run", [], finished=False)).read_text(encoding="utf-8")
    assert "No sample has been judged yet." in text
    assert "the run is not finished" in text


def test_left_out_rejects_are_announced_with_the_way_to_them(tmp_path: Path) -> None:
    """Where rejects do not fit, the page says how many of which reason, and gives the command that shows them."""
    directory = write_run(tmp_path / "run", map(ordinary, range(200)))
    text = write_report(directory, max_rejects=8).read_text(encoding="utf-8")
    sentence = re.search(r"(\d+) of (\d+) refused samples are too many for one page and are left out \(([^)]*)\)", text)
    assert sentence is not None
    assert int(sentence.group(1)) == int(sentence.group(2)) - 8
    assert sum(map(int, re.findall(r"\d+", sentence.group(3)))) == int(sentence.group(1))
    assert f"{directory}/rejected/*.parquet" in text
    assert "row[&#39;reason&#39;] == &#39;example_failed&#39;" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0008, "0.8 ms"), (0.25, "250 ms"), (3.44, "3.4 s"), (306, "5 min 06 s"), (7384, "2 h 03 min")],
)
def test_durations_are_readable(seconds: float, words: str) -> None:
    """A duration has a unit that suits its size."""
    assert duration(seconds) == words


def test_unseen_characters_become_visible() -> None:
    """Control, direction, zero-width and surrogate characters are named; the rest is left alone."""
    assert visible("a\x00b\u202ec\u200bd\ud800") == "a⟨U+0000⟩b⟨U+202E⟩c⟨U+200B⟩d⟨U+D800⟩"
    assert visible("naïve – 数 🙂\n\tx") == "naïve – 数 🙂  x"
    assert shortened("x" * 10, width=5) == "xxxx…"
    assert shortened("x" * 5, width=5) == "xxxxx"
