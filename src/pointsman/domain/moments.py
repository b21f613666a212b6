"""Moments as text, ISO 8601 in UTC with whole seconds, and the seconds between them."""

from datetime import UTC, datetime, timedelta


def later(at: str, seconds: float) -> str:
    """So many seconds after a moment, rounded up to a whole second."""
    moment = _moment(at) + timedelta(seconds=seconds)
    whole = moment.replace(microsecond=0) + timedelta(seconds=1 if moment.microsecond else 0)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_between(start: str, end: str) -> float:
    """Seconds from one moment to another; negative when `end` is before `start`."""
    return (_moment(end) - _moment(start)).total_seconds()


def _moment(at: str) -> datetime:
    moment = datetime.fromisoformat(at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
