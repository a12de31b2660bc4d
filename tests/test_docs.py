"""The documents tell the truth about the code: reasons, links, commands and make targets."""

import re
import tomllib
from pathlib import Path

import pytest

from verifier.verdict import Assurance, Check, Reason

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def test_reasons_are_documented_exactly() -> None:
    """The table of docs/reasons.md lists every member of Reason once, and nothing else."""
    listed = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/reasons.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(reason.value for reason in Reason)


def test_every_reason_says_where_to_look() -> None:
    """Each row of the table has a stage, a meaning and a place to look at."""
    rows = [line for line in (ROOT / "docs/reasons.md").read_text().splitlines() if line.startswith("| `")]
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(document: Path) -> None:
    """Every link to a file of the repository leads to one, and every anchor to a heading."""
    for target in LINK.findall(_without_code(document.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), f"{document.relative_to(ROOT)} links to {target}, which is not there"
        if anchor:
            assert anchor in _anchors(linked), f"{document.relative_to(ROOT)} links to {target}: no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_exist(document: Path) -> None:
    """Every `make NAME` in code spans and blocks names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|`|&& |\$ )make ([a-z]+)", _code(document.read_text()), re.MULTILINE)
    assert set(named) <= targets


def test_readme_commands_are_installed() -> None:
    """Each line of the README's shell blocks that begins with a command of ours names a registered script and subcommand."""
    from synthgen.cli import main as synthgen_main
    from verifier.cli import main as verifier_main

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) == {"synthgen", "verifier"}
    groups = {"synthgen": synthgen_main, "verifier": verifier_main}
    used = re.findall(r"^(synthgen|verifier) ([a-z-]+)", _code((ROOT / "README.md").read_text()), re.MULTILINE)
    assert used
    for script, command in used:
        assert command in getattr(groups[script], "commands"), f"README uses `{script} {command}`"  # noqa: B009


def test_readme_names_every_check_and_assurance() -> None:
    """The README's terminology knows the ladder and the assurances as the code spells them."""
    text = (ROOT / "README.md").read_text()
    for member in [*Check, *Assurance]:
        assert f"`{member.value}`" in text, f"README does not mention `{member.value}`"


def test_readme_paths_exist() -> None:
    """Every path of a source file that the README shows in a code span is there."""
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"`((?:synthgen|verifier|sandbox|scripts|docs|bench|tests)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), f"README names {path}, which is not there"


def _code(text: str) -> str:
    """Fenced blocks and code spans, one a line."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return "\n".join([*fenced, *spans])


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
