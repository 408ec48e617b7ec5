"""Odd peers: each case is played whole and one byte at a time; the session goes on after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomsh.model.results import FORMATS
from tests.harness import Done, run
from tests.peers.peer import Played, playing
from tests.peers.script import Wanted, read_case

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


@pytest.mark.parametrize("byte_by_byte", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, byte_by_byte: bool, tmp_path: Path) -> None:
    case = read_case(path)
    assert case.wanted
    for wanted in case.wanted:
        with playing(case, byte_by_byte=byte_by_byte) as played:
            config = _config(tmp_path, wanted, played)
            done = run(wanted.command, modality="odd", keep_going=True, config=config)
            _judge(wanted, done, played)


SHOWN = "".join(f"; last | to {name}" for name in FORMATS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_format_loses_a_row(path: Path) -> None:
    """Whatever a peer sends can be traced, masked, and shown in every format."""
    case = read_case(path)
    rows = sum(line.name == "row" for line in case.answer)
    text = f"trace on; find study; trace off{SHOWN}; set mask on{SHOWN}; find study | count"
    with playing(case) as played:
        done = run(text, modality=played.address, keep_going=True)
    assert "Traceback" not in done.err, done.err
    assert "-c:1:" not in done.err, done.err
    assert str(rows) in done.out.splitlines()[-1], done.out
    assert done.status in (0, 5), done.err
    assert done.err.count("C-FIND-RSP") > rows, done.err


def _config(folder: Path, wanted: Wanted, played: Played) -> Path:
    lines = [f"{{aet: ODD, host: 127.0.0.1, port: {played.port}"]
    lines += [text for kind, text in wanted.checks if kind == "settings"]
    path = folder / "modalities.yaml"
    path.write_text(f"modalities:\n  odd: {', '.join(lines)}}}\n", encoding="utf-8")
    return path


def _judge(wanted: Wanted, done: Done, played: Played) -> None:
    said = f"{wanted.command}\n{done.out}{done.err}status {done.status}"
    assert "Traceback" not in done.err, said
    checks = wanted.checks
    if not any(kind == "status" for kind, _ in checks):
        checks = [*checks, ("status", "0")]
    for kind, text in checks:
        match kind.removeprefix("no "):
            case "settings":
                pass
            case "line":
                assert done.last.startswith(text), said
            case "status":
                assert str(int(done.status)) == text, said
            case "associations":
                assert str(played.associations) == text, said
            case stream:
                seen = done.out if stream == "out" else done.err
                assert (text in seen) != kind.startswith("no "), (kind, text, said)
