"""The tables of docs/truth.md."""

from __future__ import annotations

from collections.abc import Mapping

from tests.harness import ROOT
from tests.oracle.known import KNOWN
from tests.oracle.peers import title
from tests.oracle.survey import Survey
from tests.oracle.verdicts import Verdict

PAGE = ROOT / "docs" / "truth.md"

_START = "<!-- tables: python -m tests.oracle -->"
_COLUMNS = (Verdict.RIGHT, Verdict.TOLD, Verdict.SILENT, Verdict.FALSE_DOUBT)


def section(name: str, survey: Survey) -> str:
    """What a survey of a server has shown, with its heading."""
    heads = ["asked by", "queries", *(verdict.value for verdict in _COLUMNS)]
    lines = [
        f"### {title(name)}, {survey.studies} studies",
        "",
        f"| {' | '.join(heads)} |",
        f"|---|{'---:|' * (len(heads) - 1)}",
    ]
    for way, counts in survey.counts.items():
        numbers = [sum(counts.values()), *(counts[verdict] for verdict in _COLUMNS)]
        lines.append(f"| dicomsh, {way} | {' | '.join(map(str, numbers))} |")
    asked, wrong = survey.findscu
    lines.append(f"| findscu | {asked} | {asked - wrong} | 0 | {wrong} | 0 |")
    return "\n".join(lines)


def written(surveys: Mapping[str, Survey]) -> str:
    """The page with the tables of these surveys."""
    before, start, _ = PAGE.read_text("utf-8").partition(_START)
    tables = [section(name, survey) for name, survey in surveys.items()]
    return "\n\n".join([before + start, *tables, known_section()])


def known_section() -> str:
    """The known deviations, as the end of the page."""
    lines = ["## What remains", ""]
    if not KNOWN:
        return "\n".join([*lines, "Nothing: no silent deviation and no false doubt is known.", ""])
    lines += ["| why | server | asked | queries |", "|---|---|---|---|"]
    for one in KNOWN:
        queries = ", ".join(f"`{query}`".replace("|", "\\|") for query in one.queries)
        cells = [one.reason, ", ".join(one.servers), ", ".join(one.ways), queries]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
