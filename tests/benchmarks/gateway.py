"""The gateway against Orthanc's REST API, with the same archives behind both."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.benchmarks import measure, programs

OURS, THEIRS = "dicomsh gateway", "Orthanc's REST API"
SMALL = {"Level": "Study", "Query": {"PatientID": "0555643F", "StudyDate": ""}}
LARGE = {"Level": "Study", "Query": {"PatientName": ""}}
ANSWERS = 5_000
CLIENTS, REQUESTS = 50, 20
MOST_MEMORY = 120
SLOWEST = 10
HOST = "127.0.0.1"


class Client:
    """One HTTP connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=120)

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent)
        answer = self._connection.getresponse()
        found = answer.read()
        if answer.status != 200:
            raise measure.BenchmarkError(f"{method} {path}: {answer.status} {found.decode()}")
        return found

    def close(self) -> None:
        self._connection.close()


def walk(client: Client, name: str, body: object, expected: int) -> measure.Run:
    """A query, all of its answers, and its end; `expected` 0 is any number of answers but none."""
    start = time.perf_counter()
    path = json.loads(client.ask("POST", f"/modalities/{name}/query", body))["Path"]
    text = client.ask("GET", f"{path}/answers?expand&simplify")
    seconds = time.perf_counter() - start
    client.ask("DELETE", path)
    found = text.count(b'"StudyInstanceUID"')
    if found != expected and (expected or not found):
        raise measure.BenchmarkError(f"{found} answers of {expected}")
    return measure.Run(seconds)


@contextmanager
def gateway(folder: Path, known: Mapping[str, tuple[str, int]]) -> Iterator[tuple[int, int]]:
    """A gateway; its port and its process."""
    lines = [
        f"  {name}: {{aet: {aet}, host: {HOST}, port: {port}}}\n"
        for name, (aet, port) in known.items()
    ]
    file = folder / "modalities.yaml"
    file.write_text(f"modalities:\n{''.join(lines)}", encoding="utf-8")
    command = programs.interpreter("-m", "dicomsh", "gateway", "--port", "0", "-f", str(file))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2]), process.pid
        finally:
            process.terminate()


def peak_memory(process: int) -> int:
    """The most memory that a process had resident at once, in MiB (Linux only)."""
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else 0


def _compared(
    title: str, ports: tuple[int, int], case: tuple[str, object, int], most: float, rounds: int
) -> None:
    clients = {OURS: Client(ports[0]), THEIRS: Client(ports[1])}
    name, body, expected = case
    cases = {
        whose: partial(walk, client, name, body, expected) for whose, client in clients.items()
    }
    runs = measure.interleaved(cases, rounds)
    rows = expected if expected > 1000 else None
    measure.report(title, runs, rows=rows, targets=[measure.Target(OURS, THEIRS, most)])
    for client in clients.values():
        client.close()


def _many(port: int) -> None:
    """Many clients at once, each with some queries one after the other."""

    def one(_: int) -> list[float]:
        client = Client(port)
        try:
            return [walk(client, "archive", SMALL, 0).seconds for _ in range(REQUESTS)]
        finally:
            client.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        times = sorted(seconds for found in pool.map(one, range(CLIENTS)) for seconds in found)
    median, slow = statistics.median(times), times[len(times) * 99 // 100]
    verdict = "met" if slow <= SLOWEST * median else "NOT MET"
    print(f"\n### {CLIENTS} clients at once, {len(times):,} queries, no errors\n")
    print(f"- median {measure.milliseconds(median)}, 99th percentile {measure.milliseconds(slow)}:")
    print(f"  {slow / median:.1f} × (at most {SLOWEST}: {verdict})")


def main(rounds: int) -> None:
    """Asks an Orthanc with the made-up patients of the tests, and a server with canned answers."""
    from tests import samples, servers
    from tests.benchmarks.rows import canned

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = samples.write_made_up(folder)
        with servers.orthanc() as back, canned(ANSWERS) as port:
            back.upload(files)
            known = {"archive": (back.aet, back.port), "canned": ("CANNED", port)}
            modalities = {key: [aet, HOST, at] for key, (aet, at) in known.items()}
            settings = {"DicomModalities": modalities, "DicomAet": servers.AET}
            with (
                servers.orthanc(aet="FRONT", settings=settings) as front,
                gateway(folder, known) as (ours, process),
            ):
                ports = ours, front.http_port
                _compared("One small query", ports, ("archive", SMALL, 0), 0.2, 4 * rounds)
                large = ("canned", LARGE, ANSWERS)
                _compared(f"{ANSWERS:,} answers", ports, large, 0.5, rounds)
                _many(ours)
                memory = peak_memory(process)
                verdict = "met" if memory <= MOST_MEMORY else "NOT MET"
                print(f"- the gateway took {memory} MiB (at most {MOST_MEMORY}: {verdict})")


if __name__ == "__main__":
    main(int(sys.argv[1]))
