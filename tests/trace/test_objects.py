"""Objects in a trace: what moves and what is counted, but not the pixels."""

from __future__ import annotations

from pathlib import Path

from tests.retrieve.giving import Faults, Giver, giving, got, image

PIXELS = 3_000_000


def test_sub_operations_are_told_without_the_objects(tmp_path: Path) -> None:
    with giving(Giver([image(1, size=PIXELS), image(2, size=PIXELS)], Faults())) as modality:
        done = got(modality, f"trace on; get P1 --to '{tmp_path}'")
    told = done.err[done.err.index("C-GET-RQ") :]
    assert told.index("← C-STORE-RQ  message ") < told.index("→ C-STORE-RSP  to message ")
    assert "the object, in Explicit VR Little Endian: 3,000," in told
    assert "0xFF00 Pending: Sub-operations are continuing" in told
    assert "sub-operations: 1 completed, 0 failed, 0 with warning, 1 remaining" in told
    assert "sub-operations: 2 completed, 0 failed, 0 with warning" in told
    assert "PixelData" not in told
    assert "Doe^Jane" not in told


def test_of_a_long_field_every_byte_is_counted_and_the_beginning_shown(tmp_path: Path) -> None:
    with giving(Giver([image(1, size=PIXELS)], Faults())) as modality:
        done = got(modality, f"trace pdu; get P1 --to '{tmp_path}'")
    assert "bytes more" in done.err
    assert len(done.err) < PIXELS / 2
