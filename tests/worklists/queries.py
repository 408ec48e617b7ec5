"""Queries of a worklist: as typed, as another client sends them, and what must come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.oracle.matching import Match, Rule, between, text
from tests.worklists.items import ITEMS, STEP, Item

_DATE = f"{STEP}.ScheduledProcedureStepStartDate"
_TIME = f"{STEP}.ScheduledProcedureStepStartTime"
_STATION = f"{STEP}.ScheduledStationAETitle"
_MODALITY = f"{STEP}.Modality"
_PHYSICIAN = f"{STEP}.ScheduledPerformingPhysicianName"
_STATUS = f"{STEP}.ScheduledProcedureStepStatus"
_STEP_ID = f"{STEP}.ScheduledProcedureStepID"
_NAME, _ID, _ACCESSION = "PatientName", "PatientID", "AccessionNumber"
_PROCEDURE = "RequestedProcedureDescription"

_VRS = {
    _DATE: "DA",
    _TIME: "TM",
    _STATION: "AE",
    _MODALITY: "CS",
    _PHYSICIAN: "PN",
    _STATUS: "CS",
    _STEP_ID: "SH",
    _NAME: "PN",
    _ID: "LO",
    _ACCESSION: "SH",
    _PROCEDURE: "LO",
}

Keys = Mapping[str, str]
"""Path of each key → its matching value in DICOM form."""


@dataclass(frozen=True)
class Query:
    """A query.

    Args:
        typed: the keys as typed after `find worklist`.
        asked: the same for another client; of several, the rows of any.
        charset: the character set that the other client sends it in.
    """

    typed: str
    asked: Sequence[Keys] = field(default_factory=lambda: ({},))
    charset: str = ""

    def match(self, item: Item) -> Match:
        """Whether an item belongs in the answer (PS3.4 K.2.2.1, K.6.1.2.2)."""
        return max(_match(keys, item) for keys in self.asked)


def _match(keys: Keys, item: Item) -> Match:
    """All keys must match; a range of dates and one of times are one period."""
    date, time = keys.get(_DATE, ""), keys.get(_TIME, "")
    if "-" in date and "-" in time:
        others = {path: value for path, value in keys.items() if path not in (_DATE, _TIME)}
        return min(_match(others, item), _in_period(date, time, item))
    return min((_of_key(*key, item) for key in keys.items()), default=Match.MUST)


def _of_key(path: str, value: str, item: Item) -> Match:
    """An item without a value matches nothing but `*` and universal matching (K.2.2.1.1.1)."""
    stored = item.values[path]
    if not value:
        return Match.MUST
    if not stored:
        return Match.MAY if set(value) == {"*"} else Match.NO
    return _rule(path, value)(stored)


def _rule(path: str, value: str) -> Rule:
    vr = _VRS[path]
    if vr in ("DA", "TM"):
        first, dash, last = value.partition("-")
        return between(vr, first, last if dash else first)
    if vr != "PN" and not set(value).isdisjoint("*?"):
        wild = text(vr, value)  # a worklist has wildcards for names alone (table K.6-1)
        return lambda stored: min(wild(stored), Match.MAY)
    return text(vr, value)


def _in_period(date: str, time: str, item: Item) -> Match:
    """One period by the worklist's own rule; some servers match the time on each day."""
    (first_day, last_day), (first, last) = date.split("-"), time.split("-")
    moment = item.values[_DATE] + item.values[_TIME].ljust(6, "0")
    inside = first_day + first.ljust(6, "0") <= moment <= last_day + last.ljust(6, "9")
    daily = min(_of_key(_DATE, date, item), _of_key(_TIME, time, item)) is Match.MUST
    if inside == daily:
        return Match.MUST if inside else Match.NO
    return Match.MAY


QUERIES = (
    Query(""),
    Query("mod=MR", ({_MODALITY: "MR"},)),
    Query("mod=CT", ({_MODALITY: "CT"},)),
    Query("mod=PT", ({_MODALITY: "PT"},)),
    Query("mod=MR,CT", ({_MODALITY: "MR"}, {_MODALITY: "CT"})),
    Query("mod=US,XA,NM", ({_MODALITY: "US"}, {_MODALITY: "XA"}, {_MODALITY: "NM"})),
    Query("station=CT1", ({_STATION: "CT1"},)),
    Query("station=CT_1", ({_STATION: "CT_1"},)),
    Query("station=NOBODY", ({_STATION: "NOBODY"},)),
    Query("station=AA32", ({_STATION: "AA32"},)),
    Query("station=AA33", ({_STATION: "AA33"},)),
    Query("station=CT1,CT2", ({_STATION: "CT1"}, {_STATION: "CT2"})),
    Query("date=2024-05-06", ({_DATE: "20240506"},)),
    Query("date=2024-05-07", ({_DATE: "20240507"},)),
    Query("date=2024-04", ({_DATE: "20240401-20240430"},)),
    Query("date=2024-05-07..2024-05-08", ({_DATE: "20240507-20240508"},)),
    Query("date=..2024-05-01", ({_DATE: "-20240501"},)),
    Query("date=>=2024-05-08", ({_DATE: "20240508-"},)),
    Query("date=2030-01-01", ({_DATE: "20300101"},)),
    Query(
        "date=2024-05-06 time=08:00..09:59",
        ({_DATE: "20240506", _TIME: "0800-095959.999999"},),
    ),
    Query("time=>=16:00", ({_TIME: "1600-"},)),
    Query("time=00:00..08:00", ({_TIME: "0000-080059.999999"},)),
    Query(
        "date=2024-05-06..2024-05-07 time=22:00..09:00",
        ({_DATE: "20240506-20240507", _TIME: "2200-090059.999999"},),
    ),
    Query(
        "date=2024-05-06..2024-05-07 time=10:00..12:00",
        ({_DATE: "20240506-20240507", _TIME: "1000-120059.999999"},),
    ),
    Query("mod=CT date=2024-05-06", ({_MODALITY: "CT", _DATE: "20240506"},)),
    Query(
        "mod=CT station=CT1 date=2024-05-06",
        ({_MODALITY: "CT", _STATION: "CT1", _DATE: "20240506"},),
    ),
    Query("mod=MR station=CT1", ({_MODALITY: "MR", _STATION: "CT1"},)),
    Query("id=1006", ({_ID: "1006"},)),
    Query("id=10*", ({_ID: "10*"},)),
    Query("id=101?", ({_ID: "101?"},)),
    Query("id=OZP00SJ", ({_ID: "OZP00SJ"},)),
    Query("name=DOE*", ({_NAME: "DOE*"},)),
    Query("name=DOE^J*", ({_NAME: "DOE^J*"},)),
    Query("name=DOE^JANE", ({_NAME: "DOE^JANE"},)),
    Query("name=*JANE*", ({_NAME: "*JANE*"},)),
    Query("name=NIGHT^N*", ({_NAME: "NIGHT^N*"},)),
    Query("name=XYZ*", ({_NAME: "XYZ*"},)),
    Query("name=DOE* mod=US", ({_NAME: "DOE*", _MODALITY: "US"},)),
    Query("acc=W013", ({_ACCESSION: "W013"},)),
    Query("acc=W0*", ({_ACCESSION: "W0*"},)),
    Query("physician=WELBY^MARCUS", ({_PHYSICIAN: "WELBY^MARCUS"},)),
    Query("physician=WELBY*", ({_PHYSICIAN: "WELBY*"},)),
    Query("procedure='CT*'", ({_PROCEDURE: "CT*"},)),
    Query("step=S13", ({_STEP_ID: "S13"},)),
    Query("status=ARRIVED", ({_STATUS: "ARRIVED"},)),
    Query("name=Müller*", ({_NAME: "Müller*"},), "ISO_IR 100"),
    Query("name=Größe^Käthe", ({_NAME: "Größe^Käthe"},), "ISO_IR 100"),
    Query("name=Чайка*", ({_NAME: "Чайка*"},), "ISO_IR 192"),
    Query("name=张*", ({_NAME: "张*"},), "ISO_IR 192"),
    Query("name=Yamada*", ({_NAME: "Yamada*"},)),
    Query("name=ﾔﾏﾀﾞ*", ({_NAME: "ﾔﾏﾀﾞ*"},), "ISO_IR 13"),
)
"""The queries; the character sets are those of the items that they ask for."""


def expected(query: Query) -> tuple[frozenset[str], frozenset[str]]:
    """The steps that must be in the answer, and those that may be."""
    judged = {item.step: query.match(item) for item in ITEMS}
    must = frozenset(step for step, match in judged.items() if match is Match.MUST)
    return must, frozenset(step for step, match in judged.items() if match is not Match.NO)
