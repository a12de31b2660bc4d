"""Finding the engine, and saying what to do where there is none."""

import os
from pathlib import Path

import pytest

from sandbox import engine
from sandbox.errors import EngineUnavailable


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "nonsense://"])
def test_a_missing_engine_is_a_sentence_with_the_mending_command(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message holds the address that was tried and the command that mends it."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineUnavailable) as caught:
        engine.connect()
    message = str(caught.value)
    assert message.startswith(f"No Docker engine answers at {host} (")
    assert "bash scripts/docker-engine.sh" in message
    assert "synthgen doctor" in message
    assert "\n" not in message


def test_the_mending_script_exists() -> None:
    """The command that the message gives can be typed."""
    assert (Path(__file__).resolve().parents[2] / "scripts" / "docker-engine.sh").is_file()


def test_the_owner_is_this_process_and_no_later_one() -> None:
    """The label holds the process id, its start time and the boot, and stays the same while the process lives."""
    label = engine.owner()
    pid, start_ticks, boot = label.split(":")
    assert int(pid) == os.getpid()
    assert int(start_ticks) > 0
    assert len(boot) == 36
    assert engine.owner() == label


@pytest.mark.docker
def test_an_engine_that_answers_describes_itself() -> None:
    """Version, storage driver, cgroup version and runtimes are told."""
    try:
        client = engine.connect()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    facts = engine.describe(client)
    assert facts.version[0].isdigit()
    assert facts.cgroup_version in ("1", "2")
    assert "runc" in facts.runtimes
