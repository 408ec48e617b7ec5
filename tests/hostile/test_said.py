"""What a peer says in values, comments and messages: bounded, visible, and never a wrong answer."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomsh.model.keys import by_tag
from dicomsh.model.levels import Level
from dicomsh.output.sink import Sink
from tests.dimse.peers import Request, decoded, element, encoded, pdu, pdv, response, study
from tests.harness import Done
from tests.hostile.floods import once, row
from tests.hostile.peer import Conversation
from tests.hostile.session import session

_UNDEFINED = b"\xff\xff\xff\xff"
_ITEM, _END = b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def answered(*rows: bytes, text: str = "find study", output: str = "json") -> Done:
    """A session with a peer that returns these identifiers."""

    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        while True:
            conversation.send(b"".join(map(request.raw_row, rows)) + request.final())
            request = conversation.request()

    done = session(attack, text, output=output)
    assert "Traceback" not in done.err
    return done


def tagged(tag: int, length: bytes, value: bytes = b"") -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + length + value


DOUBTFUL: dict[str, tuple[bytes, str]] = {
    "text of undefined length in PN": (tagged(0x00100010, _UNDEFINED, b"A^B " + _END), "malformed"),
    "no text of undefined length": (tagged(0x00100010, _UNDEFINED, _END), "PatientName"),
    "items in LO": (tagged(0x00081030, _UNDEFINED, _ITEM + bytes(4) + _END), "StudyDescription"),
    "text in items in LO": (
        tagged(0x00081030, _UNDEFINED, _ITEM + b"\x04\0\0\0A^B " + _END),
        "StudyDescription",
    ),
    "an item at the top": (_ITEM + bytes(4), "FFFE,E000"),
    "the end of a sequence at the top": (_END, "FFFE,E0DD"),
    "another PatientID": (element(0x00100020, b"A ") + element(0x00100020, b"B "), "PatientID"),
}
"""What makes a row malformed, and what is said about it (PS3.5 7.1, 7.5)."""


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_malformed_row_is_in_doubt_and_its_values_are_not_made_up(name: str) -> None:
    added, said = DOUBTFUL[name]
    done = answered(encoded(study(1)) + added)
    assert done.status == 5
    assert "IN DOUBT" in done.err
    assert said.lower() in done.err.lower().replace("(", "").replace(")", "")
    assert not any("FFFE" in key.upper() for one in done.json for key in one)
    assert "A^B" not in done.out


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("find study", element(0x00080020, b"20240305")),
        ("find patient", encoded(study(1))),
        ("find series study=1.2.3.1", encoded(study(1))),
    ],
    ids=["no unique key", "a study for a patient", "a study for a series"],
)
def test_a_row_of_another_level_is_not_a_sound_answer(text: str, data: bytes) -> None:
    assert answered(data, text=text).status == 5


MESSAGES: dict[str, Callable[[Request], bytes]] = {
    "a C-ECHO request": lambda r: pdu(
        4,
        pdv(
            r.context,
            3,
            element(0x0002, b"1.2.840.10008.1.1\0")
            + element(0x0100, b"\x30\0")
            + element(0x0110, b"\x07\0")
            + element(0x0800, b"\x01\x01"),
        ),
    ),
    "a C-FIND request": lambda r: pdu(
        4,
        pdv(
            r.context,
            3,
            element(0x0100, b"\x20\0") + element(0x0110, b"\x07\0") + element(0x0800, b"\0\0"),
        ),
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_request_in_mid_query_is_called_one(name: str) -> None:
    title = name.split()[1]
    done = session(once(lambda r: row()(r) + MESSAGES[name](r)))
    assert done.status == 5
    assert f"received a {title}-RQ during a C-FIND" in done.err.replace(" request", "-RQ")


def test_an_echo_answered_on_another_context_is_refused() -> None:
    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        echo = response(request.message_id, 0, data_set=False, field=0x8030)
        other = 1 if request.context != 1 else 3
        conversation.send(pdu(4, pdv(other, 3, echo)))
        conversation.silence()

    done = session(attack, "echo")
    assert done.status == 3
    assert "does not answer our C-ECHO" in done.err


@pytest.mark.parametrize("status", [0x0000, 0xA700, 0xC001])
def test_a_comment_of_60_kb_is_cut(status: int) -> None:
    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        answer = response(request.message_id, status, data_set=False)
        comment = element(0x0902, b"said " * 12_000)
        conversation.send(row()(request) + pdu(4, pdv(request.context, 3, answer + comment)))
        conversation.silence()

    done = session(attack, "find study; explain last; last", output="table")
    assert "Traceback" not in done.err
    assert len(done.out + done.err) < 8_000


def test_a_character_set_name_of_16_kb_is_cut() -> None:
    data = element(0x00080005, b"ISO_IR X" * 2_000) + encoded(study(1, PatientName="Doe"))
    done = answered(data, text="find study; explain last; last", output="table")
    assert len(done.out + done.err) < 12_000


@pytest.mark.parametrize("output", ["table", "vertical"])
def test_marks_on_letters_are_bounded_and_two_ids_never_look_alike(output: str) -> None:
    flood = "e" + "\u0301" * 12_500
    ids = ["A1", "A\u034f1", "A\u31641", "A\u115f1", "A\u28001", "A1\ufe0f", "A1\u200b", "Ａ1"]
    declared = element(0x00080005, b"ISO_IR 192")
    rows = [
        declared + element(0x00100010, flood.encode() + b" ") + element(0x00100020, name)
        for name in [_even(one) for one in [flood, *ids]]
    ]
    done = answered(*rows, text="find patient", output=output)
    shown = [
        line.split("PatientID:")[-1].strip() if output == "vertical" else line.split()[1]
        for line in done.out.splitlines()
        if ("PatientID:" in line if output == "vertical" else line[:3].strip().isdigit())
    ]
    assert len(shown) == len(rows)
    assert len(set(shown)) == len(rows)
    assert done.out.count("\u0301") < 200


def _even(text: str) -> bytes:
    raw = text.encode()
    return raw + b" " * (len(raw) % 2)


def test_settings_of_ones_own_cannot_colour_the_terminal() -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    Sink(terminal, terminal).talk("setting 'x\x1b]0;title\x07y\x1b[2J' is not known")
    assert "\x1b]" not in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


PATIENT_ID, STUDY_UID = 0x00100020, 0x0020000D

USES = [
    "find {0}; cd 1; ls",
    "find {0}; ls 1",
    "find {0}; tree 1",
    "find {0}; show 1",
    "find {0}; get 1",
    "find {0} | each find {0} {1}=${1}",
    "find {0} | each ls",
    "find {0} | get",
    "find {0} | move --to ARCHIVE",
    "find {0} | select {1} > ids.csv; find {0} {1}=@ids.csv",
]
"""What takes the key of a row for another query; of a level and the keyword of its unique key."""


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("tag", "level"), [(PATIENT_ID, Level.PATIENT), (STUDY_UID, Level.STUDY)], ids=["ID", "UID"]
)
def test_a_key_that_could_not_be_decoded_is_never_sent_as_another(
    tag: int, level: Level, use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sent: list[bytes] = []

    def attack(conversation: Conversation) -> None:
        request = conversation.accepted()
        values = {PATIENT_ID: b"P1", STUDY_UID: b"1.2.3.4", tag: b"1.2\xff3 "}
        data = element(0x00080005, b"ISO_IR 192") + element(0x00080052, _even(level.name))
        data += b"".join(element(one, value) for one, value in sorted(values.items()))
        conversation.send(request.raw_row(data) + request.final())
        while True:
            sent.extend(data for _, _, data in conversation.values())

    done = session(attack, use.format(level.name.lower(), by_tag(tag).keyword), output="table")
    assert done.status == 2
    assert "'1.2�3'" in done.err
    assert all(tag.to_bytes(4, "big") not in _tags(data) for data in sent)


def _tags(data: bytes) -> set[bytes]:
    """The tags with values in a data set in implicit VR."""
    return {one.tag.to_bytes(4, "big") for one in decoded(data) if one.VM}
