"""What a route is: data that the server routes by and that describes it in OpenAPI."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from dicomsh.frozen import field, frozen
from dicomsh.gateway.styled import Json, styled

if TYPE_CHECKING:
    from dicomsh.gateway.core import Gateway

JSON = "application/json; charset=utf-8"
PLAIN = "text/plain"
NDJSON = "application/x-ndjson"
NO_TYPE = ""


@frozen
class Call:
    """One request.

    Args:
        gateway: what answers it.
        method: GET, POST, PUT or DELETE.
        uri: its path, without the query string.
        path: the parameters in the path, by name.
        flags: the parameters after `?`; the last one of a name counts.
        body: the body.
        caller: who asks, for taking turns.
    """

    gateway: Gateway
    method: str
    uri: str
    path: Mapping[str, str]
    flags: Mapping[str, str]
    body: bytes
    caller: str

    def flag(self, name: str) -> bool:
        """Whether a flag is set: `?expand`, `?expand=1`, `?expand=true`."""
        return self.flags.get(name, "false") in ("", "1", "true")


@frozen
class Reply:
    """An answer that is known as a whole.

    Args:
        body: its text.
        kind: its media type; empty for none.
        status: the HTTP status.
        headers: further headers.
    """

    body: str = ""
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@frozen
class Stream:
    """An answer that is sent as it comes.

    Args:
        chunks: its text; closed if the client leaves.
        kind: its media type.
        headers: further headers.
    """

    chunks: AsyncGenerator[str, None]
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable["Reply | Stream"]]


@frozen
class Body:
    """What a route takes, for its description.

    Args:
        schema: the JSON schema of the body.
        example: a body that works on the practice archive.
        text: whether plain text is taken, too.
    """

    schema: Mapping[str, Json]
    example: Json
    text: bool = False


@frozen
class Endpoint:
    """A method of a route.

    Args:
        method: GET, POST, PUT or DELETE.
        path: the route, with parameters in braces.
        handler: answers a request.
        summary: what it does, in one line.
        kind: the media type of its answer.
        body: what it takes; None for nothing.
        flags: what may follow `?`, with what each does.
        fails: the HTTP statuses of errors that it answers, besides those of every route.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    kind: str = JSON
    body: Body | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    fails: tuple[int, ...] = ()


def reply(value: Json, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(styled(value), headers=headers or {})


DONE = Reply("{}", "application/json")
"""The answer of an action that has nothing to say."""

EMPTY = Reply("", PLAIN)
"""The answer to a change."""
