"""An archive whose every value that is to be masked is a marker, so that one that leaves is found.

`marked_server` runs it; `leaks` are the markers in what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from itertools import count, islice
from pathlib import Path
from unittest.mock import patch

from dicomsh.mask.ps315_actions import Action, treatment
from dicomsh.model.keys import PATIENT_ID
from dicomsh.model.modality import Faults, PracticeAddress
from dicomsh.practice.archive import (
    Attributes,
    PracticeArchive,
    StoredEntity,
    Value,
    practice_archive,
    vr_of,
)
from dicomsh.practice.schedule import schedule
from dicomsh.practice.server import PracticeServer, start

MARK = "qxq"
"""Begins each name, identifier and text. No made-up value has it: codes are in capitals."""

UID = "9.8."
"""Begins each UID, which is too short to be taken for one unless it is known."""

BIRTH = "19770707"
"""The birth date of everybody."""

SLASHED = f"{MARK}/7"
"""The ID of the second patient: a path has it percent-encoded."""

_LEAK = re.compile(
    # in capitals not inside a made-up code, and as digits not inside a made-up UID
    rf"\S*{MARK}\S*|(?<![A-Z0-9-]){MARK.upper()}\S*|(?<![\w.]){re.escape(UID)}\d+"
    r"|(?<!\d)(?:1977([-./])0?7\1?0?7|19770707|0?7[-./]0?7[-./]1977|07071977)"
    r"|(?i:7[-. ]{0,2}jui?l\w*[-. ]{0,2}1977|jul\w* 7, 1977)"
)


def leaks(text: str) -> list[str]:
    """The markers in a text, each once."""
    return sorted({found[0] for line in distinct_lines(text) for found in _LEAK.finditer(line)})


def distinct_lines(text: str) -> Iterable[str]:
    """The lines of a text, each once: nothing that is searched for is in two lines.

    Of the four megabytes that all examples write, nine tenths are repetitions.
    """
    return dict.fromkeys(text.split("\n"))


def marked_archive() -> PracticeArchive:
    """Six patients of the practice archive with their studies, and three instances a series."""
    patients = practice_archive().patients
    marked = [_marked(patient) for patient in patients[:6]]
    marked[1] = StoredEntity({**marked[1].attributes, PATIENT_ID: SLASHED}, marked[1].children)
    marked[2] = _short(marked[2])
    return PracticeArchive(tuple(marked))


@contextmanager
def marked_server(**faults: object) -> Iterator[PracticeServer]:
    """The archive, running."""
    address = PracticeAddress("MARKED", Faults(**faults))  # type: ignore[arg-type]
    with (
        patch("dicomsh.practice.service.schedule", _marked_schedule),
        start(address, archive=marked_archive()) as server,
    ):
        yield server


def _marked_schedule(today: date, faults: Faults, caller: str) -> tuple[Attributes, ...]:
    """The worklist of the practice archive, with markers."""
    return tuple(map(_attributes, schedule(today, faults, caller)))


def configured(server: PracticeServer, folder: Path) -> Path:
    """A configuration in which it is `pacs`, and another archive that holds the same."""
    path = folder / "modalities.yaml"
    place = f"{{aet: {server.aet}, host: 127.0.0.1, port: {server.port}}}"
    path.write_text(f"modalities:\n  pacs: {place}\n  other: {place}\n", "utf-8")
    return path


def marked(statement: str) -> str:
    """An example of the documentation, for this archive."""
    return statement.replace("0555643F", f"{MARK}0555643F").replace("JOD*", "*JOD*")


def _marked(entity: StoredEntity) -> StoredEntity:
    below: Iterable[StoredEntity] = islice(entity.children, 3)
    return StoredEntity(_attributes(entity.attributes), tuple(map(_marked, below)))


def _short(entity: StoredEntity) -> StoredEntity:
    """One whose names and identifiers are all as short as words."""
    values = {tag: _shortened(tag, value) for tag, value in entity.attributes.items()}
    return StoredEntity(values, tuple(map(_short, entity.children)))


def _shortened(tag: int, value: Value) -> Value:
    is_code = treatment(tag, vr_of(tag)) in (Action.NAME, Action.CODE)
    return MARK if is_code and isinstance(value, str) and value else value


def _attributes(attributes: Attributes) -> dict[int, Value]:
    return {tag: _value(tag, value) for tag, value in attributes.items()}


def _value(tag: int, value: Value) -> Value:
    if not isinstance(value, str):
        return tuple(_attributes(item) for item in value)
    return "\\".join(_text(treatment(tag, vr_of(tag)), part) for part in value.split("\\"))


def _text(action: Action, real: str) -> str:
    """What stands for a value."""
    if not real or action is Action.KEEP:
        return real
    if action is Action.YEAR:
        return BIRTH
    if action is Action.UID:
        return real if real.startswith("1.2.840.10008.") else f"{UID}{_number(real)}"
    if action is Action.NAME:
        return re.sub(r"[^\^=]+", lambda part: f"{MARK}{part[0]}", real)
    return f"{MARK}{real}"


_numbers = count(100)


@cache
def _number(uid: str) -> int:
    del uid
    return next(_numbers)
