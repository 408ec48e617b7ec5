"""The practice archive alone, in the foreground: `python -m dicomsh.practice`."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading

from dicomsh.model.peer import Modality
from dicomsh.practice.server import HOST, start


def main() -> int:
    """Serve until Ctrl-C; 0 then, 1 when the port cannot be listened on."""
    parser = argparse.ArgumentParser("python -m dicomsh.practice", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--aet", default="PRACTICE", help="AE title, up to 16 characters")
    options = parser.parse_args()
    modality = Modality("pacs", options.aet, HOST, options.port, practice=True)
    try:
        server = start(modality)
    except (OSError, OverflowError, ValueError) as error:
        sys.stderr.write(f"{modality.address}: {error}\n")
        return 1
    with server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{server.aet}@{HOST}:{server.port}\n")
        sys.stdout.flush()
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
