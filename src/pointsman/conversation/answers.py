"""What people answer to a finding, in its thread: that it may rest, that it is fixed, or a question."""

import re
from typing import Literal

from pointsman.conversation.commands import first_line, intent_in
from pointsman.conversation.inbound import inbound
from pointsman.domain.intents import Ignore, Misread, Question
from pointsman.domain.invisible import visible_characters

_REST = frozenset(
    {"ignore", "ignored", "ignore it", "ignore this", "please ignore", "won't fix", "wont fix", "wontfix"}
    | {"will not fix", "not a bug", "this is not a bug", "it is not a bug", "it's not a bug", "not an issue"}
    | {"false positive", "this is a false positive", "by design", "this is by design", "intended", "as intended"}
    | {"this is intended", "works as intended", "intentional", "this is intentional"}
)
_FIXED = frozenset(
    {"fixed", "done", "fixed it", "fixed this", "fixed now", "this is fixed", "it is fixed", "it's fixed", "resolved"}
)
_FIXED_IN = re.compile(r"fixed in (?:commit )?`?[0-9a-f]{7,40}`?", re.ASCII)
_CLAUSE_ENDS = re.compile(r"[.,;:!–—(]| - | because | since ")
_FENCED = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[^\n]*(?:\n(?! {0,3}(?P=mark))[^\n]*)*(?:\n[^\n]*)?", re.MULTILINE)
_ASIDE = re.compile(r"^(?: {0,3}>| {4}|\t)[^\n]*$", re.MULTILINE)
_LONGEST = 20_000


def answer_in(body: str, bot: str = "") -> Ignore | Question | Literal["fixed"] | None:
    """What an answer in the thread of one of our findings says; None when it says nothing to us.

    `/pointsman ignore` needs no id here: an `Ignore` with an empty one means the finding of the thread. Other
    commands are read by `intent_in`. Otherwise the first sentence counts: "won't fix", "not a bug, it is checked
    above", "fixed in 1a2b3c4"; or the whole, when it ends with a question mark. Quotes and code say nothing.
    """
    told = intent_in(body, bot)
    if isinstance(told, Misread) and told.word == "ignore" and _is_bare(body):
        return Ignore("")
    if told is not None:
        return told if isinstance(told, Ignore | Question) else None
    own = _own_words(body)
    if own.endswith("?"):
        return Question(own)
    clause = _CLAUSE_ENDS.split(own.partition("\n")[0].lower().replace("’", "'"), maxsplit=1)[0].strip()
    if clause in _REST:
        return Ignore("")
    return "fixed" if clause in _FIXED or _FIXED_IN.fullmatch(clause) else None


def _is_bare(body: str) -> bool:
    """Whether the command stands there with nothing behind it."""
    return len(first_line(body)[0].split()) == 2


def _own_words(body: str) -> str:
    """The text without quotes and code; empty when it holds what people do not see."""
    text = body[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if visible_characters(text)[0] != text:
        return ""
    return inbound(_ASIDE.sub("", _FENCED.sub("", text))).text.strip()
