"""`dicomsh gateway`: Orthanc's REST API for querying modalities, on this computer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dicomsh.gateway.core import GatewayOptions
    from dicomsh.gateway.guard import Access
    from dicomsh.gateway.server import Binding

_PORT = 8042
_LOOPBACK = "127.0.0.1"

_DESCRIPTION = """\
Answer Orthanc's REST API for querying and moving: /modalities, /queries, /jobs, and what it has
deprecated (find-patient, …), for every modality in the modalities file. POST /find takes commands
of the shell; /openapi.json describes everything."""

_EPILOG = """\
It listens on this computer only. Another --host needs --token-file or --user-file, and --cert; or
--insecure, which lets everybody in the network read what your archives hold.

Ctrl-C, SIGTERM or SIGHUP ends it: requests have 10 seconds to end; a second one cancels them.
exit statuses: 0 ended as above; 2 usage; 3 cannot listen on the port"""


def parser() -> argparse.ArgumentParser:
    """The command line of `dicomsh gateway`."""
    made = argparse.ArgumentParser(
        prog="dicomsh gateway",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--port", type=int, default=_PORT, metavar="N", help=f"{_PORT}; 0 picks a free port")
    add("--host", default=_LOOPBACK, metavar="ADDRESS", help=f"{_LOOPBACK}")
    add("-f", "--file", type=_path, metavar="CONFIG", help="modalities.yaml, or Orthanc's JSON")
    add("--limit", type=int, metavar="N", help="maximum rows per query")
    add(
        "--mask",
        action="store_true",
        help="made-up names and IDs in all answers, for demonstrations",
    )
    add("--store", type=_path, metavar="FOLDER", help="folder for what is retrieved by C-GET")
    add(
        "--allow-changes",
        action="store_true",
        help="write PUT and DELETE /modalities/NAME to the modalities file",
    )
    add("--token-file", type=_path, metavar="FILE", help="bearer tokens, one a line")
    add("--user-file", type=_path, metavar="FILE", help="NAME:PASSWORD, one a line")
    add("--cert", type=_path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    add("--key", type=_path, metavar="FILE", help="its key, if it is not in the same file")
    add("--insecure", action="store_true", help="another --host without access control and TLS")
    add("--log", action="store_true", help="report each request: route, status, time; no values")
    return made


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; returns the exit status."""
    options = parser().parse_args(argv)
    from dicomsh.errors import DicomshError

    try:
        _check_libraries()
        _serve(options)
    except DicomshError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        sys.stderr.write(f"dicomsh gateway: {error.message}{hint}\n")
        return int(error.status)
    except KeyboardInterrupt:
        pass
    return 0


def _check_libraries() -> None:
    from importlib.util import find_spec

    from dicomsh.errors import UsageError

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the gateway needs {' and '.join(missing)}",
            hint="python -m pip install 'dicomsh[gateway]'",
        )


def _serve(options: argparse.Namespace) -> None:
    import os
    from pathlib import Path

    from dicomsh.config import KnownPeers, load
    from dicomsh.folders import state_folder
    from dicomsh.frozen import replace
    from dicomsh.gateway.core import Gateway
    from dicomsh.gateway.kept_archives import KeptArchives
    from dicomsh.gateway.server import listening, serve
    from dicomsh.model.tap import Tap

    binding = _binding(options)
    config = load(options.file, environ=os.environ, cwd=Path.cwd())
    for problem in config.broken.values():
        sys.stderr.write(f"{problem.message}\n")
    made = listening(binding)
    with made:
        port = made.getsockname()[1]
        how = replace(_options(options), port=port)
        tap = Tap(asked=[how.masking.recognise_query], answered=how.masking.recognise)
        archives = KeptArchives(
            tap if options.mask else Tap(), KnownPeers(state_folder(os.environ))
        )
        gateway = Gateway(config, archives, how)

        def ready() -> None:
            address = _address(binding, port)
            sys.stderr.write(_told(address, list(config.modalities), insecure=options.insecure))
            sys.stdout.write(f"{address}\n")
            sys.stdout.flush()

        serve(gateway, binding, made, ready)


def _options(options: argparse.Namespace) -> GatewayOptions:
    import os

    from dicomsh.errors import UsageError
    from dicomsh.gateway.core import GatewayOptions
    from dicomsh.gateway.server import is_loopback
    from dicomsh.mask.masking import Masking

    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit: expected a number of at least 1, found {options.limit}")
    return GatewayOptions(
        options.limit,
        os.environ,
        options.allow_changes,
        Masking(lambda: options.mask),
        options.store,
        secure=is_loopback(options.host) or bool(options.token_file or options.user_file),
    )


def _binding(options: argparse.Namespace) -> Binding:
    """Where to listen; refuses to listen for others without access control and TLS."""
    from dicomsh.errors import UsageError
    from dicomsh.gateway.server import Binding, is_loopback

    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port: expected a number from 0 to 65535, found {options.port}")
    if options.key and not options.cert:
        raise UsageError("--key needs --cert")
    access = _access(options)
    if not is_loopback(options.host) and not options.insecure:
        lacks = [] if not access.is_open else ["--token-file or --user-file"]
        lacks += [] if options.cert else ["--cert"]
        if lacks:
            raise UsageError(
                f"--host {options.host} needs {' and '.join(lacks)}: others could read what your"
                " archives hold",
                hint="or --insecure, in a network where everybody may do so",
            )
    return Binding(options.host, options.port, access, options.cert, options.key, options.log)


def _access(options: argparse.Namespace) -> Access:
    from dicomsh.gateway.guard import Access, read_tokens, read_users

    tokens = read_tokens(options.token_file) if options.token_file else ()
    return Access(tokens, read_users(options.user_file) if options.user_file else {})


def _address(binding: Binding, port: int) -> str:
    host = f"[{binding.host}]" if ":" in binding.host else binding.host
    return f"http{'s' if binding.cert else ''}://{host}:{port}"


_WARNING = """\
WARNING: --insecure: everybody who can reach this computer can query and move what is in your
archives, and can read all answers on their way.
"""


def _told(address: str, names: list[str], *, insecure: bool) -> str:
    first = names[0] if names else "NAME"
    example = '{"Level": "Study", "Query": {"PatientID": ""}}'
    return f"""\
The gateway is running; Ctrl-C stops it. Modalities: {", ".join(names) or "none"}
  curl {address}/modalities/{first}/query -d '{example}'
  curl {address}/openapi.json
{_WARNING if insecure else ""}"""


if __name__ == "__main__":
    sys.exit(main())
