"""The rounds of a retrieval, with a connection that is played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from dicomsh.archives.dimse_transfer import DimseTransfers
from dicomsh.archives.transfer import Delivery
from dicomsh.model.claim import Claim, OnClaim
from dicomsh.model.daily_window import read_daily_window
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.query import Query
from dicomsh.model.storage import Pair, Storage
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN
from dicomsh.retrieve.account import Account, Instance
from dicomsh.retrieve.collector import Collector
from dicomsh.retrieve.fetch import Fetch, FetchOptions
from dicomsh.retrieve.ledger import Ledger
from tests.dimse.peers import run

CT = "1.2.840.10008.5.1.4.1.1.2"
ONE = Instance("P", "1.1", "1.1.1", "1.1.1.1", CT, "a.dcm")


class Played:
    """A connection that sends nothing, and says Success."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    async def connect(self) -> frozenset[Pair]:
        return frozenset({(CT, EXPLICIT_LITTLE_ENDIAN)})

    async def get(self, query: Query, storage: Storage, progress: OnClaim) -> Claim:
        del query, storage, progress
        self._log.append("get")
        return Claim(0)

    async def close(self) -> None:
        self._log.append("close")


class PlayedTransfers(DimseTransfers):
    """Retrieves with a connection that is played."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(Modality("peer", DicomAddress("PEER", "127.0.0.1", 1)), Tap())
        self._log = log

    def retriever(self, delivery: Delivery) -> Played:
        assert delivery.sop_classes == (CT,)
        return Played(self._log)


def test_nothing_is_asked_for_before_the_time_of_day(tmp_path: Path) -> None:
    log: list[str] = []
    moments = hours()

    def now() -> datetime:
        log.append("look")
        return next(moments)

    async def work() -> None:
        ledger = Ledger(tmp_path)
        collector = Collector(Account((ONE,)), ledger, "PEER")
        window = read_daily_window("19:00..07:00")
        options = FetchOptions(retries=0, between=window, now=now)
        fetch = Fetch((ONE,), collector, PlayedTransfers(log), options)
        async with asyncio.timeout(10):
            async for _ in fetch.lines():
                pass
        ledger.close()
        assert fetch.finished

    run(work())
    assert log == ["look", "look", "look", "get", "close"]


def hours() -> Iterator[datetime]:
    """A clock that a thousandth of a second before the hour is near it, and then past it."""
    opening = datetime.fromisoformat("2024-03-05T19:00:00")
    yield opening - timedelta(milliseconds=2)
    yield opening - timedelta(milliseconds=1)
    while True:
        yield opening
