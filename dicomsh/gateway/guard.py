"""Who may send requests: names and passwords, tokens, and pages of other servers in a browser."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dicomsh.errors import UsageError
from dicomsh.frozen import field, frozen

_LARGEST = 1 << 16
_REALM = 'Basic realm="dicomsh gateway"'


@frozen
class Access:
    """Who may ask; everybody, if there are neither tokens nor users.

    Args:
        tokens: bearer tokens (RFC 6750).
        users: passwords by name (RFC 7617).
    """

    tokens: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether everybody may ask."""
        return not self.tokens and not self.users

    def user(self, authorization: str) -> str | None:
        """Who a header says a client is; None if that is nobody who may ask."""
        kind, _, given = authorization.partition(" ")
        if kind.lower() == "bearer":
            found = [number for number, one in enumerate(self.tokens) if _same(one, given.strip())]
            return f"token {found[0] + 1}" if found else None
        name, colon, password = (
            _decoded(given).partition(":") if kind.lower() == "basic" else ("",) * 3
        )
        known = self.users.get(name)
        right = _same(known if known is not None else password + "x", password)
        return name if colon and right else None


def _same(expected: str, given: str) -> bool:
    """Compares in a time that does not tell how much is right."""
    return hmac.compare_digest(expected.encode(), given.encode())


def _decoded(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def read_tokens(path: Path) -> tuple[str, ...]:
    """The tokens in a file, one a line.

    Raises:
        UsageError: it cannot be read, others can read it, or it holds none that is long enough.
    """
    tokens = tuple(_lines(path))
    if not tokens or min(map(len, tokens)) < _SHORTEST:
        raise UsageError(
            f"{path}: expected a token of at least {_SHORTEST} characters on each line"
        )
    return tokens


_SHORTEST = 16


def read_users(path: Path) -> dict[str, str]:
    """Names and passwords in a file, `name:password` on each line.

    Raises:
        UsageError: it cannot be read, others can read it, or a line is something else.
    """
    users: dict[str, str] = {}
    for number, line in enumerate(_lines(path), 1):
        name, colon, password = line.partition(":")
        if not (name and colon and password):
            raise UsageError(f"{path}: entry {number} is not NAME:PASSWORD")
        users[name] = password
    if not users:
        raise UsageError(f"{path}: no NAME:PASSWORD in it")
    return users


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & (
                stat.S_IRWXG | stat.S_IRWXO
            ):
                raise UsageError(f"{path}: others can read it", hint=f"chmod 600 {path}")
            text = file.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"'{path}' is not valid UTF-8") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


class Guard:
    """Lets requests through to the application.

    A page that a browser shows could send requests to a server on this computer: one from another
    origin is refused, and on loopback so is a host name that is not ours, which a page can make
    mean 127.0.0.1 (DNS rebinding).

    Args:
        app: the application.
        access: who may ask.
        hosts: host names that requests may be for; none for any.
    """

    def __init__(self, app: ASGIApp, access: Access, hosts: frozenset[str]) -> None:
        self._app = app
        self._access = access
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_for_us(headers):
            await Response(None, 403)(scope, receive, send)
            return
        if not self._access.is_open:
            user = self._access.user(headers.get("authorization", ""))
            if user is None:
                await Response(None, 401, {"WWW-Authenticate": _REALM})(scope, receive, send)
                return
            scope["dicomsh.user"] = user
        await self._app(scope, receive, send)

    def _is_for_us(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return False
        name = (
            host if host.startswith("[") and host.endswith("]") else host.rpartition(":")[0] or host
        )
        return not self._hosts or name.lower() in self._hosts
