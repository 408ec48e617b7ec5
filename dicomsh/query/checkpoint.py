"""A file with the complete answers so far, so that a long list can be asked for in several runs.

Rows of an earlier run are read from it, and not asked for again: whoever takes the rows gets all of
them in order, each once, whatever became of the output of that run. It holds patient data, and only
its owner can read it. It is removed when nothing is left to ask for.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import IO, Any

from dicomsh.errors import DicomshError, UsageError
from dicomsh.file_lock import lock
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.notes import Note, NoteKind
from dicomsh.model.row import Row, Source

_FORMAT = "dicomsh checkpoint 1"


class Checkpoint:
    """The file, one line for each answer.

    Args:
        path: the file; made if it is not there.
        asked: the query without its values, in words. A file of another query is refused.

    Raises:
        UsageError: it is another file, or the checkpoint of another query, or in use.
    """

    def __init__(self, path: Path, asked: str) -> None:
        self._path = path
        self._places: dict[str, int] = {}
        try:
            self._file: IO[bytes] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot open '{path}': {error}") from None
        try:
            if not lock(self._file.fileno()):
                raise UsageError(f"another dicomsh is working with '{path}'")
            self._read(asked)
        except BaseException:
            self._file.close()
            raise

    def _read(self, asked: str) -> None:
        header = json.dumps([_FORMAT, asked]).encode() + b"\n"
        first = self._file.readline(len(header) + (1 << 16))
        if not first or (header.startswith(first) and not first.endswith(b"\n")):
            self._file.seek(0)
            self._file.truncate()
            self._append(header)
            return
        if first != header:
            raise self._other(first)
        end = self._file.tell()
        while (line := self._file.readline()).endswith(b"\n"):
            self._places[self._value(line)] = end
            end = self._file.tell()
        self._file.truncate(end)  # a line that was being written when the run was killed

    def _value(self, line: bytes) -> str:
        try:
            return str(json.loads(line)["value"])
        except (ValueError, KeyError, TypeError):
            raise UsageError(
                f"'{self._path}' is damaged", hint="delete it to begin again"
            ) from None

    def _other(self, first: bytes) -> UsageError:
        try:
            name, asked = json.loads(first)
        except (ValueError, TypeError):
            name = asked = ""
        if name != _FORMAT:
            message = f"'{self._path}' is not a checkpoint of dicomsh"
            return UsageError(message, hint="name a file that is not there yet")
        hint = "name another file, or delete this one to begin again"
        return UsageError(f"'{self._path}' belongs to another query: {asked}", hint=hint)

    def answer(self, value: str) -> Answer | None:
        """The answer for a value in an earlier run; None if there is none.

        Raises:
            DicomshError: the file has been changed.
        """
        place = self._places.get(value)
        if place is None:
            return None
        try:
            self._file.seek(place)
            held = json.loads(self._file.readline())
            rows = [_row(*parts) for parts in held["rows"]]
            return KnownAnswer(rows, _outcome(held, len(rows)))
        except (OSError, ValueError, KeyError, TypeError):
            hint = "delete it to begin again"
            raise DicomshError(f"'{self._path}' is damaged", hint=hint) from None

    def keep(self, value: str, rows: list[Row], outcome: Outcome) -> None:
        """Keep an answer, if it is complete.

        Raises:
            DicomshError: the file cannot be written.
        """
        if outcome.ending is not Ending.COMPLETE:
            return
        notes = [[one.kind.value, one.count, one.of, one.about] for one in outcome.notes]
        held = {
            "value": value,
            "rows": [_parts(row) for row in rows],
            "notes": notes,
            "doubtful": outcome.doubtful,
            "unsupported": outcome.unsupported,
        }
        self._append(json.dumps(held).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise DicomshError(f"cannot write '{self._path}': {error.strerror}") from None

    @property
    def known(self) -> int:
        """How many queries earlier runs have answered."""
        return len(self._places)

    def close(self, *, done: bool) -> None:
        """Close the file; remove it if everything has been asked for."""
        if not self._file.closed:
            self._file.close()
            if done:
                self._path.unlink(missing_ok=True)


def _parts(row: Row) -> list[str]:
    from dicomsh.dimse.elements import ENCODINGS

    own = type(row.source.encoding)
    syntax = next(uid for uid, encoding in ENCODINGS.items() if type(encoding) is own)
    return [syntax, row.source.fallback, b64encode(row.data).decode("ascii")]


def _row(syntax: str, fallback: str, data: str) -> Row:
    from dicomsh.dimse.elements import ENCODINGS

    return Row(b64decode(data, validate=True), Source(ENCODINGS[syntax], fallback))


def _outcome(held: Any, rows: int) -> Outcome:
    notes = [
        Note(NoteKind(kind), count, of, tuple(about)) for kind, count, of, about in held["notes"]
    ]
    return Outcome(
        Ending.COMPLETE,
        rows,
        0.0,
        notes=tuple(notes),
        doubtful=bool(held["doubtful"]),
        unsupported=bool(held["unsupported"]),
    )
