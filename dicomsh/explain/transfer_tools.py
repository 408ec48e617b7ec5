"""The same retrieval or storage with other tools, to copy and paste into a POSIX shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from urllib.parse import quote as percent

from dicomsh.explain.equivalent import Equivalent, lines_of
from dicomsh.explain.tools import ORTHANC, dcmtk_tls
from dicomsh.explain.transfer import SentRetrieve, SentStore
from dicomsh.frozen import frozen
from dicomsh.model.levels import Level
from dicomsh.model.modality import USUAL_PORT, Modality
from dicomsh.model.wado import PLACEHOLDER_RS

_FOLDER = "."


def getscu(sent: SentRetrieve) -> Equivalent:
    """DCMTK's getscu."""
    title = "DCMTK getscu"
    if _is_elsewhere(sent):
        return Equivalent(title, "", (_ONLY_TO_US,))
    parts = [f"getscu -S {_dcmtk_titles(sent.peer)} +B -od {_FOLDER}", *_dcmtk_keys(sent)]
    notes = ("its exit status is 0 even if the server failed", "compressed objects: add -x…")
    return Equivalent(title, lines_of([*parts, *_dcmtk_peer(sent.peer)]), notes)


def movescu(sent: SentRetrieve) -> Equivalent:
    """DCMTK's movescu."""
    peer = sent.peer
    title = sent.destination or peer.local_aet
    parts = [f"movescu -S {_dcmtk_titles(peer)} -aem {quote(title)}"]
    notes: tuple[str, ...] = ()
    if not _is_elsewhere(sent):
        port = sent.port or USUAL_PORT
        parts.append(f"+P {port} +B -od {_FOLDER}")
        notes = (f"{peer.name} has to know {title} with this computer and port {port}",)
    return Equivalent(
        "DCMTK movescu", lines_of([*parts, *_dcmtk_keys(sent), *_dcmtk_peer(peer)]), notes
    )


def dcm4che(sent: SentRetrieve) -> Equivalent:
    """dcm4che's getscu or movescu, which have the same names as DCMTK's."""
    peer, query = sent.peer, sent.query
    program = "movescu" if sent.destination else "getscu"
    parts = [f"{program} -b {quote(peer.local_aet)} -c {quote(str(peer.entity))}"]
    parts += [f"-M StudyRoot -L {_level(sent).dicom}"]
    parts += [f"-m {quote(f'{key.keyword}={key.value}')}" for key in query.keys]
    notes = []
    if sent.destination:
        parts.append(f"--dest {quote(sent.destination)}")
        if sent.port is not None:
            notes.append(f"first: storescp -b {quote(sent.destination)}:{sent.port}")
    else:
        parts.append(f"--directory {_FOLDER}")
        notes.append("its exit status is 0 even if the server failed")
    if peer.entity.tls is not None:
        notes.append("TLS needs Java key stores: --tls, --key-store, --trust-store")
    return Equivalent(f"dcm4che {program}", lines_of(parts), tuple(notes))


def orthanc(sent: SentRetrieve) -> Equivalent:
    """Orthanc's REST API: that Orthanc retrieves, or makes the peer send elsewhere."""
    level, moves = _level(sent), _is_elsewhere(sent)
    keys = {key.keyword: key.value for key in sent.query.keys}
    route = "move" if moves else "get"
    target = {"TargetAet": sent.destination} if moves else {}
    instances = keys.get("SOPInstanceUID", "").split("\\")
    resources = [{**keys, **({"SOPInstanceUID": uid} if uid else {})} for uid in instances]
    body = {"Level": level.word.title(), "Resources": resources, **target}
    url = f"{ORTHANC}/modalities/{percent(sent.peer.name, safe='')}/{route}"
    text = lines_of([f"curl -s {quote(url)}", f"-d {quote(json.dumps(body, ensure_ascii=False))}"])
    notes = [f"{sent.peer.name} must be in that Orthanc's DicomModalities"]
    if not moves:
        notes.append("that Orthanc gets the objects; from 1.12.6; earlier ones have /move only")
    return Equivalent(f"Orthanc {route}", text, tuple(notes))


def wado_rs(sent: SentRetrieve) -> Equivalent:
    """WADO-RS, the retrieval of DICOMweb (PS3.18 10.4)."""
    if _is_elsewhere(sent):
        return Equivalent("WADO-RS", "", (_ONLY_TO_US,))
    peer, keys = sent.peer, {key.keyword: key.value for key in sent.query.keys}
    base = (peer.wado_rs or PLACEHOLDER_RS).rstrip("/")
    url = f"{base}/studies/{keys['StudyInstanceUID']}"
    if "SeriesInstanceUID" in keys:
        url += f"/series/{keys['SeriesInstanceUID']}"
    uids = keys["SOPInstanceUID"].split("\\") if "SOPInstanceUID" in keys else []
    urls = [f"{url}/instances/{uid}" for uid in uids] or [url]
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    parts = [f"curl -s -H {quote(f'Accept: {accept}')}", *map(quote, urls)]
    notes = ["the answer is one multipart message, not files"]
    if not peer.wado_rs:
        notes.append(f"WADO-SERVER is a placeholder: {peer.name} has no wado_rs: setting")
    return Equivalent("WADO-RS", lines_of([*parts, "-o answer.multipart"]), tuple(notes))


RETRIEVE_TOOLS: Mapping[str, Callable[[SentRetrieve], Equivalent]] = {
    "getscu": getscu,
    "movescu": movescu,
    "dcm4che": dcm4che,
    "orthanc": orthanc,
    "wado-rs": wado_rs,
}
"""Tools that retrieve, by name in `explain --as`."""


@frozen
class StoredPaths:
    """What is to be stored.

    Args:
        sent: where to.
        paths: files and folders, as typed.
    """

    sent: SentStore
    paths: Sequence[str]

    @property
    def peer(self) -> Modality:
        """The peer."""
        return self.sent.peer


def storescu(stored: StoredPaths) -> Equivalent:
    """DCMTK's storescu."""
    peer = stored.peer
    parts = [f"storescu {_dcmtk_titles(peer)} +sd +r", *_dcmtk_peer(peer)]
    notes = ("compressed objects: add the transfer syntax, such as -xs or -xv",)
    return Equivalent("DCMTK storescu", lines_of([*parts, *map(quote, stored.paths)]), notes)


def dcm4che_store(stored: StoredPaths) -> Equivalent:
    """dcm4che's storescu."""
    peer = stored.peer
    parts = [f"storescu -b {quote(peer.local_aet)} -c {quote(str(peer.entity))}"]
    return Equivalent("dcm4che storescu", lines_of([*parts, *map(quote, stored.paths)]))


def orthanc_store(stored: StoredPaths) -> Equivalent:
    """Orthanc's REST API: into that Orthanc, file by file."""
    paths = " ".join(map(quote, stored.paths))
    url = quote(f"{ORTHANC}/instances")
    text = f"find {paths} -type f -exec curl -s {url} --data-binary @{{}} \\;"
    return Equivalent("Orthanc", text, ("into that Orthanc itself",))


STORE_TOOLS: Mapping[str, Callable[[StoredPaths], Equivalent]] = {
    "storescu": storescu,
    "dcm4che": dcm4che_store,
    "orthanc": orthanc_store,
}
"""Tools that store, by name in `explain --as`."""

_ONLY_TO_US = "not possible: it retrieves to the computer that asks, not to another one"


def _is_elsewhere(sent: SentRetrieve) -> bool:
    return bool(sent.destination) and sent.port is None


def _level(sent: SentRetrieve) -> Level:
    assert sent.query.level is not None  # a retrieval has one (PS3.4 C.4.2.1.4)
    return sent.query.level


def _dcmtk_titles(peer: Modality) -> str:
    return f"-aet {quote(peer.local_aet)} -aec {quote(peer.entity.aet)}"


def _dcmtk_keys(sent: SentRetrieve) -> list[str]:
    keys = [("QueryRetrieveLevel", _level(sent).dicom)]
    keys += [(key.keyword, key.value) for key in sent.query.keys]
    return [f"-k {quote(f'{name}={value}')}" for name, value in keys]


def _dcmtk_peer(peer: Modality) -> list[str]:
    return [*dcmtk_tls(peer), f"{quote(peer.entity.host)} {peer.entity.port}"]
