"""The same surroundings for the tests whoever runs them: environment, signals, file modes.

Everything that tests start inherits from their process (or pytest-xdist's workers, which inherit
from it, too), so this is the one place where locale, terminal, pagers, proxies, and signals that
`nohup` or a shell's `&` left ignored are put right.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

_KEPT = {
    *("CI", "HOME", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV"),
    *("PYTHONDEVMODE", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONHOME", "PYTHONPATH"),
}
_KEPT |= {  # without these Windows starts no program
    *("APPDATA", "COMSPEC", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "PATHEXT", "PROGRAMDATA"),
    *("PROGRAMFILES", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "WINDIR"),
}
_KEPT_BEGINNINGS = ("COV_", "COVERAGE_", "HYPOTHESIS_", "MUTANT_", "PYTEST_")


def settle() -> None:
    """Forget what is particular to whoever runs the tests."""
    _settle_environment()
    _settle_signals()
    os.umask(0o022)


def _settle_environment() -> None:
    for name in [name for name in os.environ if not _is_kept(name)]:
        del os.environ[name]
    paths = dict.fromkeys([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    os.environ.update(LANG="C.UTF-8", TERM="xterm-256color")


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.startswith(_KEPT_BEGINNINGS)


def _settle_signals() -> None:
    """A handler that does nothing instead of SIG_IGN: the same to us, the default to children."""
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN and number not in _ignored_by_python():
            signal.signal(number, lambda *_: None)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _ignored_by_python() -> set[int]:
    """Signals that Python ignores itself; `subprocess` gives children the defaults back."""
    return {getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)}
