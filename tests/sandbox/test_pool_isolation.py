"""What a hostile solution can reach: not the tests, not the judge, not the next job, not the world outside.

Where a trick would work without the sandbox, a control runs the same source and tests in a process of our own and shows
that it does.
"""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from sandbox.job import Guest, Step, TestsJob
from sandbox.limits import Ended, Limits
from sandbox.pool import Pool
from tests.sandbox.jobs import SHORT, failure_of, job, passes

pytestmark = pytest.mark.docker

SECRET = "expected_98231_of_the_tests"


@pytest.fixture(scope="module")
def single() -> Iterator[Pool]:
    """One container, so that one job's leftovers would meet the next job."""
    with Pool(1) as opened:
        yield opened


def attempt(pool: Pool, statement: str) -> str:
    """What one statement does to a guest: `done`, or the type and number of the error it met."""
    lines = "\n        ".join(statement.splitlines())
    source = (
        f"def f(x):\n    try:\n        {lines}\n        return 'done'\n    except OSError as error:\n"
        "        return f'{type(error).__name__} {error.errno}'\n    except BaseException as error:\n"
        "        return type(error).__name__\n"
    )
    failure = failure_of(pool.run_tests(job(source, "assert f(1) is None", limits=Limits(cpu_s=5))))
    assert failure.outcome is not None, failure
    return failure.outcome.removeprefix("returned ").strip("'\"")


UNPROTECTED = "import sys\nsource, tests = sys.stdin.read().split('# ---')\nn = {}\nexec(source, n)\nexec(tests, n)\n"
EQUAL_TO_ALL = (
    "class Equal:\n    def __eq__(self, other):\n        return True\n    __lt__ = __gt__ = __le__ = __ge__ = __eq__\n"
    "    def __bool__(self):\n        return True\n"
)


@pytest.mark.parametrize(
    ("solution", "kind"),
    [
        ("import os\ndef f(x):\n    os._exit(0)\n", "guest_gone"),
        ("import os\nos._exit(0)\n", "guest_gone"),
        ("import sys\ndef f(x):\n    sys.exit(0)\n", "raised"),
        (EQUAL_TO_ALL + "def f(x):\n    return Equal()\n", "nonplain_value"),
        (
            "class I(int):\n    def __eq__(self, other):\n        return True\ndef f(x):\n    return I()\n",
            "nonplain_value",
        ),
    ],
    ids=["exit in call", "exit at import", "sys.exit", "equal to everything", "int subclass"],
)
def test_forged_success_is_refuted(pool: Pool, solution: str, kind: str) -> None:
    """What a runner that trusts its own process takes for success is refuted here; the control is fooled."""
    tests = "assert f(1) == 31337"
    result = pool.run_tests(job(solution, tests))
    assert failure_of(result).kind == kind
    control = subprocess.run(
        [sys.executable, "-c", UNPROTECTED],
        input=f"{solution}# ---\n{tests}\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert control.returncode == 0


def test_a_patched_assert_or_print_reaches_nobody(pool: Pool) -> None:
    """Replacing built-ins, `sys.exit`, the wire and the guest's own loop changes no verdict."""
    solution = (
        "import builtins, sys\nfrom sandbox import wire\nfrom sandbox.agent import channel, driver\n"
        "builtins.AssertionError = type('Quiet', (Exception,), {})\nbuiltins.all = builtins.any = lambda *a: True\n"
        "driver._failure = lambda *a: None\nchannel.Channel.call = lambda *a, **k: 31337\n"
        "def f(x):\n    return 0\n"
    )
    assert failure_of(pool.run_tests(job(solution, "assert f(1) == 31337"))).kind == "assertion"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\\xff\\xff\\xff\\xff",
        b"\\x00\\x00\\x00\\x02[]",
        b'\\x00\\x00\\x00\\x03"ok"',
        b'\\x00\\x00\\x00\\x0b["verdict",1]',
        b"\\x00\\x00\\x00\\x04nope",
        b'\\x00\\x00\\x00\\x10["raised",1,2,3]',
    ],
)
def test_forged_replies_are_refuted(pool: Pool, reply: bytes) -> None:
    """A guest that writes its own bytes on the line breaks the protocol or is gone; it cannot write a verdict."""
    solution = (
        "import socket, os\ndef f(x):\n    for n in range(3, 30):\n        try:\n"
        f"            socket.socket(fileno=n).send(b'{reply.decode('latin-1')}')\n        except OSError:\n            pass\n"
        "    os._exit(0)\n"
    )
    result = pool.run_tests(job(solution, "assert f(1) == 31337"))
    assert not passes(result)
    assert result.steps is not None
    assert failure_of(result).kind in ("protocol", "guest_gone")


def test_the_tests_are_not_in_the_guest(pool: Pool) -> None:
    """A walk over the frames, every tracked object and all writable memory finds no text of the tests.

    Control: a text of the same form that the guest makes itself is found.
    """
    solution = (
        "import ctypes, gc, re, sys\nFORM = r'expected_[0-9]+_of_the_tests'\ndef f(x):\n"
        "    own = 'expected_%d_of_the_tests' % x if x else ''\n    seen = []\n    frame = sys._getframe()\n"
        "    while frame:\n        seen.append(repr(list(frame.f_locals.items()))[:100000])\n        frame = frame.f_back\n"
        "    seen += [repr(o)[:2000] for o in gc.get_objects() if type(o) in (dict, list, tuple) and len(o) < 200]\n"
        "    objects = sum(bool(re.search(FORM, text)) for text in seen)\n    del seen\n    memory = 0\n"
        "    for row in open('/proc/self/maps').read().splitlines():\n        span, mode, _, _, inode, *_ = row.split()\n"
        "        if mode[:2] == 'rw' and inode == '0':\n            start, end = (int(p, 16) for p in span.split('-'))\n"
        "            memory += len(re.findall(FORM.encode(), ctypes.string_at(start, end - start)))\n"
        "    return [objects > 0, memory > 0]\n"
    )
    tests = f"secret = '{SECRET}'\nassert f(0) == [False, False]\nassert f(7) == [True, True]\nassert secret\n"
    result = pool.run_tests(job(solution, tests, limits=Limits(cpu_s=10)))
    assert passes(result), result


SIGNALS = "import os, signal\nfor pid in range(1, 400):\n    if pid == os.getpid(): continue\n    try:\n        os.kill(pid, 9)\n        return 'killed %d' % pid\n    except (PermissionError, ProcessLookupError): pass"


def test_a_guest_cannot_signal_another_process(pool: Pool) -> None:
    """Supervisor, zygotes, driver and the other guests belong to other users."""
    assert attempt(pool, SIGNALS) == "done"


@pytest.mark.parametrize("name", ["mem", "environ", "maps", "fd", "root", "cwd"])
def test_a_guest_cannot_read_another_process(pool: Pool, name: str) -> None:
    """The folders of other processes under /proc keep memory, files and environment to themselves."""
    read = (
        "os.listdir"
        if name == "fd"
        else "os.readlink"
        if name in ("root", "cwd")
        else "(lambda p: open(p, 'rb').read(1))"
    )
    statement = (
        f"import os\nfor pid in os.listdir('/proc'):\n    if not pid.isdigit() or int(pid) == os.getpid(): continue\n"
        f"    try:\n        {read}(f'/proc/{{pid}}/{name}')\n        return 'read ' + pid\n"
        "    except (PermissionError, FileNotFoundError, ProcessLookupError): pass"
    )
    assert attempt(pool, statement) == "done"


CALL = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nif libc.syscall({arguments}) < 0: raise OSError(ctypes.get_errno(), 'refused')"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ptrace", "101, 16, 1, 0, 0"),
        ("process_vm_readv", "310, 1, 0, 0, 0, 0, 0"),
        ("mount", "165, 0, 0, 0, 0, 0"),
        ("unshare", "272, 0x10000000"),
        ("keyctl", "250, 0, -3, 0"),
        ("add_key", "248, b'user', b'x', b'y', 1, -3"),
        ("bpf", "321, 0, 0, 0"),
        ("userfaultfd", "323, 0"),
        ("io_uring_setup", "425, 8, 0"),
        ("perf_event_open", "298, 0, 0, 0, 0, 0"),
        ("shmget", "29, 0, 4096, 0o1666"),
        ("setns", "308, 0, 0"),
        ("clone with a user namespace", "56, 0x10000011, 0, 0, 0, 0"),
    ],
)
@pytest.mark.skipif("__import__('platform').machine() != 'x86_64'", reason="the numbers are those of x86-64")
def test_refused_system_calls(pool: Pool, name: str, arguments: str) -> None:
    """What could leave the container, outlive a job or read another process answers EPERM."""
    assert attempt(pool, CALL.format(arguments=arguments)) == "PermissionError 1"


@pytest.mark.parametrize(
    "statement",
    [
        "import socket\nsocket.socket(socket.AF_INET)",
        "import socket\nsocket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "import socket\nsocket.create_connection(('127.0.0.1', 80), 1)",
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import os\nos.setuid(0)",
        "import os\nos.setgroups([0])",
        "import os\nos.chown('/tmp', 0, 0)",
        "open('/proc/self/oom_score_adj', 'w').write('-1000')",
        "import os\nos.chroot('/tmp')",
        "import os\nos.mkfifo('/tmp/pipe')",
    ],
)
def test_refused_rights(pool: Pool, statement: str) -> None:
    """No socket to anywhere, no other user, no right over the container."""
    assert attempt(pool, statement) in ("PermissionError 1", "PermissionError 13")


@pytest.mark.parametrize(
    "path", ["/x", "/opt/synthgen/x", "/etc/x", "/opt/python/bin/python3", "/dev/x", "/sys/x", "/proc/x"]
)
def test_only_tmp_can_be_written(pool: Pool, path: str) -> None:
    """Every place but /tmp refuses a new file."""
    assert attempt(pool, f"open({path!r}, 'wb')").split()[0] in ("OSError", "PermissionError", "FileNotFoundError")


def test_the_hosts_line_has_no_name_inside(pool: Pool) -> None:
    """Where the host talks over named pipes, their folder is empty before the first job: a guest finds no end to open."""
    for name in ("jobs", "replies"):
        assert attempt(pool, f"import os\nos.open('/line/{name}', os.O_RDWR | os.O_NONBLOCK)") == "FileNotFoundError 2"
    assert attempt(pool, "os = __import__('os')\nos.mkdir('/line/x')").startswith(
        ("PermissionError", "OSError", "FileNot")
    )


def test_tmp_is_small_and_runs_nothing(pool: Pool) -> None:
    """A file in /tmp is bounded, the folder as a whole too, and nothing there can be executed."""
    assert attempt(pool, "with open('/tmp/a', 'wb') as s:\n    s.write(b'x' * (65 << 20))") in (
        "OSError 27",
        "OSError 28",
    )
    many = "for n in range(10000):\n    open(f'/tmp/{n}', 'w').close()"
    assert attempt(pool, many) == "OSError 28"
    program = "import os, shutil\nshutil.copy('/opt/python/bin/python3', '/tmp/p')\nos.chmod('/tmp/p', 0o755)\nos.execv('/tmp/p', ['p'])"
    assert attempt(pool, program) == "PermissionError 13"


def test_no_program_raises_privileges(pool: Pool) -> None:
    """The image holds no set-user-id file, no shell, and no second program that could be run."""
    walk = (
        "import os, stat\nfound = []\nfor base in ('/opt', '/lib', '/lib64', '/usr', '/etc', '/bin', '/sbin'):\n"
        "    for folder, _, files in os.walk(base):\n        for name in files:\n"
        "            mode = os.lstat(os.path.join(folder, name)).st_mode\n"
        "            if mode & (stat.S_ISUID | stat.S_ISGID) or name in ('sh', 'bash', 'busybox', 'pip'): found.append(name)\n"
        "return str(found)"
    )
    assert attempt(pool, walk) == "[]"
    assert attempt(pool, "import os\nos.execv('/bin/sh', ['sh'])") == "FileNotFoundError 2"


FORK_BOMB = "import os\ndef f(x):\n    while True:\n        try:\n            os.fork()\n        except OSError:\n            pass\n"


def test_a_fork_bomb_ends_with_its_job(single: Pool) -> None:
    """Processes are bounded per user; after the job none is left and the next job is judged as ever."""
    result = single.run_tests(job(FORK_BOMB, "assert f(1) == 1", limits=Limits(cpu_s=1, wall_s=3.0)))
    assert not passes(result)
    assert passes(single.run_tests(job(COUNT_STRANGERS, "assert f(1) == 0")))


COUNT_STRANGERS = (
    "import os\ndef f(x):\n    strangers = 0\n    for name in os.listdir('/proc'):\n        if not name.isdigit(): continue\n"
    "        try:\n            command = open(f'/proc/{name}/cmdline').read()\n        except OSError:\n            continue\n"
    "        owner = os.stat(f'/proc/{name}').st_uid\n"
    "        strangers += owner >= 200000 and (owner - 200000) % 16 in (1, 2) and int(name) != os.getpid()\n    return strangers\n"
)
DAEMON = (
    "import os, time\ndef f(x):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
    "            import signal\n            for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
    "            open('/tmp/alive', 'w').write('yes')\n            time.sleep(600)\n        os._exit(0)\n"
    "    os.wait()\n    time.sleep(0.1)\n    return x\n"
)


def test_a_daemon_does_not_survive_its_job(single: Pool) -> None:
    """A grandchild in a session of its own, deaf to signals, is gone before the next job starts."""
    assert passes(single.run_tests(job(DAEMON, "assert f(1) == 1")))
    assert passes(single.run_tests(job(COUNT_STRANGERS, "assert f(1) == 0")))


def test_the_count_of_strangers_sees_a_daemon(single: Pool) -> None:
    """Control: while the daemon's own job runs, it is counted."""
    solution = DAEMON.replace("def f(x):", "def start(x):") + COUNT_STRANGERS.replace("import os\n", "")
    assert passes(single.run_tests(job(solution, "assert start(1) == 1\nassert f(1) == 1")))


LITTER = (
    "import os\ndef f(x):\n    os.makedirs('/tmp/a/b/c')\n    open('/tmp/a/b/c/file', 'w').write('left')\n"
    "    os.symlink('/opt', '/tmp/link')\n    open('/tmp/.hidden', 'w').close()\n"
    "    open('/tmp/\\udcff\\n', 'w').close()\n    os.link('/tmp/.hidden', '/tmp/hard')\n"
    "    os.chmod('/tmp/a/b/c', 0)\n    os.chmod('/tmp/a/b', 0)\n    os.chmod('/tmp/a', 0)\n    return x\n"
)
LIST_TMP = "import os\ndef f(x):\n    return os.listdir('/tmp') + os.listdir('/dev/shm' if os.path.isdir('/dev/shm') else '/tmp')\n"


def test_files_do_not_survive_their_job(single: Pool) -> None:
    """Files, links and folders locked against their owner are gone; the next job finds /tmp empty."""
    assert passes(single.run_tests(job(LITTER, "assert f(1) == 1")))
    assert passes(single.run_tests(job(LIST_TMP, "assert f(1) == []")))


def test_nothing_of_a_job_lives_on_in_the_next(single: Pool) -> None:
    """Changed modules, environment and working folder belong to a process that is gone."""
    spoil = (
        "import math, os, sys, builtins\nmath.sqrt = lambda n: 0\nbuiltins.abs = lambda x: 99\nos.environ['LEFT'] = 'x'\n"
        "sys.modules['json'] = None\nos.umask(0o777)\ndef f(x):\n    return x\n"
    )
    look = "import math, os, json\ndef f(x):\n    return [math.sqrt(4), abs(-2), os.environ.get('LEFT'), os.getcwd()]\n"
    assert passes(single.run_tests(job(spoil, "assert f(1) == 1")))
    assert passes(single.run_tests(job(look, "assert f(1) == [2.0, 2, None, '/tmp']")))


def test_hostile_jobs_cost_no_container(single: Pool) -> None:
    """What was cleaned up after was clean: the jobs above had one container between them."""
    assert single.replaced == 0


def test_guests_of_one_job_cannot_touch_each_other(pool: Pool) -> None:
    """A reference's process and files are out of reach of the solution under judgement."""
    victim = "import os\nopen('/tmp/secret', 'w').write('42')\nos.chmod('/tmp/secret', 0o600)\ndef g(x):\n    return os.getpid()\n"
    attacker = (
        "import os\ndef f(pid):\n    try:\n        os.kill(pid, 9)\n        return 'killed'\n    except PermissionError:\n"
        "        pass\n    try:\n        return open('/tmp/secret').read()\n    except PermissionError:\n        pass\n"
        "    try:\n        os.unlink('/tmp/secret')\n        return 'deleted'\n    except PermissionError:\n        return 'refused'\n"
    )
    step = Step(check="examples", source="assert f(g(0)) == 'refused'", bindings={"f": (0, "f"), "g": (1, "g")})
    two = TestsJob(
        guests=(Guest(source=attacker), Guest(source=victim)),
        steps=(step,),
        entry_point="f",
        uses_hypothesis=False,
        limits=SHORT,
    )
    result = pool.run_tests(two)
    assert passes(result), result


def test_an_ended_guest_is_seen_even_after_its_last_answer(pool: Pool) -> None:
    """A guest that answers rightly and then exits is not alive at the end: no pass."""
    solution = (
        "import os, threading, time\ndef f(x):\n    threading.Thread(target=lambda: (time.sleep(0.05), os._exit(0))).start()\n"
        "    return x\n"
    )
    tests = "import time\nassert f(1) == 1\ntime.sleep(0.5)\n"
    result = pool.run_tests(job(solution, tests))
    assert result.guests[0].ended is Ended.EXITED
    assert not passes(result)
