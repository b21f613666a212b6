"""The log of an installation: one file in its home for bugs and what libraries complain of; no payload is in it."""

import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from pointsman.conversation.masking import masked

NAME = "pointsman.log"
LARGEST = 8 << 20
_LONGEST = 300
_OWN = "pointsman"
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class LogFile(logging.Handler):
    """Appends to a file that only its owner may read; when it cannot be written the line is lost, not the command."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.WARNING)
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; what was there before a file grew too large is kept once beside it."""
        try:
            if self.path.is_file() and self.path.stat().st_size > LARGEST:
                self.path.replace(self.path.with_name(NAME + ".1"))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(self.path, flags, 0o600), "a", encoding="utf-8") as file:
                file.write(_line(record))
        except OSError:
            return


def log_to(home: Path) -> None:
    """From now on this process logs into `home`, and nothing but its commands writes to the terminal."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LogFile)]:
        root.removeHandler(handler)
    root.addHandler(LogFile(home / NAME))
    logging.captureWarnings(True)
    # The engine gives its logger a handler for the terminal if it has none, and then keeps its records from the root.
    engine = logging.getLogger("dbos")
    engine.handlers[:] = [logging.NullHandler()]
    engine.propagate = True


def log_path() -> Path | None:
    """The file that this process logs to; None before a home was opened."""
    return next((each.path for each in logging.getLogger().handlers if isinstance(each, LogFile)), None)


def _line(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = f"{at} {record.levelname} {record.name}: {_short(record.getMessage())}{_fields(record)}\n"
    return head + (_trace(record.exc_info[1]) if record.exc_info and record.exc_info[1] else "")


def _fields(record: logging.LogRecord) -> str:
    """The data of our own messages; what libraries hang onto theirs is not known to be harmless."""
    if record.name.partition(".")[0] != _OWN:
        return ""
    found = {name: _short(str(value)) for name, value in vars(record).items() if name not in _USUAL}
    return "".join(f" {name}={value}" for name, value in found.items() if value)


def _trace(error: BaseException) -> str:
    """Where it happened and which kinds of errors; their words may hold what somebody wrote, so they are left out."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < 400:
        lines += [f"  {type(cause).__module__}.{type(cause).__qualname__}"]
        lines += [f"    {at.filename}:{at.lineno} in {at.name}" for at in traceback.extract_tb(cause.__traceback__)]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines) + "\n"


def _short(text: str) -> str:
    """One line without credentials; a library's message may quote a statement with its values, which is cut off."""
    line = " ".join(masked(text.partition("[SQL:")[0]).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
