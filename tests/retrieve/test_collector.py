"""Objects on their way into a retrieval, of which some break off."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from dicomsh.model.storage import Announced
from dicomsh.retrieve.account import Account, Instance, State
from dicomsh.retrieve.collector import Collector
from dicomsh.retrieve.ledger import Ledger
from tests.dimse.peers import encoded
from tests.retrieve.giving import image


def test_an_object_that_broke_off_is_taken_when_it_comes_again(tmp_path: Path) -> None:
    made = image(1)
    data = encoded(made, explicit=True)
    account = Account([Instance("P1", "1.2.1", "1.2.1.1", made.SOPInstanceUID, "", "one.dcm")])
    announced = Announced(CTImageStorage, made.SOPInstanceUID, ExplicitVRLittleEndian)

    async def twice() -> int:
        ledger = Ledger(tmp_path)
        collector = Collector(account, ledger, "ARCHIVE")
        first = collector.accept(announced)
        first.write(data[:50])
        first.discard()
        assert account.counted(State.FAILED) == 1
        second = collector.accept(announced)
        second.write(data)
        second.close()
        reply = await second.keep()
        ledger.close()
        return reply.status

    assert asyncio.run(twice()) == 0
    assert (account.whole, account.counted(State.DUPLICATE)) == (1, 0)
    assert (tmp_path / "one.dcm").read_bytes().endswith(data)
