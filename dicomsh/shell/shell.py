"""One text: analyse → bind → run → present → status."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from dicomsh.archives.kinds import KINDS, ArchiveKinds
from dicomsh.archives.open_archives import OpenArchives
from dicomsh.commands import registry
from dicomsh.commands.context import Context, LeaveShell
from dicomsh.commands.run import result_of
from dicomsh.config import KnownPeers
from dicomsh.errors import DicomshError, ExitStatus, InterruptedByUserError, UsageError
from dicomsh.event_loop import asyncio, event_loop
from dicomsh.folders import state_folder
from dicomsh.frozen import field, frozen, replace
from dicomsh.interrupt import absorb_interrupts
from dicomsh.language.analyse import Analysis, analyse
from dicomsh.language.binding import Call
from dicomsh.language.calls import meanings
from dicomsh.language.scan import Statement, SystemCommand, scan
from dicomsh.model.levels import HIERARCHY
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.results import Listing
from dicomsh.model.safe import remark, visible_lines
from dicomsh.model.tap import Tap
from dicomsh.open_files import is_too_many
from dicomsh.output.error_text import TextOrigin, problem
from dicomsh.output.progress import PassingLine
from dicomsh.output.sink import LinesFile, Sink
from dicomsh.output.streams import ReaderGoneError
from dicomsh.output.theme import Palette, no_colours
from dicomsh.session.history import History
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.shell.present import Presenter, Reporting
from dicomsh.shell.progress import RowProgress
from dicomsh.shell.recorder import Recorder
from dicomsh.shell.redirect import asked_format, check_rows, directed, remarks
from dicomsh.shell.reload import reread
from dicomsh.trace.tracing import Tracing

if TYPE_CHECKING:
    from dicomsh.lessons.tutor import Tutor
    from dicomsh.shell.account import Account
    from dicomsh.shell.dry_run import DryScript


@frozen
class ShellOptions:
    """How a shell behaves.

    Args:
        keep_going: whether a script continues after a command fails.
        reporting: what a script reports about its answers.
        data: colours for standard output.
        talk: colours for messages.
        lessons: a folder with other lessons, or None.
        kinds: the kinds of archives.
    """

    keep_going: bool = False
    data: Palette = no_colours
    talk: Palette = no_colours
    lessons: Path | None = None
    reporting: Reporting = Reporting()
    kinds: ArchiveKinds = field(default_factory=lambda: KINDS)


class Shell:
    """Runs text in a session and writes the results.

    Args:
        session: what is remembered.
        sink: the only writer.
        options: how to behave.
        environ: environment variables.
        history: the lines typed at the prompt; None in scripts.
    """

    def __init__(
        self,
        session: Session,
        sink: Sink,
        options: ShellOptions,
        environ: Mapping[str, str],
        history: History | None = None,
    ) -> None:
        self.session = session
        self.registry = registry()
        masking = session.masking
        tap = Tap(asked=[masking.recognise_query], answered=masking.recognise)
        self.archives = OpenArchives(tap, KnownPeers(state_folder(environ)), options.kinds)
        self.tracing = Tracing(
            tap, sink.talk, partial(LinesFile, shown=masking.text), masking.element
        )
        session.lessons = lambda: dict(self.tutor.titles())
        self._recorder = Recorder(session, self.registry, tap, self._tutor_asked_for, sink.talk)
        self._sink = sink
        sink.shown = masking.text
        self._options = options
        self._depth = 0
        self._progress = RowProgress(sink, self._waiting)
        self._presenter = Presenter(
            session, sink, self._progress, options.data, options.talk, reporting=options.reporting
        )
        self._checked_places: tuple[Place, ...] = (session.place,)
        archives, tracing, find_tutor = self.archives, self.tracing, lambda: self.tutor
        self._context = Context(
            session, archives, tracing, find_tutor, self.registry, self._run_file, environ, history
        )

    @cached_property
    def tutor(self) -> Tutor:
        """The course; created on first use."""
        from dicomsh.lessons.tutor import LESSONS, Tutor

        folder, state = self._options.lessons or LESSONS, state_folder(self._context.environ)
        return Tutor(folder, state, self.session.masking.place)

    @cached_property
    def _account(self) -> Account:
        """The commands that were run, where a script goes on after failures."""
        from dicomsh.shell.account import Account

        return Account()

    def _tutor_asked_for(self) -> Tutor | None:
        """The course, if it has been used yet."""
        tutor: Tutor | None = vars(self).get("tutor")
        return tutor

    async def close(self) -> None:
        """Release every association."""
        with self.tracing.telling():
            await self.archives.close()
        self.tracing.off()

    async def run(self, text: str, origin: TextOrigin) -> ExitStatus:
        """Run every statement of a text, up to the first that fails.

        Errors are written, not raised. The status is that of the first failure; an incomplete
        answer is not a failure, and counts only if nothing failed. Ctrl-C ends the text; if that
        leaves statements out, the status is interrupted.

        Raises:
            LeaveShell: the user wants to leave.
            StdoutGoneError: the reader of standard output is gone.
        """
        statuses = [ExitStatus.DONE]
        statements = self._statements(text)
        for statement in statements:
            with self.tracing.telling():
                running = self._reported(statement, text, origin)
                status = await self._recorder.attend(running, statement, text)
            statuses.append(status)
            if self._options.keep_going and self._depth == 0:
                self._account.add(status, partial(origin.place, text, statement.span.start))
            if self.ends_with(status):
                break
        if self.cancelled and next(statements, None) is not None:
            statuses.append(ExitStatus.INTERRUPTED)
        return overall(statuses)

    async def check(self, text: str, origin: TextOrigin) -> ExitStatus:
        """Analyse every statement of a text and report all errors; nothing is sent.

        Only what later statements depend on is run: let and alias. Where a cd would lead is not
        known; an error there is one at every level.
        """
        status = ExitStatus.DONE
        for statement in self._statements(text):
            analyses = [self._seen_from(place, statement) for place in self._checked_places]
            analysis = next((a for a in analyses if a.problem is None), analyses[0])
            name = analysis.call.command.name if analysis.call else ""
            if analysis.problem is not None:
                status = ExitStatus.USAGE
                self._tell(analysis.problem, text, statement, origin)
            elif name in _DEFINING:
                await self._reported(statement, text, origin)
            elif name == "cd":
                self._checked_places = _ANY_PLACE
        return status

    async def dry_run(self, text: str, origin: TextOrigin) -> ExitStatus:
        """Say what each statement of a text would do, up to the first that fails; nothing is sent.

        Raises:
            LeaveShell: the text ends the script.
        """
        from dicomsh.shell.dry_run import DryScript

        context = replace(self._context, run_file=self._dry_run_file)
        dry, statuses = DryScript(context), [ExitStatus.DONE]
        await event_loop()
        for statement in self._statements(text):
            saying = self._say_dry(dry, statement, text, origin)
            statuses.append(await self._attempted(saying, statement, text, origin))
            if self.ends_with(statuses[-1]):
                break
        return overall(statuses)

    async def _say_dry(
        self, dry: DryScript, statement: Statement, text: str, origin: TextOrigin
    ) -> ExitStatus:
        analysis = self._analysed(statement)
        if analysis.problem is not None:
            raise analysis.problem
        span = statement.span
        self._write_line(f"{origin.place(text, span.start)}: {text[span.start : span.end]}")
        for line in await dry.lines(analysis):
            self._write_line(f"  {line}")
        return ExitStatus.DONE

    def _write_line(self, line: str) -> None:
        self._sink.data(visible_lines(self.session.masking.text(line)) + "\n")

    async def _dry_run_file(self, path: Path, arguments: tuple[str, ...]) -> None:
        with self._nested(), self._numbered(arguments):
            status = await self.dry_run(read_script(path), TextOrigin(str(path)))
        if status.failed:
            raise _ScriptFailedError(status)

    def _seen_from(self, place: Place, statement: Statement) -> Analysis:
        knowledge = SessionKnowledge(self.session.at(place, {}))
        return analyse(statement, self.registry, knowledge)

    def remark(self, error: DicomshError) -> None:
        """Report a failure that no command caused."""
        self._sink.error("\n".join(map(remark, filter(None, (error.message, error.hint)))))

    def sum_up(self) -> None:
        """Say what became of the commands, if the script went on after failures."""
        if self._options.keep_going:
            self._sink.talk(str(self._account))

    def say(self, line: str) -> None:
        """Write a message that is not data."""
        self._sink.talk(line)

    def tell_progress_in(self, line: PassingLine) -> None:
        """Show the progress of commands in this line."""
        self._sink.passing = line

    def _waiting(self) -> str:
        """What a command without rows is waiting for."""
        connecting = self.archives.connecting
        return f"connecting to {connecting}" if connecting else "waiting for an answer"

    @property
    def unheard(self) -> ExitStatus:
        """The status of messages: failed if a line, or a trace, could not be written."""
        lost = self._sink.lost or self.tracing.lost
        return ExitStatus.FAILED if lost else ExitStatus.DONE

    @property
    def cancelled(self) -> bool:
        """Whether Ctrl-C cancelled the query of the last command."""
        return self._presenter.cancelled

    def ends_with(self, status: ExitStatus) -> bool:
        """Whether a script stops after a command with that status."""
        # by default at the first failure, as later commands may depend on it (sqly #308)
        goes_on = self._options.keep_going and status is not ExitStatus.INTERRUPTED
        return self.cancelled or (status.failed and not goes_on)

    async def _reported(self, statement: Statement, text: str, origin: TextOrigin) -> ExitStatus:
        return await self._attempted(self._statement(statement, origin), statement, text, origin)

    async def _attempted(
        self, work: Awaitable[ExitStatus], statement: Statement, text: str, origin: TextOrigin
    ) -> ExitStatus:
        """The status of what a statement does; what goes wrong is reported."""
        self._presenter.cancelled = False
        try:
            return await work
        except DicomshError as error:
            self._tell(error, text, statement, origin)
            return error.status
        except asyncio.CancelledError:
            absorb_interrupts()
            self._sink.wipe_line()
            self._tell(InterruptedByUserError("interrupted"), text, statement, origin)
            return ExitStatus.INTERRUPTED
        except (LeaveShell, ReaderGoneError, _ScriptFailedError) as left:
            if isinstance(left, _ScriptFailedError):
                return left.status
            raise
        except Exception as error:
            if is_too_many(error):
                raise
            if self._context.environ.get(TRACEBACK):
                raise
            self._tell(_internal(error), text, statement, origin)
            return ExitStatus.FAILED

    def _tell(
        self, error: DicomshError, text: str, statement: Statement, origin: TextOrigin
    ) -> None:
        from dicomsh.mask.typed import masked_text

        self._recorder.error_told()
        if self.session.settings.mask:
            self._recognise(text)
        self.session.masking.error(error)
        text, span = masked_text(text, error.span or statement.span, self.session.masking.typed)
        error.span = error.span and span
        theme = self._options.talk(self.session.settings.color)
        columns = self._sink.error_width
        self._sink.error(problem(error, text, span, origin, theme, columns=columns))

    def _recognise(self, text: str) -> None:
        """Know the values in all statements of a text: an error shows those that have not run."""
        with suppress(UsageError):  # it cannot be read beyond some place
            for statement in self._statements(text):
                analysis = analyse(statement, self.registry, SessionKnowledge(self.session))
                self.session.masking.recognise_typed(analysis, self.session.next_level)

    async def _statement(self, statement: Statement, origin: TextOrigin) -> ExitStatus:
        for line in reread(self.session, self._context.environ):
            self._sink.talk(line)
        analysis = self._analysed(statement)
        statement = analysis.statement
        if analysis.problem is not None:
            raise analysis.problem
        if isinstance(statement.first, SystemCommand):
            return await self._system(statement.first.text)
        assert analysis.call is not None
        paged = not origin.name
        if not _waits(analysis.call, statement):
            return await self._call(analysis.call, analysis, paged=paged)
        await event_loop()
        with self._progress.told():
            return await self._call(analysis.call, analysis, paged=paged)

    def _statements(self, text: str) -> Iterator[Statement]:
        """The statements of a text with aliases replaced and with real values, one by one."""
        knowledge = SessionKnowledge(self.session)
        for typed in scan(text, self.session.variables):
            yield from meanings(_meant(typed, self.session), self.registry, knowledge)

    def _analysed(self, statement: Statement) -> Analysis:
        """What a statement means; a mask knows the values that were typed."""
        analysis = analyse(statement, self.registry, SessionKnowledge(self.session))
        self.session.masking.recognise_typed(analysis, self.session.next_level)
        return analysis

    async def _system(self, text: str) -> ExitStatus:
        await event_loop()
        from dicomsh.output import system_shell

        await system_shell.run(text, self.session.variables)
        return ExitStatus.DONE

    async def _call(self, call: Call, analysis: Analysis, *, paged: bool) -> ExitStatus:
        result = await result_of(self._context, call, analysis.stages)
        statement = analysis.statement
        output = None if self._sink.is_terminal else self.session.settings.output
        check_rows(statement, result, output)
        suffix = asked_format(statement)
        status = ExitStatus.DONE  # also where the command that reads the data ends early
        wide = isinstance(result, Listing) and result.wide
        pager = self._context.environ if paged and self.session.settings.pager else None
        variables = self.session.variables
        async with directed(self._sink, statement, pager, variables, wide=wide) as continues:
            status = await self._presenter.show(result, suffix, continues=continues)
        for line in remarks(statement, result, self.session):
            self._sink.talk(line)
        return status

    async def _run_file(self, path: Path, arguments: tuple[str, ...]) -> None:
        text = read_script(path)
        with self._nested(), self._numbered(arguments):
            status = await self.run(text, TextOrigin(str(path)))
        if status.failed or self.cancelled:
            raise _ScriptFailedError(status)

    @contextmanager
    def _nested(self) -> Iterator[None]:
        """Inside the `with`, a script runs that another one has called."""
        if self._depth >= _DEEPEST:
            hint = "does a script call itself?"
            raise DicomshError(f"scripts are nested more than {_DEEPEST} deep", hint=hint)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def _numbered(self, arguments: tuple[str, ...]) -> Iterator[None]:
        """Inside the `with`, `$1` to `$9` are the arguments."""
        variables = self.session.variables
        before = {name: variables.pop(name) for name in map(str, range(1, 10)) if name in variables}
        variables.update(numbered(arguments))
        try:
            yield
        finally:
            for name in map(str, range(1, 10)):
                variables.pop(name, None)
            variables.update(before)


def _meant(statement: Statement, session: Session) -> Statement:
    """A statement with real values instead of masked ones."""
    if session.mask is None:
        return statement
    from dicomsh.mask.typed import real_statement

    return real_statement(statement, session.mask)


def numbered(arguments: tuple[str, ...]) -> dict[str, str]:
    """Script arguments as the variables `1` to `9`."""
    return {str(number): value for number, value in enumerate(arguments[:9], 1)}


def read_script(path: Path) -> str:
    """The text of a script.

    Raises:
        UsageError: it cannot be read, or is not valid UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")  # editors on Windows write a byte order mark
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"'{path}' is not valid UTF-8 (byte {error.start})") from None


_DEFINING = ("let", "alias")
"""Commands that later statements depend on."""

_ANY_PLACE = tuple(Place((PlaceStep(level, "?"),) if level else ()) for level in (None, *HIERARCHY))
"""A place of each level."""

_DEEPEST = 16
"""How deeply scripts may be nested."""


class _ScriptFailedError(Exception):
    """A script run by `source` failed; its error has been reported."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__()
        self.status = status


TRACEBACK = "DICOMSH_TRACEBACK"
"""With this environment variable, an internal error ends the program with a traceback."""


def _internal(error: Exception) -> DicomshError:
    return DicomshError(
        f"internal error: {type(error).__name__}: {error}",
        hint=f"this is a bug in dicomsh; set {TRACEBACK}=1 to see where",
    )


def _waits(call: Call, statement: Statement) -> bool:
    """Whether a statement may wait for a peer or a program."""
    return call.command.waits or bool(statement.stages) or statement.redirect is not None


def overall(statuses: list[ExitStatus]) -> ExitStatus:
    """The combined status: the first failure, otherwise whether anything is incomplete."""
    failures = [status for status in statuses if status.failed]
    if failures:
        return failures[0]
    incomplete = ExitStatus.INCOMPLETE in statuses
    return ExitStatus.INCOMPLETE if incomplete else ExitStatus.DONE
