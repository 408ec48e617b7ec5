"""Help on topics: values, targets, the language, files, settings, masking, the keyboard."""

from __future__ import annotations

from dicomsh.session.state import Session
from dicomsh.settings import SETTINGS, Setting, Where

_VALUES = """\
Key=Value matches by the attribute's VR:
  text       name=JOD*  desc='CT*'      * any characters, ? one; names match as typed
  code       sex=M  mod=CT              sent as typed: servers match codes with case
  UID        study=1.2.3                whole UIDs
  list       mod=CT,MR  acc=A1,A7       any of the values, with , or \\ between them. DICOM has
                                       lists of UIDs only: others are one query for each value
  date       date=2024-03-05  2024-03  2024  today  yesterday  -7d  -2w  -6m  -1y
  time       time=10:15  10:15:30
  range      date=2024-01..2024-03  ..2020  >=2024  <2024-03-01; DICOM's 20240101-20240331 too
  number     number=4                   no wildcards, no ranges
  no value   acc='""'                   entities without a value
  nothing    Key=                       universal matching: any value, or none
  *          Key=*                      the same, where wildcards are allowed
  * as is    Key='\\*'                   sends *: by the standard the same; some servers leave out
                                       entities without a value. Nothing matches a literal *
+Key requests an attribute without matching on it."""

_TARGETS = """\
TARGET names a patient, study, series or instance:
  3  %3                  row 3 of the last listing; use %3 if 3 could be a PatientID
  0555643F  1.2.840…     a unique key: PatientID or UID
  1.2.840.1137           the beginning of one that was listed, if unambiguous
  0555643F/1.2.840…      a path, down from where you are
  ..  ../2  /  -         one level up, row 2 there, the root, where you were before
  /pacs/0555643F         a path from the root of a modality
Rows of several archives (find … --on a,b) lead to the archive that they came from.
An exact key takes precedence over a row number; an ambiguous one is refused with the candidates."""

_LANGUAGE = """\
  command; command       # comment      a \\ at the end continues the line
  'text' "text" \\        quotes as in POSIX shells; CT\\MR needs none
  $NAME ${NAME} $1       variables: let NAME = VALUE, -D NAME=VALUE, script arguments
  alias NAME = command   another name for a command; $1 to $9 are the words after it
  { command; command }   several commands, after each and in an alias
  command > file         the suffix sets the format: .csv .tsv .json .ndjson .yaml .txt .md
                         .xlsx .parquet; a name that ends with / is a folder of Parquet by month
  command >> file        append
  command | stage        process the rows: where sort select head tail uniq count each to
  command | !less -S     send the text to a system command; stages come before it
  !command               run a system command, up to ; or the end of the line
See 'help targets' for naming entities, 'help values' for values in queries."""

_FORMATS = """\
'set output FORMAT', -o FORMAT, '| to FORMAT', or the suffix of '> file' choose the format:
  table        .txt                columns for people; 'last --wide' does not shorten them
  vertical                         a block for each row, with every value in full
  json         .json               one array for each command; keys are DICOM keywords
  ndjson       .ndjson .jsonl      one object a line, as rows arrive
  csv, tsv     .csv .tsv           a heading, then values as received; several are joined by \\
  yaml         .yaml .yml          a list of mappings
  markdown     .md                 a table to paste into a ticket or a wiki
  dicom-json                       DICOM JSON Model (PS3.18 annex F)
  excel        .xlsx               a workbook: dates as dates, IDs as text (pip: dicomsh[excel])
  parquet      .parquet, folder/   typed columns, for DuckDB, Spark and pandas (dicomsh[parquet])
In json and the like an attribute that is absent is left out, an empty one is null, and one that
may have several values is always a list. Result lines go to standard error."""

_SCRIPTS = """\
  dicomsh -m pacs -c 'find study date=today'    run a text; -c can be given several times
  dicomsh walk.dsh 0555643F                     run a file; its arguments are $1 to $9
  dicomsh - < walk.dsh                          run standard input
  dicomsh -D SITE=north walk.dsh                set a variable: $SITE
A script stops at the first command that fails; --keep-going carries on, and sums up at the end.
--check reports all errors of a script and sends nothing. -q drops the result lines, --fail-empty
makes finding nothing a failure, and 'assert count >= 1' stops unless it holds.
Scripts do not read saved settings and have no limit on rows, so that they do the same for every
user. Data goes to standard output, messages to standard error as file:line:column: message."""

_STATUSES = """\
    0  done; finding nothing is not an error
    1  a command failed, what it names does not exist, or archives differ
    2  usage, script or configuration error
    3  no association: unreachable, refused, rejected, aborted; a port of ours in use
    4  timed out
    5  finished, but an answer is incomplete or in doubt, or not all objects came
    6  nothing was found with --fail-empty, or an assert does not hold
  130  interrupted by Ctrl-C
  129, 143  ended by SIGHUP, SIGTERM
Of several archives that are asked side by side, the worst counts."""

_FILES = """\
'dicomsh config' lists where each of these is, and which of them exist:
  modalities.yaml   modalities, groups, devices: the first of -f FILE, $DICOMSH_CONFIG, the current
                    folder, your configuration folder, that for all users, the built-in one
  settings.yaml     settings and aliases, saved by 'set --save'
  history           lines typed at the prompt, except those that begin with a space
  peers.json        what 'probe' and answers have shown about servers
  lessons.json      how far you are in the lessons
An orthanc.json can take the place of modalities.yaml. Files that dicomsh writes are readable only
by you. '> file' replaces a file when it is complete, '>> file' appends."""

_TLS = """\
In modalities.yaml, 'tls: true' connects with TLS and trusts the certificates of the system.
  tls:
    ca: ca.pem            # trust certificates signed by this one
    cert: dicomsh.pem     # our own certificate, if the server requires one
    key: dicomsh.key      # its private key, unless it is in the same file
    verify: false         # accept any certificate: for a test, never for patients
File names are relative to modalities.yaml. At the prompt: modality add NAME AET@HOST:PORT --tls,
or --ca FILE. The usual port is 2762. If the handshake fails, the error says what the server
offered and what to change."""

_MASK = """\
set mask on shows made-up values instead of real ones, until set mask off:
  names         of patients, physicians, operators
  identifiers   PatientID and its issuer, AccessionNumber, StudyID, institution, station, other
                short texts not known to be harmless: X- and eight characters
  UIDs          except those the standard defines: 2.25.…
  birth dates   the first day of the same year
  free text     comments, addresses, what the server says: (masked); private elements are empty
Dates and descriptions of studies, series and procedures, sex and age are kept (PS3.15 annex E, with
its options for these). A description may still contain a name.
Masking applies to everything shown or written: tables and every other format, > file and
| !command, paths, the prompt, completion, errors, explain and traces. A value is replaced in the
same way throughout a session, and differently in the next. You can type the made-up values,
identifiers and UIDs also by their beginning; wildcards and birth dates match real values. Lines
you type stay as they are on the screen; lines typed before masking was on are not recalled or
suggested while it is on. In sentences, values under four characters are replaced where they are
quoted or assigned, as in 'AB1' and id=AB1; elsewhere they could be ordinary words."""

_PROMPT = """\
  Tab  Shift-Tab         complete, and back
  Enter                  run; an open quote or a \\ at the end continues on the next line
  Ctrl-C                 clear the line; cancel the running query, twice: abort it at once
  Ctrl-D                 exit, on an empty line
  Up  Down  Ctrl-R       earlier lines; search them
  Right  Ctrl-E          accept the suggested line
  F1  Alt-H              help on the command being typed (vi: F1)
  Ctrl-Z                 suspend the program; the shell's 'fg' brings it back
  Ctrl-X Ctrl-E          edit the line in $VISUAL or $EDITOR; it runs when you exit (vi: v)
If you paste several lines, press Enter to run them one after another up to the first that fails;
the rest are back at the prompt. 'set editing vi' selects vi keys; the line below the prompt shows
the mode. A line that begins with a space is not remembered."""


def values_page(_: Session) -> str:
    """Values in queries."""
    return _VALUES


def targets_page(_: Session) -> str:
    """How to name entities."""
    return _TARGETS


def language_page(_: Session) -> str:
    """Quotes, variables, stages, files."""
    return _LANGUAGE


def formats_page(_: Session) -> str:
    """How rows are written."""
    return _FORMATS


def scripts_page(_: Session) -> str:
    """Ways to run a script, and what ends it."""
    return _SCRIPTS


def statuses_page(_: Session) -> str:
    """The exit statuses."""
    return _STATUSES


def files_page(_: Session) -> str:
    """The files that are read and written."""
    return _FILES


def tls_page(_: Session) -> str:
    """Servers with TLS."""
    return _TLS


def mask_page(_: Session) -> str:
    """What masking replaces and keeps."""
    return _MASK


def prompt_page(_: Session) -> str:
    """Keyboard shortcuts."""
    return _PROMPT


def settings_page(session: Session) -> str:
    """Every setting with its current value, possible values and meaning."""
    lines = ["set NAME VALUE changes a setting, set NAME default restores the default:"]
    lines += [_setting(setting, session) for setting in SETTINGS.values()]
    path = session.settings_file
    lines += [
        "",
        f"set --save saves changed settings in {path or 'settings.yaml'}.",
        "Scripts neither read nor write it, so that they do the same for everyone.",
    ]
    return "\n".join(lines)


def _setting(setting: Setting, session: Session) -> str:
    value = setting.write(getattr(session.settings, setting.name))
    where = " (at the prompt)" if setting.where is Where.PROMPT else ""
    usage = f"{setting.name} {setting.kind.name}"
    return f"  {usage:<22} {value:<9} {setting.help}{where}"
