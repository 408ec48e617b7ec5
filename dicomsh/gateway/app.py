"""The ASGI application: requests to handlers, handlers' answers and errors to responses."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from http import HTTPStatus
from itertools import groupby
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dicomsh.gateway.core import Gateway
from dicomsh.gateway.endpoint import Call, Endpoint, Reply, Stream
from dicomsh.gateway.errors import RequestError, Trouble
from dicomsh.gateway.styled import TAB, styled
from dicomsh.timeout import timeout

MOST_BODY = 1 << 20
"""Bytes of a request's body; the longest list of UIDs that a query can hold takes a tenth."""

_SLOWEST_BODY = 30.0
"""Seconds in which a body has to arrive."""

_SLOWEST_READER = 30.0
"""Seconds in which a client has to take a part of a stream: an archive waits for it, and others
wait for the archive."""

Log = Callable[[str], None]


def application(gateway: Gateway, endpoints: Sequence[Endpoint], log: Log | None = None) -> ASGIApp:
    """The application.

    Args:
        gateway: answers the requests.
        endpoints: what there is.
        log: is told of each request: method, route, status, time; no path, and nothing of bodies,
            which may hold names of patients.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        try:
            yield
        finally:
            await gateway.close()

    table = sorted(endpoints, key=lambda one: one.path)
    routes = [
        _route(gateway, path, list(group), log)
        for path, group in groupby(table, key=lambda one: one.path)
    ]
    handlers: Mapping[Any, Any] = {404: _no_route}
    return _Plain(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan))


class _Plain:
    """Slashes that are doubled, or at the end of a path, mean nothing; as in Orthanc."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            parts = filter(None, scope["path"].split("/"))
            scope = {**scope, "path": f"/{'/'.join(parts)}"}
        await self._app(scope, receive, send)


def _route(gateway: Gateway, path: str, endpoints: list[Endpoint], log: Log | None) -> Route:
    by_method = {endpoint.method: endpoint for endpoint in endpoints}

    async def respond(request: Request) -> Response:
        endpoint = by_method.get(request.method)
        if endpoint is None:
            return Response(None, 405, {"Allow": ",".join(by_method)})
        started = time.monotonic()
        response = await _answered(gateway, endpoint, request)
        if log is not None:
            took = (time.monotonic() - started) * 1000
            log(f"{request.method} {path} {response.status_code} {took:.0f} ms")
        return response

    return Route(path, respond, methods=_METHODS)


_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


def _no_route(request: Request, error: Exception) -> Response:
    del error
    return _failed(RequestError(Trouble.UNKNOWN_RESOURCE), request)


async def _answered(gateway: Gateway, endpoint: Endpoint, request: Request) -> Response:
    try:
        call = await _call(gateway, request)
        if request.method == "GET":
            return _response(await endpoint.handler(call))
        return _response(await _unless_left(request, endpoint, call))
    except RequestError as error:
        shown = RequestError(
            error.trouble, gateway.shown(error.details), http=error.http, bare=error.bare
        )
        return _failed(shown, request)
    except ClientDisconnect:
        return Response(None, 499)
    except asyncio.CancelledError:  # by the server alone, when it has waited long enough
        return _failed(_stopped(), request)
    except Exception as error:
        _report(error)
        return _failed(RequestError(Trouble.INTERNAL), request)


def _stopped() -> RequestError:
    about = "the gateway was stopped before the answer was complete"
    return RequestError(Trouble.NETWORK, about, http=HTTPStatus.SERVICE_UNAVAILABLE)


async def _call(gateway: Gateway, request: Request) -> Call:
    user: str = request.scope.get("dicomsh.user", "")
    return Call(
        gateway,
        request.method,
        request.scope["path"],
        request.path_params,
        dict(request.query_params),
        await _body(request),
        user or (request.client.host if request.client else ""),
    )


async def _body(request: Request) -> bytes:
    """The body.

    Raises:
        RequestError: it is too long, or did not arrive in time.
    """
    try:
        async with timeout(_SLOWEST_BODY):
            return await _read(request)
    except TimeoutError:
        http = HTTPStatus.REQUEST_TIMEOUT
        raise RequestError(Trouble.BAD_REQUEST, http=http, bare=True) from None


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY:
            about = f"the body of a request has at most {MOST_BODY} bytes"
            http = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise RequestError(Trouble.BAD_REQUEST, about, http=http)
        parts.append(part)
    return b"".join(parts)


async def _unless_left(request: Request, endpoint: Endpoint, call: Call) -> Reply | Stream:
    """The answer of a handler, which is cancelled if the client leaves before."""
    work = asyncio.ensure_future(endpoint.handler(call))
    gone = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise ClientDisconnect
    finally:
        gone.cancel()
        if not work.done():
            work.cancel()
            with suppress(asyncio.CancelledError, RequestError):
                await work


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _response(answer: Reply | Stream) -> Response:
    if isinstance(answer, Stream):
        return _StreamResponse(answer)
    return _text(answer.body, answer.status, answer.kind, answer.headers)


def _text(body: str, status: int, kind: str, headers: Mapping[str, str]) -> Response:
    typed = {**headers, "Content-Type": kind} if kind else dict(headers)
    response = Response(body.encode(), status)
    response.headers.update(typed)
    return response


def _failed(error: RequestError, request: Request) -> Response:
    """An error, as Orthanc writes it: with tabs, and without a media type."""
    if error.bare:
        return Response(None, int(error.http))
    told = error.described(request.method, request.scope["path"])
    return _text(styled(told, TAB), int(error.http), "", {})


def _report(error: Exception) -> None:
    """Say where a bug is, without the values that it was about."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    sys.stderr.write(f"internal error: {type(error).__name__} at {' < '.join(places[::-1][:5])}\n")


class _StreamResponse(Response):
    """An answer that is sent as it comes, and left if nobody takes it."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(None, 200, {**stream.headers, "Content-Type": stream.kind})
        del self.headers["content-length"]
        self._chunks = stream.chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        gone = asyncio.ensure_future(_left(receive))
        try:
            async with aclosing(self._chunks) as chunks:
                await send(start)
                while (chunk := await _next(chunks, gone)) is not None:
                    async with timeout(_SLOWEST_READER):
                        await send(_part(chunk.encode(), more=True))
            await send(_part(b"", more=False))
        except (asyncio.CancelledError, TimeoutError, RequestError):
            pass  # it ends, nobody reads, the archive failed: an answer without an end is not whole
        except Exception as error:
            _report(error)
        finally:
            gone.cancel()


async def _next(chunks: AsyncGenerator[str, None], gone: asyncio.Future[None]) -> str | None:
    """The next part; None at the end, or once the client is gone."""
    coming = asyncio.ensure_future(anext(chunks, None))
    try:
        await asyncio.wait((coming, gone), return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        if not coming.done():
            coming.cancel()
            with suppress(asyncio.CancelledError, RequestError):
                await coming


def _part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
