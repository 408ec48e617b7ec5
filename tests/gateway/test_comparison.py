"""The same requests to Debian's Orthanc and to the gateway give the same answers."""

from __future__ import annotations

import pytest

from tests.gateway.comparison import REQUESTS, asked, compared
from tests.gateway.conftest import Pair

_LEAST = 300


def test_the_table_is_long() -> None:
    assert sum(map(len, REQUESTS.values())) >= _LEAST


@pytest.mark.parametrize("group", REQUESTS)
def test_orthanc_and_the_gateway_answer_alike(pair: Pair, group: str) -> None:
    theirs: dict[str, str] = {}
    ours: dict[str, str] = {}
    wrong = []
    for request in REQUESTS[group]:
        expected = compared(asked(pair.orthanc, request, theirs))
        found = compared(asked(pair.gateway, request, ours))
        if (expected == found) == bool(request.differs):
            wrong.append(f"{request}\n   Orthanc: {expected}\n   gateway: {found}")
    assert not wrong, "\n".join(wrong)
