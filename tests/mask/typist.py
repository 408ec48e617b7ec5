"""A session that is typed into line by line, so that what was shown can be typed."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any, Self

from dicomsh.language.offer import offers
from dicomsh.output.error_text import TextOrigin
from dicomsh.output.sink import Sink
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.shell.shell import Shell, ShellOptions
from tests.harness import Done, sample_configuration


class Typist:
    """Types lines and reads what they write."""

    def __init__(self) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self._session = Session(sample_configuration())
        sink = Sink(self._out, self._err)
        self._shell = Shell(self._session, sink, ShellOptions(), {"DICOMSH_TRACEBACK": "1"})
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self._shell.close())

    def type(self, text: str) -> Done:
        """Run a line."""
        self._out.truncate(self._out.seek(0))
        self._err.truncate(self._err.seek(0))
        status = self._runner.run(self._shell.run(text, TextOrigin("typed")))
        return Done(self._out.getvalue(), self._err.getvalue(), int(status))

    def rows(self, text: str) -> list[dict[str, Any]]:
        """Run a line and read its rows."""
        self._session.set("output", "ndjson")
        done = self.type(text)
        self._session.set("output", None)
        assert done.status == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    def offers(self, text: str) -> list[str]:
        """What Tab would offer behind a text, and what is said about it."""
        self._session.learn()
        knowledge = SessionKnowledge(self._session)
        found = offers(text, len(text), self._shell.registry, knowledge, lambda _: ())
        told = [self._session.masking.text(offer.candidate.told) for offer in found]
        return [offer.candidate.text for offer in found] + told
