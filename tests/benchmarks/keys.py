"""One key at the prompt: completion, colours and toolbar, with 100,000 entities seen."""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from dicomsh.cli import collect_seldom
from dicomsh.commands import registry
from dicomsh.config import load
from dicomsh.dimse.elements import ENCODINGS, EXPLICIT_LITTLE_ENDIAN
from dicomsh.model import dictionary
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, Source
from dicomsh.output.sink import Sink
from dicomsh.repl.colours import LineLexer
from dicomsh.repl.completer import SessionCompleter
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.toolbar import toolbar
from dicomsh.session.kept_answer import KEPT_ROWS
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.benchmarks.canned import identifier
from tests.benchmarks.measure import milliseconds
from tests.harness import ROOT

MOST = 0.002
"""Seconds for a key."""

LINES = (
    "find study PatientName=M* date=2024-01..today mod=CT,MR +AccessionNumber",
    "find series RequestAttributesSequence.ScheduledProcedureStepID=SPS-1 --limit 50",
    "find study +NoSuchKeyword StudyDescriptoin=Thorax",
    "cd PID0012345",
    "cd PID0012345/1.2.826.0.1.3680043",
    "cd PID/1",
    "cd 1.2.826.0.1.3680043.10.1338.1",
    "cd 12345",
    "ls /pacs/PID0049999/1 mod=CT",
    "find study desc=CT > out.csv; help StudyInstanceUID; set limit 500",
    "find study | where StudyDescription=CT | sort StudyDate | head 10",
    "explain find patient Müller",
)


@dataclass(frozen=True, slots=True)
class _Keys:
    """Seconds for each key of a line."""

    line: str
    completion: list[float]
    colours: list[float]

    @property
    def both(self) -> list[float]:
        return [sum(pair) for pair in zip(self.completion, self.colours, strict=True)]


def session_that_has_seen(entities: int) -> Session:
    """A session in which so many patients and studies were listed, half of each."""
    session = Session(load(None, environ={}, cwd=ROOT))
    session.choose(session.config.find("pacs"))
    source = Source(ENCODINGS[EXPLICIT_LITTLE_ENDIAN])
    for level in (Level.PATIENT, Level.STUDY):
        kept = session.begin((), level, session.place)
        kept.add([Row(identifier(number), source) for number in range(entities // 2)])
        session.keep(kept, Outcome(Ending.COMPLETE, entities // 2, 0.0))
    return session


def _typed(line: str, completer: SessionCompleter, insight: LineAnalysis) -> _Keys:
    """A line typed key by key."""
    lexer, event = LineLexer(insight), CompleteEvent(text_inserted=True)
    insight.renew()

    def draw(document: Document) -> None:
        lexer.lex_document(document)(0)
        toolbar(insight, document.text, 140)

    completion, colours = [], []
    for end in range(1, len(line) + 1):
        document = Document(line[:end])
        completion.append(_seconds(lambda: completer.get_completions(document, event)))  # noqa: B023
        colours.append(_seconds(lambda: draw(document)))  # noqa: B023
    return _Keys(line, completion, colours)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _fastest(rounds: Sequence[_Keys]) -> _Keys:
    """The fastest round of each key: what else runs on the machine is not measured."""
    completion = [min(times) for times in zip(*(keys.completion for keys in rounds), strict=True)]
    colours = [min(times) for times in zip(*(keys.colours for keys in rounds), strict=True)]
    return _Keys(rounds[0].line, completion, colours)


def _report(measured: list[_Keys]) -> None:
    print("\n### A key, with 100,000 entities seen\n")
    print("| line | completion | colours, toolbar | both | slowest key |")
    print("|---|--:|--:|--:|--:|")
    for keys in measured:
        medians = (statistics.median(times) for times in (keys.completion, keys.colours, keys.both))
        cells = [milliseconds(value) for value in (*medians, max(keys.both))]
        print(f"| `{keys.line}` | " + " | ".join(cells) + " |")
    every = [seconds for keys in measured for seconds in keys.both]
    verdict = "met" if max(every) <= MOST else "NOT MET"
    print(
        f"\n- a key takes {milliseconds(statistics.median(every))} in the median and"
        f" {milliseconds(max(every))} at worst, of {len(every)} keys"
        f" (at most {milliseconds(MOST)}: {verdict})"
    )


def main(rounds: int) -> None:
    """Prints medians over the keys of each line, and the slowest of them."""
    dictionary.load()
    collect_seldom()
    session = session_that_has_seen(2 * KEPT_ROWS)
    start = time.perf_counter()
    session.learn()
    learnt = time.perf_counter() - start
    completer = SessionCompleter()
    completer.know(registry(), session)
    insight = LineAnalysis()
    insight.shell = Shell(session, Sink(io.StringIO(), io.StringIO()), ShellOptions(), {})
    typed = [[_typed(line, completer, insight) for line in LINES] for _ in range(rounds)]
    _report([_fastest(keys) for keys in zip(*typed, strict=True)])
    print(f"- looking into 100,000 rows before that, between keys: {milliseconds(learnt)}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
