"""The C-FIND service of the practice archive (PS3.4 C.4.1), with faults on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import chain
from threading import Event
from typing import Any, Protocol

from pydicom.uid import ExplicitVRLittleEndian

from dicomsh.frozen import frozen, replace
from dicomsh.model.extended_negotiation import Extension, agreed
from dicomsh.model.keys import by_keyword, by_tag
from dicomsh.model.levels import HIERARCHY, MODALITY_WORKLIST_FIND, Level, Model
from dicomsh.model.modality import Faults
from dicomsh.model.status import (
    CANCEL,
    IDENTIFIER_MISMATCH,
    PENDING,
    PENDING_UNSUPPORTED,
    SUCCESS,
    UNABLE_TO_PROCESS,
)
from dicomsh.practice.holdings import Holdings
from dicomsh.practice.identifier import (
    Identifier,
    RefusedError,
    read_identifier,
    read_keys,
)
from dicomsh.practice.matching import RequestedKey
from dicomsh.practice.query import PracticeQuery, Style
from dicomsh.practice.responses import (
    PeerGoneError,
    Responses,
)
from dicomsh.practice.schedule import schedule
from dicomsh.practice.worklist_query import WorklistQuery, as_read

_STALL_POLL = 0.1
"""Seconds after which a stalled answer looks whether its association was aborted."""


class Finder(Protocol):
    """A query that was understood, for entities or a worklist: its matches and their answers."""

    unsupported: bool

    def matches(self) -> Iterator[Any]:
        """What matches, in order."""
        ...

    def answer(self, match: Any, /) -> bytes:
        """The encoded response identifier for one match."""
        ...


@frozen
class FindService:
    """Answers `EVT_C_FIND`.

    Args:
        holdings: what can be found.
        aet: the AE title given as Retrieve AE Title (0008,0054).
        faults: the faults to show.
        stopped: set when the server stops.
    """

    holdings: Holdings
    aet: str
    faults: Faults
    stopped: Event

    def handle(self, event: Any) -> Iterator[tuple[int, None]]:
        """Answer one request completely; pynetdicom has nothing left to do."""
        return answered(event, self._answer)

    def _answer(self, event: Any, responses: Responses) -> None:
        if self.faults.abort_on_find:
            responses.outlet.abort()
        elif event.context.abstract_syntax == MODALITY_WORKLIST_FIND:
            self._rows(event, responses, self._worklist(event))
        else:
            self._rows(event, responses, self._finder(event))

    def _worklist(self, event: Any) -> WorklistQuery:
        explicit = event.context.transfer_syntax == ExplicitVRLittleEndian
        keys = read_keys(event.request.Identifier.getvalue(), explicit)
        self._refuse(Level.WORKLIST)
        proposed = event.assoc.acceptor.sop_class_extended.get(MODALITY_WORKLIST_FIND, b"")
        items = schedule(date.today(), self.faults, event.assoc.requestor.ae_title)
        style = Style(explicit, self.aet, not self.faults.no_charset, agreed=agreed(proposed))
        return WorklistQuery(items, as_read(keys, self.faults), style)

    def _refuse(self, level: Level) -> None:
        if level in self.faults.fail:
            where = f"at {level.dicom} level" if level.dicom else "from the worklist"
            raise RefusedError(self.faults.fail[level], f"Practice fault: no answers {where}")

    def _finder(self, event: Any) -> PracticeQuery:
        explicit = event.context.transfer_syntax == ExplicitVRLittleEndian
        model = Model(event.context.abstract_syntax)
        identifier = read_identifier(event.request.Identifier.getvalue(), explicit, model)
        self._refuse(identifier.level)
        faults = self.faults
        proposed = event.assoc.acceptor.sop_class_extended.get(model.value, b"")
        if faults.hierarchical and Extension.RELATIONAL not in agreed(proposed):
            check_levels_above(identifier, model)
        style = Style(
            explicit, self.aet, not faults.no_charset, not faults.no_counts, agreed(proposed)
        )
        return PracticeQuery(self.holdings.archive, misread(identifier, faults), style)

    def _rows(self, event: Any, responses: Responses, finder: Finder) -> None:
        """Send every match, or as many as a fault, C-CANCEL or `stop` allow."""
        status = PENDING_UNSUPPORTED if finder.unsupported else PENDING
        event.assoc.dimse.wake.clear()
        for sent, match in enumerate(chain(finder.matches(), [None])):
            if self._broken(sent, responses):
                return
            if match is None:
                responses.final(SUCCESS)
            elif sent == self.faults.cut_off:
                responses.final(self.faults.cut_off_status, self._limit_comment())
                return
            elif not self._wait(event, responses, sent):
                responses.final(CANCEL)
                return
            else:
                responses.pending(finder.answer(match), status)

    def _broken(self, sent: int, responses: Responses) -> bool:
        """Whether the association was deliberately broken off after this many rows."""
        if sent == self.faults.abort_after:
            responses.outlet.abort()
        elif sent == self.faults.close_after:
            responses.outlet.close()
        else:
            return False
        return True

    def _limit_comment(self) -> str:
        """Error Comment of a cut-off answer; with 0xFE00 real servers send none."""
        if self.faults.cut_off_status == CANCEL:
            return ""
        return f"More than {self.faults.cut_off} matches"

    def _wait(self, event: Any, responses: Responses, sent: int) -> bool:
        """Wait before a row as the faults say; returns whether it is still wanted."""
        stalls = sent == self.faults.stall_after
        waker = self.stopped if self.faults.ignore_cancel else event.assoc.dimse.wake
        if stalls or self.faults.row_delay:
            responses.outlet.flush()
            waker.wait(self.faults.row_delay)
        wanted = still_wanted(event, self.faults, self.stopped)
        while stalls and wanted:
            waker.wait(_STALL_POLL)
            wanted = still_wanted(event, self.faults, self.stopped)
        return wanted


def answered(event: Any, answer: Callable[[Any, Responses], None]) -> Iterator[tuple[int, None]]:
    """Answer a request; a refusal or a mistake of ours is the final response."""
    responses = Responses(event)
    event.assoc.dimse.answering = True
    try:
        answer(event, responses)
    except RefusedError as refusal:
        _end(responses, refusal.status, str(refusal))
    except PeerGoneError:
        pass
    except Exception:  # pynetdicom would swallow it and leave the peer waiting
        _end(responses, UNABLE_TO_PROCESS, "Internal error of the practice archive")
        raise
    finally:
        event.assoc.dimse.answering = False
    return iter(())


def still_wanted(event: Any, faults: Faults, stopped: Event) -> bool:
    """Whether the peer has not cancelled; pynetdicom says so once only.

    Raises:
        PeerGoneError: the association has ended, or the server stops.
    """
    if stopped.is_set() or event.assoc.acse.is_aborted():
        raise PeerGoneError
    return faults.ignore_cancel or not event.is_cancelled


def check_levels_above(identifier: Identifier, model: Model) -> None:
    """Raise RefusedError unless each level above has a single value (PS3.4 C.4.1.2.1)."""
    values = {key.tag: key.value for key in identifier.keys}
    for level in HIERARCHY:
        if model.top.value <= level.value < identifier.level.value:
            value = values.get(by_keyword(level.unique_keyword).tag, "")
            if not value or not set(value).isdisjoint("*?\\"):
                comment = f"Practice fault: no single {level.unique_keyword}"
                raise RefusedError(IDENTIFIER_MISMATCH, comment)


def misread(identifier: Identifier, faults: Faults) -> Identifier:
    """The identifier as an archive with these faults reads it.

    Raises:
        RefusedError: it contains a key that the archive rejects.
    """
    words = {key.tag: by_tag(key.tag).keyword for key in identifier.keys}
    rejected = sorted(faults.reject_keys.intersection(words.values()))
    if rejected:
        raise RefusedError(UNABLE_TO_PROCESS, f"Practice fault: {rejected[0]} is not supported")
    unknown = {"ModalitiesInStudy"} if faults.no_modalities_in_study else set()
    keys = (key for key in identifier.keys if words[key.tag] not in unknown)
    return replace(identifier, keys=tuple(_ignored(key, words, faults) for key in keys))


def _ignored(key: RequestedKey, words: Mapping[int, str], faults: Faults) -> RequestedKey:
    """A key without its value, if the archive ignores it."""
    return replace(key, value="") if words[key.tag] in faults.ignore_keys else key


def _end(responses: Responses, status: int, comment: str) -> None:
    try:
        responses.final(status, comment)
    except PeerGoneError:
        return
