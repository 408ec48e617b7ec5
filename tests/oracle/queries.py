"""The queries: every kind of matching at every level and place, and hand-chosen ones."""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.oracle import matching
from tests.oracle.matching import Match, Rule
from tests.oracle.studies import SEED, UNIQUE, Entity

VRS = {
    "PatientID": "LO",
    "PatientName": "PN",
    "PatientSex": "CS",
    "PatientBirthDate": "DA",
    "StudyInstanceUID": "UI",
    "StudyDate": "DA",
    "StudyTime": "TM",
    "StudyID": "SH",
    "AccessionNumber": "SH",
    "StudyDescription": "LO",
    "ReferringPhysicianName": "PN",
    "ModalitiesInStudy": "CS",
    "SeriesInstanceUID": "UI",
    "Modality": "CS",
    "SeriesNumber": "IS",
    "SeriesDescription": "LO",
    "BodyPartExamined": "CS",
    "ProtocolName": "LO",
    "SOPInstanceUID": "UI",
    "SOPClassUID": "UI",
    "InstanceNumber": "IS",
    "ContentDate": "DA",
}

KEYS = {
    "patient": ("PatientID", "PatientName", "PatientSex", "PatientBirthDate"),
    "study": (
        *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
        *("StudyDescription", "ReferringPhysicianName", "ModalitiesInStudy"),
    ),
    "series": (
        *("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription"),
        *("BodyPartExamined", "ProtocolName"),
    ),
    "instance": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ContentDate"),
}
"""The keys of each level that are asked for."""

_ONE_LINE = ("LO", "SH", "CS", "PN")


@dataclass(frozen=True)
class Key:
    """One condition.

    Args:
        keyword: the attribute.
        typed: what a user of dicomsh types behind `=`.
        wire: the same in a C-FIND by hand; None if it takes more than one.
        rule: judges a stored value.
        lenient: the same, where case does not count.
        ends: both ends of a range of dates or times.
    """

    keyword: str
    typed: str
    wire: str | None
    rule: Rule
    lenient: Rule | None = None
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Query:
    """A question: a level, conditions, and where it is asked.

    Args:
        level: the level.
        keys: the conditions.
        place: unique keys of the entities above; empty at the top.
    """

    level: str
    keys: tuple[Key, ...]
    place: tuple[str, ...] = ()

    @property
    def conditions(self) -> str:
        """The conditions as typed."""
        return " ".join(f"{key.keyword}={shlex.quote(key.typed)}" for key in self.keys)

    @property
    def typed(self) -> str:
        """The command."""
        return f"find {self.level} {self.conditions}".rstrip()

    @property
    def change(self) -> str:
        """The command that goes to its place."""
        steps = ["/", *self.place]
        return "; ".join(f"cd {shlex.quote(step)}" for step in steps)

    def __str__(self) -> str:
        where = "".join(f"/{step}" for step in self.place)
        return f"{where + ': ' if where else ''}{self.typed}"

    @property
    def wire(self) -> dict[str, str] | None:
        """The keys of a C-FIND by hand; None if one cannot ask it."""
        above = [UNIQUE[level] for level in UNIQUE]
        keys = dict(zip(above, self.place, strict=False))
        keys.setdefault(UNIQUE[self.level], "")
        for key in self.keys:
            if key.wire is None:
                return None
            keys[key.keyword] = key.wire
        return keys

    def match(self, entity: Entity) -> Match:
        """Whether an entity belongs in the answer of an archive."""
        if entity.level != self.level or entity.keys[: len(self.place)] != self.place:
            return Match.NO
        separate = [matching.judged(key.rule, entity.stored[key.keyword]) for key in self.keys]
        found = min(separate, default=Match.MUST)
        if self._period and found in (Match.NO, Match.MUST):
            together = self._together(entity)
            return found if together is (found is Match.MUST) else Match.MAY
        return found

    def filtered(self, entity: Entity) -> Match:
        """Whether an entity belongs in what `where` leaves, which takes text in any case."""
        strict = self.match(entity)
        if entity.level != self.level or strict is Match.MUST or not self.keys:
            return strict
        rules = [(key.lenient or key.rule, entity.stored[key.keyword]) for key in self.keys]
        lenient = min(matching.judged(*pair) for pair in rules)
        return max(strict, min(lenient, Match.MAY))

    @cached_property
    def _period(self) -> tuple[Key, Key] | None:
        """A range of several days with a range of times, which may be one period (C.2.2.2.5.4)."""
        by_word = {key.keyword: key for key in self.keys if key.ends}
        date, time = by_word.get("StudyDate"), by_word.get("StudyTime")
        if date and time and date.ends and date.ends[0] != date.ends[1]:
            return date, time
        return None

    def _together(self, entity: Entity) -> bool:
        assert self._period
        (first_day, last_day), (first, last) = (key.ends or ("", "") for key in self._period)
        day, time = (entity.stored[key.keyword][0] for key in self._period)
        others = [key for key in self.keys if key not in self._period]
        fits = all(max(map(key.rule, entity.stored[key.keyword])) > Match.NO for key in others)
        low = first_day + first.ljust(6, "0")
        high = (last_day or "99991231") + (last or "235959.999999")
        return fits and low <= day + time.ljust(6, "0") <= high


def anything(keyword: str, typed: str = "") -> Key:
    return Key(keyword, typed, "", matching.universal)


def nothing(keyword: str) -> Key:
    """Entities without a value."""
    return Key(keyword, '""', None, matching.empty)


def like(keyword: str, value: str) -> Key:
    """A value, with or without wildcards."""
    vr = VRS[keyword]
    if vr == "UI":
        return Key(keyword, value, value, matching.uids([value]))
    if vr == "IS":
        return Key(keyword, value, value, matching.number(value))
    lenient = None if vr == "PN" else matching.text_in_any_case(value)
    return Key(keyword, value, value, matching.text(vr, value), lenient)


def one_of(keyword: str, *values: str, by: str = ",") -> Key:
    """A list, of which dicomsh promises that any value is enough."""
    wire = "\\".join(values) if VRS[keyword] == "UI" else None
    each = [like(keyword, value) for value in values]
    lenient = matching.any_of([key.lenient or key.rule for key in each])
    return Key(keyword, by.join(values), wire, matching.any_of([key.rule for key in each]), lenient)


def dates(keyword: str, typed: str, first: str, last: str) -> Key:
    """A range of days; equal ends are one day."""
    wire = first if first == last else f"{first}-{last}"
    rule = matching.between("DA", first, last)
    return Key(keyword, typed, wire, rule, ends=(first, last))


def times(keyword: str, typed: str, first: str, last: str) -> Key:
    """A range of times in the form that most servers understand."""
    rule = matching.between("TM", first, last)
    return Key(keyword, typed, f"{first}-{last}", rule, ends=(first, last))


def queries(entities: Sequence[Entity]) -> tuple[Query, ...]:
    """All queries, each once."""
    made = [*_by_hand(), *_systematic(entities), *_in_places(entities), *_mixed(entities)]
    return tuple({str(query): query for query in made}.values())


def _query(level: str, *keys: Key, place: tuple[str, ...] = ()) -> Query:
    return Query(level, keys, place)


def _by_hand() -> Iterator[Query]:
    for level in ("patient", "study"):
        yield _query(level)
        for pattern in _NAMES:
            yield _query(level, like("PatientName", pattern))
    for identity in _IDS:
        yield _query("patient", like("PatientID", identity))
        yield _query("study", like("PatientID", identity))
    for key in (like("Modality", "SR"), like("BodyPartExamined", "Knee"), like("Modality", "XA")):
        yield _query("series", key)
    yield _query("series", like("SeriesDescription", "Axial*"), like("Modality", "CT"))
    yield _query("instance", like("SOPInstanceUID", "1.2.3.4"))
    for typed, first, last in _DAYS:
        yield _query("study", dates("StudyDate", typed, first, last))
    for typed, first, last in _DAYTIMES:
        yield _query("study", times("StudyTime", typed, first, last))
    for key in _CHOSEN:
        yield _query("study", key)
    march = dates("StudyDate", "2024-03", "20240301", "20240331")
    morning = times("StudyTime", "10:00..12:00", "100000", "120059.999999")
    yield _query("study", march, morning)
    yield _query("study", march, like("ModalitiesInStudy", "CT"), like("PatientSex", "M"))
    yield _query("study", dates("StudyDate", "2024", "20240101", "20241231"), morning)
    yield _query("study", like("PatientName", "*山田*"), like("ModalitiesInStudy", "CT"))
    yield _query("patient", like("PatientSex", "M"), like("PatientName", "S*"))
    yield _query("patient", one_of("PatientSex", "M", "O"))
    yield _query("patient", dates("PatientBirthDate", "1960..1979", "19600101", "19791231"))


_IDS = """AB12 ozp00sj OZP00SJ OZP00sj 007 7 SHARED-1 P00* AB* AB?12 AB_12 ? 0?7 NO-NAME-* *-1 x*
    P000[1-9]""".split()
_NAMES = (
    "SMITH^JOHN", "smith^john", "Smith*", "SMITH*", "*JOHN*", "*^JOHN", "SM?TH^JOHN", "SM?TH*",
    "DOE^JANE", "DOE^JANE^^", "Doe", "DO*", "A^B", "A?*", "*", "O'NEIL*", "[BOX]*", "100%*", "*%*",
    "UNDER_SCORE*", "UNDER_*", "X-RAY*", "VAN^DEN^*", "Nobody^No^^Dr.", "Nobody^No^*^Dr.",
    "NOSUCH*", "Müller*", "müller*", "M?ller*", "M*ller*", "Müller^Jürgen", "MÜLLER^JÜRGEN", "*ü*",
    "Gr?n*", "Grün*", "GRÜN*", "Gro?^Änne", "Gross*", "Fu?^Karl", "Ångström*", "Ång*", "*^Zoë",
    "Şahin*", "Dvo*", "Dvořák^Antonín", "Dvorak*", "Münch*", "Διον*", "ΔΙΟΝΥΣΙΟΣ", "Διονυσιο?",
    "Παπαδόπουλος*", "Чайка*", "Чайка^Нина", "чайка*", "Ча?ка*", "Иванов*", "*Пётр", "Yamada*",
    "Yamada^Tarou", "*山田*", "山田^太郎", "*山*", "山?^太郎", "*=山田*", "Yamada*=*", "*たろう*",
    "*やま*", "鈴木*", "*洪*", "*길동*", "Hong^Gildong", "*朴*", "*王*", "王^小?", "*小东*",
    "Wang*", "*張*", "*ΑΛΦΑ*", "TWIN*", "TWIN^TWO", "PERSON^NR1?", "PERSON^NR?7", "PERSON*NR0*",
    "???", "?????^?", "*R^*",
)  # fmt: skip

_DAYS = (
    ("2024-03-05", "20240305", "20240305"),
    ("20240305", "20240305", "20240305"),
    ("2024-03", "20240301", "20240331"),
    ("2024", "20240101", "20241231"),
    ("2009..2020", "20090101", "20201231"),
    ("2024-03-05..2024-06-15", "20240305", "20240615"),
    (">=2024", "20240101", ""),
    ("..2020", "", "20201231"),
    ("<2020", "", "20191231"),
    (">2024-06-15", "20240616", ""),
    ("2024-02-29", "20240229", "20240229"),
    ("1999", "19990101", "19991231"),
)
_DAYTIMES = (
    ("10", "10", "105959.999999"),
    ("10:15", "1015", "101559.999999"),
    ("10:15:00", "101500", "101500.999999"),
    ("10:15:30", "101530", "101530.999999"),
    ("10:00..10:30", "10", "103059.999999"),
    ("10:15..12:00", "1015", "120059.999999"),
    (">=10:00", "10", ""),
    (">=10:15", "1015", ""),
    ("..10:15", "", "101559.999999"),
    ("<10:15", "", "101459.999999"),
    ("00:00", "0000", "000059.999999"),
    ("23:59", "2359", "235959.999999"),
    ("00:00..23:59", "0000", "235959.999999"),
    ("09..11", "09", "115959.999999"),
    ("12", "12", "125959.999999"),
    ("03:33", "0333", "033359.999999"),
)
_CHOSEN = (
    *(like("StudyDescription", text) for text in (
        "CT CHEST", "ct chest", "CT Chest", "CT*", "*CHEST*", "*chest*", "MR BRAIN W/WO",
        "50%*", "*%*", "KNEE_2", "KNEE?2", "T", "?", "RÖNTGEN HAND", "R?NTGEN*", "RÖ*", "röntgen*",
        "胸部CT", "胸部*", "?部CT", "*HAND*", "CT ABDOMEN-PELVIS", "*-*", "NO SUCH", "*W/*")),
    *(like("AccessionNumber", text) for text in (
        "A001", "a001", "A0*", "A00?", "*7", "A999", "*2024030500000017*")),
    *(like("ModalitiesInStudy", text) for text in ("CT", "SR", "MR", "XA", "C*")),
    *(like("ReferringPhysicianName", text) for text in (
        "Welby^Marcus", "WELBY*", "Nobody^No^*^Dr.", "Nobody^No^^Dr.", "House*")),
    *(like("StudyID", text) for text in ("1", "S0*", "s0*", "S01?")),
    *(like("PatientSex", text) for text in ("M", "O")),
    dates("PatientBirthDate", ">=2000", "20000101", ""),
    dates("PatientBirthDate", "1980-01-01", "19800101", "19800101"),
    one_of("AccessionNumber", "A001", "A007", "A010"),
    one_of("PatientID", "P0001", "P0002", "OZP00SJ"),
    one_of("ModalitiesInStudy", "CR", "SR"),
    one_of("ModalitiesInStudy", "US", "MR", by="\\"),
    one_of("StudyDescription", "CT CHEST", "HAND LEFT", by="\\"),
    one_of("PatientName", "SMITH^JOHN", "DOE^JANE", by="\\"),
    *(nothing(word) for word in (
        "AccessionNumber", "StudyDescription", "StudyDate", "StudyTime", "ReferringPhysicianName",
        "PatientName", "PatientSex")),
    *map(anything, ("StudyDescription", "StudyDate", "PatientName")),
    *(anything(word, "*") for word in (
        "StudyDescription", "AccessionNumber", "ReferringPhysicianName")),
)  # fmt: skip


def _systematic(entities: Sequence[Entity]) -> Iterator[Query]:
    """For each key of patients and studies: values that exist, in each kind of matching."""
    chance = random.Random(SEED + 1)
    for level in ("patient", "study"):
        for keyword in KEYS[level]:
            values = _values(entities, level, keyword)
            for key in _keys(keyword, values, chance):
                yield _query(level, key)


def _values(entities: Iterable[Entity], level: str, keyword: str) -> list[str]:
    """The different values of an attribute that can be typed as they are."""
    held = {value for one in entities if one.level == level for value in one.stored[keyword]}
    return sorted(value for value in held if value and not set(value) & set('*?\\"\u0308'))


def _keys(keyword: str, values: Sequence[str], chance: random.Random) -> Iterator[Key]:
    """A value, one that does not exist, patterns made of one, a list, by the VR."""
    vr = VRS[keyword]
    value = chance.choice(values)
    if vr == "DA":
        first, last = sorted((value, chance.choice(values)))
        yield dates(keyword, value, value, value)
        yield dates(keyword, f"{first}..{last}", first, last)
        yield dates(keyword, f">={value}", value, "")
        yield dates(keyword, f"..{value}", "", value)
        return
    if vr == "TM":
        hour = int(value[:2])
        yield times(keyword, f"{hour:02}", f"{hour:02}", f"{hour:02}5959.999999")
        yield times(keyword, f">={hour:02}:30", f"{hour:02}30", "")
        return
    yield like(keyword, value)
    if vr == "UI":
        yield one_of(keyword, value, chance.choice(values))
        yield like(keyword, f"{value}.999")
        return
    if vr == "IS":
        yield like(keyword, "999")
        return
    spot = chance.randrange(len(value))
    yield like(keyword, f"{value[: spot + 1]}*")
    yield like(keyword, f"*{value[spot:]}")
    yield like(keyword, f"{value[:spot]}?{value[spot + 1 :]}")
    yield like(keyword, value.swapcase())
    yield one_of(keyword, value, chance.choice(values), by="\\")


def _in_places(entities: Sequence[Entity]) -> Iterator[Query]:
    """In patients, studies and series, also those whose ID looks like a pattern."""
    chance = random.Random(SEED + 2)
    patients = [one for one in entities if one.level == "patient"]
    chosen = [one for one in patients if set(one.keys[0]) & set("*?_") or one.keys[0] == "SHARED-1"]
    chosen += chance.sample(patients, 6)
    for patient in chosen:
        yield _query("study", place=patient.keys)
        yield _query("study", like("ModalitiesInStudy", "CT"), place=patient.keys)
        yield _query("series", like("Modality", "CT"), place=patient.keys)
    yield _query("study", dates("StudyDate", "2024", "20240101", "20241231"), place=chosen[-1].keys)
    studies = [one for one in entities if one.level == "study" and len(_kinds(one)) > 1]
    for study in chance.sample(studies, 6):
        yield _query("series", place=study.keys)
        yield _query("series", like("Modality", "SR"), place=study.keys)
        yield _query("instance", place=study.keys)
    study = chance.choice(studies)
    own = [one for one in entities if one.level == "series" and one.keys[:2] == study.keys]
    for keyword in KEYS["series"]:
        values = _values(own, "series", keyword) or _values(entities, "series", keyword)
        for key in _keys(keyword, values, chance):
            yield _query("series", key, place=study.keys)
    yield _query("series", one_of("Modality", "CT", "MR"), place=study.keys)
    yield _query("series", nothing("SeriesDescription"), place=study.keys)
    for series in chance.sample([one for one in entities if one.level == "series"], 4):
        own = [one for one in entities if one.level == "instance" and one.keys[:3] == series.keys]
        yield _query("instance", place=series.keys)
        for keyword in KEYS["instance"]:
            values = _values(own, "instance", keyword) or ["20240305"]
            for key in _keys(keyword, values, chance):
                yield _query("instance", key, place=series.keys)
        yield _query("instance", dates("ContentDate", "1999", "19990101", "19991231"),
                     place=series.keys)  # fmt: skip
    odd = next(one for one in entities if one.level == "study" and one.keys[0] == "AB*12")
    yield _query("series", place=odd.keys)


def _kinds(study: Entity) -> list[str]:
    return study.stored["ModalitiesInStudy"][0].split("\\")


def _mixed(entities: Sequence[Entity]) -> Iterator[Query]:
    """Two or three conditions that an existing study fulfils, or all but one of them."""
    chance = random.Random(SEED + 3)
    studies = [one for one in entities if one.level == "study"]
    words = ("PatientID", "PatientName", "PatientSex", *KEYS["study"][1:])
    for _ in range(24):
        study = chance.choice(studies)
        usable = [word for word in words if _usable(study.stored[word][0])]
        keys = [
            chance.choice(list(_keys(word, [study.stored[word][0].split("\\")[0]], chance)))
            for word in chance.sample(usable, chance.choice((2, 2, 3)))
        ]
        yield _query("study", *keys)


def _usable(value: str) -> bool:
    return bool(value) and not set(value) & set('*?"\u0308')
