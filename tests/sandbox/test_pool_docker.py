"""Jobs in real containers: over either line, past the end of every stock of spare processes, cleanly."""

import pytest

from sandbox.job import Guest, Step, TestsJob
from sandbox.limits import Ended
from sandbox.pool import Pool

pytestmark = pytest.mark.docker

SOURCE = "def f(xs: list[int]) -> list[int]:\n    return sorted(xs)\n"
SPAWNING = (
    "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        import time\n        time.sleep(600)\n" + SOURCE
)
WRITING = "open('/tmp/left', 'w').close()\n" + SOURCE


def _job(source: str = SOURCE, *, plain: bool = True, guests: int = 1) -> TestsJob:
    step = Step(check="examples", source="assert f([2, 1]) == [1, 2]\n", bindings={"f": (0, "f")})
    return TestsJob(
        guests=(Guest(source=source),) * guests,
        steps=(step,),
        entry_point="f",
        uses_hypothesis=False,
        has_plain_tests=plain,
    )


def _passed(pool: Pool, job: TestsJob) -> bool:
    result = pool.run_tests(job)
    assert result.steps is not None, result
    assert all(guest.ended is Ended.ALIVE for guest in result.guests), result
    return result.steps[0].failure is None


@pytest.mark.parametrize("runtime", [None, "runc"])
def test_jobs_pass_over_both_lines(runtime: str | None) -> None:
    """The named pipes and, where a runtime is named, the attached streams carry jobs small and large."""
    with Pool(1, runtime=runtime) as pool:
        assert _passed(pool, _job())
        assert _passed(pool, _job(SOURCE + f"TEXT = {'x' * 300_000!r}\n"))
        assert pool.replaced == 0


def test_stocks_of_spare_processes_are_refilled() -> None:
    """Jobs that take one to four processes in turn use up spare processes at every remainder, and none is lost."""
    with Pool(1) as pool:
        for number in range(60):
            assert _passed(pool, _job(plain=number % 2 == 0, guests=1 + number % 3))
        assert pool.replaced == 0


@pytest.mark.parametrize("source", [SPAWNING, WRITING])
def test_what_a_guest_leaves_behind_is_swept(source: str) -> None:
    """Processes and files of a guest are gone before the next job, which finds the same container and an empty /tmp."""
    looking = "import os\nassert os.listdir('/tmp') == [], os.listdir('/tmp')\n" + SOURCE
    with Pool(1) as pool:
        assert _passed(pool, _job(source))
        assert _passed(pool, _job(looking))
        assert pool.replaced == 0
