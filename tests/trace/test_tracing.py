"""Switching the trace, apart from a shell."""

from __future__ import annotations

from dicomsh.dimse.associate import write_release_request
from dicomsh.model.tap import Tap, Wire
from dicomsh.output.streams import FileWriter
from dicomsh.trace.tracing import Tracing


def test_what_happens_at_the_prompt_is_told_with_the_next_command() -> None:
    said: list[str] = []
    tap, wire = Tap(), Wire("PEER@127.0.0.1:104")
    tracing = Tracing(tap, said.append, FileWriter)
    with tracing.telling():
        tracing.on(hexadecimal=False)
    assert [line.split(" 20")[0] for line in said] == ["trace begins"]
    assert tap.tracer is not None
    tap.tracer.sent(wire, write_release_request())
    assert len(said) == 1
    with tracing.telling():
        assert len(said) == 2
        assert said[1].endswith("1 → A-RELEASE-RQ  10 bytes")
        tap.tracer.closed(wire, "the connection was closed")
        assert len(said) == 3


def test_off_nobody_listens() -> None:
    said: list[str] = []
    tap = Tap()
    tracing = Tracing(tap, said.append, FileWriter)
    tracing.on(hexadecimal=True)
    assert tracing.state.startswith("trace is on: with every byte")
    tracing.off()
    assert tracing.state == "trace is off"
    assert tap.tracer is None
