"""A file of complete answers: what is kept comes back as it was, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.dimse.elements import (
    ENCODINGS,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
)
from dicomsh.errors import DicomshError, UsageError
from dicomsh.model.answer import Ending, Outcome, all_rows
from dicomsh.model.keys import by_keyword
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.row import Row, Source
from dicomsh.query.checkpoint import Checkpoint
from tests.query.scripted import in_context

NAME = by_keyword("PatientName")
WHOLE = Outcome(Ending.COMPLETE, 1, 0.0)


def row(name: str, syntax: str, charset: str) -> Row:
    """A row of one name that does not name its character set."""
    codec = {"ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}[charset]
    encoding = ENCODINGS[syntax]
    data = encoding.element(NAME.tag, NAME.vr, name.encode(codec))
    return Row(data, Source(encoding, charset))


def read(checkpoint: Checkpoint, value: str) -> tuple[list[Row], Outcome] | None:
    answer = checkpoint.answer(value)
    if answer is None:
        return None

    async def work(_: object) -> list[Row]:
        return await all_rows(answer)

    return in_context(work), answer.outcome


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
@pytest.mark.parametrize(
    "outcome",
    [
        WHOLE,
        Outcome(Ending.COMPLETE, 1, 0.0, doubtful=True),
        Outcome(Ending.COMPLETE, 1, 0.0, unsupported=True),
        Outcome(
            Ending.COMPLETE,
            1,
            0.0,
            notes=(note(NoteKind.KEYLESS, "a", "b", count=2, of=3), note(NoteKind.MORE, count=1)),
        ),
    ],
)
def test_an_answer_comes_back_as_it_was(
    tmp_path: Path, syntax: str, charset: str, outcome: Outcome
) -> None:
    first = Checkpoint(tmp_path / "kept", "asked")
    first.keep("A", [row("Müller", syntax, charset)], outcome)
    first.close(done=False)
    second = Checkpoint(tmp_path / "kept", "asked")
    found = read(second, "A")
    assert found is not None
    (kept,), told = found
    assert (kept.text(NAME.tag), told) == ("Müller", outcome)
    assert type(kept.source.encoding) is type(ENCODINGS[syntax])
    assert (second.known, read(second, "B")) == (1, None)
    second.close(done=True)
    assert not (tmp_path / "kept").exists()


def test_what_is_not_complete_is_not_kept(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "kept", "asked")
    for ending in set(Ending) - {Ending.COMPLETE}:
        checkpoint.keep("A", [], Outcome(ending, 0, 0.0))
    checkpoint.close(done=False)
    checkpoint.close(done=True)  # it has been closed
    again = Checkpoint(tmp_path / "kept", "asked")
    assert again.known == 0
    again.close(done=False)


@pytest.mark.parametrize("length", [1, 20, -1])
def test_a_beginning_that_was_being_written_is_begun_again(tmp_path: Path, length: int) -> None:
    path = tmp_path / "kept"
    Checkpoint(path, "asked").close(done=False)
    header = path.read_bytes()
    path.write_bytes(header[:length])
    Checkpoint(path, "asked").close(done=False)
    assert path.read_bytes() == header


@pytest.mark.parametrize("other", ["", "other", "other" * 100])
def test_that_of_another_query_names_it(tmp_path: Path, other: str) -> None:
    Checkpoint(tmp_path / "kept", other).close(done=False)
    with pytest.raises(UsageError) as caught:
        Checkpoint(tmp_path / "kept", "asked")
    assert caught.value.message.endswith(f"belongs to another query: {other}")
    assert caught.value.hint == "name another file, or delete this one to begin again"


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"notes\n", "is not a checkpoint", "name a file that is not there yet"),
        (b'["dicomsh checkpoint 1", "asked"]\n{}\n', "is damaged", "delete it to begin again"),
    ],
)
def test_what_to_do_about_another_file_is_told(
    tmp_path: Path, content: bytes, message: str, hint: str
) -> None:
    (tmp_path / "kept").write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        Checkpoint(tmp_path / "kept", "asked")
    assert caught.value.hint == hint


def test_a_row_that_was_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    checkpoint = Checkpoint(path, "asked")
    checkpoint.keep("A", [row("Doe", IMPLICIT_LITTLE_ENDIAN, "ISO_IR 192")], WHOLE)
    checkpoint.close(done=False)
    path.write_bytes(path.read_bytes().replace(b'"]], "notes"', b'!"]], "notes"'))
    checkpoint = Checkpoint(path, "asked")
    with pytest.raises(DicomshError, match="is damaged") as caught:
        checkpoint.answer("A")
    assert caught.value.hint == "delete it to begin again"
    path.unlink()
    checkpoint.close(done=True)  # somebody has removed it by then
