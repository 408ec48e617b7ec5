"""Whether an answer is complete: every response says so, also those that no handler has made."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dicomsh.gateway.told import COMPLETE

_FIRST_ERROR = 400


class Telling:
    """Says of a response whether it is complete, unless its handler has.

    Handlers say it of what archives answered. An error is not complete; everything else is what
    the gateway knows by itself.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                whole = message["status"] < _FIRST_ERROR
                MutableHeaders(scope=message).setdefault(COMPLETE, str(whole).lower())
            await send(message)

        await self._app(scope, receive, told)
