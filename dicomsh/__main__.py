"""The program: `dicomsh`, and `python -m dicomsh`."""

from __future__ import annotations

import signal
import sys


def run() -> int:
    """Run the program; returns its exit status.

    Until it can say goodbye, and once it has, Ctrl-C just ends it: importing the rest takes a
    while, and so does what Python does at its end.
    """
    _ended_by_ctrl_c()
    from dicomsh.cli import main

    try:
        return main()
    finally:
        _ended_by_ctrl_c()


def _ended_by_ctrl_c() -> None:
    """Let Ctrl-C end the program without an exception, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(run())
