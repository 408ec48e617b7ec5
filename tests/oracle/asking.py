"""The queries through dicomsh and through findscu."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pydicom import config
from pydicom.dataset import Dataset

from tests.harness import Done, run_each
from tests.oracle.queries import KEYS, VRS, Query
from tests.oracle.studies import UNIQUE
from tests.processes import find_program, scratch
from tests.servers import AET, Server


@dataclass(frozen=True)
class Answered:
    """What a user sees of an answer.

    Args:
        rows: the unique key of each row.
        values: the values of the query's keys in each row, as far as the row has them as text.
        line: the result line, or the error.
        status: the exit status.
    """

    rows: tuple[str, ...]
    line: str
    status: int
    values: tuple[Mapping[str, str], ...] = ()

    @property
    def found(self) -> frozenset[str]:
        """The entities in it."""
        return frozenset(self.rows)


def before_and_after_probe(
    server: Server, queries: Sequence[Query], state: Path
) -> tuple[list[Answered], list[Answered]]:
    """The answers of dicomsh to all queries: of a new user, and of one who has run `probe`."""
    asked = list(_typed(queries))
    # an answer without a character set is asked for again once; which of its rows are there twice
    # depends on how they arrived, so that this one is not judged
    texts = ["find patient", *asked, "cd /", "probe", *asked]
    _, *done = asyncio.run(run_each(texts, server.address, state))
    first, last = done[: len(asked)], done[-len(asked) :]
    return list(_answered(queries, iter(first))), list(_answered(queries, iter(last)))


def _typed(queries: Sequence[Query]) -> Iterator[str]:
    """Goes to each place once for all queries there that follow one another."""
    for _, there in groupby(queries, _place):
        first, *others = there
        yield from (first.change, first.typed, *(query.typed for query in others))


def _answered(queries: Sequence[Query], done: Iterator[Done]) -> Iterator[Answered]:
    for _, there in groupby(queries, _place):
        moved = next(done)
        for query in there:
            asked = next(done)
            yield _answer(query, asked if moved.status in (0, 5) else moved)


def _place(query: Query) -> tuple[str, ...]:
    return query.place


def _answer(query: Query, done: Done) -> Answered:
    rows = [json.loads(line) for line in done.out.splitlines()]
    keys = tuple(str(row.get(UNIQUE[query.level]) or "") for row in rows)
    asked = [key.keyword for key in query.keys if VRS[key.keyword] in ("LO", "SH", "PN")]
    values = tuple({word: row[word] for word in asked if row.get(word)} for row in rows)
    return Answered(keys, done.last, done.status, values)


def by_where(server: Server, queries: Sequence[Query], state: Path) -> list[Answered]:
    """The same conditions as filters of all patients and of all studies of a server."""
    by_level: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        by_level[query.level].append(query)
    answers: dict[Query, Answered] = {}
    for level, own in by_level.items():
        words = [*KEYS["patient"], *(KEYS["study"] if level == "study" else ())]
        everything = " ".join([f"find {level}", *(f"+{word}" for word in words)])
        texts = [f"last | where {query.conditions}" for query in own]
        done = asyncio.run(run_each(texts, server.address, state, after=everything))
        answers |= {query: _answer(query, one) for query, one in zip(own, done, strict=True)}
    return [answers[query] for query in queries]


def by_findscu(server: Server, queries: Sequence[Query]) -> list[Answered]:
    """What DCMTK's findscu shows, one association for each information model.

    Text beyond ASCII is sent in ISO_IR 192 and labelled, as a user who knows that would do. The
    status is 0 for all of them: findscu ends so even if the server refused the query.
    """
    patients = [query for query in queries if query.level == "patient"]
    others = [query for query in queries if query.level != "patient"]
    # each answer waits 40 ms and more for an acknowledgement: side by side they wait less long
    groups = [("-P", patients[at::2]) for at in range(2)] + [
        ("-S", others[at::6]) for at in range(6)
    ]
    with ThreadPoolExecutor(len(groups)) as pool:
        asked = list(pool.map(lambda group: _findscu(server, group[1], group[0]), groups))
    pairs = zip(groups, asked, strict=True)
    answers = {q: a for (_, own), shown in pairs for q, a in zip(own, shown, strict=True)}
    return [answers[query] for query in queries]


def _findscu(server: Server, queries: Sequence[Query], model: str) -> list[Answered]:
    with scratch() as folder:
        files = [_query_file(query, folder / f"{at:04}.dcm") for at, query in enumerate(queries)]
        peer = ["-aet", AET, "-aec", server.aet, server.host, str(server.port)]
        command = [find_program("findscu"), "-v", model, *peer, *map(str, files)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    shown = done.stderr.decode("utf-8", "replace").split("I: Sending Find Request")[1:]
    return [_read_log(query, log) for query, log in zip(queries, shown, strict=True)]


def _read_log(query: Query, log: str) -> Answered:
    _, *answers = log.split("Find Response: ")
    form = rf"\({_TAGS[query.level]}\) \w\w \[(.*?)\]? +#"
    found = [re.findall(form, answer) for answer in answers]
    keys = tuple(key[0].strip(" \0") if key else "" for key in found)
    return Answered(keys, log[log.rfind("Received Final") :].strip(), 0)


_TAGS: Mapping[str, str] = {
    "patient": "0010,0020",
    "study": "0020,000d",
    "series": "0020,000e",
    "instance": "0008,0018",
}


def _query_file(query: Query, path: Path) -> Path:
    keys = query.wire
    assert keys is not None
    dataset = Dataset()
    level = "IMAGE" if query.level == "instance" else query.level.upper()
    dataset.QueryRetrieveLevel = level
    if not all(value.isascii() for value in keys.values()):
        dataset.SpecificCharacterSet = "ISO_IR 192"
    with config.disable_value_validation():
        for keyword, value in keys.items():
            setattr(dataset, keyword, value)
        dataset.save_as(path, implicit_vr=True, little_endian=True)
    return path
