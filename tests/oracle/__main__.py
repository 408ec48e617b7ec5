"""Asks all servers and writes the tables of docs/truth.md."""

from __future__ import annotations

from tests.oracle.page import PAGE, written
from tests.oracle.peers import PEERS
from tests.oracle.survey import survey


def main() -> None:
    surveys = {}
    for name in PEERS:
        surveys[name] = survey(name)
        for way, faults in surveys[name].faults.items():
            for query, (verdict, answer) in faults.items():
                print(f"{name}, {way}: {verdict.value}: {query}: {answer.line}")
    PAGE.write_text(written(surveys), "utf-8")


if __name__ == "__main__":
    main()
