"""Structured logs: one JSON object a line, to the console (stderr) and to a file.

Texts of users (ideas, prompts, values) and anything that looks like a key are left out, unless
`log.texts` is on; keys are left out always.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import SettingsError
from burnish.masking import without_secrets
from burnish.settings import LogSettings

# Fields that hold what a person wrote. A log line says how long they are, never what they say.
TEXT_FIELDS = frozenset({"text", "idea", "prompt", "context", "values", "output", "input"})


class Log:
    """One log per platform. Lines carry `request_id`, which ties what one call did together."""

    def __init__(self, settings: LogSettings) -> None:
        self._texts = settings.texts
        # Not a named logger: those are shared by the whole process, a platform's log is its own.
        self._logger = logging.Logger("burnish")  # noqa: LOG001
        if settings.level != "off":
            level = getattr(logging, settings.level.upper())
            self._add(logging.StreamHandler(sys.stderr), level)
        if settings.file:
            self._add(_file(settings.file), logging.DEBUG)

    def __call__(self, level: int, event: str, request_id: str = "", **fields: Any) -> None:
        if self._logger.handlers:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "level": logging.getLevelName(level).lower(),
                "event": event,
                "request_id": request_id,
                **{name: self._shown(name, value) for name, value in fields.items()},
            }
            self._logger.log(level, msgspec.json.encode(line).decode())

    @property
    def is_on(self) -> bool:
        return bool(self._logger.handlers)

    def close(self) -> None:
        for handler in list(self._logger.handlers):
            self._logger.removeHandler(handler)
            handler.close()

    def _shown(self, name: str, value: Any) -> Any:
        if not self._texts and name in TEXT_FIELDS:
            return f"<{len(str(value))} characters>"
        # Before encoding: what is masked must not take the quotes around it along.
        return without_secrets(value) if isinstance(value, str) else value

    def _add(self, handler: logging.Handler, level: int) -> None:
        handler.setLevel(level)
        handler.setFormatter(logging.Formatter("%(message)s"))
        self._logger.addHandler(handler)


def _file(name: str) -> logging.Handler:
    path = Path(name).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the log file {path} cannot be written: {error.strerror}",
            hint="set log.file to a file in a folder you may write to",
            subject="log.file",
        ) from None
