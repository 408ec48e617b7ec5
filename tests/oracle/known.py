"""Deviations and doubts that are known and not yet mended; docs/truth.md lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """Queries that are answered wrong in silence, or doubted without need.

    Args:
        reason: why it is so.
        servers: the names of the servers that it concerns.
        ways: how dicomsh is asked there.
        queries: the queries as typed.
    """

    reason: str
    servers: Sequence[str]
    ways: Sequence[str]
    queries: Sequence[str]


KNOWN: Sequence[Known] = ()


def known(server: str) -> set[tuple[str, str]]:
    """Ways and queries of the known faults at a server."""
    of_it = [one for one in KNOWN if server in one.servers]
    return {(way, query) for one in of_it for way in one.ways for query in one.queries}
