"""What the engine's database says when it cannot be used, as one of our errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pointsman.domain.errors import OperatorMust, PointsmanError, TryAgain

_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN"})


@contextmanager
def engine_database() -> Iterator[None]:
    """Raises OperatorMust(disk-full, engine) or TryAgain(engine-busy) for what the driver raises inside."""
    try:
        yield
    except SQLAlchemyError as error:
        raise told(error) from error


def told(error: BaseException) -> PointsmanError:
    """The error as one of ours; one that is ours already stays what it is."""
    if isinstance(error, PointsmanError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) else None
    reason = str(getattr(cause, "sqlite_errorname", "") or type(error).__name__)
    if reason in _FULL:
        return OperatorMust(
            f"The disk of the engine's database is full or cannot be written ({reason}).",
            code="disk-full",
            hint="Free some space, then resume the run; what was finished is kept.",
        )
    if reason.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return TryAgain(
            f"The engine's database is locked by another program ({reason}).",
            after=2.0,
            code="engine-busy",
            hint="Close the program that holds engine.sqlite open.",
        )
    return OperatorMust(
        f"The engine's database engine.sqlite cannot be read or written ({reason}).",
        code="engine",
        hint="Restore it from a backup, or move it away: a new one is made, and only unfinished runs are lost.",
    )
