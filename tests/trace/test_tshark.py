"""What the trace reads from a conversation is what tshark's DICOM dissector reads from it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dicomsh.trace.conversation import TracedMessage, TracedPdu, command_elements, proposals
from dicomsh.trace.fields import ASSOCIATE_AC, ASSOCIATE_RQ
from tests import servers
from tests.harness import run
from tests.processes import find_program
from tests.trace.wire import HOST, Recording, pcap, relay

QUERIES = (
    "echo; find patient; find study mod=CT,MR +ProcedureCodeSequence.CodeValue --limit 3; "
    "find series PatientName=*; find patient NOBODY"
)


@pytest.fixture(scope="module")
def recorded(orthanc_server: servers.Orthanc, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A conversation with Orthanc, as it passed, as our trace tells it, as tshark dissects it."""
    folder = tmp_path_factory.mktemp("trace")
    config = folder / "modalities.yaml"
    with relay(orthanc_server.host, orthanc_server.port) as recording:
        peer = {"aet": orthanc_server.aet, "host": HOST, "port": recording.port}
        text = yaml.safe_dump({"cancel_grace": 60, "modalities": {"orthanc": peer}})
        config.write_text(text, "utf-8")  # a cancelled query that takes longer ends the association
        done = run(f"trace to '{folder}/trace.txt'; use orthanc; {QUERIES}", config=config)
        assert done.status == 0, done.err
    (folder / "talk.pcap").write_bytes(pcap(recording))
    return Seen(recording, (folder / "trace.txt").read_text("utf-8"), folder / "talk.pcap")


class Seen:
    def __init__(self, recording: Recording, trace: str, capture: Path) -> None:
        self.recording = recording
        self.trace = trace
        self._capture = capture

    def tshark(self, *names: str) -> Iterator[list[list[str]]]:
        """For each frame with DICOM in it, the values of each field."""
        port = f"tcp.port=={self.recording.port},dicom"
        command = [find_program("tshark"), "-o", "dicom.tag_tree:TRUE"]
        command += ["-r", str(self._capture), "-d", port]
        command += ["-Y", "dicom", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]
        command += [part for name in names for part in ("-e", name)]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=True, timeout=60
        )
        for line in done.stdout.splitlines():
            yield [cell.split("|") if cell else [] for cell in line.split("\t")]

    def all(self, name: str) -> list[str]:
        """The values of one field in the whole capture."""
        return [value for (values,) in self.tshark(name) for value in values]

    def pdus(self, *kinds: int) -> list[TracedPdu]:
        events = self.recording.events()
        return [e for e in events if isinstance(e, TracedPdu) and (not kinds or e.kind in kinds)]

    def messages(self) -> list[TracedMessage]:
        """Without the data set that Orthanc may send after the response to a C-CANCEL."""
        events = self.recording.events()
        return [e for e in events if isinstance(e, TracedMessage) and e.command]

    def field(self, name: str, *kinds: int) -> list[str]:
        return [f.text for pdu in self.pdus(*kinds) for f in pdu.fields if f.name == name]


def test_the_pdus_are_the_same(recorded: Seen) -> None:
    assert recorded.all("dicom.pdu.type") == [f"0x{pdu.kind:02x}" for pdu in recorded.pdus()]
    assert recorded.all("dicom.pdu.len") == [str(len(pdu.raw) - 6) for pdu in recorded.pdus()]


def test_the_association_is_the_same(recorded: Seen) -> None:
    both = (ASSOCIATE_RQ, ASSOCIATE_AC)
    called, calling = "Called-AE-title", "Calling-AE-title"
    trimmed = [text.strip() for text in recorded.all("dicom.assoc.ae.called")]
    assert trimmed == recorded.field(called, *both) != []
    trimmed = [text.strip() for text in recorded.all("dicom.assoc.ae.calling")]
    assert trimmed == recorded.field(calling, *both)
    contexts = [p for pdu in recorded.pdus(*both) for p in proposals(pdu.fields)]
    assert [int(value, 16) for value in recorded.all("dicom.pctx.id")] == [p.id for p in contexts]
    results = [p.result.split()[0] for p in contexts if p.result is not None]
    assert [str(int(value, 16)) for value in recorded.all("dicom.pctx.result")] == results
    abstract = [p.abstract for p in contexts if p.abstract]
    assert [_uid(text) for text in recorded.all("dicom.pctx.abss.syntax")] == abstract
    transfer = [uid for p in contexts for uid in p.transfer]
    assert [_uid(text) for text in recorded.all("dicom.pctx.xfer.syntax")] == transfer
    assert recorded.all("dicom.max_pdu_len") == recorded.field("Maximum-length-received", *both)
    assert recorded.all("dicom.userinfo.uid") == recorded.field("Implementation-class-uid", *both)
    versions = recorded.field("Implementation-version-name", *both)
    assert recorded.all("dicom.userinfo.version") == versions


def _uid(text: str) -> str:
    """`Verification SOP Class (1.2.840.10008.1.1)` without its name."""
    return text.rpartition("(")[2].rstrip(")")


def _elements(recorded: Seen) -> Iterator[tuple[str, str, str]]:
    """Tag, VR and length of every element that tshark sees; items and delimiters are left out."""
    for tags, vrs, lengths in recorded.tshark("dicom.tag", "dicom.tag.vr", "dicom.tag.vl"):
        vr = iter(vrs)
        for tag, length in zip(tags, lengths, strict=True):
            if not tag.startswith("0xfffe"):
                yield tag, next(vr), length


_ELEMENT = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\) (..) +(\d+)  ")


def test_the_elements_of_identifiers_are_the_same(recorded: Seen) -> None:
    """Tag, VR and length of every element, those inside of sequences too, in the order sent."""
    told = [_ELEMENT.search(line) for line in recorded.trace.splitlines()]
    ours = [(f"0x{m[1]}{m[2]}", m[3], m[4]) for m in told if m and m[1] != "0000"]
    assert len(ours) > 300
    theirs = [element for element in _elements(recorded) if not element[0].startswith("0x0000")]
    assert [element[:2] for element in theirs] == [element[:2] for element in ours]
    plain = [(theirs[i][2], ours[i][2]) for i in range(len(ours)) if ours[i][1] != "SQ"]
    assert [a for a, _ in plain] == [b for _, b in plain]
    assert {"SQ", "PN"} <= {vr for _, vr, _ in ours}


def test_the_commands_are_the_same(recorded: Seen) -> None:
    messages = [(m.sent, _us(m.command, 0x0100)) for m in recorded.messages()]
    names = {0x30: "C-ECHO-RQ", 0x8030: "C-ECHO-RSP", 0x20: "C-FIND-RQ", 0x8020: "C-FIND-RSP"}
    names[0x0FFF] = "C-CANCEL-RQ"  # sent when the rows beyond the limit come late
    told = re.findall(r"([→←]) (C-\S+)", recorded.trace)
    for sent, arrow in ((True, "→"), (False, "←")):  # a C-CANCEL and a response may cross
        shown = [name for way, name in told if way == arrow]
        assert shown == [names[field] for ours, field in messages if ours is sent]
    assert messages.count((False, 0x8020)) > 20
    assert messages.count((True, 0x20)) == 4
    tags = [tag for tag in recorded.all("dicom.tag") if tag.startswith("0x0000")]
    assert tags == [
        f"0x{tag:08x}" for m in recorded.messages() for tag in command_elements(m.command)
    ]


def _us(command: bytes, element: int) -> int:
    return int.from_bytes(command_elements(command)[element], "little")


def test_nothing_that_passed_is_left_out(recorded: Seen) -> None:
    for sent in (True, False):
        whole = b"".join(pdu.raw for pdu in recorded.pdus() if pdu.sent is sent)
        assert whole == recorded.recording.bytes(sent)
