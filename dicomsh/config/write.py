"""User files, written completely or not at all, and by one process at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dicomsh.errors import ConfigError


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Inside the `with`, no other dicomsh changes the file: read it there, then write it.

    Raises:
        ConfigError: it cannot be written.
    """
    from dicomsh.file_lock import alone_with

    with ExitStack() as stack:
        with _reported(path):
            stack.enter_context(alone_with(_in_folder(path)))
        yield


def write_text(path: Path, text: str) -> None:
    """Replace a file completely or not at all; a new file and its folder are private to the user.

    Raises:
        ConfigError: it cannot be written.
    """
    with _reported(path):
        target = _in_folder(path)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        _replace(target, text.encode("utf-8"))


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{path}: cannot write file: {reason}") from None


def _in_folder(path: Path) -> Path:
    """The file itself, also behind links, in a folder that exists."""
    target = path.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return target


def _replace(target: Path, data: bytes) -> None:
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
            stream.close()
            temporary.replace(target)
        except BaseException:
            stream.close()
            temporary.unlink(missing_ok=True)
            raise
