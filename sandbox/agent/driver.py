"""The judge's process: it holds the tests, calls the guests through proxies, and reports each step.

The report is positive proof: a step passes only when every test that was collected has finished and passed, the entry
point was called, and every guest the step used was still answering at the end.
"""

import sys
import time
from types import ModuleType
from typing import Any

from sandbox.agent import channel as line
from sandbox.agent import properties
from sandbox.agent.module import Test, TestModule, TestsBroken


def run(payload: dict[str, Any], channels: list[line.Channel]) -> list[dict[str, Any]]:
    """One report per step taken, the last one with a failure if there was one. Keys as in `sandbox.job.StepReport`."""
    reports: list[dict[str, Any]] = []
    for step in payload["steps"]:
        taken = _Step(payload, step, channels)
        reports.append(taken.report())
        if reports[-1]["failure"] is not None:
            break
    return reports


class _Step:
    """One step's counts while it runs; made, asked for its report, dropped."""

    def __init__(self, payload: dict[str, Any], step: dict[str, Any], channels: list[line.Channel]) -> None:
        self.payload = payload
        self.step = step
        self.channels = channels
        self.collected = self.finished = self.passed = self.properties = 0
        self.counter = properties.Counter()
        self.calls_before = self._calls()

    def _calls(self) -> int:
        return sum(channel.calls for channel in self.channels)

    def report(self) -> dict[str, Any]:
        started = time.monotonic()
        failure = self._replay() if self.step["kind"] == "replay" else self._run()
        return {
            "check": self.step["check"],
            "collected": self.collected,
            "finished": self.finished,
            "passed": self.passed,
            "properties": self.properties,
            "calls": self._calls() - self.calls_before,
            "examples": self.counter.examples,
            "wall_s": round(time.monotonic() - started, 6),
            "failure": failure,
        }

    def _run(self) -> dict[str, Any] | None:
        solution_calls_before = self.channels[0].calls
        try:
            self._load_guests()
            module = TestModule(self.step["source"])
            self._bind(module)
            for is_assert, name, run in module.statements():
                failure = self._attempt(module, Test(name, run), counts=is_assert)
                if failure is not None:
                    return failure
            for test in module.functions():
                failure = self._attempt(module, test, counts=True)
                if failure is not None:
                    return failure
        except TestsBroken as error:
            return _failure("test_broken", str(error))
        except line.Broken as error:
            return self._guest_failure(error, "")
        if not self.collected:
            return _failure("no_tests", "no assert, test function or property in the tests")
        if self.channels[0].calls == solution_calls_before:
            return _failure("not_called", f"the tests never called {self.payload['entry_point']}")
        return self._broken_guest("")

    def _load_guests(self) -> None:
        for index in sorted({0, self.step["replay_on"], *(index for index, _ in self.step["bindings"].values())}):
            channel = self.channels[index]
            if not channel.exported and channel.broken is None:
                channel.load()

    def _bind(self, module: TestModule) -> None:
        used = module.names_used()
        names = {name: (0, name) for name in used & self.channels[0].exported}
        names |= {name: (index, target) for name, (index, target) in self.step["bindings"].items()}
        for name, (index, target) in names.items():
            if target not in self.channels[index].exported:
                raise line.Broken("missing_name", f"the source defines no callable {target!r}")
            module.namespace[name] = self.channels[index].proxy(target)
        # `from solution import f` in a test gets the proxies too
        imported = ModuleType("solution")
        imported.__dict__.update({name: self.channels[0].proxy(name) for name in self.channels[0].exported & used})
        sys.modules["solution"] = imported
        tests = ModuleType("tests")
        tests.__dict__.update(module.namespace)
        module.namespace = tests.__dict__
        sys.modules["tests"] = tests

    def _attempt(self, module: TestModule, test: Test, *, counts: bool) -> dict[str, Any] | None:
        self.collected += counts
        calls_before = self._calls()
        for channel in self.channels:
            channel.last_request = channel.last_reply = None
        if test.is_property:
            self.properties += 1
            properties.configure(
                test.function,
                seed=self.payload["seed"],
                max_examples=self.payload["max_examples"],
                max_shrinks=self.payload["max_shrinks"],
                counter=self.counter,
            )
        examples_before = self.counter.examples
        try:
            test.run()
        except line.Broken as error:
            return self._guest_failure(error, test.name)
        except BaseException as error:
            broken = self._broken_guest(test.name)
            return broken or self._test_failure(module, test, error, was_called=self._calls() > calls_before)
        self.finished += counts
        if test.is_property and self.counter.examples == examples_before:
            return _failure("unsatisfiable", "no generated input satisfied the property's assumptions", test.name)
        failure = self._broken_guest(test.name)
        self.passed += counts and failure is None
        return failure

    def _test_failure(
        self, module: TestModule, test: Test, error: BaseException, *, was_called: bool
    ) -> dict[str, Any]:
        text = module.assert_text(error)
        described = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        own_kind = properties.failure_kind(error) if "hypothesis" in sys.modules else None
        if getattr(error, "raised_by_guest", False):
            kind, message = "raised", described
        elif own_kind is not None:
            kind, message = own_kind, described
        elif isinstance(error, AssertionError):
            kind, message = "assertion", text + (f" ({error})" if str(error) else "")
        elif type(error).__name__ in ("SkipTest", "Skipped", "XFailed"):
            kind, message = "test_broken", f"a skipped test is no passed test: {described}"
        else:
            kind = "assertion" if was_called else "test_broken"
            message = f"{described}, at: {text}" if text else described
        if test.is_property and self.counter.last_input:
            message = f"{message} [with {line.shorten(self.counter.last_input)}]"
        return self._with_call(kind, message, test.name, self._last_channel())

    def _last_channel(self) -> line.Channel:
        called = [channel for channel in self.channels if channel.last_request is not None]
        return called[0] if called else self.channels[0]

    def _broken_guest(self, test: str) -> dict[str, Any] | None:
        """A broken guest fails the step even where a test swallowed the breaking."""
        for channel in self.channels:
            if channel.broken is not None:
                return self._guest_failure(channel.broken, test)
        return None

    def _guest_failure(self, error: line.Broken, test: str) -> dict[str, Any]:
        channel = next((c for c in self.channels if c.broken is error), self.channels[0])
        return self._with_call(error.kind, error.message, test, channel)

    def _with_call(self, kind: str, message: str, test: str, channel: line.Channel) -> dict[str, Any]:
        failure = _failure(kind, message, test)
        failure |= {
            "guest": channel.index,
            "call": channel.rendered_call(),
            "outcome": channel.rendered_outcome(),
        }
        return failure

    def _replay(self) -> dict[str, Any] | None:
        first, other = self.channels[0], self.channels[self.step["replay_on"]]
        try:
            self._load_guests()
            for request, reply in first.recorded:
                self.collected += 1
                expected = first._decode(reply)
                for again in (other, first):
                    got = again.resend(request)
                    again.calls += 1
                    if not _same_reply(expected, got):
                        message = f"first it {line.render_reply(expected)}; asked again it {line.render_reply(got)}"
                        return self._with_call("nondeterministic", message, "", again)
                self.finished += 1
                self.passed += 1
        except line.Broken as error:
            return self._guest_failure(error, "")
        return None


def _failure(kind: str, message: str, test: str = "") -> dict[str, Any]:
    return {
        "kind": kind,
        "message": line.shorten(message),
        "test": test,
        "call": None,
        "outcome": None,
        "guest": 0,
    }


def _same_reply(left: list[Any], right: list[Any]) -> bool:
    if left[0] == "raised" and right[0] == "raised":
        return bool(left[1] == right[1])  # messages may hold addresses and set orders
    return same_value(left, right)


def same_value(left: Any, right: Any) -> bool:
    """Equal in type and value at every level; NaN equals NaN, -0.0 differs from 0.0, order in sets and dicts is no matter."""
    kind = type(left)
    if kind is not type(right):
        return False
    if kind is list or kind is tuple:
        return len(left) == len(right) and all(map(same_value, left, right))
    if kind is dict:
        return bool(left.keys() == right.keys()) and all(same_value(value, right[key]) for key, value in left.items())
    if kind is float or kind is complex:
        return repr(left) == repr(right)
    return bool(left == right)
