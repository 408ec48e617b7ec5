"""The routes, one module per family; `ENDPOINTS` of each says what it serves."""

from dicomsh.gateway.endpoint import Endpoint
from dicomsh.gateway.routes import deprecated, jobs, modalities, query, system

ENDPOINTS: tuple[Endpoint, ...] = (
    *system.ENDPOINTS,
    *modalities.ENDPOINTS,
    *deprecated.ENDPOINTS,
    *query.ENDPOINTS,
    *jobs.ENDPOINTS,
)
"""All of them."""
