"""The routes, one module per family; `ENDPOINTS` of each says what it serves."""

from dicomsh.gateway.endpoint import Call, Endpoint, Reply, reply
from dicomsh.gateway.openapi import described
from dicomsh.gateway.routes import (
    deprecated,
    jobs,
    language,
    modalities,
    query,
    system,
    wado,
    worklist,
)


async def _description(call: Call) -> Reply:
    del call
    return reply(described(ENDPOINTS))


ENDPOINTS: tuple[Endpoint, ...] = (
    *system.ENDPOINTS,
    *modalities.ENDPOINTS,
    *deprecated.ENDPOINTS,
    *query.ENDPOINTS,
    *jobs.ENDPOINTS,
    *wado.ENDPOINTS,
    *worklist.ENDPOINTS,
    *language.ENDPOINTS,
    Endpoint("GET", "/openapi.json", _description, "This description, as OpenAPI"),
)
"""All of them."""
