"""Running dicomsh in tests: in this process for speed, or as a process for what only that shows."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from dicomsh import batch
from dicomsh.config import Config, load
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.session.state import Session
from dicomsh.settings import AT_PROMPT, Settings
from dicomsh.shell.shell import Shell, ShellOptions
from tests import warm

ROOT = Path(__file__).parent.parent


@cache
def sample_configuration() -> Config:
    """The modalities of the sample file; read once, as reading takes longer than most commands."""
    return load(ROOT / "modalities.yaml", environ={}, cwd=ROOT)


@dataclass(frozen=True)
class Done:
    """What a run left behind."""

    out: str
    err: str
    status: int

    @property
    def json(self) -> Any:
        """Standard output read as one JSON document."""
        return json.loads(self.out)

    @property
    def last(self) -> str:
        """The last line of standard error."""
        return self.err.splitlines()[-1] if self.err else ""


def run(
    *texts: str | Callable[[], object],
    config: Path | None = None,
    output: str | None = None,
    keep_going: bool = False,
    variables: Mapping[str, str] | None = None,
    modality: str | None = None,
    settings_file: Path | None = None,
    state: Path | None = None,
    lessons: Path | None = None,
) -> Done:
    """Run texts as `-c` would, in this process; with a settings file, as a prompt would.

    What is found out about peers is kept in the folder `state`, and forgotten without one. What is
    no text is called, between the texts before and behind it.
    """
    out, err = io.StringIO(), io.StringIO()
    configured = load(config, environ={}, cwd=ROOT) if config else sample_configuration()
    defaults = AT_PROMPT if settings_file else Settings()
    session = Session(configured, dict(variables or {}), defaults, settings_file)
    if output:
        session.override("output", output)
    if modality:
        session.choose(*session.config.find_all(modality))
    environ = {"DICOMSH_TRACEBACK": "1", **({"XDG_STATE_HOME": str(state)} if state else {})}
    shell = Shell(session, Sink(out, err), ShellOptions(keep_going, lessons=lessons), environ)
    status = batch.run(shell, _sources(texts))
    return Done(out.getvalue(), err.getvalue(), int(status))


async def run_each(
    texts: Iterable[str], modality: str, state: Path, *, after: str = ""
) -> list[Done]:
    """What each text leaves behind, run one after the other in one session, rows as ndjson.

    With `after`, each is run as if only that text had been run before it.
    """
    out, err = io.StringIO(), io.StringIO()
    session = Session(sample_configuration())
    session.override("output", "ndjson")
    session.choose(session.config.find(modality))
    environ = {"DICOMSH_TRACEBACK": "1", "XDG_STATE_HOME": str(state)}
    shell = Shell(session, Sink(out, err), ShellOptions(keep_going=True), environ)
    await shell.run(after, TextOrigin("oracle"))
    last = session.last
    _taken(out)
    _taken(err)
    done = []
    for text in texts:
        status = await shell.run(text, TextOrigin("oracle"))
        done.append(Done(_taken(out), _taken(err), int(status)))
        if last is not None:
            session.listings.append(last)
            session.failure = None
    await shell.close()
    return done


def _taken(stream: io.StringIO) -> str:
    """What was written to a stream, which is empty then."""
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def _sources(steps: tuple[str | Callable[[], object], ...]) -> Iterator[batch.SourceText]:
    texts = batch.commands([step for step in steps if isinstance(step, str)])
    for step in steps:
        if isinstance(step, str):
            yield next(texts)
        else:
            step()


def dicomsh(
    *arguments: str,
    stdin: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config: Path | None = None,
    timeout: float = 60,
) -> Done:
    """Run dicomsh as a process of its own, forked warm."""
    named = {"DICOMSH_CONFIG": str(config)} if config else {}
    with warm.popen(
        arguments,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=cwd or ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **named, **(environ or {})},
    ) as process:
        try:
            out, err = process.communicate(stdin, timeout)
        finally:
            process.kill()
    return Done(out, err, process.returncode)


def interrupted(config: Path, *arguments: str, traced: int = 0) -> Done:
    """What a program wrote, as ndjson, on which Ctrl-C was pressed after its first row.

    With `traced` it is pressed after so many responses of the archive, which the program traces.
    """
    options = ["-f", str(config), "-o", "ndjson", *(["--trace"] if traced else [])]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as other:
        with warm.popen(
            [*options, *arguments],
            stdout=other if traced else subprocess.PIPE,
            stderr=subprocess.PIPE if traced else other,
            encoding="utf-8",
            cwd=ROOT,
        ) as process:
            awaited = process.stderr if traced else process.stdout
            assert awaited
            first = _read_to(awaited, "C-FIND-RSP", traced) if traced else awaited.readline()
            process.send_signal(signal.SIGINT)
            seen = first + awaited.read()
        other.seek(0)
        out, err = (other.read(), seen) if traced else (seen, other.read())
    assert "Traceback" not in err
    return Done(out, err, process.returncode)


def _read_to(stream: IO[str], word: str, times: int) -> str:
    """The lines up to that in which a word stands for the so manieth time."""
    text = ""
    while text.count(word) < times:
        line = stream.readline()
        assert line, text
        text += line
    return text


def practice(folder: Path, **faults: Any) -> Path:
    """A configuration with `pacs`, the practice archive, and `faulty`, the same with faults."""
    import yaml

    path = folder / "modalities.yaml"
    modalities = {"pacs": {"practice": True}, "faulty": {"practice": True, "faults": faults}}
    path.write_text(yaml.safe_dump({"modalities": modalities, "cancel_grace": 0.3}), "utf-8")
    return path
