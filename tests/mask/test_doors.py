"""Nothing leaves unmasked by any door: each is tried with an archive whose values are markers."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text

from dicomsh.commands import registry
from dicomsh.config import load
from dicomsh.errors import DicomshError
from dicomsh.model.levels import Level
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.results import FORMATS
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.progress import Headway
from dicomsh.output.sink import LinesFile, Sink
from dicomsh.practice.server import PracticeServer
from dicomsh.query.undated import StudiesOfOnePatient
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.place import prompt_text
from dicomsh.repl.toolbar import running, toolbar
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from dicomsh.trace.conversation import Noise
from dicomsh.trace.lines import lines_of
from tests.harness import ROOT, Done, run
from tests.mask.formats import in_formats
from tests.mask.marked import MARK, configured, leaks, marked, marked_server

PATIENT = f"{MARK}0555643F"

EXAMPLES = [
    marked(example)
    for command in (*registry(), *registry().stages)
    # the documentation has examples with patients
    if command.name not in ("help", "exit")
    for example in command.examples
]

WALK = f"""
find patient; find study +AccessionNumber +StudyID; find series +StationName +OperatorsName
find study --split; find study date=2000.. --split month; find instance --limit 3
cd {PATIENT}; pwd; pwd --keys; ls; tree --depth 3; wado; wado --rs; show; cd 1; show; cd 1; ls
explain ls; explain last; explain --as all find study id={PATIENT}; explain find study {PATIENT}
explain tree {PATIENT}; find patient id={PATIENT} sex=Q; explain last; last; find study; last --wide
last --output vertical; last --output dicom-json; cd nothing; cd -; cd /{PATIENT}/nothing
find patient | each pwd; find patient | each print $PatientName; find patient | each cd nothing
find patient | count by PatientName; find study | select PatientID name; find patient | sort name
compare ls; compare find study {PATIENT}; let X = {PATIENT}; let; print {PATIENT} $X
trace pdu; find patient {PATIENT}; echo --find; trace off; lesson start 1; lesson stop
tree --depth 1; cd {PATIENT}; lesson start 1; lesson stop; tree --depth 1 | select level label
find patient; cd 2; pwd; find patient | each pwd; ls; explain ls; lesson start 1; lesson stop
"""

SETTING = (
    f"find patient > {MARK}/x; find patient | each set mask off; find patient | each set mask on"
)

SHORT_AND_DATES = f"""
find patient | each print $PatientID $PatientBirthDate $PatientName "no. $PatientID" pat_$PatientID
find patient birth=1977-07-07; explain last; find patient birth=1977-07-07 sex=Q; explain last
find patient birth=1977-07; explain last; find patient birth=1977-07-07..; explain last
explain find study birth=1977-07-07; find study acc={MARK}; explain last
explain find patient {MARK}; find patient id={MARK} nonsense; find patient birth=1977-07-07 nonsense
cd {MARK}; pwd; ls; cd nothing; show; tree; cd {MARK}; find nothing; wado {MARK}; show {MARK}
let X = {MARK}; print $X; let; print '$X' "$X"; print 1977-07-07 19770707; cd {MARK}; cd $X/1
find study id={MARK}; find study id={MARK} sex=Q | where id={MARK}; find patient | where id={MARK}
find patient | where birth=1977-07-07 | select id birth; find patient | sort birth | uniq by birth
find patient | count by birth; find patient | count by PatientID; find patient | count by name
compare find patient {MARK}; compare ls {MARK}; alias mine = find patient id={MARK}; alias; mine
alias both = 'find patient id={MARK} birth=1977-07-07 | head'; alias; both; alias mine =
find patient | each find study birth=$PatientBirthDate; find patient | each cd $PatientID$PatientID
find patient {MARK}; cd 1; cd 99; ls {MARK} id={MARK}; find patient | !cat
find patient | each explain find study birth=$PatientBirthDate; find patient | each !echo $PatientID
source {MARK}; lesson start {MARK}; help {MARK}; use {MARK}; set {MARK}; trace to {MARK}/{MARK}
find patient birth=07.07.1977
find patient birth=7/7/1977; find patient birth=07071977; explain find patient birth=1977/07/07
find patient name=NOBODY birth=1977-7-7; print 07.07.1977 7.7.1977 7/7/1977 7-7-1977 1977/07/07
alias dated = find patient birth=7.7.1977; alias; dated; let X = 7.7.1977; let; print $X
print 7 Jul 1977 7-JUL-1977 '7. Juli 1977' '7 juillet 1977' 'July 7, 1977'; let X = 7-JUL-1977; let
find patient birth='7 Jul 1977'; find study desc='*7-JUL-1977*'; explain last; cd '7 Jul 1977'
{SETTING}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with marked_server() as running:
        yield running


@pytest.fixture
def config(server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return configured(server, tmp_path)


def told(done: Done) -> str:
    return done.out + done.err


def each_from_the_root(texts: list[str]) -> list[str]:
    return [text for one in texts for text in ("use pacs; cd /", one)]


def test_without_a_mask_markers_leave(config: Path) -> None:
    done = run("use pacs; find study; explain last; trace on; tree", "cd nothing", config=config)
    assert len(leaks(done.out)) > 20
    assert len(leaks(done.err)) > 20


@pytest.mark.parametrize(("output", "examples"), in_formats(EXAMPLES))
def test_examples_of_all_commands(output: str, examples: list[str], config: Path) -> None:
    steps = each_from_the_root(examples)
    done = run("set mask on", *steps, config=config, output=output, keep_going=True)
    assert leaks(told(done)) == []
    assert done.out.count("X-") > len(examples) // 3


def test_a_trace_in_a_file(config: Path) -> None:
    examples = [text for text in EXAMPLES if text.startswith("trace ")]
    assert run("set mask on; use pacs", *examples, "find patient", config=config).status == 0
    assert leaks(Path("talk.txt").read_text("utf-8")) == []


@pytest.mark.parametrize("output", FORMATS)
def test_a_walk(output: str, config: Path) -> None:
    """The lines belong together: some show again what others have found."""
    lines = WALK.strip().splitlines()
    done = run(
        "set mask on", *each_from_the_root(lines), config=config, output=output, keep_going=True
    )
    assert leaks(told(done)) == []
    assert done.out.count("X-") > len(lines)


@pytest.mark.parametrize(("output", "lines"), in_formats(SHORT_AND_DATES.strip().splitlines()))
def test_short_values_and_dates_of_birth(output: str, lines: list[str], config: Path) -> None:
    known = "set mask on; use pacs; find patient; tree --depth 1"
    steps = each_from_the_root(lines)
    done = run(known, *steps, config=config, output=output, keep_going=True)
    assert leaks(told(done)) == []
    assert done.out.count("X-") > len(lines)
    assert ("mask cannot be set for one row" in done.err) == (SETTING in lines)


def test_what_was_asked_before_masking_is_masked_too(config: Path) -> None:
    text = f"use pacs; find patient id={MARK} birth=1977-07-07"
    done = run(text, "set mask on", "explain last; last", config=config)
    assert done.status == 0
    assert leaks(done.out.partition("1 patient from")[2]) == []
    assert "PatientID = X-" in done.out


def test_what_a_server_says(tmp_path: Path) -> None:
    text = "use pacs; find study; find patient; explain last"
    faults = {"fail": {Level.STUDY: 0xA900}, "cut_off": 1, "cut_off_status": 0xA700}
    with marked_server(**faults) as server:
        config = configured(server, tmp_path)
        done = run("set mask on", text, config=config, keep_going=True)
        plain = run(text, config=config, keep_going=True)
    assert plain.err.count("the server says: ") == 2
    assert plain.out.count("More than 1 matches") == 1
    assert done.err.count("the server says: (masked)") == 2
    assert "Practice fault" not in told(done)
    assert "More than" not in told(done)


def test_a_trace_of_what_is_not_dicom() -> None:
    noise = Noise(sent=False, raw=f"patient {MARK}".encode())
    plain = lines_of(noise, hexadecimal=True)
    hidden = lines_of(noise, hexadecimal=True, shown=lambda _, text: text)
    assert plain
    assert noise.raw[:8].hex(" ") in "".join(plain[1])
    assert hidden == (f"{len(noise.raw)} bytes that are not DICOM, masked", [])


@pytest.mark.parametrize(
    "text",
    [
        f"find study id={PATIENT} date=nonsense",
        f"find patient {PATIENT} +Nonsense={PATIENT}",
        f"find study {PATIENT}",
        f"find nothing id={PATIENT}",
        f"find patient name={MARK}DOE^{MARK}JOHN sex=M --limit none",
        f"find patient {MARK}Doe^{MARK}John",
        f"each find patient id={PATIENT}",
        f"explain find patient id={PATIENT} nonsense=1",
    ],
)
def test_what_is_typed_and_never_sent(text: str, config: Path) -> None:
    done = run("set mask on", text, config=config)
    assert done.status
    assert leaks(told(done)) == []


def test_a_trace_shows_rows_before_anybody_knows_them(config: Path) -> None:
    done = run("set mask on; trace on; use pacs; find patient", config=config)
    assert "PatientName" in done.err
    assert leaks(told(done)) == []


def test_rows_that_are_not_shown_are_known(config: Path) -> None:
    text = f"set mask on; use pacs; find patient | count; print {PATIENT}"
    done = run(text, config=config)
    assert "X-" in done.out
    assert leaks(told(done)) == []


def test_files_and_commands(config: Path) -> None:
    text = f"use pacs; cd {PATIENT}; show > show.json; tree > tree.txt; ls >> ls.csv"
    text += "; explain ls > e.txt"
    done = run("set mask on", text, "find patient | !cat", config=config)
    assert done.status == 0, done.err
    written = [
        Path(name).read_text("utf-8") for name in ("show.json", "tree.txt", "ls.csv", "e.txt")
    ]
    assert all(written)
    assert leaks("".join(written) + told(done)) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


@pytest.fixture
def shell(config: Path, terminal: Terminal) -> Shell:
    """A shell with a mask on a terminal; it has gone to the first series of a patient."""
    session = Session(load(config, environ={}, cwd=ROOT))
    made = Shell(session, Sink(terminal, terminal), ShellOptions(), {})
    walk = f"set mask on; use pacs; find patient id={PATIENT} sex=Q; let X = {PATIENT}"
    walk += f"; alias mine = find patient id={PATIENT}; find patient; tree --depth 1; explain last"
    walk += f"; cd 2; ls; cd /; find patient; find study; cd {PATIENT}; ls; cd 1; ls; cd 1"

    async def walked() -> None:
        assert await made.run(walk, TextOrigin()) == 0
        await made.close()

    asyncio.run(walked())
    return made


def test_a_terminal_with_colours(shell: Shell, terminal: Terminal) -> None:
    assert shell.session.place.level is Level.SERIES
    assert "X-" in terminal.getvalue()
    assert leaks(terminal.getvalue()) == []


def write_to_a_file(shell: Shell, text: str) -> None:
    with contextlib.closing(LinesFile("lines.txt", shell.session.masking.text)) as file:
        file.write(text)
    shell._sink.rendered(Path("lines.txt").read_text("utf-8"))


@pytest.mark.parametrize(
    "write",
    [
        lambda shell, text: shell._sink.data(text),
        lambda shell, text: shell._sink.prose(text),
        lambda shell, text: shell._sink.talk(text),
        lambda shell, text: shell._sink.error(text),
        lambda shell, text: shell.say(text),
        lambda shell, text: shell.remark(DicomshError(text, hint=text)),
        write_to_a_file,
    ],
)
def test_each_door_alone(
    write: Callable[[Shell, str], None], shell: Shell, terminal: Terminal
) -> None:
    terminal.truncate(terminal.seek(0))
    write(shell, f"of {PATIENT} there")
    assert "of X-" in terminal.getvalue()
    assert leaks(terminal.getvalue()) == []


def headway() -> Headway:
    """That of a search for studies without a date, which names a patient."""
    part = StudiesOfOnePatient(Request(Level.STUDY, Place(), ()), PATIENT)
    return Headway("2 studies so far", "1/s", part.title, "2 s")


def test_the_progress_line(shell: Shell, terminal: Terminal) -> None:
    shell._sink.progress(headway())
    assert "so far · 1/s · patient 'X-" in terminal.getvalue()
    assert leaks(terminal.getvalue()) == []


def test_the_toolbar(shell: Shell) -> None:
    insight = LineAnalysis()
    insight.shell = shell
    lines = [
        toolbar(insight, text, 500) for text in ("", "find patient ", f"cd {PATIENT} ", "mine ")
    ]
    assert leaks("".join(map(fragment_list_to_text, lines))) == []
    assert "patient 'X-" in running(shell, headway(), 500)
    assert leaks(running(shell, headway(), 500)) == []


def test_the_prompt(shell: Shell) -> None:
    prompt = fragment_list_to_text(prompt_text(shell.session, 500))
    assert prompt.startswith("pacs:/X-")
    assert leaks(prompt) == []


@pytest.mark.parametrize(
    "text",
    [
        "cd ",
        "cd /",
        "cd /pacs/",
        "cd ../",
        "show ",
        "find patient ",
        "find study id=",
        "find patient name=",
        "find patient birth=",
        "print $",
        "mi",
    ],
)
def test_completion(text: str, shell: Shell) -> None:
    completer = SessionCompleter()
    completer.know(shell.registry, shell.session)
    shell.session.learn()
    found = list(completer.get_completions(Document(text), CompleteEvent()))
    assert found
    assert (
        leaks("\n".join(f"{one.text} {one.display_text} {one.display_meta_text}" for one in found))
        == []
    )


def names_in(module: Path) -> Iterator[str]:
    """What a module imports, and the attributes that it uses."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_commands_know_nothing_of_masks() -> None:
    modules = sorted((ROOT / "dicomsh" / "commands").rglob("*.py"))
    known = [name for module in modules for name in names_in(module)]
    told_of = {name for name in known if "mask" in name.split(".") or "masking" in name.split(".")}
    assert {name for name in told_of if not name.endswith("settings.mask")} == set()
    assert [name for name in known if name.rpartition(".")[2].startswith("shown_")] == []


def test_only_rows_go_by_the_door_that_masks_nothing() -> None:
    modules = (ROOT / "dicomsh").rglob("*.py")
    users = {path.name for path in modules if any(n.endswith(".rendered") for n in names_in(path))}
    assert users == {"sink.py", "flow.py"}
