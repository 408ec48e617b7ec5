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


KNOWN: Sequence[Known] = (
    Known(
        reason="The server compares bytes. In ISO 2022 sets an escape sequence separates a"
        " wildcard from a letter inside a word, so a part of a word is not found. If another row is"
        " found, in another set, nothing points to the missing one.",
        servers=("dcmqrscp",),
        ways=("before probe", "after probe"),
        queries=(
            "find patient PatientName='*山*'",
            "find study PatientName='*山*'",
            "find patient PatientName='*やま*'",
            "find study PatientName='*やま*'",
        ),
    ),
)


def known(server: str) -> set[tuple[str, str]]:
    """Ways and queries of the known faults at a server."""
    of_it = [one for one in KNOWN if server in one.servers]
    return {(way, query) for one in of_it for way in one.ways for query in one.queries}
