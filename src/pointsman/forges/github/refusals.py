"""What GitHub says no to, told as one of our families of errors, in short and plain words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, TryAgain
from pointsman.forges.github.rest_wire import Asked, Trouble, read

_MINUTE = 60.0
_LONGEST = 3600.0
_MOST = 300
# Tokens of every kind, App JWTs, and credentials in addresses.
_SECRET = re.compile(r"gh[a-z]_[A-Za-z0-9_.\-]+|github_pat_\w+|eyJ[\w.\-]{20,}|(?<=://)[^/@\s]+@|(?i:bearer\s+)\S+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")
_BROKEN_QUERY = "Something went wrong while executing your query"
_LIMITED = ("api rate limit exceeded", "secondary rate limit", "please wait a few minutes before you try again")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of GitHub; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class NotThere(OwnerMust):
    """GitHub does not know it, or does not show it to us."""

    code = "not-there"


class Refused(OwnerMust):
    """GitHub understood and says no. `said` is its reason, `status` its number."""

    code = "forge-refused"

    def __init__(self, said: str, *, status: int) -> None:
        super().__init__(f"GitHub refused: {said}")
        self.said = said
        self.status = status

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is said there: the conversation is locked, the repository archived."""
        return self.status == 403 and any(word in self.said.lower() for word in ("locked", "archived"))


def told(reply: Reply) -> PointsmanError:
    """The error for an answer of 300 or above (GitHub REST documentation, "Troubleshooting" and "Rate limits")."""
    said = reason(reply)
    if reply.status == 401:
        return OperatorMust(
            "GitHub does not accept the App's credentials.",
            code="credentials",
            hint="See that the clock of this machine is right and that the App's private key was not replaced.",
        )
    if _is_limit(reply, said):
        return _fewer(reply)
    if reply.status >= 500:
        return unanswered(f"it said {reply.status}")
    if reply.status in (404, 410):
        return NotThere("GitHub does not have it, or does not show it to the App.")
    return Refused(said or f"status {reply.status}", status=reply.status)


def told_of_query(reply: Reply) -> PointsmanError | None:
    """The error in an answer of GraphQL, which comes as 200 for limits and faults too; None when it went well.

    GitHub GraphQL documentation, "Rate limits and query limits for the GraphQL API".
    """
    answer = read(Asked, reply.text)
    if answer is None:
        return unanswered("what it said cannot be read", after=30.0)
    kinds, said = {error.type for error in answer.errors}, reason(reply)
    if "RATE_LIMITED" in kinds or _speaks_of_limits(said):
        return _fewer(reply)
    if "NOT_FOUND" in kinds:
        return NotThere("GitHub does not have it, or does not show it to the App.")
    if said.startswith(_BROKEN_QUERY) or (said and not answer.errors):
        return unanswered("it came upon a fault of its own")
    return Refused(said or "no reason given", status=reply.status) if answer.errors else None


def unanswered(why: str, *, after: float = 10.0) -> TryAgain:
    """The error for no answer, or for one that cannot be used."""
    return TryAgain(f"GitHub did not answer: {why}.", after=after, code="unreachable")


def reason(reply: Reply) -> str:
    """GitHub's own words, scrubbed and shortened."""
    trouble = read(Trouble, reply.text)
    if trouble is None:
        return ""
    details = (_detail(one) for one in trouble.errors)
    return plain("; ".join(dict.fromkeys(part for part in (trouble.message, *details) if part)))


def plain(text: str) -> str:
    """A text of the forge that may be told: one line, without credentials, not long."""
    even = _UNSEEN.sub(" ", _SECRET.sub("***", text)).strip()
    return even if len(even) <= _MOST else even[: _MOST - 1] + "…"


def seconds_until(moment: datetime, reply: Reply) -> float | None:
    """From the moment of an answer to another one, by GitHub's clock alone; ours may be wrong."""
    try:
        return (moment - parsedate_to_datetime(reply.headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None


def _is_limit(reply: Reply, said: str) -> bool:
    if reply.status not in (403, 429):
        return False
    told = reply.headers.get("retry-after", "").isdecimal() or reply.headers.get("x-ratelimit-remaining") == "0"
    return told or reply.status == 429 or _speaks_of_limits(said)


def _speaks_of_limits(said: str) -> bool:
    return any(words in said.lower() for words in _LIMITED)


def _fewer(reply: Reply) -> TryAgain:
    """Nothing more is asked as long as `retry-after` says, until the reset when nothing remains, else a minute."""
    after = reply.headers.get("retry-after", "")
    wait = _MINUTE
    if after.isdecimal():
        wait = min(float(after), _LONGEST)
    elif reply.headers.get("x-ratelimit-remaining") == "0":
        wait = _until_reset(reply)
    return TryAgain("GitHub asks for fewer requests.", after=wait, code="rate-limit")


def _until_reset(reply: Reply) -> float:
    reset = reply.headers.get("x-ratelimit-reset", "")
    try:
        now = parsedate_to_datetime(reply.headers["date"]).timestamp()
        return min(max(float(reset) - now, 1.0), _LONGEST)
    except (KeyError, ValueError, TypeError):
        return _MINUTE


def _detail(error: object) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    message = error.get("message")
    if isinstance(message, str) and message:
        return message
    return " ".join(str(error[name]) for name in ("resource", "field", "code") if isinstance(error.get(name), str))
