"""Moving objects explained: what would be asked for or sent, and in which presentation contexts."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.explain.identifier import elements
from dicomsh.explain.page import element_lines, told
from dicomsh.frozen import field, frozen, replace, slotted
from dicomsh.model.levels import HIERARCHY, Level
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.standard import uid_name
from dicomsh.model.storage import Pair


@frozen
class SentRetrieve:
    """A C-GET or C-MOVE as it would be sent.

    Args:
        query: its unique keys.
        peer: the peer, at the address where it can be reached.
        destination: AE title that a C-MOVE sends to; empty for a C-GET.
        port: the port that we listen on, if the destination is us.
        sop_classes: UIDs of the storage SOP classes that may arrive here, or placeholders.
        syntaxes: UIDs of the transfer syntaxes that each may arrive in.
    """

    query: Query
    peer: Modality
    destination: str = ""
    port: int | None = None
    sop_classes: tuple[str, ...] = ()
    syntaxes: tuple[str, ...] = ()

    @property
    def service(self) -> str:
        """The DIMSE service."""
        return "C-MOVE" if self.destination else "C-GET"


@slotted
class SentStore:
    """The C-STOREs to one peer as they would be sent.

    Args:
        peer: the peer, at the address where it can be reached.
        counts: how many objects of each pair.
        commits: whether storage commitment would be requested.
        port: the port that we listen on for the report.
    """

    peer: Modality
    counts: dict[Pair, int] = field(default_factory=dict)
    commits: bool = False
    port: int | None = None


def whole(sent: SentRetrieve) -> SentRetrieve:
    """The same in one request, if it would be one for each series of a study that is known."""
    keys = tuple(key for key in sent.query.keys if not is_placeholder(key.value))
    levels = [
        level for level in HIERARCHY if any(key.keyword == level.unique_keyword for key in keys)
    ]
    if not levels or levels[-1] is Level.PATIENT:
        return sent
    return replace(sent, query=replace(sent.query, level=levels[-1], keys=keys))


def retrieve_lines(sent: SentRetrieve) -> list[str]:
    """Peer, level, contexts and identifier of a C-GET or C-MOVE."""
    query, peer = sent.query, sent.peer
    lines = [f"{sent.service} to {peer.name}, {peer.address.title}, as {peer.local_aet}"]
    keys = "unique keys alone are sent, complete and without wildcards (PS3.4 C.4.2.1.4)"
    lines += told("model", [f"{query.sop_class.title}: {keys}"])
    if query.level is not None:
        what = f"all instances of each {query.level.word}"
        what = "the instances named" if query.level is Level.INSTANCE else what
        lines += told("level", [f"{query.level.dicom}: {what}"])
    if sent.destination:
        lines += told("to", list(_destination(sent)))
    if sent.sop_classes:
        lines += told("contexts", list(_contexts(sent)))
    lines.append("the identifier, in tag order:")
    return lines + [line for element in elements(query, peer) for line in element_lines(element)]


def _destination(sent: SentRetrieve) -> Iterator[str]:
    ours = sent.port is not None
    where = f"this computer, port {sent.port}" if ours else "an address"
    yield f"{sent.destination}: {sent.peer.name} has to know {where} for this AE title"
    if ours:
        yield "it opens an association to us, and sends by C-STORE"


def _contexts(sent: SentRetrieve) -> Iterator[str]:
    if sent.destination:
        yield f"one for {sent.service}; those for C-STORE are proposed by the sender,"
        yield f"and we accept {len(sent.syntaxes)} transfer syntaxes"
        return
    yield f"for {sent.service}, one in each information model"
    yield f"for C-STORE, in which our role is SCP (PS3.7 D.3.3.4): {_classes(sent)},"
    yield f"in {len(sent.syntaxes)} transfer syntaxes, a context for each of them, so that the"
    yield "objects come as they are stored; more than 128 take several associations"


def _classes(sent: SentRetrieve) -> str:
    known = [uid_name(uid) for uid in sent.sop_classes if not is_placeholder(uid)]
    return ", ".join(known) or "each SOP class in the list"


def is_placeholder(value: str) -> bool:
    """Whether a value is not known until an answer provides it."""
    return value.startswith("<")


def store_lines(sent: SentStore) -> list[str]:
    """Peer and contexts of C-STOREs."""
    peer, total = sent.peer, sum(sent.counts.values())
    lines = [f"C-STORE to {peer.name}, {peer.address.title}, as {peer.local_aet}"]
    lines += told("objects", [f"{total:,}, each as it is in its file: nothing is converted"])
    pairs = [
        f"{uid_name(sop_class)} in {uid_name(syntax)}: {count:,}"
        for (sop_class, syntax), count in sent.counts.items()
    ]
    lines += told("contexts", pairs)
    if sent.commits:
        report = f"the report may come to {peer.local_aet} on port {sent.port} of this computer"
        lines += told("then", ["N-ACTION: storage commitment (PS3.4 J.3.2)", report])
    return lines
