"""The practice archive on its own, as a server for other tools: `dicomsh practice`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from dicomsh.config import load
from dicomsh.config.modalities import read_faults
from dicomsh.errors import DicomshError, ListeningError, UsageError
from dicomsh.frozen import replace
from dicomsh.interrupt import NOTICED, ending
from dicomsh.model.modality import DicomAddress, Faults, PracticeAddress

_PORT = 11112
_LOOPBACK = "127.0.0.1"

_DESCRIPTION = """\
Run the practice archive on its own, for a class or for other tools. It has only made-up patients.
It answers C-ECHO, C-FIND, C-GET and C-MOVE in Patient Root and Study Root, C-FIND in Modality
Worklist, C-STORE, and storage commitment. Its images and reports are made when they are sent. What
others store, up to 512 MiB, is kept in memory until it ends."""

_EPILOG = """\
faults as in modalities.yaml: --fault cut_off=20 --fault no_counts --fault fail.series=0xC000

A C-MOVE can send to the application that asks, which is expected on port 11112 of its computer, and
to every --destination. Storage commitment is reported on the association of the request.

Ctrl-C, SIGTERM or SIGHUP ends it.
exit statuses: 0 ended as above; 2 usage; 3 cannot listen on the port"""


def parser() -> argparse.ArgumentParser:
    """The command line of `dicomsh practice`."""
    made = argparse.ArgumentParser(
        prog="dicomsh practice",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--port", type=int, default=_PORT, metavar="N", help=f"{_PORT}; 0 picks a free port")
    add("--aet", metavar="AET", help="AE title, up to 16 characters (PRACTICE)")
    add("--host", default=_LOOPBACK, metavar="ADDRESS", help=f"{_LOOPBACK}; 0.0.0.0 for a class")
    add(
        "--fault",
        metavar="NAME[=VALUE]",
        action="append",
        default=[],
        help="make it misbehave (repeatable)",
    )
    add(
        "--destination",
        metavar="AET@HOST:PORT",
        action="append",
        default=[],
        help="where a C-MOVE can send to (repeatable)",
    )
    add("-m", "--modality", metavar="NAME", help="use a practice archive from the modalities file")
    add("-f", "--file", metavar="CONFIG", type=Path, help="the modalities file")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; returns the exit status."""
    options = parser().parse_args(argv)
    try:
        destinations = [_destination(text) for text in options.destination]
        _serve(_address(options), options.host, options.port, destinations)
    except DicomshError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        sys.stderr.write(f"dicomsh practice: {error.message}{hint}\n")
        return int(error.status)
    except KeyboardInterrupt:
        pass
    return 0


def _address(options: argparse.Namespace) -> PracticeAddress:
    made = PracticeAddress()
    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port: expected a number from 0 to 65535, found {options.port}")
    if options.modality is not None:
        made = _configured(options)
    if options.aet is not None:
        made = replace(made, aet=_ae_title(options.aet))
    return replace(made, faults=_faults(options.fault)) if options.fault else made


def _configured(options: argparse.Namespace) -> PracticeAddress:
    config = load(options.file, environ=os.environ, cwd=Path.cwd())
    found = config.find(options.modality)
    if not isinstance(found.address, PracticeAddress):
        raise UsageError(
            f"'{found.name}' is not a practice archive",
            hint="it needs the setting 'practice: true'",
        )
    return found.address


def _ae_title(text: str) -> str:
    from dicomsh.config.checks import ae_title

    try:
        return ae_title(text)
    except ValueError as error:
        raise UsageError(f"--aet: expected {error}, found '{text}'") from None


def _destination(text: str) -> DicomAddress:
    from dicomsh.config.checks import address

    try:
        return address(text)
    except ValueError as error:
        raise UsageError(f"--destination: expected {error}, found '{text}'") from None


def _faults(texts: Sequence[str]) -> Faults:
    """`cut_off=20`, `no_counts` and `fail.series=0xC000` as they would appear in a file."""
    given: dict[str, str | dict[str, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        above, _, below = name.partition(".")
        held = given.setdefault(above, {}) if below else None
        if isinstance(held, dict):
            held[below] = value
        else:
            given[name] = value if equals else "true"
    return read_faults(json.dumps(given), "--fault")


def _serve(
    address: PracticeAddress, host: str, port: int, destinations: Sequence[DicomAddress]
) -> None:
    for number in (signal.SIGINT, *ending()):
        signal.signal(number, _interrupt)
    from dicomsh.practice.server import start

    try:
        server = start(address, host, port)
    except OSError as error:
        hint = "choose another port with --port, or any free one with --port 0"
        raise ListeningError(host, port, error, hint=hint) from None
    server.destinations.update((one.aet, (one.host, one.port)) for one in destinations)
    with server:
        reachable = _reachable(host)
        sys.stdout.write(f"{server.aet}@{reachable}:{server.port}\n")
        sys.stdout.flush()
        sys.stderr.write(_told(server.aet, reachable, server.port, host))
        while True:  # and not one long wait: see NOTICED
            time.sleep(NOTICED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)  # the second one does not wait
    raise KeyboardInterrupt


def _reachable(host: str) -> str:
    """The address to give to others; the wildcard address is not reachable."""
    return socket.gethostname() if host in ("0.0.0.0", "") else host  # noqa: S104


_STUDY = "1.2.840.113704.1.111.2768.1239195678.57"

_WARNING = """\
It answers anyone who can reach this computer. All patients are made up; store no real ones.
"""


def _told(aet: str, host: str, port: int, listens: str) -> str:
    warning = "" if listens.startswith("127.") else _WARNING
    keys = "-k QueryRetrieveLevel=PATIENT -k PatientName='JOD*' -k PatientID"
    study = f"-k QueryRetrieveLevel=STUDY -k StudyInstanceUID={_STUDY}"
    return f"""\
The practice archive is running; Ctrl-C stops it. To query it:
  dicomsh -m {aet}@{host}:{port}
  echoscu -aec {aet} {host} {port}
  findscu -P -aec {aet} {keys} {host} {port}
  getscu -S -aec {aet} {study} {host} {port}
{warning}"""


if __name__ == "__main__":
    sys.exit(main())
