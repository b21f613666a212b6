"""Commit messages: a model's words without powers, our trailers, and a date that makes repeats identical."""

import re
from collections.abc import Mapping
from datetime import datetime

from pointsman.domain.trailers import without_trailers
from pointsman.domain.work import CommitText

_AUTHOR = ("Pointsman", "pointsman@localhost")
_MAX_SUBJECT = 100
_MAX_BODY = 4000

_REFERENCE = r"(?:[\w.-]+/[\w.-]+)?(?:#|!|GH-)\d+|https?://\S+/(?:issues|pull|merge_requests)/\d+"
# The words that close an issue on GitHub and GitLab (their documentation of closing keywords).
_CLOSING = re.compile(
    rf"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b\s*:?\s*"
    rf"(?:{_REFERENCE})(?:\s*(?:,|and)\s*(?:{_REFERENCE}))*",
    re.IGNORECASE,
)
_SKIP = re.compile(r"\[(?:skip[ -](?:ci|actions)|(?:ci|actions)[ -]skip|no[ -]ci)\]|\*\*\*NO_CI\*\*\*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def message_of(text: CommitText) -> bytes:
    """The whole message. Trailers, closing keywords and switches that the model wrote are taken out; ours follow."""
    subject = " ".join(_harmless(text.subject).split())[:_MAX_SUBJECT].strip(" -:,.") or "Change files"
    lines = [line.rstrip() for line in _harmless(text.body)[:_MAX_BODY].splitlines()]
    body = "\n".join(lines).strip()
    trailers = "\n".join(" ".join(trailer.split()) for trailer in text.trailers)
    return "\n\n".join(part for part in (subject, body, trailers) if part).encode("utf-8", "replace") + b"\n"


def people(at: str) -> Mapping[str, str]:
    """Author and committer for git's environment. `at` is ISO 8601 in UTC."""
    moment = datetime.fromisoformat(at)
    date = f"@{int(moment.timestamp())} +0000"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", _AUTHOR[0]), ("EMAIL", _AUTHOR[1]), ("DATE", date))
    }


def is_our_author(address: str) -> bool:
    """Whether an author's address is the one that the bot commits under, which anybody can write."""
    return address == _AUTHOR[1]


def _harmless(text: str) -> str:
    text = _CONTROL.sub("", without_trailers(text.replace("\r\n", "\n").replace("\r", "\n")))
    return _SKIP.sub("", _CLOSING.sub("", text))
