"""Help on what is written nowhere else: values, targets, the language, settings, the keyboard."""

from __future__ import annotations

from dicomsh.session.state import Session
from dicomsh.settings import SETTINGS, Setting, Where

_VALUES = """\
Key=Value matches by the attribute's VR:
  text       name=JOD*  desc='CT*'      * any characters, ? one; names match as typed
  code       sex=M  mod=CT,MR           a list with , or \\ matches any of its values
  UID        study=1.2.3,1.2.4          whole UIDs; a list matches any of them
  date       date=2024-03-05  2024-03  2024  today  yesterday  -7d  -2w  -6m  -1y
  time       time=10:15  10:15:30
  range      date=2024-01..2024-03  ..2020  >=2024  <2024-03-01; DICOM's 20240101-20240331 too
  number     number=4                   no wildcards, no ranges
  nothing    Key=                       universal matching: any value, and none
  *          Key=*                      the same, where wildcards are allowed
  literal *  Key='\\*'                   sends *, which matches only entities that have a value
+Key asks for an attribute back without matching on it."""

_TARGETS = """\
TARGET points at a patient, study, series or instance:
  3  %3                  row 3 of the last listing; %3 also where 3 could be a PatientID
  0555643F  1.2.840…     a unique key: PatientID or UID
  1.2.840.1137           the beginning of one that was listed, if only one begins so
  0555643F/1.2.840…      a path, down from where you are
  ..  ../2  /  -         one level up, its row 2, the root, where you were before
  /pacs/0555643F         a path from the root of a modality
An exact key goes before a row number; what is ambiguous is refused with the candidates."""

_LANGUAGE = """\
  command; command       # comment      a \\ at the end continues the line
  'text' "text" \\        quotes as in POSIX shells; CT\\MR needs none
  $NAME ${NAME} $1       variables: let NAME = VALUE, -D NAME=VALUE, script arguments
  alias NAME = command   another name for it; $1 to $9 take the words behind it
  command > file         the format follows the suffix: .csv .tsv .json .ndjson .yaml .txt
  command >> file        append
  command | stage        work on the rows: where sort select head tail uniq count each to
  command | !less -S     hand the text to a system command; stages go before it
  !command               run a system command, up to ; or the line end
'help targets' tells how entities are pointed at, 'help values' what can be asked for."""

_MASK = """\
set mask on shows made-up values instead of real ones, until set mask off:
  names         of patients, physicians, operators
  identifiers   PatientID and its issuer, AccessionNumber, StudyID, institution, station, other
                short texts that are not known to be harmless: X- and eight characters
  UIDs          but those that the standard defines: 2.25.…
  birth dates   the first day of the same year
  free text     comments, addresses: (masked); private elements are empty
Dates and descriptions of studies, series and procedures, sex and age are kept (PS3.15 annex E, with
its options for these). A description may still name somebody.
It holds for all that is shown or written: tables and every other format, > file and | !command,
paths, the prompt, completion, errors, explain and traces. The same value becomes the same all
through a session, and another in the next. What is shown can be typed, identifiers and UIDs also
by their beginning; wildcards and birth dates match real values. What you type yourself stays on
the screen, and so does a line that you take from the history; none is suggested meanwhile."""

_PROMPT = """\
  Tab  Shift-Tab         complete, and back
  Enter                  run; an open quote or a \\ at the end goes on in the next line
  Ctrl-C                 drop the line; cancel the query that runs, twice abort it at once
  Ctrl-D                 leave, on an empty line
  Up  Down  Ctrl-R       lines typed before; search in them
  Right  Ctrl-E          take the line that is suggested
  F1  Alt-H              help on the command being typed (vi: F1)
  Ctrl-Z                 suspend the program; 'fg' of the shell brings it back
  Ctrl-X Ctrl-E          write the line in $VISUAL or $EDITOR; it runs when the editor ends (vi: v)
A paste of several lines waits for Enter, then runs them one after the other up to the first that
fails; those not run stand at the prompt again. 'set editing vi' takes the keys of vi, whose mode is
told in the line below the prompt. A line that begins with a space is not remembered."""


def values_page(_: Session) -> str:
    """What can be asked for."""
    return _VALUES


def targets_page(_: Session) -> str:
    """How entities are pointed at."""
    return _TARGETS


def language_page(_: Session) -> str:
    """Quotes, variables, stages, files."""
    return _LANGUAGE


def mask_page(_: Session) -> str:
    """What masking hides and keeps."""
    return _MASK


def prompt_page(_: Session) -> str:
    """The keys of the keyboard."""
    return _PROMPT


def settings_page(session: Session) -> str:
    """Every setting with its value, its values and what it means."""
    lines = ["set NAME VALUE changes a setting, set NAME default goes back:"]
    lines += [_setting(setting, session) for setting in SETTINGS.values()]
    path = session.settings_file
    lines += [
        "",
        f"set --save keeps what differs from the defaults in {path or 'settings.yaml'}.",
        "Scripts neither read nor write it, so that they do the same for everybody.",
    ]
    return "\n".join(lines)


def _setting(setting: Setting, session: Session) -> str:
    value = setting.write(getattr(session.settings, setting.name))
    where = " (at the prompt)" if setting.where is Where.PROMPT else ""
    usage = f"{setting.name} {setting.kind.name}"
    return f"  {usage:<22} {value:<9} {setting.help}{where}"
