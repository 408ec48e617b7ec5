"""One small worklist query: in a session that keeps its association, against findscu -W."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dicomsh.dimse.client import Client
from dicomsh.model.keys import path_of
from dicomsh.model.level_keys import inside
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, build
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from tests import servers
from tests.benchmarks import measure
from tests.processes import find_program
from tests.worklists.items import ITEMS, write

ROWS = 4
KEPT = "dicomsh, kept session"


def _query() -> Query:
    """What `find worklist mod=MR` sends."""
    key = QueryKey(path_of(inside("Modality")), "MR", Matching.SINGLE_VALUE, KeyOrigin.TYPED)
    return build(Request(Level.WORKLIST, Place(), (key,)), Model.MODALITY_WORKLIST, "", "")


def _findscu(server: servers.Server, query: Query) -> list[str]:
    peer = ["-aet", servers.AET, "-aec", server.aet, server.host, str(server.port)]
    paths = (("[0].".join(part.keyword for part in key.path), key.value) for key in query.keys)
    keys = [part for path, value in paths for part in ("-k", f"{path}={value}")]
    return [find_program("findscu"), "-q", "-W", *peer, *keys]


@contextmanager
def _session(server: servers.Server, query: Query) -> Iterator[Callable[[], measure.Run]]:
    """A kept association; each call is one query, with every value decoded."""
    address = DicomAddress(server.aet, server.host, server.port)
    client = Client(Modality(server.address, address, local_aet=servers.AET))
    with asyncio.Runner() as runner:
        yield lambda: runner.run(_ask(client, query))
        runner.run(client.close())


async def _ask(client: Client, query: Query) -> measure.Run:
    start, rows = time.perf_counter(), 0
    async for batch in await client.find(query):
        rows += len(batch)
        for row in batch:
            for key in query.keys:
                row.values(key.path[0].tag)
    if rows != ROWS:
        raise measure.BenchmarkError(f"the kept session received {rows} rows")
    return measure.Run(time.perf_counter() - start)


def main(rounds: int) -> None:
    """Asks Orthanc with its worklist plugin, and wlmscpfs, both with the items of the tests."""
    query = _query()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(ITEMS, folder)
        with servers.worklist_orthanc(folder) as orthanc, servers.wlmscpfs(folder) as wlmscpfs:
            for server in (orthanc, wlmscpfs):
                other = partial(measure.process, _findscu(server, query))
                with _session(server, query) as ask:
                    cases: dict[str, measure.Case] = {"findscu process": other, KEPT: ask}
                    runs = measure.interleaved(cases, 4 * rounds)
                targets = [measure.Target(KEPT, "findscu process", 0.1)]
                measure.report(f"One small worklist query, {server.aet}", runs, targets=targets)


if __name__ == "__main__":
    main(int(sys.argv[1]))
