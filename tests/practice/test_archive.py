from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pydicom.uid import UID

from dicomsh.model.keys import by_keyword
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.practice.archive import HELD, StoredEntity, Value, practice_archive
from dicomsh.practice.protocols import DEVICES, PROTOCOLS

ARCHIVE = practice_archive()


def entities(level: Level) -> Iterator[StoredEntity]:
    found: list[StoredEntity] = list(ARCHIVE.patients)
    for _ in range(level.value):
        found = [child for entity in found for child in entity.children]
    return iter(found)


def value(entity: StoredEntity, keyword: str) -> str | None:
    stored = entity.attributes.get(by_keyword(keyword).tag)
    assert stored is None or isinstance(stored, str)
    return stored


def column(level: Level, keyword: str) -> list[str | None]:
    return [value(entity, keyword) for entity in entities(level)]


def test_numbers() -> None:
    counts = [sum(1 for _ in entities(level)) for level in HIERARCHY]
    assert counts == [40, 120, 278, 12313]


def test_two_archives_are_equal() -> None:
    other = practice_archive.__wrapped__()
    assert [p.attributes for p in other.patients] == [p.attributes for p in ARCHIVE.patients]
    series, again = (
        next(iter(next(iter(a.patients[0].children)).children)) for a in (other, other)
    )
    assert list(series.children) == list(again.children)


def test_every_modality_is_there() -> None:
    used = {series.modality for protocol in PROTOCOLS.values() for series in protocol.series}
    assert used == set(DEVICES) == set(column(Level.SERIES, "Modality"))


def test_held_is_all_that_is_stored() -> None:
    for level in HIERARCHY:
        stored = {tag for entity in entities(level) for tag in entity.attributes}
        assert stored == HELD[level]
        assert {by_keyword(word).tag for word in LEVEL_KEYS[level].default} <= stored


def test_uids_are_valid_and_unique() -> None:
    words = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID"}
    words[Level.INSTANCE] = "SOPInstanceUID"
    uids = [str(uid) for level, word in words.items() for uid in column(level, word)]
    assert len(set(uids)) == len(uids)
    assert all(UID(uid).is_valid for uid in uids)
    assert sum(not uid.startswith("2.25.") for uid in uids) == 2


def test_counters_count() -> None:
    for patient in ARCHIVE.patients:
        studies = list(patient.children)
        series = [one for study in studies for one in study.children]
        instances = [one for each in series for one in each.children]
        assert value(patient, "NumberOfPatientRelatedStudies") == str(len(studies))
        assert value(patient, "NumberOfPatientRelatedSeries") == str(len(series))
        assert value(patient, "NumberOfPatientRelatedInstances") == str(len(instances))
    for study in entities(Level.STUDY):
        sizes = [sum(1 for _ in series.children) for series in study.children]
        assert value(study, "NumberOfStudyRelatedSeries") == str(len(sizes))
        assert value(study, "NumberOfStudyRelatedInstances") == str(sum(sizes))
        counted = [value(one, "NumberOfSeriesRelatedInstances") for one in study.children]
        assert counted == [str(size) for size in sizes]


def test_order() -> None:
    for patient in ARCHIVE.patients:
        moments = [
            (value(study, "StudyDate") or "", value(study, "StudyTime") or "")
            for study in patient.children
        ]
        assert moments == sorted(moments)
    for study in entities(Level.STUDY):
        numbers = [value(series, "SeriesNumber") for series in study.children]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_modalities_in_study_are_those_of_its_series() -> None:
    for study in entities(Level.STUDY):
        used = dict.fromkeys(value(series, "Modality") for series in study.children)
        assert value(study, "ModalitiesInStudy") == "\\".join(str(word) for word in used)


def test_what_there_is_to_try() -> None:
    assert column(Level.STUDY, "NumberOfStudyRelatedInstances").count("1200") == 1
    sex = Counter(column(Level.PATIENT, "PatientSex"))
    assert sex[None] == sex[""] == sex["O"] == 1
    birth = Counter(column(Level.PATIENT, "PatientBirthDate"))
    assert birth[None] == birth[""] == 1
    shared = [p for p in ARCHIVE.patients if value(p, "PatientID") == "4711"]
    assert [value(p, "IssuerOfPatientID") for p in shared] == ["NORTH CLINIC", "SOUTH CLINIC"]
    for keyword in ("StudyDescription", "AccessionNumber", "StudyTime"):
        assert {None, ""} <= set(column(Level.STUDY, keyword))
    assert "" in column(Level.STUDY, "StudyDate")


def test_dates_are_spread_and_one_day_is_crowded() -> None:
    dates = Counter(date for date in column(Level.STUDY, "StudyDate") if date)
    years = {int(date[:4]) for date in dates}
    assert min(years) == 2005
    assert max(years) == 2026
    assert len(years) >= 20
    assert dates["20240305"] >= 12
    times = column(Level.STUDY, "StudyTime")
    assert {"235900", "235930", "000000"} <= set(times)


def test_series_after_midnight_have_the_next_date() -> None:
    nils = next(p for p in ARCHIVE.patients if value(p, "PatientID") == "NGT-0001")
    dates = {value(one, "SeriesDate") for study in nils.children for one in study.children}
    assert dates == {"20240305", "20240306"}


def test_scripts() -> None:
    names = "\n".join(str(name) for name in column(Level.PATIENT, "PatientName"))
    for block in ("ü", "ß", "é", "œ", "[α-ω]", "[а-я]", "[ぁ-ん]", "[一-龥]", "[가-힣]", "[ا-ي]"):
        assert re.search(block, names), block
    groups = [name for name in names.splitlines() if name.startswith("Yamada^")]
    assert len(groups) == 3
    assert all(name.count("=") == 2 for name in groups)


def test_values_fit_their_vr() -> None:
    longest = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "UI": 64, "IS": 12, "DS": 16}
    for level in (Level.PATIENT, Level.STUDY, Level.SERIES):
        for entity in entities(level):
            for tag, stored in entity.attributes.items():
                assert _fits(stored, longest.get(_vr(tag), 10240)), (hex(tag), stored)


def _vr(tag: int) -> str:
    from dicomsh.practice.archive import vr_of

    return vr_of(tag)


def _fits(stored: Value, longest: int) -> bool:
    return isinstance(stored, tuple) or all(len(one) <= longest for one in stored.split("\\"))
