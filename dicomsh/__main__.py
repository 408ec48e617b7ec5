"""The program: `dicomsh`, and `python -m dicomsh`."""

from __future__ import annotations

import signal
import sys


def run() -> int:
    """Run the program; returns its exit status.

    Until it can say goodbye, Ctrl-C just ends it: importing the rest takes a while.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dicomsh.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
