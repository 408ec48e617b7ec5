"""Serving: the socket, TLS, signals, and the end."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from dicomsh.errors import ListeningError, UsageError
from dicomsh.frozen import frozen
from dicomsh.gateway.app import Log, application
from dicomsh.gateway.core import Gateway
from dicomsh.gateway.guard import Access, Guard
from dicomsh.gateway.routes import ENDPOINTS
from dicomsh.gateway.telling import Telling
from dicomsh.interrupt import ending

GRACE = 10
"""Seconds that requests have to end after a signal; then they are cancelled."""

_MOST_CONNECTIONS = 500


@frozen
class Binding:
    """Where to listen, and for whom.

    Args:
        host: the address.
        port: the port; 0 for any free one.
        access: who may ask.
        cert: a PEM file with the certificate; None for plain HTTP.
        key: a PEM file with its key; None if it is in the same file.
        log: whether each request is reported.
    """

    host: str
    port: int
    access: Access = Access()
    cert: Path | None = None
    key: Path | None = None
    log: bool = False


_PORT_PROBLEMS = (errno.EADDRINUSE, errno.EACCES)
_OTHER_PORT = "choose another port with --port, or any free one with --port 0"
_OTHER_HOST = "--host takes an address of this computer, or 0.0.0.0 for all of them"


def listening(binding: Binding) -> socket.socket:
    """A socket that listens.

    Raises:
        ListeningError: the address or the port cannot be used.
    """
    family = socket.AF_INET6 if ":" in binding.host else socket.AF_INET
    # asyncio sets TCP_NODELAY on sockets of this protocol number alone; without it, a client's
    # delayed ACK holds every body back for 40 ms, as it comes in a segment of its own
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there, it would let two servers share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((binding.host, binding.port))
        made.listen(128)
    except OSError as error:
        made.close()
        hint = _OTHER_PORT if error.errno in _PORT_PROBLEMS else _OTHER_HOST
        raise ListeningError(binding.host, binding.port, error, hint=hint) from None
    made.setblocking(False)
    return made


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address."""
    return host in ("localhost", "::1") or host.startswith("127.")


def serve(
    gateway: Gateway, binding: Binding, made: socket.socket, ready: Callable[[], None]
) -> None:
    """Answer requests until Ctrl-C, SIGTERM or SIGHUP.

    After the first signal, requests have `GRACE` seconds to end; a second one cancels them at once.

    Raises:
        UsageError: certificate and key cannot be used.
    """
    log: Log | None = None
    if binding.log:
        log = lambda line: print(line, file=sys.stderr)  # noqa: E731, T201
    guarded = Guard(application(gateway, ENDPOINTS, log), binding.access, _hosts(binding.host))
    config = uvicorn.Config(
        Telling(guarded),
        access_log=False,
        log_config=None,
        lifespan="on",
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    config.load()
    if binding.cert is not None:
        config.ssl = _tls(binding.cert, binding.key)
    server = _Server(config, ready)
    with server.heeding():
        server.run([made])


def _hosts(host: str) -> frozenset[str]:
    if not is_loopback(host):
        return frozenset()
    bracketed = f"[{host}]" if ":" in host else host
    return frozenset({"localhost", "127.0.0.1", "[::1]", bracketed})


def _tls(cert: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password="")
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "certificate and key do not belong together"
        raise UsageError(f"cannot use the certificate {cert}: {reason}") from None
    return context


class _Server(uvicorn.Server):
    """A server whose signals end it without being raised again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; at a second signal, cancel what is still being answered."""
        del sig, frame
        if self.should_exit and self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel)
        self.should_exit = True

    def _cancel(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `heeding` does it around the event loop."""
        yield

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Inside the `with`, signals end the server."""
        numbers = (signal.SIGINT, *ending())
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._ready()
