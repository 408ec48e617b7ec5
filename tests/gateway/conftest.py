"""The gateway and the Orthanc that the tests compare, with the same archives behind both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dicomsh.model.modality import PracticeAddress
from dicomsh.practice.server import start
from tests import servers
from tests.dimse import peers
from tests.gateway import varied
from tests.gateway.gateways import Service, gateway
from tests.processes import HOST


@dataclass(frozen=True)
class Pair:
    """Two servers that know the same modalities."""

    orthanc: Service
    gateway: Service


@pytest.fixture(scope="session")
def practice_gateway() -> Iterator[Service]:
    """The session's gateway, with the practice archive as `pacs`."""
    with gateway() as service:
        yield service


@pytest.fixture(scope="session")
def pair(orthanc_server: servers.Orthanc) -> Iterator[Pair]:
    """The session's Orthanc and gateway: `pacs` is a practice archive, `back` another Orthanc."""
    with start(PracticeAddress()) as practice, peers.scp(varied.find) as varying:
        known = {
            "pacs": ["PRACTICE", HOST, practice.port],
            "back": [orthanc_server.aet, HOST, orthanc_server.port],
            "down": ["DOWN", HOST, 1],
            "varied": ["ARCHIVE", HOST, varying.entity.port],
        }
        lines = [
            f"{name}: {{aet: {aet}, host: {host}, port: {port}}}"
            for name, (aet, host, port) in known.items()
        ]
        settings = {"DicomModalities": known, "DicomAet": servers.AET}
        with (
            servers.orthanc(aet="FRONT", settings=settings) as front,
            gateway("\n".join(lines)) as service,
        ):
            yield Pair(Service(front.http_port), service)
