"""What the rows of harmless queries prove about a peer, or that they prove nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from dicomsh.frozen import frozen, replace
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.capability import Support
from dicomsh.model.charset import REPLACEMENT
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_keyword
from dicomsh.model.moments import is_day
from dicomsh.model.query import QueryKey
from dicomsh.model.row import Row, is_text
from dicomsh.model.row_matching import noticing
from dicomsh.regex import regex


@frozen
class Reply:
    """The result of one query: rows and an outcome, or an error message."""

    rows: Sequence[Row] = ()
    outcome: Outcome | None = None
    error: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of the peer's matches are among the rows."""
        return self.outcome is not None and self.outcome.ending is Ending.COMPLETE


def values_of(rows: Sequence[Row], keyword: str) -> list[str]:
    """Every value of an attribute in the rows that have one; multiple values separately."""
    texts = (row.text(by_keyword(keyword).tag) for row in rows)
    return [value for text in texts if text for value in text.split("\\") if value]


def returned(rows: Sequence[Row], keyword: str) -> bool:
    """Whether any row has the attribute, even if empty."""
    tag = by_keyword(keyword).tag
    return any(tag in row.elements for row in rows)


def telling_value(rows: Sequence[Row], keyword: str) -> str | None:
    """The rarest value that some rows have and others lack; None if there is none.

    Only values that can be asked for: valid for their VR, in ASCII, without wildcards.
    """
    counted = Counter(values_of(rows, keyword))
    telling = [v for v in usual_values(rows, keyword) if counted[v] < len(rows)]
    return min(telling, key=lambda value: (counted[value], value), default=None)


def usual_values(rows: Sequence[Row], keyword: str) -> list[str]:
    """The values that can be asked for, most frequent first."""
    counted = Counter(values_of(rows, keyword))
    vr = by_keyword(keyword).vr
    return [value for value, _ in counted.most_common() if can_be_asked(vr, value)]


def can_be_asked(vr: str, value: str) -> bool:
    """Whether a stored value is valid for its VR (PS3.5 6.2), in ASCII, and no pattern.

    Archives hold others: a date as `1997.04.24`, a modality in small letters.
    """
    longest = 16 if vr in ("AE", "CS", "SH") else 64
    plain = value.isascii() and value.isprintable() and not {"*", "?", "\\"} & set(value)
    return plain and 0 < len(value.strip()) <= longest and _is_valid(vr, value)


def _is_valid(vr: str, value: str) -> bool:
    if vr == "DA":
        return len(value) == 8 and value.isdigit() and is_day(value)
    if vr == "CS":
        return _CODE.fullmatch(value) is not None
    return vr != "UI" or _UID.fullmatch(value) is not None


_CODE = regex(r"[A-Z0-9_ ]+")
_UID = regex(r"[0-9.]+")


def matching(key: QueryKey, reply: Reply, sample: Reply) -> Support:
    """What a peer did with a key whose value some rows of a sample have and others lack.

    Rows with an empty value prove nothing: some servers match them by a range with an open start.
    Nor do dates that are not valid.
    """
    if reply.error:
        return Support.REFUSED
    if not reply.rows:
        return Support.FINDS_NOTHING
    # what comes back must match: a peer that ignores a key still answers Success (PS3.4 C.2.2.1)
    tag, test = key.attribute.tag, noticing(key)
    results = {test(row) for row in reply.rows if _proves(key.attribute.vr, row.text(tag))}
    if False in results:
        return Support.IGNORED
    if results == {True}:
        return Support.WORKS
    if sample.whole and reply.whole:
        return Support.WORKS if len(reply.rows) < len(sample.rows) else Support.IGNORED
    return Support.UNKNOWN


def _proves(vr: str, text: str | None) -> bool:
    if vr == "DA":
        return text is None or can_be_asked(vr, text)
    return text != ""


def unique_key(row: Row) -> str:
    """The StudyInstanceUID of a row."""
    return row.text(_STUDY_UID) or ""


def repeated(rows: Sequence[Row]) -> int:
    """How many rows are of a study that an earlier row has."""
    keys = [key for key in map(unique_key, rows) if key]
    return len(keys) - len(set(keys))


def ranges_of_days(rows: Sequence[Row]) -> list[str]:
    """Up to four ranges of StudyDate that cover all days, each with rows; none for a single day."""
    days = sorted({day for day in values_of(rows, "StudyDate") if can_be_asked("DA", day)})
    if len(days) < 2:
        return []
    lasts = sorted({days[(len(days) - 1) * quarter // 4] for quarter in (1, 2, 3)})
    firsts = ["", *map(_next_day, lasts)]
    return [f"{a}-{b}" for a, b in zip(firsts, [*lasts, ""], strict=True)]


def _next_day(day: str) -> str:
    return f"{date.fromisoformat(day) + timedelta(days=1):%Y%m%d}"


def beyond(whole: Reply, parts: Sequence[Reply]) -> bool | None:
    """Whether a peer that called an answer complete has more rows; None if that is not known.

    Args:
        whole: all studies that match, as the peer says.
        parts: those of ranges of days that cover all.
    """
    known = set(map(unique_key, whole.rows))
    if any(unique_key(row) not in known for part in parts for row in part.rows):
        return True
    told = all(part.whole and 0 < len(part.rows) < len(whole.rows) for part in parts)
    return False if told and parts else None


def widened(sample: Reply, parts: Sequence[Reply]) -> Reply:
    """A sample that was cut off, with the rows of other answers: they have further values.

    The first rows of an archive may all be of one modality.
    """
    rows = {unique_key(row): row for part in parts for row in part.rows}
    known = set(map(unique_key, sample.rows))
    more = [row for key, row in rows.items() if key and key not in known]
    return replace(sample, rows=[*sample.rows, *more])


_STUDY_UID = by_keyword("StudyInstanceUID").tag


def impossible_value(keyword: str) -> str:
    """A value that no entity has, for attributes that are not returned."""
    match by_keyword(keyword).vr:
        case "DA":
            return "17000101"
        case "CS":
            return "ZZ"
        case _:
            return "DICOMSH PROBE"


def asterisk(reply: Reply, keyword: str) -> tuple[Support, str]:
    """What a peer does with a bare `*`, and the same in words.

    Entities without a value need not match it (PS3.4 C.2.2.2.4), and servers differ.
    """
    if reply.error:
        return Support.REFUSED, Support.REFUSED.value
    if not reply.rows:
        return Support.FINDS_NOTHING, Support.FINDS_NOTHING.value
    empty = any(not row.text(by_keyword(keyword).tag) for row in reply.rows)
    return Support.WORKS, "works, even without a value" if empty else "works"


def charsets(rows: Sequence[Row]) -> tuple[str, ...]:
    """Each Specific Character Set named; an empty one for text beyond ASCII without one."""
    named = set()
    for row in rows:
        declared = row.text(SPECIFIC_CHARACTER_SET) or ""
        if declared or _beyond_ascii(row):
            named.add(declared)
    return tuple(sorted(named))


def foreign_names(rows: Sequence[Row]) -> dict[str, str]:
    """For each Specific Character Set named, the shortest name beyond ASCII."""
    names: dict[str, str] = {}
    for row in rows:
        name = row.text(by_keyword("PatientName").tag) or ""
        declared = row.text(SPECIFIC_CHARACTER_SET) or ""
        if declared and not name.isascii() and REPLACEMENT not in name:
            names[declared] = min(names.get(declared, name), name, key=len)
    return {term: names[term] for term in sorted(names)}


def holds(reply: Reply, name: str) -> bool:
    """Whether a name is among the rows."""
    return name in {row.text(by_keyword("PatientName").tag) for row in reply.rows}


def one_letter_open(name: str) -> str:
    """A name with `?` for its first letter beyond ASCII."""
    at = next(spot for spot, letter in enumerate(name) if not letter.isascii())
    return f"{name[:at]}?{name[at + 1 :]}"


def _beyond_ascii(row: Row) -> bool:
    return any(is_text(tag) and not value.isascii() for tag, value in row.elements.items())


def swapped(name: str) -> str | None:
    """A name with its case inverted; None for one without ASCII letters."""
    turned = name.swapcase()
    return turned if name.isascii() and turned != name and not {"*", "?"} & set(name) else None
