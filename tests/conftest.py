"""Fixtures shared by all tests: real servers, and settings of hypothesis."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest

from tests import missing_programs, samples, servers, surroundings

ROOT = Path(__file__).parent.parent
BYTECODE = ROOT / ".pytest_cache" / "bytecode"
"""Where bytecode goes if Python was told to write none beside its sources."""

Running = TypeVar("Running", bound=servers.Server)
Start = Callable[[AbstractContextManager[Running]], Running]


def pytest_configure(config: pytest.Config) -> None:
    """Settings of hypothesis, and where bytecode goes."""
    config.pluginmanager.register(missing_programs)
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(BYTECODE)  # each worker would prepare all asserts for itself, 8 s
    hypothesis.settings.register_profile(
        "dicomsh",
        hypothesis.settings.get_profile("ci" if os.environ.get("CI") else "default"),
        deadline=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],  # says more of the machine's load
    )
    hypothesis.settings.load_profile("dicomsh")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core, as tests wait half of their time: for servers, terminals and time limits.

    One, if coverage is measured: that takes the processor all the time.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores if config.getoption("cov_source", None) else 2 * cores


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before pytest-xdist starts workers, and after pytest has decided about its own colours."""
    surroundings.settle()
    signal.signal(signal.SIGTERM, partial(_stop, session))


def _stop(session: pytest.Session, *_: object) -> None:
    """A test run that is told to stop ends like one that is interrupted: servers are ended too.

    As Ctrl-C, which asyncio turns into the end of its task: an exception would break its loop off
    anywhere, and tasks then may wait for ever. A shell that is tested goes on after Ctrl-C.
    """
    session.shouldstop = "told to stop"
    signal.raise_signal(signal.SIGINT)


def pytest_collection(session: pytest.Session) -> None:
    """Workers import the tests from different places on, and so share preparing their asserts.

    In a new clone each would do that for all of them: measured, 38 s to the first test, now 26 s.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        modules = list(_modules(session.config.args))
        workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        start = len(modules) * int(worker.removeprefix("gw")) // workers
        for name in modules[start:] + modules[:start]:
            with suppress(Exception, pytest.skip.Exception):  # collecting says what is the matter
                import_module(name)


def _modules(arguments: list[str]) -> Iterator[str]:
    """The modules of tests in folders and files that are named on the command line."""
    for argument in arguments:
        path = Path(argument.partition("::")[0]).resolve()
        for module in sorted(path.rglob("test_*.py")) if path.is_dir() else [path]:
            if module.is_relative_to(ROOT):
                yield ".".join(module.relative_to(ROOT).with_suffix("").parts)


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder with a space in its path, as users have: a command that names it must quote it."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session", autouse=True)
def state_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user who runs the tests has found out about peers is not read, nor changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def bytecode_of_programs() -> Iterator[None]:
    """Programs keep their bytecode beside pytest's cache if Python was told to write none.

    Each of the hundreds that tests start would compile dicomsh again, 0.06 to 0.13 s each.
    """
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(BYTECODE))
        yield


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What the session's servers hold: the files inside pydicom, and the made-up patients."""
    return samples.write_made_up(tmp_path_factory.mktemp("made-up")) + samples.bundled()


@pytest.fixture(scope="session")
def orthanc_server(sample_files: list[Path]) -> Iterator[servers.Orthanc]:
    """The session's Orthanc, filled. Tests only ask it; one that changes it starts its own."""
    with ExitStack() as stack:
        server = stack.enter_context(servers.orthanc())
        assert server.upload(sample_files) > len(sample_files) * 0.9
        yield server


@pytest.fixture(scope="session")
def dcmqrscp_server(sample_files: list[Path]) -> Iterator[servers.Server]:
    """The session's dcmqrscp with the same files, in Patient Root and Study Root."""
    with ExitStack() as stack:
        yield stack.enter_context(servers.dcmqrscp(sample_files))


@pytest.fixture
def start_server() -> Iterator[Start[servers.Server]]:
    """Starts a server for one test: `server = start_server(orthanc(limit_results=2))`."""
    with ExitStack() as stack:

        def start(server: AbstractContextManager[Running]) -> Running:
            return stack.enter_context(server)

        yield start


def pytest_collection_finish() -> None:
    """What collecting has made stays: the garbage collector need not go through it again."""
    gc.collect()
    gc.freeze()
