"""How far a learner is, kept in the user's state folder; for the user only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicomsh.config.write import write_text
from dicomsh.errors import ConfigError


@dataclass(slots=True)
class Progress:
    """Progress in one course.

    Args:
        current: name of the lesson that was begun last; empty for none.
        steps: steps done, by name of the lesson.
    """

    current: str = ""
    steps: dict[str, int] = field(default_factory=dict)


class ProgressFile:
    """The file with the progress in every course.

    Args:
        path: the file; None keeps nothing.
        course: what tells courses apart.
    """

    def __init__(self, path: Path | None, course: str) -> None:
        self._path = path
        self._course = course

    def read(self) -> Progress:
        """The progress that was kept; none when there is no file, or it cannot be read."""
        held = self._all().get(self._course)
        if not isinstance(held, dict):
            return Progress()
        steps, current = held.get("steps"), held.get("current")
        counted = steps.items() if isinstance(steps, dict) else ()
        numbers = {str(name): n for name, n in counted if isinstance(n, int) and n >= 0}
        return Progress(current if isinstance(current, str) else "", numbers)

    def write(self, progress: Progress) -> str | None:
        """Keep the progress; gives what went wrong, or None. A lesson goes on without it."""
        if self._path is None:
            return None
        made = self._all()
        made[self._course] = {"current": progress.current, "steps": progress.steps}
        try:
            write_text(self._path, json.dumps(made, indent=1) + "\n")
        except ConfigError as error:
            return f"your progress is not kept: {error.message}"
        return None

    def _all(self) -> dict[str, Any]:
        try:
            text = self._path.read_text("utf-8") if self._path else "{}"
            held = json.loads(text)
        except (OSError, ValueError, RecursionError):
            return {}
        return held if isinstance(held, dict) else {}
