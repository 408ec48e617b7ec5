"""A running gateway for the tests, and requests to it or to Orthanc."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests import warm
from tests.processes import HOST, Command, free_ports, running

_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def complete(self) -> str:
        """What it says about its being complete."""
        return self.headers.get("dicomsh-complete", "")

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "")


@dataclass(frozen=True, slots=True)
class Service:
    """Where an HTTP server is."""

    port: int
    host: str = HOST
    folder: Path = field(default_factory=Path)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; a body that is no text or bytes is sent as JSON."""
        payload = body if isinstance(body, str | bytes | None) else json.dumps(body)
        sent = payload.encode() if isinstance(payload, str) else payload
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_LIMIT)
        try:
            connection.request(method, path, sent, dict(headers or {}))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return self.ask("GET", path).json

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST."""
        return self.ask("POST", path, body).json


def until(find: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `find` gives once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def private(path: Path, text: str) -> Path:
    """A file that nobody else can read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def basic(text: str) -> str:
    """`NAME:PASSWORD` as basic authentication sends it."""
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def program(*options: str, lowered: Mapping[str, float] | None = None) -> warm.Program:
    """A gateway.

    Args:
        options: its options.
        lowered: constants by module and name, `kept.MOST_ROWS`, so low that a test reaches them.
    """
    constants = {f"dicomsh.gateway.{name}": value for name, value in (lowered or {}).items()}
    return warm.Program(("gateway", *options), constants)


@contextmanager
def gateway(
    modalities: str = "pacs: {practice: true}",
    *options: str,
    lowered: Mapping[str, float] | None = None,
) -> Iterator[Service]:
    """A gateway for the modalities in this YAML, one a line; `lowered` as for `program`."""

    def launch(folder: Path) -> tuple[Command, Service]:
        (port,) = free_ports(1)
        file = folder / "modalities.yaml"
        lines = "".join(f"  {line}\n" for line in modalities.splitlines())
        file.write_text(f"aet: DICOMSH\nmodalities:\n{lines}", encoding="utf-8")
        given = ("--port", str(port), "-f", str(file), *options)
        return partial(warm.popen, program(*given, lowered=lowered)), Service(port, folder=folder)

    with running(launch, _is_ready) as service:
        yield service


def _is_ready(service: Service, folder: Path) -> bool:
    return service.url in (folder / "log").read_text(errors="replace")
