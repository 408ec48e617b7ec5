"""A pytest plugin: instead of the tests once, the tests that concern it for each change."""

from __future__ import annotations

import functools
import gc
import os
import pickle
import resource
import select
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import FunctionType
from typing import NoReturn

import coverage
import pytest

from tests.mutants.changes import Change, changes

Durations = dict[str, float]
"""Test → seconds."""

Reached = dict[str, dict[int, list[str]]]
"""Module → line → tests that run it."""

PATIENCE = 15.0
"""Seconds that a change may take longer than the tests it is shown to, which take a few."""

_TIMES = 5

_COMPUTING = 5.0
"""Seconds of computing likewise: what never ends is found sooner than what waits for ever."""


class Rounds:
    """Runs the tests again and again, and keeps which changes they did not notice.

    Args:
        modules: those to change.
        seconds: how long the tests may take that are shown one change, together.
        wanted: whether a change is tried.
        report: told of each change with its fate: "killed", "timeout", "survived", "no tests".
    """

    def __init__(
        self,
        modules: list[Path],
        seconds: float,
        wanted: Callable[[Change], bool],
        report: Callable[[Change, str], None],
    ) -> None:
        self._modules = modules
        self._seconds = seconds
        self._wanted = wanted
        self._report = report
        self._failed: int | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        """The examples of hypothesis are the same each time, fewer, and not made smaller."""
        import hypothesis

        hypothesis.settings.register_profile(
            "ci",
            max_examples=30,
            derandomize=True,
            database=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Once all tests as they are, to see what each reaches; then each change."""
        items = {item.nodeid: item for item in session.items}
        durations, reached = _first_round(session.items, self._modules)
        print(f"{len(durations)} tests, {sum(durations.values()):.0f} s", file=sys.stderr)
        for module in self._modules:  # some are imported only when they are used
            import_module(".".join(module.with_suffix("").parts))
        gc.unfreeze()  # the collector does not list what is frozen
        functions = _functions(self._modules)
        _clear_caches()
        gc.freeze()
        noticed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for change in filter(self._wanted, chain.from_iterable(map(changes, self._modules))):
            often = noticed[change.function]
            of_module = reached[str(change.module)]
            tests = {test for line in change.lines for test in of_module.get(line, ())}
            ranked = _ranked(tests & set(durations), change.module, often, durations)
            chosen = list(_within(ranked, durations, self._seconds))
            apply = partial(_apply, change, functions[str(change.module), change.function])
            seconds = _TIMES * sum(durations[test] for test in chosen)
            fate, test = self._tried(apply, [items[name] for name in chosen], seconds)
            often[test] += 1
            self._report(change, fate)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """In a copy of the process: the first failure is enough."""
        if self._failed is not None and report.failed:
            os.write(self._failed, report.nodeid.encode())
            os._exit(0)

    def _tried(
        self, apply: Callable[[], None], items: list[pytest.Item], seconds: float
    ) -> tuple[str, str]:
        """The fate of a change, and the test that noticed it."""
        if not items:
            return "no tests", ""
        reading, writing = os.pipe()
        if not (child := os.fork()):
            self._failed = writing
            _run_changed(apply, items, int(seconds + _COMPUTING), writing)
        os.close(writing)
        return _fate(child, reading, seconds + PATIENCE)


def _first_round(items: list[pytest.Item], modules: list[Path]) -> tuple[Durations, Reached]:
    """What `_measured` gives, in a copy of the process: no server that a test started remains."""
    with tempfile.TemporaryFile() as file:
        if not (child := os.fork()):
            pickle.dump(_measured(items, modules), file)
            file.flush()
            os._exit(0)
        os.waitpid(child, 0)
        file.seek(0)
        durations, reached = pickle.load(file)
    return durations, reached


def _fate(child: int, reading: int, limit: float) -> tuple[str, str]:
    """What became of a copy of the process, and the test that noticed the change."""
    ready, _, _ = select.select([reading], [], [], limit)
    if not ready:
        os.killpg(child, signal.SIGKILL)
    test = os.read(reading, 4096).decode() if ready else ""
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if not ready or os.WIFSIGNALED(status):
        return "timeout", test
    if test.startswith("!"):
        return test, ""
    return ("killed" if test else "survived"), test


def _run_changed(
    apply: Callable[[], None], items: list[pytest.Item], seconds: int, writing: int
) -> NoReturn:
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        gc.disable()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        apply()
        for item, following in zip(items, [*items[1:], items[-1]], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    except BaseException as error:
        os.write(writing, f"!{error!r}".encode())
    os._exit(0)


def _apply(change: Change, functions: list[FunctionType]) -> None:
    """Put the changed code into the function, wherever it is referred to."""
    meant = [item for item in functions if item.__code__.co_firstlineno in change.extent]
    assert meant, f"{change.function} of {change.module} is not there"
    for function in meant:
        function.__code__ = change.compiled()


def _functions(modules: list[Path]) -> dict[tuple[str, str], list[FunctionType]]:
    """All functions of some modules, by module and name."""
    paths = {str(path.resolve()): str(path) for path in modules}
    found = defaultdict(list)
    for item in gc.get_objects():
        if isinstance(item, FunctionType) and (path := paths.get(item.__code__.co_filename)):
            found[path, item.__qualname__].append(item)
    return found


def _clear_caches() -> None:
    """Forget what functions gave before they are changed."""
    for item in gc.get_objects():
        if isinstance(item, functools._lru_cache_wrapper):
            item.cache_clear()


def _ranked(
    tests: set[str], module: Path, often: Mapping[str, int], durations: Durations
) -> list[str]:
    """Those that noticed most changes of the function first, then those of the module's own."""
    own = str(Path("tests", *module.parts[1:-1], f"test_{module.name}"))

    def rank(test: str) -> tuple[int, bool, float, str]:
        return -often.get(test, 0), not test.startswith(own), durations[test], test

    return sorted(tests, key=rank)


def _within(tests: list[str], durations: dict[str, float], seconds: float) -> Iterator[str]:
    """The first tests, as many as run in a time, and one at least."""
    for test in tests:
        yield test
        seconds -= durations[test]
        if seconds < 0:
            return


def _measured(items: list[pytest.Item], modules: list[Path]) -> tuple[Durations, Reached]:
    """Seconds of each test that passes, and tests by file and line."""
    watch = _Watch()
    meter = coverage.Coverage(
        data_file=None, config_file=False, include=[str(path.resolve()) for path in modules]
    )
    meter.set_option("run:disable_warnings", ["no-data-collected"])
    meter.start()
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.pluginmanager.register(watch, "watch")
        meter.switch_context(item.nodeid)
        began = time.perf_counter()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        watch.durations[item.nodeid] = time.perf_counter() - began
        item.config.pluginmanager.unregister(watch)
    meter.stop()
    data = meter.get_data()
    reached = {str(path): data.contexts_by_lineno(str(path.resolve())) for path in modules}
    return {test: watch.durations[test] for test in watch.passed}, reached


class _Watch:
    """Which tests pass."""

    def __init__(self) -> None:
        self.durations: dict[str, float] = {}
        self.passed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)
        elif not report.passed:
            self.passed.discard(report.nodeid)
