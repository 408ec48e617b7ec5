r"""Character sets in both directions, with real servers: what is asked for is found, or refused.

Guards against rivals' failures: pynetdicom's findscu sends `*山田*` as `*??*` and Orthanc's own
client, in its default Latin1, drops the characters, so that all patients match; DCMTK's findscu
sends bytes that no label explains; `dcmqrti` and `findscu` show bytes as they come, `M\374ller`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.sequence import Sequence

from dicomsh.model.charset import carries
from dicomsh.model.modality import Modality
from tests import samples, servers
from tests.dimse.peers import answering, scp, study
from tests.harness import Done, run

NAMES = {
    "SCSARAB": "قباني^لنزار",
    "SCSFREN": "Buc^Jérôme",
    "SCSGERM": "Äneas^Rüdiger",
    "SCSGREEK": "Διονυσιος",
    "H31EXAMPLE": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "H32EXAMPLE": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "SCSHBRW": "שרון^דבורה",
    "I2EXAMPLE": "Hong^Gildong=洪^吉洞=홍^길동",
    "2008-4": "やまだ^たろう",
    "2008-3": "김희중",
    "SCSRUSS": "Люкceмбypг",
    "X1EXAMPLE": "Wang^XiaoDong=王^小東=",
    "X2EXAMPLE": "Wang^XiaoDong=王^小东=",
    "DE-1": "Müller^Jürgen",
    "GR-1": "Διονυσιος",
    "RU-1": "Чайка^Нина",
    "JP-1": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "KR-1": "Hong^Gildong=洪^吉洞=홍^길동",
    "AR-1": "قباني^لنزار",
}
"""Patients of pydicom's files for character sets, and made-up ones, by PatientID."""

ORTHANC = {
    "Utf8": "ISO_IR 192",
    "Latin1": "ISO_IR 100",
    "Cyrillic": "ISO_IR 144",
    "Korean": r"\ISO 2022 IR 149",
    "Chinese": "GB18030",
}
"""DefaultEncoding of an Orthanc, and the character set that its answers come in."""

UNREAD = {
    "Orthanc": {"H32EXAMPLE"},  # of two character sets Orthanc 1.10 reads the first alone
    "dcmqrscp": {"H31EXAMPLE", "H32EXAMPLE", "2008-4"},  # glibc's iconv lacks ISO 2022 IR 87
}
"""Patients whose names a server does not read, and so does not find: probe says so."""


def place(peer: Modality) -> str:
    """Where a peer is, as settings in a line."""
    return f"host: {peer.entity.host}, port: {peer.entity.port}"


def files() -> list[Path]:
    return [path for path in samples.bundled() if path.parent.name == "charset_files"]


@pytest.fixture(scope="module", params=[*ORTHANC, "dcmqrscp"])
def archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The name of a kind of server, and the address of one that holds all the names."""
    held = [*files(), *samples.write_made_up(tmp_path_factory.mktemp("made-up"))]
    with ExitStack() as stack:
        if request.param == "dcmqrscp":
            yield "dcmqrscp", stack.enter_context(servers.dcmqrscp(held)).address
            return
        server = stack.enter_context(servers.orthanc(encoding=request.param))
        server.upload(held)
        yield request.param, server.address


def unread(kind: str) -> set[str]:
    return UNREAD["dcmqrscp" if kind == "dcmqrscp" else "Orthanc"]


def found(kind: str, expected: set[str]) -> set[str]:
    """Whom a name finds: dcmqrscp, which compares bytes, is asked in all sets that hold it."""
    return expected if kind == "dcmqrscp" else expected - unread(kind)


def rows(done: Done) -> list[dict[str, Any]]:
    assert done.status == 0, done.err
    found: list[dict[str, Any]] = done.json
    return found


def ids(done: Done) -> set[str]:
    return {row["PatientID"] for row in rows(done)}


def test_answers_are_the_right_text(archive: tuple[str, str]) -> None:
    """All that the server's own character set can hold; dcmqrscp answers in that of each file."""
    kind, address = archive
    held = {
        row["PatientID"]: row["PatientName"]
        for row in rows(run("find patient", modality=address, output="json"))
        if row["PatientID"] in NAMES
    }
    carried = {
        key: name
        for key, name in NAMES.items()
        if kind == "dcmqrscp" or (carries(name, ORTHANC[kind]) and key not in unread(kind))
    }
    assert {key: held[key] for key in carried} == carried
    assert len(carried) >= 2


@pytest.mark.parametrize("key", NAMES)
def test_a_name_finds_exactly_those_who_bear_it(archive: tuple[str, str], key: str) -> None:
    kind, address = archive
    done = run(f"find patient 'name={NAMES[key]}'", modality=address, output="json")
    namesakes = {other for other, name in NAMES.items() if name == NAMES[key]}
    assert ids(done) == found(kind, namesakes)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*山田*", {"H31EXAMPLE", "H32EXAMPLE", "JP-1"}),
        ("*やまだ*", {"H31EXAMPLE", "H32EXAMPLE", "JP-1", "2008-4"}),
        ("*王*", {"X1EXAMPLE", "X2EXAMPLE"}),
        ("*小东*", {"X2EXAMPLE"}),
        ("*길동*", {"I2EXAMPLE", "KR-1"}),
        ("Müll*", {"DE-1"}),
        ("Чай*", {"RU-1"}),
        ("*ô*", {"SCSFREN"}),
        ("*ф*", set()),
    ],
)
def test_a_pattern_finds_exactly_what_holds_it(
    archive: tuple[str, str], pattern: str, expected: set[str]
) -> None:
    kind, address = archive
    done = run(f"find patient {pattern}", modality=address, output="json")
    assert ids(done) == found(kind, expected)


@pytest.mark.parametrize("before", ["", "probe > /dev/null"])
def test_a_question_mark_is_a_letter(archive: tuple[str, str], before: str) -> None:
    """Orthanc takes it for a byte; of `Müller` its Cyrillic answers keep `Mller`, which may be."""
    kind, address = archive
    lossy = kind in ("Cyrillic", "Korean")
    done = run(*filter(None, [before]), "find patient M?ller*", modality=address, output="json")
    assert done.status == (5 if lossy else 0), done.err
    assert {row["PatientID"] for row in done.json} == {"DE-1"}


def test_the_practice_archive_finds_the_yamadas() -> None:
    done = run("find patient *山田*", modality="pacs", output="json")
    assert ids(done) == {"TYO-0001", "TYO-0002", "TYO-0003"}


def test_characters_that_a_server_drops_are_told(archive: tuple[str, str]) -> None:
    """Orthanc's Latin1 answers `Yamada^Tarou=^=^` for a name that it found rightly."""
    kind, address = archive
    done = run("find patient *길동*", modality=address, output="json")
    lossy = kind in ("Latin1", "Cyrillic")
    assert ("cannot represent all characters of your query" in done.last) is lossy
    assert "seems to ignore" not in done.last


def test_what_a_server_does_not_read_is_found_out_and_asked_for(archive: tuple[str, str]) -> None:
    kind, address = archive
    done = run("probe > /dev/null", "find patient *山田*", modality=address, output="json")
    yamadas = {"H31EXAMPLE", "H32EXAMPLE", "JP-1"}
    assert ids(done) == (yamadas if kind == "dcmqrscp" else yamadas - unread(kind))
    told = "PatientName asked in ISO 2022 IR 13\\ISO 2022 IR 87, filtered locally" in done.last
    assert told is (kind == "dcmqrscp")


@pytest.mark.parametrize(
    ("declared", "name", "key"),
    [
        ("ISO_IR 126", "Διονυσιος", "GR-1"),
        ("ISO_IR 144", "Чайка*", "RU-1"),
        ("ISO_IR 100", "*ô*", "SCSFREN"),
        ("ISO_IR 100", "*山田*", "JP-1"),
        (r"\ISO 2022 IR 149", "*길동*", "KR-1"),
        (r"\ISO 2022 IR 87", "*山田*", "JP-1"),
        ("GB18030", "*小东*", "X2EXAMPLE"),
    ],
)
def test_a_query_in_a_declared_character_set(
    orthanc_server: servers.Orthanc, tmp_path: Path, declared: str, name: str, key: str
) -> None:
    config = tmp_path / "modalities.yaml"
    config.write_text(
        f"modalities: {{o: {{aet: {orthanc_server.aet}, host: {orthanc_server.host},"
        f" port: {orthanc_server.port}, charset: '{declared}'}}}}"
    )
    done = run(f"find patient {name}", modality="o", config=config, output="json")
    plain = run(f"find patient {name}", modality=orthanc_server.address, output="json")
    assert key in ids(done)
    assert ids(done) == ids(plain)


def test_a_server_that_compares_bytes_finds_them_in_its_own_set(
    dcmqrscp_server: servers.Server, tmp_path: Path
) -> None:
    """DCMTK on glibc reads no ISO 2022 IR 87; no escape sequence must go out that is not needed."""
    config = tmp_path / "modalities.yaml"
    where = f"aet: {dcmqrscp_server.aet}, host: {dcmqrscp_server.host}"
    config.write_text(
        f"modalities: {{d: {{{where}, port: {dcmqrscp_server.port},"
        r" charset: '\ISO 2022 IR 87'}}"
    )
    done = run("find patient *やまだ*", modality="d", config=config, output="json")
    assert ids(done) == {"H31EXAMPLE", "H32EXAMPLE", "JP-1", "2008-4"}


def labelled(charset: str | None, description: bytes, number: int = 1) -> Dataset:
    """A study whose description is these very bytes."""
    dataset = study(number)
    if charset is not None:
        dataset.SpecificCharacterSet = charset
    dataset.add(DataElement(0x00081030, "LO", description, validation_mode=IGNORE))
    return dataset


def answered(*datasets: Dataset, charset: str = "", tmp_path: Path) -> Done:
    config = tmp_path / "modalities.yaml"
    with scp(answering(*datasets)) as peer:
        config.write_text(f"modalities: {{p: {{aet: ARCHIVE, {place(peer)}{charset}}}}}")
        return run("find study", modality="p", config=config, output="json")


def descriptions(done: Done) -> list[str]:
    return [row["StudyDescription"] for row in rows(done)]


FALLBACK = ", charset: {fallback: ISO_IR 144}"


@pytest.mark.filterwarnings("ignore:Unknown encoding")
@pytest.mark.parametrize(
    ("answer", "fallback", "text", "note"),
    [
        ((None, b"M\xfcller"), "", "Müller", "came without a character set and is read as Latin-1"),
        (("ISO_IR 6", b"M\xfcller"), "", "Müller", "came without a character set"),
        ((None, b"M\xfcller"), FALLBACK, "Mќller", ""),
        ((None, b"Muller"), "", "Muller", ""),
        (("ISO_IR 192", b"M\xfcller"), "", "M\ufffdller", "bytes invalid in ISO_IR 192"),
        (
            ("ISO_IR 192", b"M\xfcller"),
            FALLBACK,
            "Mќller",
            "declared as ISO_IR 192 looks like ISO_IR 144",
        ),
        (
            ("ISO_IR 999", b"M\xfcller"),
            "",
            "Müller",
            "unknown character set 'ISO_IR 999', read as Latin-1",
        ),
        (("ISO_IR 999", b"M\xfcller"), FALLBACK, "Mќller", "read as ISO_IR 144"),
        (("ISO_IR 192", "Müller".encode()), FALLBACK, "Müller", ""),
        (("ISO_IR 126", b"\xc4\xe9\xef"), "", "Διο", ""),
    ],
)
def test_text_that_cannot_be_trusted_is_marked(
    tmp_path: Path, answer: tuple[str | None, bytes], fallback: str, text: str, note: str
) -> None:
    done = answered(labelled(*answer), charset=fallback, tmp_path=tmp_path)
    assert descriptions(done) == [text]
    assert note in done.last
    told = ("character set", "bytes invalid", "text declared")
    assert any(words in done.last for words in told) is bool(note)


def test_many_wrong_bytes_give_one_warning(tmp_path: Path) -> None:
    broken = [labelled("ISO_IR 192", b"\xff\xfe\xfd", number) for number in range(40)]
    done = answered(*broken, tmp_path=tmp_path)
    assert descriptions(done) == ["\ufffd\ufffd\ufffd"] * 40
    assert done.err.count("bytes invalid in") == 1
    assert len(done.err.splitlines()) == 1


def test_every_row_has_its_own_character_set(tmp_path: Path) -> None:
    done = answered(
        labelled("ISO_IR 100", b"M\xfcller", 1),
        labelled("ISO_IR 144", b"\xbb\xee\xda", 2),
        labelled("ISO_IR 192", "山田".encode(), 3),
        labelled("GB18030", b"\xd0\xa1\xb6\xab", 4),
        tmp_path=tmp_path,
    )
    assert descriptions(done) == ["Müller", "Люк", "山田", "小东"]
    assert "character set" not in done.last


def test_an_item_of_a_sequence_has_its_own_character_set(tmp_path: Path) -> None:
    outer = labelled("ISO_IR 144", b"\xbb\xee\xda")
    inner, same = Dataset(), Dataset()
    inner.SpecificCharacterSet = "ISO_IR 100"
    for item, raw in ((inner, b"M\xfcller"), (same, b"\xbb\xee\xda")):
        item.add(DataElement(0x00080104, "LO", raw, validation_mode=IGNORE))
    outer.ProcedureCodeSequence = Sequence([inner, same])
    config = tmp_path / "modalities.yaml"
    with scp(answering(outer)) as peer:
        config.write_text(f"modalities: {{p: {{aet: A, {place(peer)}}}}}")
        text = "find study +ProcedureCodeSequence"
        done = run(text, modality="p", config=config, output="json")
    (row,) = rows(done)
    assert [item["CodeMeaning"] for item in row["ProcedureCodeSequence"]] == ["Müller", "Люк"]


@pytest.mark.parametrize(
    ("declared", "typed", "charset", "raw"),
    [
        ("", "JOD*", "", b"JOD*"),
        ("", "*山田*", "ISO_IR 192", "*山田*".encode()),
        ("ISO_IR 100", "JOD*", "", b"JOD*"),
        ("ISO_IR 100", "Müll*", "ISO_IR 100", b"M\xfcll*"),
        ("ISO_IR 100", "*山田*", "ISO_IR 192", "*山田*".encode()),
        (r"\ISO 2022 IR 87", "*山田*", r"\ISO 2022 IR 87", b"*\x1b$B;3ED\x1b(B*"),
        (r"\ISO 2022 IR 87", "Müll*", "ISO_IR 192", "Müll*".encode()),
    ],
)
def test_what_goes_out_is_labelled_and_whole(
    tmp_path: Path, declared: str, typed: str, charset: str, raw: bytes
) -> None:
    """(0008,0005) names the set of the text, and is absent if it is ASCII (PS3.4 C.4.1.1.3.1)."""
    received: list[Dataset] = []

    def find(event: Any) -> Iterator[tuple[int, None]]:
        received.append(event.identifier)
        yield 0x0000, None

    config = tmp_path / "modalities.yaml"
    with scp(find) as peer:
        setting = f", charset: '{declared}'" if declared else ""
        config.write_text(f"modalities: {{p: {{aet: A, {place(peer)}{setting}}}}}")
        done = run(f"find patient {typed}", modality="p", config=config)
    assert done.status == 0, done.err
    identifier = received[0]
    named = identifier.get_item(0x00080005)
    assert (named.value.decode().rstrip() if named else "") == charset
    assert identifier.get_item(0x00100010).value.rstrip(b" ") == raw
