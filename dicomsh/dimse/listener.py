"""Listening for associations that others request, several at once."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress

from dicomsh.dimse.acceptor import Acceptor, Caller
from dicomsh.dimse.associate import AssociateReject, ProposedContext, RoleSelection
from dicomsh.dimse.association import Association
from dicomsh.dimse.command import ECHO_REQUEST, CommandSet, write_command
from dicomsh.dimse.pdu import Message, Sink
from dicomsh.dimse.upper_layer import ServiceUser
from dicomsh.errors import DicomshError, ListeningError, ProtocolViolationError
from dicomsh.model.levels import VERIFICATION
from dicomsh.model.standard import uid_name
from dicomsh.model.tap import Tap
from dicomsh.model.transfer_syntaxes import UNCOMPRESSED
from dicomsh.timeout import timeout

_ARTIM = 10.0
_IDLE = 120.0
"""Seconds without a byte after which an association is given up."""
_MOST_ASSOCIATIONS = 32
"""More of them than this at once make the one that has been idle for longest end."""
_SPARED = 2.0
"""Seconds without a byte for which it is spared: its sender may just be reading the next object."""
_MOST_CONNECTIONS = 4 * _MOST_ASSOCIATIONS
"""As many with those that have not requested an association yet."""
_MOST_NAMED = 3

_PERMANENT, _TRANSIENT = 1, 2
_SERVICE_USER, _PRESENTATION = 1, 3
_UNKNOWN_CALLER, _UNKNOWN_CALLED, _LOCAL_LIMIT = 3, 7, 2


class Listener(ABC):
    """Listens for associations; several at once; implements `dicomsh.dimse.acceptor.Services`.

    Args:
        titles: our AE titles: callers of others are rejected.
        tap: listens to the conversation.
    """

    def __init__(self, titles: Collection[str], tap: Tap) -> None:
        self._titles = titles
        self._tap = tap
        self._open: set[Acceptor] = set()
        self._server: asyncio.Server | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def port(self) -> int:
        """The port that it listens on; raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the server was not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def associations(self) -> int:
        """How many associations are open."""
        return len(self._open)

    async def start(self, port: int, host: str | None = None) -> None:
        """Listen.

        Args:
            port: the port; 0 for any free one.
            host: the address to listen on; None for all of them.

        Raises:
            ListeningError: the port cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._accepted, host, port)
        except (OSError, OverflowError) as error:
            hint = "choose another port with --port"
            raise ListeningError(host, port, error, hint=hint) from None

    async def quiet(self) -> None:
        """Wait until no association is open."""
        await self._quiet.wait()

    async def stop(self, grace: float = 0) -> None:
        """Stop listening, and abort what is still open after `grace` seconds."""
        if self._server is not None:
            self._server.close()
        with suppress(TimeoutError):
            async with timeout(grace):
                await self.quiet()
        for acceptor in list(self._open):
            acceptor.abort()
        await self.quiet()

    def _accepted(self) -> Acceptor:
        if len(self._open) >= _MOST_CONNECTIONS:
            self._make_room(0)
        acceptor = Acceptor(self, self._tap, _ARTIM, self._ended)
        self._open.add(acceptor)
        self._quiet.clear()
        return acceptor

    def _ended(self, acceptor: Acceptor) -> None:
        self._open.discard(acceptor)
        if not self._open:
            self._quiet.set()

    def _make_room(self, seconds: float) -> bool:
        """Abort what has been idle for longest, and for so many seconds; whether there was one."""
        idle = [acceptor for acceptor in self._open if not acceptor.is_busy]
        oldest = min(idle, key=lambda acceptor: acceptor.last_heard, default=None)
        if oldest is None or asyncio.get_running_loop().time() - oldest.last_heard < seconds:
            return False
        oldest.abort()
        return True

    def refusal(self, caller: Caller) -> AssociateReject | None:
        """Why a caller gets no association (PS3.8 table 9-21)."""
        if len(self._open) > _MOST_ASSOCIATIONS and not self._make_room(_SPARED):
            self.refused(caller, f"no association for {caller}: {_MOST_ASSOCIATIONS} are open")
            return AssociateReject(_TRANSIENT, _PRESENTATION, _LOCAL_LIMIT)
        if caller.called not in self._titles:
            ours = ", ".join(self._titles)
            self.refused(caller, f"{caller} called '{caller.called}'; this is {ours}")
            return AssociateReject(_PERMANENT, _SERVICE_USER, _UNKNOWN_CALLED)
        if not self.admits(caller):
            self.refused(caller, f"unknown caller {caller}")
            return AssociateReject(_PERMANENT, _SERVICE_USER, _UNKNOWN_CALLER)
        return None

    def declined(self, caller: Caller, sop_classes: Sequence[str]) -> None:
        """A caller gets an association, but no context for these SOP classes."""
        names = [uid_name(uid) or uid for uid in sop_classes]
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        proposed = f"{', '.join(names[:_MOST_NAMED])}{more}"
        self.refused(caller, f"{caller} proposed what is not offered here: {proposed}")

    def refused(self, caller: Caller, reason: str) -> None:
        """A caller gets no association, or not all that it proposed.

        Args:
            caller: who.
            reason: what happened, in words.
        """
        del caller, reason

    def transfer_syntax(self, proposed: ProposedContext) -> str | None:
        """The first one proposed that we can take: the peer's preference."""
        if proposed.abstract_syntax == VERIFICATION:
            known: Collection[str] | None = UNCOMPRESSED
        else:
            known = self.syntaxes(proposed.abstract_syntax)
        if known is None:
            return None
        return next((uid for uid in proposed.transfer_syntaxes if uid in known), "")

    def roles(self, proposed: RoleSelection) -> RoleSelection | None:
        """The requestor is the SCU and nothing else."""
        return RoleSelection(proposed.sop_class, proposed.scu, False)

    @abstractmethod
    def admits(self, caller: Caller) -> bool:
        """Whether a caller may have an association."""

    @abstractmethod
    def syntaxes(self, sop_class: str) -> Collection[str] | None:
        """The transfer syntaxes that we take for a SOP class; None if we do not take it."""

    @abstractmethod
    def serve(self, association: Association, caller: Caller) -> ServiceUser:
        """What takes the requests of a new association."""


class Provider(ServiceUser):
    """Answers C-ECHO on one association, and gives it up when it is idle for too long.

    Args:
        association: where the requests arrive.
    """

    def __init__(self, association: Association) -> None:
        self._association = association
        self._watch = asyncio.get_running_loop().call_later(_IDLE, self._is_idle)

    @abstractmethod
    def serves(self, context_id: int, request: CommandSet) -> Sink | None:
        """A sink for the data set of a request other than C-ECHO, or None.

        Raises:
            ProtocolViolationError: it is not for this provider.
        """

    @abstractmethod
    def take(self, context_id: int, command: CommandSet, data: bytes) -> None:
        """Take a message other than C-ECHO.

        Raises:
            ProtocolViolationError: it is not for this provider.
        """

    def requested(self, context_id: int, request: CommandSet) -> Sink | None:
        """A sink for the data set of a request."""
        return None if request.field == ECHO_REQUEST else self.serves(context_id, request)

    def received(self, messages: list[Message]) -> None:
        """Take the messages of one read.

        Raises:
            ProtocolViolationError: one is not for this provider.
        """
        for context_id, command, data in messages:
            if command.field == ECHO_REQUEST:
                context = self._association.agreement.by_id[context_id]
                self._association.send(context, write_command(command.answered(0)))
            else:
                self.take(context_id, command, data)

    def lost(self, error: DicomshError) -> None:
        """The association is gone."""
        del error
        self._watch.cancel()

    def _is_idle(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._association.last_heard + _IDLE
        if loop.time() >= due and not self.working:
            self._association.abort()
        else:
            self._watch = loop.call_at(max(due, loop.time() + 1), self._is_idle)


def unexpected(command: CommandSet) -> ProtocolViolationError:
    """The error for a message that does not belong where it arrived."""
    return ProtocolViolationError(f"received an unexpected {command.title}")
