"""The words of notes: what the result line and `explain last` say about an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dicomsh.model.notes import Note, NoteKind


def note_text(note: Note) -> str:
    """A note in words."""
    words = _WORDS[note.kind]
    return words if isinstance(words, str) else words(note)


def _rows(number: int, one: str = "", many: str = "") -> str:
    """`1 row has`, `1,200 rows have`."""
    said = f"{number:,} row {one}" if number == 1 else f"{number:,} rows {many or one}"
    return said.rstrip()


def _lines(number: int, one: str, many: str) -> str:
    return f"{number:,} line {one}" if number == 1 else f"{number:,} lines {many}"


def _values_found(note: Note) -> str:
    missing, unanswered, left = map(int, note.about)
    said = [f"{note.count:,} of {note.of:,} values found"]
    said += [f"{missing:,} not found"] * bool(missing)
    said += [f"{unanswered:,} without a complete answer"] * bool(unanswered)
    said += [f"{left:,} not asked for"] * bool(left)
    return ", ".join(said)


def _list_too_long(note: Note) -> str:
    line, keyword, longest = note.about
    said = "1 value is" if note.count == 1 else f"{note.count:,} values are"
    first = f"line {line}" if note.count == 1 else f"the first in line {line}"
    return f"{said} longer than {keyword} can be ({longest} characters), {first}"


def _filtered(note: Note) -> str:
    keyword, trouble = note.about
    return f"{keyword} {trouble}, filtered locally{_kept(note)}"


def _combined(note: Note) -> str:
    date, time = note.about
    return f"{date} and {time} combined locally, as the server did not agree to{_kept(note)}"


def _kept(note: Note) -> str:
    """How many rows passed all filters: said once, with the last of them."""
    return f": {note.count:,} of {note.of:,} kept" if note.of else ""


def _omitted(note: Note) -> str:
    keywords, source = note.about
    return f"omitted {keywords}: the server rejects queries that contain it ({source})"


def _one_range(note: Note) -> str:
    date, time = note.about
    return f"{date} and {time} matched as one continuous period (agreed)"


def _widened(note: Note) -> str:
    return f"{note.about[0]} asked for ?, filtered locally{_kept(note)}"


def _one_of_several(note: Note) -> str:
    return f"items with several AE titles were found by {note.about[0]} alone{_kept(note)}"


def _other_charset(note: Note) -> str:
    keyword, term = note.about
    return f"{keyword} asked in {term}, filtered locally{_kept(note)}"


def _charset_requested(note: Note) -> str:
    told = "which names it" if note.about else "which names none either"
    return f"text came without a character set: asked again for SpecificCharacterSet, {told}"


def _no_match(note: Note) -> str:
    asked, *unprobed = note.about
    said = f"{note.count:,} of {note.of:,} rows do not match {asked}: the server seems to ignore it"
    return said + _to_probe(unprobed)


def _to_probe(unprobed: Sequence[str]) -> str:
    """How to find out what a server does, unless a probe has tried."""
    return "".join(f"; 'probe {modality}' finds out" for modality in unprobed)


def _not_returned(note: Note) -> str:
    keyword, asked, *unprobed = note.about
    said = f"{keyword} is not returned, so we cannot tell whether the server matched {asked}"
    return said + _to_probe(unprobed)


def _type_2_absent(note: Note) -> str:
    many = note.count > len(note.about[0].split(", "))
    attributes = "1 attribute" if note.count == 1 else f"{note.count} attributes"
    return f"{attributes} of type 2 not returned: {note.about[0]}{', …' if many else ''}"


def _without_value(note: Note) -> str:
    keyword, asked = note.about
    said = f"{note.count:,} of {note.of:,} rows have no {keyword}, although {asked} was asked"
    value = asked.partition("=")[2]
    return said + "; a range with both ends may leave them out" * value.startswith("-")


def _other_case(note: Note) -> str:
    return (
        f"{note.count:,} of {note.of:,} rows match {note.about[0]} only if case is ignored, which"
        " the standard allows only for names"
    )


def _no_unique_key(note: Note) -> str:
    keyword, *private = note.about
    said = f"{_rows(note.count, 'has', 'have')} no {keyword}"
    return said + ", but private attributes: last --output vertical shows all" * bool(private)


def _repeated(note: Note) -> str:
    (word, plural) = note.about
    if note.count == 1:
        return f"2 rows are the same {word}"
    return f"{note.count:,} rows repeat {plural} already listed"


def _contradicting(note: Note) -> str:
    same, other = note.about
    has = _rows(note.count, "has", "have")
    return f"{has} the {same} of an earlier row, but another {other}"


def _other_entities(note: Note) -> str:
    plural, key = note.about
    return f"{_rows(note.count)} of other {plural} omitted: {key} is a value here, not a pattern"


def _malformed(note: Note) -> str:
    peer, first, fault = note.about
    shown = "shown as far as it can be read"
    if note.count == 1:
        return f"{peer}: row {first} is malformed ({fault}), {shown}"
    return f"{peer}: {note.count:,} rows are malformed, the first is row {first} ({fault}), {shown}"


def _unlabelled(note: Note) -> str:
    del note
    return (
        "non-ASCII text came without a character set and is read as Latin-1, which may be wrong:"
        " set 'charset: {fallback: …}' for this modality"
    )


def _charset_fault(note: Note) -> str:
    fault, declared, *meant = note.about
    match fault:
        case "misspelt":
            return f"misspelt character set '{declared}', read as {meant[0]}"
        case "not-combinable":
            return f"character set '{declared}' is not a valid combination, read as {meant[0]}"
        case "undeclared-escape":
            return f"text switches to a character set that '{declared}' does not declare"
        case "no-escape":
            return f"text in '{declared}' lacks its escape sequences"
        case "read-as-fallback":
            return f"text declared as {declared} looks like {meant[0]} and is read so"
    return (
        f"text declared as {declared} looks like {meant[0]}:"
        f" 'charset: {{fallback: {meant[0]}}}' for this modality reads it so"
    )


def _letterless(note: Note) -> str:
    has = _rows(note.count, "has a name", "have names")
    return f"{has} without letters: the server may leave out what its character set lacks"


def _lossy(note: Note) -> str:
    return (
        f"answers come in {note.about[0]}, which cannot represent all characters of your query;"
        " the server drops them from names"
    )


def _cap_before_matching(note: Note) -> str:
    keyword, value, cap = note.about
    said = f"the server cuts answers off at {cap} rows, maybe before it matches {keyword}"
    shown = f": 'find series mod={value}' shows what is missing"
    return said + shown * (keyword == "ModalitiesInStudy")


def _outside(note: Note) -> str:
    return (
        f"{_rows(note.count, 'lies', 'lie')} outside the dates asked for:"
        " the server does not match ranges of StudyDate"
    )


def _older(note: Note) -> str:
    command, time, failed = note.about
    return f"this is the answer to '{command}' from {time}; '{failed}' has failed since"


def _counted(note: Note) -> str:
    of = f" of {note.of:,}" if note.of else ""
    return f"{note.count:,}{of} {note.about[0]} counted"


def _differences(note: Note) -> str:
    """`221 in both, 28 only in a, 2 only in b, 1 with other counts`."""
    title, first, second, ours, theirs, again, also_again, counts, values, *open_ = note.about
    told = [f"{note.count:,} in both", f"{ours} only in {first}", f"{theirs} only in {second}"]
    told += [f"{counts} with other counts"] * bool(counts)
    told += [f"{values} with other values"] * bool(values)
    told += [f"{again} repeated in {first}"] * (again != "0")
    told += [f"{also_again} repeated in {second}"] * (also_again != "0")
    return f"{title}: " * bool(title) + ", ".join(told) + " so far" * bool(open_)


def _not_comparable(note: Note) -> str:
    keyword, measure = note.about
    has = _rows(note.count, "has", "have")
    return f"{has} a {keyword} that is not a {measure} and cannot be compared"


def _for_each(note: Note) -> str:
    counted, *stopped = note.about
    return f"for {counted}" + "".join(f", stopped at {limit}" for limit in stopped)


def _placeholder(note: Note) -> str:
    name, setting = note.about
    return f"WADO-SERVER is a placeholder: {name} has no {setting}: setting"


def _reason(verb: str) -> Callable[[Note], str]:
    """`20 failed: the server answered …`."""
    return lambda note: f"{note.count:,} {verb}: {note.about[0]}"


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def _first(text: str) -> Callable[[Note], str]:
    """The words where what the note is about just fills a place: `{}`."""
    return lambda note: text.format(*note.about)


def _count(text: str) -> Callable[[Note], str]:
    """The words where only numbers fill places: `{0}` is the count, `{1}` of how many."""
    return lambda note: text.format(f"{note.count:,}", f"{note.of:,}")


_WORDS: Mapping[NoteKind, str | Callable[[Note], str]] = {
    NoteKind.MATCHED: _first("matched {}"),
    NoteKind.TRY: _first("try: {}"),
    NoteKind.LIMIT_CAN_BE_LIFTED: "--limit N takes N rows, 'set limit none' all",
    NoteKind.QUERIES: lambda n: f"{n.count:,} {'query' if n.count == 1 else 'queries'}",
    NoteKind.UID_LIST_DIVIDED: _count("{0} queries: one cannot hold all UIDs"),
    NoteKind.LIST_DIVIDED: lambda n: f"{n.count:,} queries, one for each value of {n.about[0]}",
    NoteKind.VALUES_FOUND: _values_found,
    NoteKind.RESUMED: _count("{0} answers from the checkpoint"),
    NoteKind.LIST_HEADING: _first("its first line, '{}', was taken for a heading"),
    NoteKind.LIST_TOO_LONG: _list_too_long,
    NoteKind.FILE_HEADING: _first(
        "its first line, '{}', was taken for a heading: --no-header if it has values"
    ),
    NoteKind.LIST_REPEATED: lambda n: f"{_lines(n.count, 'repeats', 'repeat')} a value",
    NoteKind.LIST_EMPTY: lambda n: f"{_lines(n.count, 'has', 'have')} no value",
    NoteKind.ODD_UID: _first("{} is not a valid UID (PS3.5 9.1), sent as it is"),
    NoteKind.DEFINED_TERM: _first("{} was sent as typed; the defined term is {}"),
    NoteKind.PATIENTS_FROM_STUDIES: _first("patients taken from the studies: {}"),
    NoteKind.STUDIES_WITHOUT_PATIENT: lambda n: (
        f"{n.count:,} {'study has' if n.count == 1 else 'studies have'} no PatientID:"
        " each is shown as a patient of its own"
    ),
    NoteKind.PATIENT_BY_PATIENT: _first("asked patient by patient: {}"),
    NoteKind.DESCENDED: lambda n: (
        f"asked {n.about[0]}, {n.count:,} {'query' if n.count == 1 else 'queries'}: the server"
        " refuses queries across them"
    ),
    NoteKind.FILTERED_LOCALLY: _filtered,
    NoteKind.COMBINED_LOCALLY: _combined,
    NoteKind.EMPTY_LOCALLY: lambda n: f"without {n.about[0]}: filtered locally{_kept(n)}",
    NoteKind.EMPTY_AGREED: _first("without {}: matched by the server (agreed)"),
    NoteKind.LACK_THE_ATTRIBUTE: _count("{0} of them lack the value"),
    NoteKind.OMITTED_KEYS: _omitted,
    NoteKind.UNIVERSAL_AS_ASTERISK: _first(
        "{} sent as {} (universal: for this modality): those without a value may be missing"
    ),
    NoteKind.HIDING_KEYS: _first(
        "omitted {}: with it, the server leaves out rows that have no value ({})"
    ),
    NoteKind.RELATIONAL_AGREED: "relational queries agreed",
    NoteKind.RELATIONAL_REFUSED: (
        "relational queries NOT agreed to by the server: it may ignore keys of higher levels"
    ),
    NoteKind.RELATIONAL_UNKNOWN: (
        "relational query: servers without support ignore keys of higher levels"
    ),
    NoteKind.RELATIONAL_IGNORED: "relational query: this server ignores keys of higher levels",
    NoteKind.FUZZY_AGREED: (
        "fuzzy matching of names agreed: the server decides which names are similar"
    ),
    NoteKind.FUZZY_REFUSED: (
        "fuzzy matching of names NOT agreed to by the server: names matched as typed"
    ),
    NoteKind.ONE_RANGE: _one_range,
    NoteKind.PERIOD_OR_EACH_DAY: (
        "date and time are one period in a worklist (PS3.4 K.6.1.2.2), but some servers match the"
        " time on each day"
    ),
    NoteKind.EACH_DAY: _first(
        "{} matched on each day separately; --datetime makes it one continuous period"
    ),
    NoteKind.CASE_SENSITIVE_NAMES: _first("this server matches names case-sensitively ({})"),
    NoteKind.QUESTION_MARK_ASCII: _first("on this server, ? does not match non-ASCII letters ({})"),
    NoteKind.UNSEARCHABLE_CHARSETS: _first("this server cannot find names stored in {} ({})"),
    NoteKind.WILDCARD_IN_WORKLIST: _first(
        "{}: in a worklist, only names have wildcards (PS3.4 K.6.1.2.2); 'why' asks without it"
    ),
    NoteKind.WILDCARD_WIDENED: _widened,
    NoteKind.WILDCARD_UNSETTLED: _count(
        "? may not match non-ASCII letters on this server, and more than {0} rows would have to be"
        " compared: use * instead"
    ),
    NoteKind.ONE_OF_SEVERAL: _one_of_several,
    NoteKind.OTHER_CHARSET: _other_charset,
    NoteKind.NO_CHARSET_FINDS: _first("also asked in {}"),
    NoteKind.CHARSET_REQUESTED: _charset_requested,
    NoteKind.NO_MATCH: _no_match,
    NoteKind.NOT_RETURNED: _not_returned,
    NoteKind.KEYS_UNSUPPORTED: _first(
        "the server does not support some of the keys (0xFF01), and dicomsh cannot check {}"
    ),
    NoteKind.NONE_RETURNED: _first("{}: the server returned none"),
    NoteKind.TYPE_2_ABSENT: _type_2_absent,
    NoteKind.WITHOUT_VALUE: _without_value,
    NoteKind.OTHER_CASE: _other_case,
    NoteKind.NO_UNIQUE_KEY: _no_unique_key,
    NoteKind.OTHER_LEVEL: lambda n: (
        f"{_rows(n.count, 'says it is', 'say they are')} of level {n.about[0]}"
    ),
    NoteKind.REPEATED: _repeated,
    NoteKind.CONTRADICTING: _contradicting,
    NoteKind.OTHER_ENTITIES: _other_entities,
    NoteKind.SEVERAL_NAMES: lambda n: (
        f"{n.count:,} names under this PatientID ({n.about[0]}): are they one person?"
    ),
    NoteKind.CHECKED: _first("{} checked"),
    NoteKind.ROUNDS: lambda n: f"{n.count:,} {'round' if n.count == 1 else 'rounds'}",
    NoteKind.UNMET: "the condition of --until was not met",
    NoteKind.ASKED_AS: _first("asked as {}"),
    NoteKind.NO_STEP: lambda n: (
        f"{_rows(n.count, 'has', 'have')} no scheduled step in ScheduledProcedureStepSequence"
    ),
    NoteKind.SEVERAL_STEPS: lambda n: (
        f"{_rows(n.count, 'has', 'have')} more than one step: the standard allows one an item"
    ),
    NoteKind.OTHER_ISSUER: lambda n: f"{_rows(n.count)} of another issuer omitted",
    NoteKind.ISSUER_UNKNOWN: (
        "the server does not return the issuer: rows of other patients may be among them"
    ),
    NoteKind.MALFORMED: _malformed,
    NoteKind.TAG_REPEATED: lambda n: f"{n.about[0]} is sent twice in {_rows(n.count)}",
    NoteKind.SIGN_UNKNOWN: lambda n: (
        f"{n.about[0]} may be signed in {_rows(n.count)}: add +PixelRepresentation to the query"
    ),
    NoteKind.WARNED: _first("the server ended the answer with {}"),
    NoteKind.OFFENDING: _first("it objects to {}"),
    NoteKind.UNKNOWN_CHARSET: _first("unknown character set '{}', read as {}"),
    NoteKind.UNLABELLED: _unlabelled,
    NoteKind.CHARSET_FAULT: _charset_fault,
    NoteKind.LETTERLESS_NAMES: _letterless,
    NoteKind.LOSSY_CHARSETS: _lossy,
    NoteKind.UNDECODABLE: _first("bytes invalid in {} are shown as \ufffd"),
    NoteKind.CAP_BEFORE_MATCHING: _cap_before_matching,
    NoteKind.AT_THE_CAP: _first("the server is known to cut answers off at {} rows"),
    NoteKind.SAME_ROUND_NUMBER: _count("also {0} for an earlier query: a limit of the server?"),
    NoteKind.BUDGET_SPENT: _count("stopped dividing after {0} queries: --queries N allows more"),
    NoteKind.NOTHING_NEW: _count(
        "stopped dividing: {0} answers in a row were cut off and had nothing new"
    ),
    NoteKind.DUPLICATES: lambda n: (
        f"{n.count:,} duplicate {'row' if n.count == 1 else 'rows'} omitted"
    ),
    NoteKind.UNNAMED_PATIENTS: lambda n: f"{n.about[0]} without a PatientID could not be asked for",
    NoteKind.UNNAMED_ENTITIES: _count(
        "{0} without a unique key omitted, with everything below them"
    ),
    NoteKind.OUTSIDE_THE_DATES: _outside,
    NoteKind.NONE_MISSING: "none is missing according to the patients' study counts",
    NoteKind.UNDATED_MISSING: lambda n: (
        f"{n.count:,} without {n.about[0]} are missing, which the server cannot match"
    ),
    NoteKind.UNDATED_UNKNOWN: _first(
        "studies without {} may be missing: a range need not match them"
    ),
    NoteKind.KEPT_ROWS: _count("only the first {0} of {1} rows are kept"),
    NoteKind.MORE: _count("{0} more such notes"),
    NoteKind.OLDER: _older,
    NoteKind.COUNTED: _counted,
    NoteKind.NOT_COMPARABLE: _not_comparable,
    NoteKind.FOR_EACH: _for_each,
    NoteKind.IN_DOUBT: "some rows may not match; run the command by itself to see why",
    NoteKind.NEITHER_HAS: _first("nothing to compare: neither {} nor {} has any matching {}"),
    NoteKind.BOTH_EMPTY: "both answers are empty: nothing was compared",
    NoteKind.NOT_COMPARED: _first("{} of {} not compared: {} did not return all of its rows"),
    NoteKind.NOT_CERTAIN: _first("{} of {} not compared: the answer of {} is in doubt"),
    NoteKind.VALUES_NOT_COMPARED: _first("{} not compared: {} returned none"),
    NoteKind.NOT_LOOKED_INTO: _first("{} not compared in depth: {}"),
    NoteKind.NOT_REACHED: _first("{} not compared in depth"),
    NoteKind.KEYLESS: lambda n: (
        f"{_rows(n.count)} of {n.about[0]} without a {n.about[1]} not compared"
    ),
    NoteKind.DIFFERENCES: _differences,
    NoteKind.SIDE: _first("{}: {}"),
    NoteKind.PLACEHOLDER: _placeholder,
    NoteKind.REMEMBERED: _first("{}"),
    NoteKind.IN_FOLDER: _first("in {}"),
    NoteKind.ALREADY_HERE: _count("{0} of them were already here"),
    NoteKind.TO_RETRIEVE: _count("{0} to retrieve"),
    NoteKind.NOTHING_WANTED: _first("nothing to {}"),
    NoteKind.FAILED_OBJECTS: _reason("failed"),
    NoteKind.MISSING_OBJECTS: _reason("did not arrive"),
    NoteKind.UNEXPECTED_OBJECTS: lambda n: (
        f"{n.count:,} arrived that were not requested: {n.about[0]}"
    ),
    NoteKind.DUPLICATE_OBJECTS: _count("{0} arrived more than once"),
    NoteKind.UNSURE_LIST: (
        "the list of instances is not certain, so we cannot tell whether these are all"
    ),
    NoteKind.SERVER_CLAIMS: _first("the sending server says: {}"),
    NoteKind.NOT_VERIFIED: "not verified (--no-verify)",
    NoteKind.DESTINATION_MUTE: _first("not verified: {}"),
    NoteKind.CANNOT_VERIFY: _first("not verified: {} is not one of the modalities"),
    NoteKind.IS_DESTINATION_KNOWN: _first(
        "does the server know the destination {}, with its host and port?"
    ),
    NoteKind.DOES_DESTINATION_TAKE: _first(
        "does {} run at the host and port that the server knows, and does it accept the server's AE"
        " title and these objects?"
    ),
    NoteKind.VERIFIED_AT: _first("verified by asking {}"),
    NoteKind.UNKNOWN_DESTINATION: _first(
        "the server does not know the destination {}: its administrator has to add the AE title"
        " with its host and port"
    ),
    NoteKind.FAILED_SERIES: lambda n: f"{n.count:,} series incomplete: {n.about[0]}",
    NoteKind.MOVE_TO_US: lambda n: (
        f"the server has to know {n.about[0]} as this computer's address with port {n.about[1]},"
        " and a firewall must let it connect"
    ),
    NoteKind.SAME_AGAIN: _count("{0} were sent again and are the same"),
    NoteKind.OTHER_BYTES: _count(
        "{0} differ from the file that is here under the same UID: the file was kept"
    ),
    NoteKind.REFUSED_CALLERS: lambda n: (
        f"refused: {n.about[0]} (to admit an unknown caller: --from AET, or 'modality add')"
    ),
    NoteKind.COMMITTED: _count("{0} of {1} committed"),
    NoteKind.NOT_COMMITTED: _reason("not committed"),
    NoteKind.NOT_DICOM: lambda n: (
        f"{_files(n.count)} left out, not DICOM: {', '.join(n.about)}"
        + (", …" if n.count > len(n.about) else "")
    ),
    NoteKind.WITH_WARNING: _reason("stored with a warning"),
    NoteKind.NO_ROOM: "the disk is full: make room, then receive again; senders were told",
    NoteKind.DISK_FULL: lambda n: f"the disk is full: about {n.about[0]} more are needed",
}
"""The words of each kind of note."""
