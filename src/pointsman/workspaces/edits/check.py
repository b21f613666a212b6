"""What a new file text must not hold: new syntax errors, gaps, lost names, characters nobody sees, secrets, bulk."""

import re
import unicodedata
from collections import Counter

from pointsman.domain.work import EditRefusal
from pointsman.workspaces.edits.alphabets import lookalikes, mixed_words, strange_name
from pointsman.workspaces.edits.names import fault_in, is_python, syntax_error, top_names

_LOST = 0.2
_MAX_LINE = 10_000
_SMALL = 20

_ELISION = re.compile(
    r"^\s*(?:#|//|/\*|<!--|--|;|%)\s*"
    r"(?:(?:\.{3}|…).*|\(?(?:the )?(?:rest|remainder|remaining|existing|other|previous|original)\b"
    r".*\b(?:unchanged|same|here|code|stays?|remains?|as before|omitted|untouched)\b.*)$",
    re.IGNORECASE,
)
# In one place of a file fewer comments are taken for a gap: "# ... and more" may be somebody's own words.
_REST = re.compile(
    r"^\s*(?:#|//|/\*|<!--|--|;|%)\s*(?:\.{3}|…)?\s*\(?(?:the )?(?:rest|remainder|existing|other|previous|original)\b"
    r"[^\n]{0,40}\b(?:unchanged|code|stays the same|remains? (?:the same|unchanged)|omitted|untouched)\b[^\n]{0,40}$",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\t\n\r\f -~]+")
_STAND_IN = re.compile(r"<U\+(0[0-9A-F]{3}|[1-9A-F][0-9A-F]{3,4}|10[0-9A-F]{4})>")
_JOINER = "\u200d"
_SECRETS = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9_.-]{20,}|github_pat_[A-Za-z0-9_]{20,})")),
    ("a GitLab token", re.compile(r"\bgl(?:pat|dt|rt|ptt|cbt|soat|ft)-[A-Za-z0-9_-]{16,}")),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("an API key", re.compile(r"\bsk-[A-Za-z0-9_-]{20,}")),
    ("a Google key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    (
        "a signed web token",
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ),
)


def refuse_text(path: str, old: str | None, new: str, *, whole: bool) -> EditRefusal | None:
    """Why the new text of `path` may not be written, or None. `whole` tells that a model wrote it from top to end.

    Only what is new counts: a file that had a syntax error or a strange character before may keep it.
    """
    before = old or ""
    refusal = _long_line(path, before, new) or _strange_characters(path, before, new) or _secrets(path, before, new)
    refusal = refusal or _stand_ins(path, before, new) or _mixed_words(path, before, new)
    if refusal is None and old is not None:
        refusal = _elided(path, old, new, _ELISION if whole else _REST)
        refusal = refusal or (_lost_names(path, old, new) if whole else None)
    return refusal or _look_alike(path, before, new) or _new_syntax_error(path, old, new)


def keeps_all_names(path: str, old: str, new: str) -> bool:
    """Whether `new` reads as the whole of `path`: it parses, elides nothing and defines every name of `old`."""
    if is_python(path) and syntax_error(new) is not None:
        return False
    return top_names(path, old) <= top_names(path, new) and _elided(path, old, new, _ELISION) is None


def _look_alike(path: str, old: str, new: str) -> EditRefusal | None:
    name = strange_name(path, old, new)
    if not name:
        return None
    line = next(n for n, text in enumerate(new.split("\n"), 1) if name in text)
    told = name[:60].encode("ascii", "backslashreplace").decode()
    text = (
        f"{path}: line {line} has the name {told}, with letters that pass for others. Write names in plain letters."
    )
    return EditRefusal("unreadable", path, text)


def _new_syntax_error(path: str, old: str | None, new: str) -> EditRefusal | None:
    error = fault_in(path, new)
    if error is None or (old is not None and fault_in(path, old) is not None):
        return None
    line, message = error
    lines = new.split("\n")
    shown = "\n".join(f"{n:>5} {lines[n - 1][:160]}" for n in range(max(1, line - 3), min(len(lines), line + 2) + 1))
    text = (
        f"{path}: after this edit line {line} is a syntax error: {message}. It would have read:\n{shown}\n"
        "The file is unchanged. Send the edit again, mended."
    )
    return EditRefusal("syntax", path, text)


def _elided(path: str, old: str, new: str, form: re.Pattern[str]) -> EditRefusal | None:
    had = {line.strip() for line in old.split("\n")}
    for number, line in enumerate(new.split("\n"), start=1):
        if line.strip() not in had and form.match(line):
            text = (
                f"{path}: line {number} leaves code out ({line.strip()[:80]!r}). What stands for code must "
                "be the code, every line of it. The file is unchanged."
            )
            return EditRefusal("lost-names", path, text)
    return None


def _lost_names(path: str, old: str, new: str) -> EditRefusal | None:
    if is_python(path) and syntax_error(new) is not None:
        return None
    names = top_names(path, old)
    lost = sorted(names - top_names(path, new))
    if names and len(lost) > _LOST * len(names):
        text = f"{path}: the reply loses {', '.join(lost[:12])}. Send the whole file, with everything it defines."
        return EditRefusal("lost-names", path, text)
    lines = [line for line in old.splitlines() if line.strip()]
    if not names and len(lines) > _SMALL and len([x for x in new.splitlines() if x.strip()]) * 2 < len(lines):
        text = f"{path}: more than half of its lines are gone. Send the whole file, or a SEARCH/REPLACE block."
        return EditRefusal("lost-names", path, text)
    return None


def _strange_characters(path: str, old: str, new: str) -> EditRefusal | None:
    had, now = _strange_in(old), _strange_in(new)
    for char in now - had:
        at = new.index(char) if char not in had else new.rindex(char)
        if char == _JOINER and at and unicodedata.category(new[at - 1]) in ("So", "Sk", "Mn"):
            continue
        text = (
            f"{path}: line {new.count(chr(10), 0, at) + 1} holds the invisible or control character "
            f"U+{ord(char):04X}. Write it as an escape such as \\u{ord(char):04x}, or leave it out."
        )
        return EditRefusal("unreadable", path, text)
    return None


def _stand_ins(path: str, old: str, new: str) -> EditRefusal | None:
    """Where a model wrote down what it was shown in place of a character that nobody sees."""
    for found in _STAND_IN.finditer(new):
        if found.group() not in old and chr(int(found.group(1), 16)) in old:
            line = new.count("\n", 0, found.start()) + 1
            text = (
                f"{path}: line {line}: {found.group()} stands for a character of the file. Leave that line as it is."
            )
            return EditRefusal("unreadable", path, text)
    return None


def _mixed_words(path: str, old: str, new: str) -> EditRefusal | None:
    for word in mixed_words(new) - mixed_words(old):
        line = new.count("\n", 0, new.index(word)) + 1
        text = (
            f"{path}: line {line} holds the word {word[:40]!r}, in which {lookalikes(word)} only looks like a Latin "
            "letter. Write the word in one alphabet."
        )
        return EditRefusal("unreadable", path, text)
    return None


def _strange_in(text: str) -> Counter[str]:
    odd = Counter(_PLAIN.sub("", text))
    strange = ("Cc", "Cf", "Zl", "Zp", "Cs")
    return Counter({char: count for char, count in odd.items() if unicodedata.category(char) in strange})


def _secrets(path: str, old: str, new: str) -> EditRefusal | None:
    for name, pattern in _SECRETS:
        found = next((match for match in pattern.finditer(new) if match.group() not in old), None)
        if found is not None:
            line = new.count("\n", 0, found.start()) + 1
            text = f"{path}: line {line} looks like {name}. Secrets are never committed; read it from configuration."
            return EditRefusal("protected", path, text)
    return None


def _long_line(path: str, old: str, new: str) -> EditRefusal | None:
    longest = max(map(len, new.split("\n")))
    if longest > _MAX_LINE and longest > max(map(len, old.split("\n"))):
        return EditRefusal(
            "too-large", path, f"{path}: a line of {longest} characters is no source. Write it readably."
        )
    return None
