"""When our own machinery fails: containers that are killed, owners that die, many threads at once."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from sandbox import engine, image
from sandbox.errors import EngineUnavailable, JobFailed
from sandbox.limits import Limits
from sandbox.pool import Pool
from tests.sandbox.jobs import failure_of, job, passes

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
SLOW = "import time\ndef f(x):\n    time.sleep(1.5)\n    return x\n"
SLOW_JOB = job(SLOW, "assert f(1) == 1", limits=Limits(cpu_s=5))


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """A client of the engine, or a skip."""
    try:
        opened = engine.connect()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def containers_of(client: docker.DockerClient, owner: str) -> set[str]:
    """Ids of the containers that carry this owner's label, whatever their state."""
    found = client.api.containers(all=True, filters={"label": f"{engine.OWNER_LABEL}={owner}"})
    return {row["Id"] for row in found}


def await_true(holds: Callable[[], bool], *, within_s: float = 30.0) -> bool:
    """Whether the condition comes to hold before the deadline, which is generous: only a failure waits for it."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def own(client: docker.DockerClient) -> Iterator[tuple[Pool, Callable[[], set[str]]]]:
    """A pool of one container, and a function that tells its containers from those of other pools of this process."""
    before = containers_of(client, engine.owner())
    with Pool(1) as opened:
        yield opened, lambda: containers_of(client, engine.owner()) - before
    assert await_true(lambda: not containers_of(client, engine.owner()) - before)


def kill(client: docker.DockerClient, container_id: str) -> None:
    """`docker kill`, with the engine's own signal."""
    client.api.kill(container_id)


def test_a_killed_container_is_replaced_and_its_job_run_again(
    own: tuple[Pool, Callable[[], set[str]]], client: docker.DockerClient
) -> None:
    """`docker kill` in the middle of a job is our failure: the job gets its right verdict from a fresh container."""
    pool, mine = own
    (victim,) = mine()
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(pool.run_tests, SLOW_JOB)
        time.sleep(0.5)
        kill(client, victim)
        assert passes(running.result(60))
    assert pool.replaced == 1
    assert victim not in mine()
    assert passes(pool.run_tests(job("def f(x):\n    return x\n", "assert f(1) == 1")))


def test_a_container_killed_between_jobs_costs_no_verdict(
    own: tuple[Pool, Callable[[], set[str]]], client: docker.DockerClient
) -> None:
    """A warm container that died while idle is replaced by the next job, which passes."""
    pool, mine = own
    for victim in mine():
        kill(client, victim)
    assert passes(pool.run_tests(job("def f(x):\n    return x\n", "assert f(1) == 1")))
    assert pool.replaced == 1


def test_a_job_that_loses_two_containers_is_unjudged(
    own: tuple[Pool, Callable[[], set[str]]], client: docker.DockerClient
) -> None:
    """The second loss raises JobFailed, which is no verdict; the pool goes on after it."""
    pool, mine = own
    stop = threading.Event()

    def kill_all() -> None:
        while not stop.wait(0.2):
            for victim in mine():
                # one that has gone meanwhile is as good
                subprocess.run(["docker", "kill", victim], capture_output=True, check=False)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(JobFailed, match="two containers were lost on this job"):
            pool.run_tests(job(SLOW.replace("1.5", "20"), "assert f(1) == 1", limits=Limits(cpu_s=5)))
    finally:
        stop.set()
        killer.join()
    assert pool.replaced >= 1  # one that is lost while it starts was never in the pool
    assert passes(pool.run_tests(job("def f(x):\n    return x\n", "assert f(1) == 1")))


def test_the_supervisors_death_is_ours(own: tuple[Pool, Callable[[], set[str]]], client: docker.DockerClient) -> None:
    """A supervisor that is killed from the host takes its container along; the job is run again."""
    pool, mine = own
    (victim,) = mine()
    pid = client.api.inspect_container(victim)["State"]["Pid"]
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(pool.run_tests, SLOW_JOB)
        time.sleep(0.5)
        os.kill(pid, 9)
        assert passes(running.result(60))
    assert pool.replaced == 1


OWNER_PROGRAM = (
    "import sys\nfrom sandbox import engine\nfrom sandbox.pool import Pool\n"
    "with Pool(1):\n    print(engine.owner(), flush=True)\n    sys.stdin.read()\n"
)


def start_owner() -> tuple[subprocess.Popen[str], str]:
    """A process that holds a pool of one container until its standard input ends, and its owner label."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_killed_owner_leaves_no_container(client: docker.DockerClient) -> None:
    """SIGKILL gives the host process no chance to clean up: its container ends by itself."""
    process, label = start_owner()
    assert len(containers_of(client, label)) == 1
    process.kill()
    process.communicate()
    assert await_true(lambda: not containers_of(client, label))


def create_idle(client: docker.DockerClient, label: str) -> str:
    """A container that was created for an owner and never started, as a crash between the two calls leaves it."""
    tag = image.ensure_image(client)
    created = client.api.create_container(tag, command=[image.PYTHON, "-c", ""], labels={engine.OWNER_LABEL: label})
    return str(created["Id"])


def test_orphans_of_dead_owners_are_swept_and_no_others(client: docker.DockerClient) -> None:
    """A later start removes what dead owners left; a reused process id does not protect it, a live owner does."""
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    living, living_label = start_owner()
    pid, _, rest = living_label.partition(":")
    reused = f"{pid}:1:{rest.partition(':')[2]}"
    orphans = [create_idle(client, label) for label in (f"{finished.pid}:12345:{rest}", reused, "not a label", "")]
    mine = create_idle(client, engine.owner())
    try:
        engine.sweep_orphans(client)
        left = {row["Id"] for row in client.api.containers(all=True, filters={"label": engine.OWNER_LABEL})}
        assert not left & set(orphans)
        assert mine in left
        assert len(containers_of(client, living_label)) == 1
    finally:
        for container_id in (*orphans, mine):
            engine.remove(client, container_id)
        living.communicate("")
    assert await_true(lambda: not containers_of(client, living_label))


def test_removing_what_is_gone_is_no_error(client: docker.DockerClient) -> None:
    """Removal tells whether it removed something."""
    container_id = create_idle(client, engine.owner())
    assert engine.remove(client, container_id)
    assert not engine.remove(client, container_id)


def test_many_threads_get_their_own_answers(pool: Pool) -> None:
    """Eight threads on two containers: every job gets the verdict and the call of its own sample."""

    def judge(number: int) -> bool:
        wrong = number % 3 == 0
        returned = "x + 1" if wrong else "x"
        plain = number % 2 == 0
        result = pool.run_tests(
            job(f"def f(x):\n    return {returned}\n", f"assert f({number}) == {number}", has_plain_tests=plain)
        )
        return failure_of(result).call == f"f(x={number})" if wrong else passes(result)

    with ThreadPoolExecutor(8) as executor:
        assert all(executor.map(judge, range(96)))


def test_a_pool_needs_a_worker() -> None:
    """A pool of no container is refused with the number that was given."""
    with pytest.raises(ValueError, match="workers is 0; a pool needs at least 1"):
        Pool(0)


def test_reports_do_not_depend_on_the_hosts_hash_seed() -> None:
    """Under another PYTHONHASHSEED of the host the same job gives the same report."""
    program = (
        "from sandbox.pool import Pool\nfrom tests.sandbox.jobs import job, without_times\n"
        "tests = 'from hypothesis import given, strategies as st\\n@given(st.sets(st.text()))\\n"
        "def test_f(x):\\n    assert f(x) == len(x)\\n'\n"
        "with Pool(1) as pool:\n"
        "    print(without_times(pool.run_tests(job('def f(x):\\n    return min(len(x), 2)\\n', tests, uses_hypothesis=True))))\n"
        "    print(without_times(pool.run_tests(job('def f(x):\\n    return list({str(x) + c for c in \"abcdef\"})\\n',"
        " 'assert f(1)', replays=True))))\n"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": value}, capture_output=True,
            text=True, check=True,
        ).stdout
        for value in ("1", "12345")
    ]  # fmt: skip
    assert "nondeterministic" in printed[0]
    assert "f(x={" in printed[0]
    assert printed[0] == printed[1]
