"""The same query for other tools, to copy and paste into a POSIX shell.

One function for each tool: `Sent` → `Equivalent`. To add a tool, add a function to `TOOLS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from urllib.parse import quote as percent

from dicomsh.explain.deprecated import LEAST, ROUTES
from dicomsh.explain.equivalent import (
    Equivalent,
    is_nameless,
    keyword_or_hex,
    lines_of,
    without_level,
)
from dicomsh.explain.qido import qido
from dicomsh.explain.reasons import Sent
from dicomsh.model.charset import UTF8
from dicomsh.model.keys import Attribute, is_retired, tag_pair
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query, QueryKey

ORTHANC = "http://localhost:8042"
"""Base URL of Orthanc's REST API, as in its documentation."""

GATEWAY = "http://127.0.0.1:8042"
"""Base URL of `dicomsh gateway`, as it says itself."""


def _terminal_charset(query: Query) -> tuple[str, tuple[str, ...]]:
    """The character set to declare for text that a terminal passes as UTF-8, and a note on it."""
    if not query.charset or query.charset == UTF8:
        return query.charset, ()
    return UTF8, (f"a terminal passes UTF-8, so this declares {UTF8} instead of {query.charset}",)


def _matching(query: Query) -> list[QueryKey]:
    return [key for key in query.keys if key.value]


_INFORMATION_MODELS = {
    Model.PATIENT_ROOT.value: ("-P", "PatientRoot"),
    Model.STUDY_ROOT.value: ("-S", "StudyRoot"),
    MODALITY_WORKLIST_FIND: ("-W", "MWL"),
}
"""SOP Class UID → how DCMTK and dcm4che call the information model."""


def findscu(sent: Sent) -> Equivalent:
    """DCMTK's findscu."""
    query, peer = sent.query, sent.peer
    charset, notes = _terminal_charset(query)
    keys = [
        *([("SpecificCharacterSet", charset)] if charset else []),
        *([] if query.level is None else [("QueryRetrieveLevel", query.level.dicom)]),
        *((_dcmtk_path(key.path), key.value) for key in query.keys),
    ]
    root, _ = _INFORMATION_MODELS[query.sop_class.uid]
    parts = [f"findscu {root} -aet {quote(peer.local_aet)} -aec {quote(peer.entity.aet)}"]
    parts += [f"-k {quote(f'{name}={value}' if value else name)}" for name, value in keys]
    parts += [] if sent.limit is None else [f"--cancel {sent.limit}"]
    parts += [*dcmtk_tls(peer), f"{quote(peer.entity.host)} {peer.entity.port}"]
    notes += _not_negotiated(sent)
    return Equivalent("DCMTK findscu", lines_of(parts), notes)


def _not_negotiated(sent: Sent) -> tuple[str, ...]:
    titles = sorted(extension.title for extension in sent.peer.extended)
    return (f"it cannot negotiate {', '.join(titles)}",) if titles else ()


def _dcmtk_path(path: Sequence[Attribute]) -> str:
    return ".".join([*(f"{_dcmtk_name(part)}[0]" for part in path[:-1]), _dcmtk_name(path[-1])])


def _dcmtk_name(attribute: Attribute) -> str:
    """The keyword; for a retired attribute the tag, because DCMTK names it differently."""
    known = not is_retired(attribute.tag)
    return attribute.keyword if known else attribute.tag_text


def dcmtk_tls(peer: Modality) -> list[str]:
    """The options of DCMTK's programs for the TLS of a peer."""
    tls = peer.entity.tls
    if tls is None:
        return []
    own = f"+tls {quote(str(tls.key))} {quote(str(tls.cert))}" if tls.key and tls.cert else "+tla"
    trust = f" +cf {quote(str(tls.ca))}" if tls.ca else ""
    return [own + trust + ("" if tls.verify else " -ic")]


def dcm4che(sent: Sent) -> Equivalent:
    """dcm4che's findscu, which has the same name as DCMTK's."""
    query, peer = sent.query, sent.peer
    charset, notes = _terminal_charset(query)
    _, model = _INFORMATION_MODELS[query.sop_class.uid]
    parts = [
        f"findscu -b {quote(peer.local_aet)} -c {quote(str(peer.entity))}",
        f"-M {model}" + ("" if query.level is None else f" -L {query.level.dicom}"),
        *sorted(f"--{extension.word}" for extension in peer.extended),
        *([f"-m {quote(f'SpecificCharacterSet={charset}')}"] if charset else []),
        *(f"-m {quote(f'{_dcm4che_path(key)}={key.value}')}" for key in _matching(query)),
        *(f"-r {quote(_dcm4che_path(key))}" for key in query.keys if not key.value),
    ]
    if sent.limit is not None:
        parts.append(f"--cancel {sent.limit}")
    if any(len(key.path) > 1 for key in query.keys):
        notes += ("older releases write / instead of . between a sequence and its attribute",)
    if peer.entity.tls is not None:
        notes += ("TLS needs Java key stores: --tls, --key-store, --trust-store",)
    return Equivalent("dcm4che findscu", lines_of(parts), notes)


def _dcm4che_path(key: QueryKey) -> str:
    return ".".join(keyword_or_hex(part) for part in key.path)


def pynetdicom(sent: Sent) -> Equivalent:
    """A Python program with pynetdicom."""
    query, peer = sent.query, sent.peer
    uid = query.sop_class.uid
    title = json.dumps(peer.local_aet)
    lines = [
        *(["import ssl", ""] if peer.entity.tls else []),
        "from pydicom.dataset import Dataset",
        "from pynetdicom import AE",
        "",
        *_python_identifier(query),
        "",
        f"model = {json.dumps(uid)}  # {query.sop_class.title}",
        f"ae = AE(ae_title={title})",
        "ae.add_requested_context(model)",
        *_python_tls(sent),
        f"association = ae.associate({json.dumps(peer.entity.host)}, {peer.entity.port},"
        f" ae_title={json.dumps(peer.entity.aet)}{_tls_argument(sent)})",
        "if not association.is_established:",
        '    raise SystemExit("no association")',
        "for status, answer in association.send_c_find(identifier, model):",
        "    if answer is not None:",
        "        print(answer)",
        "    elif status and status.Status:",
        '        print(f"ended with 0x{status.Status:04X}")',
        "association.release()",
    ]
    limit = "it reads every row: stopping early would mix up the next answer"
    notes: tuple[str, ...] = (limit,) if sent.limit else ()
    if peer.extended:
        notes += ("extended negotiation needs ae.associate(…, ext_neg=…), not shown here",)
    return Equivalent("pynetdicom", "\n".join(lines), notes)


def _python_identifier(query: Query) -> list[str]:
    lines = ["identifier = Dataset()"]
    if query.charset:
        lines.append(f"identifier.SpecificCharacterSet = {_charsets(query)}")
    if query.level is not None:
        lines.append(f"identifier.QueryRetrieveLevel = {json.dumps(query.level.dicom)}")
    made: dict[tuple[Attribute, ...], str] = {(): "identifier"}
    for key in query.keys:
        for depth in range(1, len(key.path)):
            lines += _python_item(key.path[:depth], made)
        lines.append(_python_set(made[key.path[:-1]], key.attribute, _python_value(key)))
    return lines


def _charsets(query: Query) -> str:
    terms = query.charset.split("\\")
    return json.dumps(terms[0] if len(terms) == 1 else terms)


def _python_item(path: tuple[Attribute, ...], made: dict[tuple[Attribute, ...], str]) -> list[str]:
    """The lines that create a sequence item, the first time it is needed."""
    if path in made:
        return []
    made[path] = f"item{len(made)}"
    holder, last = made[path[:-1]], path[-1]
    return [f"{made[path]} = Dataset()", _python_set(holder, last, f"[{made[path]}]")]


def _python_set(holder: str, attribute: Attribute, value: str) -> str:
    if is_nameless(attribute):
        return f"{holder}.add_new(0x{attribute.tag:08X}, {json.dumps(attribute.vr)}, {value})"
    return f"{holder}.{attribute.keyword} = {value}"


def _python_value(key: QueryKey) -> str:
    vr, value = key.attribute.vr, key.value
    if vr == "SQ":
        return "[]"
    if vr == "UN":
        return repr(value.encode())
    if value and vr in ("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"):
        return value.lstrip("+")
    if not value and vr in ("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"):
        return "None"
    return _json(value)


def _tls_argument(sent: Sent) -> str:
    return ", tls_args=(context, None)" if sent.peer.entity.tls else ""


def _python_tls(sent: Sent) -> list[str]:
    tls = sent.peer.entity.tls
    if tls is None:
        return []
    source = f"cafile={json.dumps(str(tls.ca))}" if tls.ca else ""
    lines = [
        f"context = ssl.create_default_context({source})",
        "context.verify_flags &= ~ssl.VERIFY_X509_STRICT",
    ]
    if not tls.verify:
        lines += ["context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE"]
    if tls.cert:
        key = f", {json.dumps(str(tls.key))}" if tls.key else ""
        lines.append(f"context.load_cert_chain({json.dumps(str(tls.cert))}{key})")
    return lines


def orthanc(sent: Sent) -> Equivalent:
    """Orthanc's REST API: one request queries, a second fetches the answers."""
    return _rest(sent, "Orthanc", ORTHANC, _orthanc_notes(sent))


def gateway(sent: Sent) -> Equivalent:
    """The same requests to `dicomsh gateway`, which sends what we would send."""
    notes = ["dicomsh gateway must be running, with the same modalities file"]
    if sent.limit is not None:
        notes.append(f"this route has no limit; start the gateway with --limit {sent.limit}")
    notes += _not_negotiated(sent)
    return _rest(sent, "dicomsh gateway", GATEWAY, tuple(notes))


def _rest(sent: Sent, title: str, base: str, notes: tuple[str, ...]) -> Equivalent:
    query = sent.query
    modality = f"{base}/modalities/{percent(sent.peer.name, safe='')}"
    if query.level is None:  # the route for a worklist, whose query may have sequences
        asked = _json({"Query": _nested(query), "Short": True})
        parts = [f"curl -s {quote(f'{modality}/find-worklist')} -X POST", f"-d {quote(asked)}"]
        return Equivalent(title, lines_of(parts), notes)
    inside = [key.keyword for key in query.keys if len(key.path) > 1]
    if inside:
        trouble = f"not possible: the Query of this route has no sequences ({', '.join(inside)})"
        return Equivalent(title, "", (trouble,))
    keys = {_orthanc_key(key): key.value for key in query.keys}
    level = f'{{"Level": {json.dumps(query.level.word.title())}, "Query": {{'
    body = lines_of([level, *_members(keys), '}, "Normalize": false}'], end="")
    first = f"curl -s {quote(f'{modality}/query')} \\\n  -d {quote(body)} \\\n "
    path = """sed -n 's/.*"Path" *: *"\\([^"]*\\)".*/\\1/p'"""
    second = f'curl -s "{base}$answers/answers?expand&simplify"'
    return Equivalent(title, f"answers=$({first} | {path})\n{second}", notes)


def _nested(query: Query) -> dict[str, object]:
    """The keys as a JSON object; a sequence has one item."""
    whole: dict[str, object] = {}
    for key in query.keys:
        node = whole
        for part in key.path[:-1]:
            (node,) = node.setdefault(part.keyword, [{}])  # type: ignore[misc]
        empty: object = [] if key.attribute.vr == "SQ" else ""
        node[key.attribute.keyword] = key.value or empty
    return whole


def _members(keys: Mapping[str, str]) -> list[str]:
    """The members of a JSON object, with the commas between them."""
    pairs = [f"{json.dumps(name)}: {_json(value)}" for name, value in keys.items()]
    return [f"{pair}," for pair in pairs[:-1]] + pairs[-1:]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _orthanc_key(key: QueryKey) -> str:
    """The keyword; for a retired attribute the tag, because Orthanc may not know the keyword."""
    tag = key.attribute.tag
    return tag_pair(tag) if is_nameless(key.attribute) or is_retired(tag) else key.keyword


def _orthanc_notes(sent: Sent) -> tuple[str, ...]:
    query = sent.query
    model = Model.PATIENT_ROOT if query.level is Level.PATIENT else Model.STUDY_ROOT
    notes = [f"{sent.peer.name} must be in that Orthanc's DicomModalities"]
    if query.level is not None and model is not query.model:
        notes.append(f"Orthanc queries this level in {model.title}")
    if query.charset:
        notes.append("Orthanc uses its DefaultEncoding and drops characters it lacks: use Utf8")
    if sent.limit is not None:
        notes.append("this route has no limit")
    notes += _not_negotiated(sent)
    return tuple(notes)


def orthanc_deprecated(sent: Sent) -> Equivalent:
    """Orthanc's deprecated find-patient, find-study, find-series and find-instance."""
    query = sent.query
    if query.level is None:
        return without_level("Orthanc (deprecated)")
    old = ROUTES[query.level]
    title = f"Orthanc {old.route} (deprecated)"
    given = {key.keyword: key.value for key in _matching(query)}
    dropped = [word for word in given if word not in old.kept]
    if dropped:
        return Equivalent(title, "", (f"not possible: it silently drops {', '.join(dropped)}",))
    for choice in old.needed:
        if not any(len(given.get(word, "")) >= LEAST for word in choice):
            words = " or ".join(sorted(choice))
            trouble = f"refused by Orthanc: needs {words} of {LEAST} characters or more"
            return Equivalent(title, "", (trouble,))
    url = f"{ORTHANC}/modalities/{percent(sent.peer.name, safe='')}/{old.route}"
    parts = [f"curl -s {quote(url)} -X POST", f"-d {quote(_json(given))}"]
    notes = ("it returns its own fixed set of attributes, named by keyword",)
    return Equivalent(title, lines_of(parts), notes)


Tool = Callable[[Sent], Equivalent]

TOOLS: Mapping[str, Tool] = {
    "findscu": findscu,
    "dcm4che": dcm4che,
    "pynetdicom": pynetdicom,
    "orthanc": orthanc,
    "orthanc-find": orthanc_deprecated,
    "gateway": gateway,
    "qido": qido,
}
"""Tools by name in `explain --as`."""
