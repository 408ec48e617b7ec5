"""The tests start programs in the same surroundings whoever runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to ignore")

REPORT = """
import json, os, signal
print(json.dumps({
    "environ": dict(os.environ),
    "ignored": [n.name for n in signal.Signals if signal.getsignal(n) is signal.SIG_IGN],
    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "umask": os.umask(0),
}))
"""

SETTLED = f"""
import subprocess, sys
from tests import surroundings
surroundings.settle()
subprocess.run([sys.executable, "-c", {REPORT!r}], check=True)
"""

ODD = {"LC_ALL": "de_DE.ISO-8859-1", "NO_COLOR": "1", "PAGER": "more", "COLUMNS": "3", "CI": "1"}


def test_what_the_caller_had_does_not_reach_the_programs() -> None:
    shell = 'trap "" HUP INT QUIT TERM CHLD TSTP; umask 077; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-c", SETTLED],
        env={**os.environ, **ODD},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert set(seen["ignored"]) <= {"SIGPIPE", "SIGXFSZ"}
    assert (seen["blocked"], seen["umask"]) == (0, 0o022)
    environ = seen["environ"]
    assert environ["LANG"] == "C.UTF-8"
    assert environ["CI"] == "1"
    assert not environ.keys() & (ODD.keys() - {"CI"})


def test_these_tests_run_in_them() -> None:
    assert (os.environ["LANG"], os.environ["TERM"]) == ("C.UTF-8", "xterm-256color")
    assert "LC_ALL" not in os.environ
