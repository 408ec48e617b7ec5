"""The messages that docs/troubleshooting.md explains are those that are seen."""

from __future__ import annotations

import re
import ssl
import threading
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from typing import Any

import pytest

from tests import servers
from tests.dimse.peers import scp, silent_port
from tests.dimse.pki import Pki, server_context
from tests.harness import ROOT, practice, run
from tests.peers.peer import playing
from tests.peers.script import read_case

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
HEADINGS = re.findall(r"^## (.*?)(?: \(to 0xCFFF\))?$", PAGE, re.M)

SYMPTOMS = {"Nothing is found, but it is there", "Letters are wrong", "Columns are shortened"}
"""Headings that are no messages."""

FAULTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"abort_on_find": True}, "find study"),
    ({"fail": {"study": 0xA900}}, "find study"),
    ({"fail": {"study": 0xC000}}, "find study"),
    ({"cut_off": 20}, "find study"),
    ({"ignore_keys": ["ModalitiesInStudy"]}, "find study mod=CT"),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said where something goes wrong."""
    told = run("use ANY@127.0.0.1:1").err
    with silent_port() as port:
        told += run(f"set timeout 0.3; use ANY@127.0.0.1:{port}").err
    for faults, text in FAULTS:
        config = practice(tmp_path_factory.mktemp("faulty"), **faults)
        told += run(f"use faulty; {text}", config=config).err
    config = practice(tmp_path_factory.mktemp("slow"), row_delay=3)
    told += run("use faulty; set timeout 0.3; find study", config=config).err
    with playing(read_case(ROOT / "tests/peers/cases/vr-dashes.txt")) as odd:
        told += run("find study", modality=odd.address).err
    with scp(configure=lambda entity: setattr(entity, "require_calling_aet", ["OTHER"])) as peer:
        told += run(f"use {peer.address}").err
    with scp(abstract_syntaxes=["1.2.840.10008.1.1"]) as peer:
        told += run(f"use {peer.address}; find study").err
    return told + over_tls(tmp_path_factory.mktemp("tls")) + from_a_web_server()


def over_tls(folder: Path) -> str:
    """What is said about a certificate, a port without TLS, and one that wants our certificate."""
    pki = Pki(folder)
    strict = server_context(pki.server)
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(pki.ca)
    strict.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        scp(ssl_context=server_context(pki.server)) as secure,
        scp() as plain,
        scp(ssl_context=strict) as wants_ours,
    ):
        config = folder / "modalities.yaml"
        config.write_text(
            f"modalities:\n"
            f"  unknown: {{aet: A, host: 127.0.0.1, port: {secure.entity.port}, tls: true}}\n"
            f"  plain: {{aet: A, host: 127.0.0.1, port: {plain.entity.port}, tls: true}}\n"
            f"  strict: {{aet: A, host: 127.0.0.1, port: {wants_ours.entity.port},"
            f" tls: {{ca: {pki.ca}}}}}\n"
        )
        return run("use unknown; use plain; use strict", config=config, keep_going=True).err


def from_a_web_server() -> str:
    """What is said about a port that answers as web servers do to what is not HTTP."""

    class Web(StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with TCPServer(("127.0.0.1", 0), Web) as web:
        thread = threading.Thread(target=web.handle_request)
        thread.start()
        told = run(f"use WEB@127.0.0.1:{web.server_address[1]}").err
        thread.join()
    return told


@pytest.mark.parametrize("heading", [text for text in HEADINGS if text not in SYMPTOMS])
def test_a_message_is_explained_as_it_is_seen(
    heading: str, said: str, dcmqrscp_server: servers.Server
) -> None:
    """Numbers differ."""
    said += run(f"use WRONG@{dcmqrscp_server.host}:{dcmqrscp_server.port}").err
    assert re.search(re.sub(r"\b\d+\b", r"[\\d.]+", re.escape(heading)), said), said
