"""A kept session: one association, one small query for each line on standard input.

    python -m tests.benchmarks.kept AET PORT

Answers each line with seconds and number of rows.
"""

from __future__ import annotations

import asyncio
import sys
import time

from dicomsh.dimse.client import Client
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from tests.benchmarks.small import QUERY
from tests.processes import HOST


def _query() -> Query:
    keys = tuple(
        QueryKey(
            (by_keyword(keyword),),
            value,
            Matching.SINGLE_VALUE if value else Matching.UNIVERSAL,
            KeyOrigin.TYPED,
        )
        for keyword, value in QUERY.items()
    )
    return Query(Model.STUDY_ROOT.find, Level.STUDY, keys)


async def _ask(client: Client, query: Query) -> tuple[float, int]:
    start = time.perf_counter()
    rows = 0
    async for batch in await client.find(query):
        for row in batch:
            rows += 1
            for key in query.keys:
                row.text(key.attribute.tag)
    return time.perf_counter() - start, rows


async def _serve(aet: str, port: int) -> None:
    client = Client(Modality(f"{aet}@{HOST}:{port}", DicomAddress(aet, HOST, port)))
    try:
        while await asyncio.to_thread(sys.stdin.readline):
            print(*await _ask(client, _query()), flush=True)
    finally:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
