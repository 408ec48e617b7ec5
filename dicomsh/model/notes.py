"""Notes about an answer, as data: `dicomsh.output.note_words` puts them into words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from dicomsh.frozen import frozen, replace


class NoteKind(Enum):
    """What a note says; the value names it in machine output."""

    # what was asked
    MATCHED = "matched"
    TRY = "try"
    LIMIT_CAN_BE_LIFTED = "limit-can-be-lifted"
    QUERIES = "queries"
    UID_LIST_DIVIDED = "uid-list-divided"
    LIST_DIVIDED = "list-divided"
    VALUES_FOUND = "values-found"
    RESUMED = "resumed"
    LIST_HEADING = "list-heading"
    LIST_TOO_LONG = "list-too-long"
    FILE_HEADING = "file-heading"
    LIST_REPEATED = "list-repeated"
    LIST_EMPTY = "list-empty"
    ODD_UID = "odd-uid"
    DEFINED_TERM = "defined-term"
    PATIENTS_FROM_STUDIES = "patients-from-studies"
    STUDIES_WITHOUT_PATIENT = "studies-without-patient"
    PATIENT_BY_PATIENT = "patient-by-patient"
    DESCENDED = "descended"
    # what the server can do, and what was done instead
    FILTERED_LOCALLY = "filtered-locally"
    COMBINED_LOCALLY = "combined-locally"
    EMPTY_LOCALLY = "empty-locally"
    EMPTY_AGREED = "empty-agreed"
    LACK_THE_ATTRIBUTE = "lack-the-attribute"
    OMITTED_KEYS = "omitted-keys"
    HIDING_KEYS = "hiding-keys"
    UNIVERSAL_AS_ASTERISK = "universal-as-asterisk"
    RELATIONAL_AGREED = "relational-agreed"
    RELATIONAL_REFUSED = "relational-refused"
    RELATIONAL_UNKNOWN = "relational-unknown"
    RELATIONAL_IGNORED = "relational-ignored"
    FUZZY_AGREED = "fuzzy-agreed"
    FUZZY_REFUSED = "fuzzy-refused"
    ONE_RANGE = "one-range"
    EACH_DAY = "each-day"
    PERIOD_OR_EACH_DAY = "period-or-each-day"
    CASE_SENSITIVE_NAMES = "case-sensitive-names"
    QUESTION_MARK_ASCII = "question-mark-ascii"
    UNSEARCHABLE_CHARSETS = "unsearchable-charsets"
    WILDCARD_IN_WORKLIST = "wildcard-in-worklist"
    WILDCARD_WIDENED = "wildcard-widened"
    WILDCARD_UNSETTLED = "wildcard-unsettled"
    ONE_OF_SEVERAL = "one-of-several"
    OTHER_CHARSET = "other-charset"
    NO_CHARSET_FINDS = "no-charset-finds"
    CHARSET_REQUESTED = "charset-requested"
    # what is odd about the rows
    NO_MATCH = "no-match"
    NOT_RETURNED = "not-returned"
    KEYS_UNSUPPORTED = "keys-unsupported"
    NONE_RETURNED = "none-returned"
    TYPE_2_ABSENT = "type-2-absent"
    WITHOUT_VALUE = "without-value"
    OTHER_CASE = "other-case"
    NO_UNIQUE_KEY = "no-unique-key"
    OTHER_LEVEL = "other-level"
    REPEATED = "repeated"
    CONTRADICTING = "contradicting"
    OTHER_ENTITIES = "other-entities"
    SEVERAL_NAMES = "several-names"
    OTHER_ISSUER = "other-issuer"
    NO_STEP = "no-step"
    SEVERAL_STEPS = "several-steps"
    WARNED = "warned"
    OFFENDING = "offending"
    ISSUER_UNKNOWN = "issuer-unknown"
    MALFORMED = "malformed"
    TAG_REPEATED = "tag-repeated"
    SIGN_UNKNOWN = "sign-unknown"
    UNKNOWN_CHARSET = "unknown-charset"
    UNLABELLED = "unlabelled"
    CHARSET_FAULT = "charset-fault"
    LETTERLESS_NAMES = "letterless-names"
    LOSSY_CHARSETS = "lossy-charsets"
    UNDECODABLE = "undecodable"
    # what may be missing
    CAP_BEFORE_MATCHING = "cap-before-matching"
    AT_THE_CAP = "at-the-cap"
    SAME_ROUND_NUMBER = "same-round-number"
    BUDGET_SPENT = "budget-spent"
    NOTHING_NEW = "nothing-new"
    DUPLICATES = "duplicates"
    UNNAMED_PATIENTS = "unnamed-patients"
    UNNAMED_ENTITIES = "unnamed-entities"
    OUTSIDE_THE_DATES = "outside-the-dates"
    NONE_MISSING = "none-missing"
    UNDATED_MISSING = "undated-missing"
    UNDATED_UNKNOWN = "undated-unknown"
    KEPT_ROWS = "kept-rows"
    # what commands and stages add
    MORE = "more"
    OLDER = "older"
    COUNTED = "counted"
    NOT_COMPARABLE = "not-comparable"
    FOR_EACH = "for-each"
    IN_DOUBT = "in-doubt"
    BOTH_EMPTY = "both-empty"
    NEITHER_HAS = "neither-has"
    NOT_COMPARED = "not-compared"
    NOT_CERTAIN = "not-certain"
    VALUES_NOT_COMPARED = "values-not-compared"
    NOT_LOOKED_INTO = "not-looked-into"
    NOT_REACHED = "not-reached"
    KEYLESS = "keyless"
    DIFFERENCES = "differences"
    SIDE = "side"
    PLACEHOLDER = "placeholder"
    CHECKED = "checked"
    ASKED_AS = "asked-as"
    ROUNDS = "rounds"
    UNMET = "unmet"
    REMEMBERED = "remembered"
    # what became of objects
    IN_FOLDER = "in-folder"
    ALREADY_HERE = "already-here"
    TO_RETRIEVE = "to-retrieve"
    NOTHING_WANTED = "nothing-wanted"
    FAILED_OBJECTS = "failed-objects"
    MISSING_OBJECTS = "missing-objects"
    UNEXPECTED_OBJECTS = "unexpected-objects"
    DUPLICATE_OBJECTS = "duplicate-objects"
    UNSURE_LIST = "unsure-list"
    NO_ROOM = "no-room"
    DISK_FULL = "disk-full"
    SERVER_CLAIMS = "server-claims"
    NOT_VERIFIED = "not-verified"
    CANNOT_VERIFY = "cannot-verify"
    DESTINATION_MUTE = "destination-mute"
    IS_DESTINATION_KNOWN = "is-destination-known"
    DOES_DESTINATION_TAKE = "does-destination-take"
    VERIFIED_AT = "verified-at"
    UNKNOWN_DESTINATION = "unknown-destination"
    FAILED_SERIES = "failed-series"
    MOVE_TO_US = "move-to-us"
    # receiving and storing
    SAME_AGAIN = "same-again"
    OTHER_BYTES = "other-bytes"
    REFUSED_CALLERS = "refused-callers"
    COMMITTED = "committed"
    NOT_COMMITTED = "not-committed"
    NOT_DICOM = "not-dicom"
    WITH_WARNING = "with-warning"


@frozen
class Note:
    """A statement about an answer.

    Args:
        kind: what it says.
        count: how many rows it is about, or whatever its kind counts.
        of: how many there are in all; 0 if that says nothing.
        about: what it needs to be complete: keywords, values, names, command lines.
    """

    kind: NoteKind
    count: int = 0
    of: int = 0
    about: tuple[str, ...] = ()


def note(kind: NoteKind, *about: str, count: int = 0, of: int = 0) -> Note:
    """A note."""
    return Note(kind, count, of, about)


def summed(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Each note once, in order, with the counts of equal notes added up."""
    found: dict[tuple[NoteKind, tuple[str, ...]], Note] = {}
    for one in notes:
        key = (one.kind, one.about)
        held = found.get(key)
        count, of = (held.count, held.of) if held else (0, 0)
        found[key] = replace(one, count=count + one.count, of=of + one.of)
    return tuple(found.values())
