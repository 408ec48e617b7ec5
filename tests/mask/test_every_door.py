"""One session with masks on: every command, format, key and door, with an archive of markers.

The commands come from the registry, with their examples, so that a new one is tried by itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet
import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from dicomsh.commands import registry
from dicomsh.language.command import Command
from dicomsh.language.scan import scan
from dicomsh.model.results import FILE_FORMATS, FORMATS
from dicomsh.output.formats import format_of
from tests.harness import dicomsh
from tests.mask.marked import BIRTH, MARK, SLASHED, configured, leaks, marked, marked_server
from tests.repl.terminal import DOWN, ENTER, ESCAPE, TAB, UP, Terminal, ctrl

LEFT_OUT = {"exit"}
"""It ends the session, so that it is typed last."""

PATIENT = f"{MARK}0555643F"

DOORS = [
    "{}",
    "{} > out-{}.json",
    "{} >> out-{}.txt",
    "{} | !cat > piped-{}.txt",
    "explain {}",
    "{} > out-{}.xlsx",
    "{} > out-{}.parquet",
]
"""What is done with a line: shown, into files, to a command, explained. An error is a door, too."""

FAILING = [
    f"cd {PATIENT}/nothing; ls",
    f"find study id={PATIENT} nonsense",
    f"find patient birth=1977-07-07 date=7.7.1977; find patient {PATIENT} birth=07.07.1977",
    f"find patient id='{SLASHED}' sex=Q; explain last",
    f"each find study id={PATIENT}",
    f"get {PATIENT}",
    f"find patient | get --to {MARK}",
    f"move {PATIENT} --to nowhere",
    "store nothing.dcm",
    "receive",
    f"diff pacs other id={PATIENT}; use pacs,other; find study id={PATIENT}; cd {PATIENT}; ls",
    f"find worklist id={PATIENT}; why; find worklist; show 1; cd worklist; ls; cd 1",
    f"find patient id={PATIENT} birth=1990; why; assert count = 3; assert all id=A",
    f"watch 0.1 --count 2 find patient id={PATIENT}; find study desc='*7 JUL 1977*'; explain last",
    f"use {MARK}",
    f"to csv; view {PATIENT}; wado {PATIENT} --nonsense; view {MARK}NOBODY/9.8.111 --nonsense",
    "find patient id=@given/headless.csv; find patient id=@given/headless.csv:Nonsense",
    "find study time=@given/ids.txt; find patient birth=@given/births.txt",
]

OPTIONS = [
    "from given/table.csv --no-header; from given/table.csv | each print $PatientID",
    "find patient id=@given/table.csv:PatientID --missing",
    "find patient id=@given/ids.txt --missing > missing.xlsx",
    "find patient id=@given/ids.txt --resume left.ndjson; explain find patient id=@given/ids.txt",
    "find study id=@given/ids.txt --on pacs,other > several.parquet",
    f"find study id={PATIENT} --empty --relational --fuzzy --datetime --model study > found.md",
    f"cd {PATIENT}; ls --empty --relational --fuzzy --datetime --model study; cd /",
    "ls --limit 1 --on pacs,other --as CT1",
    "find study --split --queries 5 > split.csv; find study > by-month/",
    "find worklist > list.xlsx; find worklist > list.parquet; find worklist --lint > list.md",
    "find worklist --as CT1; find worklist --on pacs,other",
    "find patient | to csv --no-header; find patient | each --keep-going cd $PatientID/nothing",
    f"view {PATIENT} --frame 1 --style blocks",
    f"get {PATIENT} --layout x --retries 1 --jobs 2 --via move --port 1 --between 8-9 --progress",
    "find patient | get --layout x --retries 1 --jobs 2 --via move --port 1 --between 8-9",
    "find patient | get --progress",
    f"move {PATIENT} --to ARCHIVE --no-verify; find patient | move --to ARCHIVE --no-verify",
    "receive --layout x; store given --to pacs --commit --port 1",
    "store --from-ledger given --jobs 2 --retries 1",
    "modality add third A@127.0.0.1:1 --wado http://127.0.0.1/ --ca none.pem; probe --forget",
    "set --save; history --clear; source given/script.dsh; !cat out-0.json",
]
"""With these lines, each option of each command is tried, and each way to write a file."""

GIVEN = {
    "table.csv": f"PatientID,PatientName,Note\n{PATIENT},{MARK}A^{MARK}B,{MARK} 7 JUL 1977\n",
    "headless.csv": f"{PATIENT},{MARK}A^{MARK}B,{BIRTH}\n",
    "ids.txt": f"{PATIENT}\n{MARK}NOBODY\n",
    "births.txt": "7.7.1977\n",
    "script.dsh": f"find patient id={PATIENT}\nls {MARK}NOBODY nonsense\n",
}
"""Files that hold real values."""

HELP = f"{TAB}{TAB}{DOWN}{UP}{ESCAPE}OP"
"""Completion, its menu, and then help, after which there is another prompt."""
KEYS = [ctrl("r"), "q", ctrl("g"), UP, UP, DOWN, ctrl("u"), ctrl("g"), ctrl("u")]
"""A search in the history, earlier lines."""


def lines(patient: str) -> Iterator[str]:
    """Every example of every command and stage, each with another format and by another door."""
    doors, formats = cycle(DOORS), cycle(FORMATS)
    for number, example in enumerate(examples()):
        *before, last = statements(marked(example).replace(PATIENT, patient))
        yield "; ".join(["use pacs; cd /", f"set output {next(formats)}", *before])
        yield (next(doors) if "!" not in last else "{}").format(last, number)


def statements(text: str) -> list[str]:
    return [text[slice(*statement.span)] for statement in scan(text, {})]


def examples() -> list[str]:
    commands = [*registry(), *registry().stages]
    assert {command.name for command in commands} >= LEFT_OUT
    return [text for one in commands if one.name not in LEFT_OUT for text in one.examples]


def test_every_command_and_option_is_tried() -> None:
    tried = [*examples(), *FAILING, *OPTIONS]
    found = {one.name: untried(one, tried) for one in (*registry(), *registry().stages)}
    assert {name: left for name, left in found.items() if left and name not in LEFT_OUT} == {}
    assert {format_of(door) for door in DOORS} >= FILE_FORMATS.keys()


def untried(command: Command, tried: list[str]) -> set[str]:
    """What of a command is in no line: an option, or all of it."""
    own = [
        re.findall(r"[^\s;]+", line)
        for line in tried
        if re.search(rf"(\A|[;|] ){command.name}\b", line)
    ]
    words = {word for line in own for word in line}
    return {p.flag for p in command.parameters if p.option} - words if own else {command.name}


def test_no_marker_leaves(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    for name, text in GIVEN.items():
        (tmp_path / "given" / name).write_text(text, "utf-8")
    with marked_server() as server:
        config = configured(server, tmp_path)
        raw = typed_into_a_terminal(config, tmp_path)
        piped = dicomsh(
            "--keep-going",
            "--trace",
            *("-c", "set mask on; use pacs; find patient; trace pdu"),
            *(argument for line in FAILING + OPTIONS for argument in ("-c", line)),
            config=config,
            cwd=tmp_path,
        )
    assert raw.count("X-") > 100
    assert leaks(raw) == []
    assert piped.err.count("X-") > 20
    assert leaks(piped.out + piped.err) == []
    named = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert leaks("\n".join(named)) == []
    files = {name for name in named if (tmp_path / name).is_file()}
    written = {name: text_in(tmp_path / name) for name in files if not name.startswith("given/")}
    assert len(written) > 20
    assert any("xl/worksheets" in text for text in written.values())
    found = {name: leaks(text) for name, text in written.items()}
    assert {name: markers for name, markers in found.items() if markers} == {}


def text_in(path: Path) -> str:
    """All that is in a file."""
    data = path.read_bytes()
    if data.startswith(b"PAR1"):
        return str(pyarrow.parquet.read_table(path).to_pylist())
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with ZipFile(path) as parts:
        return "".join(f"{name} {parts.read(name).decode()}" for name in parts.namelist())


def typed_into_a_terminal(config: Path, home: Path) -> str:
    """All that a terminal was sent while every line was typed, and every key pressed."""
    with Terminal("-f", str(config), home=home, columns=160, rows=50) as terminal:
        terminal.wait_for_line("dicomsh> ")
        enter(terminal, "set mask on; set pager off; trace to talk.txt", "masked")
        enter(terminal, "use pacs; find patient; tree --depth 1; find patient *JOD* sex=M", "begun")
        patient = re.findall(r"^ 1 +(X-\w+) ", terminal.screen, re.M)[-1]
        for number, line in enumerate(lines(patient)):
            enter(terminal, line, f"done{number}")
        for number, (command, output) in enumerate(zip(registry(), cycle(FORMATS), strict=False)):
            enter(terminal, f"set output {output}", f"chosen{number}")
            terminal.run(f"{command.name} ", "", HELP)
            enter(terminal, "", f"pressed{number}", *KEYS)
        enter(terminal, "set output table; history; alias; let; trace off", "ended")
        terminal.type("exit", ENTER)
        assert terminal.wait_for_end() == 0
        return terminal.raw.decode("utf-8", "replace")


def enter(terminal: Terminal, line: str, mark: str, *keys: str) -> None:
    """Type a line, and wait for the prompt after it: before, a terminal edits what is typed."""
    terminal.type(line, *(keys or (ENTER,)), f"print {mark}", ENTER)
    terminal.wait_until(lambda: terminal.line.endswith("> ") and mark in terminal.lines, mark)
