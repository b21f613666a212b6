"""Suggestions of a reviewer, kept only when they can take the place of the line that they are about."""

import re

from pointsman.phases.reviewing.anchors import DiffLine, normal

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_FENCE_LINE = re.compile(r"^\s*(`{3,}|~{3,})")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|(?:#|//).*")
_ORDER = re.compile(
    r"(use|using|change|replace|consider|add|remove|rename|handle|check|ensure|make|move|swap|set|fix|wrap|write|test|"
    r"validate|avoid|update|instead|it|you|there|this|should|return the|raise an|please|the|an|see)\b:?\s+[\w`'\"]",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(^|\s)(the|an|instead|should|must|please|because|rather than)\s+[`\w]", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z][a-z]+( [A-Za-z'-]+){2,}[.,!?]?")
_LEFT_OUT = re.compile(
    r"\s*((#|//|/\*|--|<!--)?\s*(\.\.\.|…)(?!\w)|(#|//|/\*|--|<!--).*\b(rest of|remaining|existing code|unchanged)\b)"
)
_PROSE_FILES = (".md", ".rst", ".txt", ".adoc", ".html")
_NOTHING = frozenset(("n/a", "na", "none", "null", "nil", "-", "empty", "(empty)", "no", "unchanged", "no change"))
_MOST_LINES = 20
_NEARBY = 10
_LEAST_LETTERS = 8


def suggestion_of(said: str, path: str, line: DiffLine, lines: tuple[DiffLine, ...]) -> str:
    """The exact text for a line of a diff, as a model means it; empty when what it wrote cannot stand there.

    `lines` are all lines of that file's diff. Fences, signs of the diff and neighbouring lines that were copied along
    are taken off, and a missing indentation is put back.
    """
    wanted = _unsigned(_unfenced(said), line.text)
    if not any(wanted) or len(wanted) > _MOST_LINES or any(_FENCE_LINE.match(one) for one in wanted):
        return ""
    near = _near(line, lines)
    wanted = _alone(wanted, *near)
    if not any(wanted) or _repeats(wanted, *near) or _is_no_line("\n".join(wanted), path, line.text):
        return ""
    return "\n".join(_indented(wanted, line.text))


def _unfenced(said: str) -> list[str]:
    """The text without the fence around it, or what the only fence holds; a half fence loses its mark."""
    text = said.replace("\r\n", "\n").strip("\n").rstrip()
    blocks = _FENCE.findall(text)
    if len(blocks) == 1:
        return str(blocks[0][1]).rstrip().split("\n")
    lines = text.split("\n")
    if _FENCE_LINE.match(lines[0]) and not blocks:
        lines = lines[1:]
    bare = lines[0].strip() if len(lines) == 1 else ""
    if len(bare) > 2 and bare[0] == bare[-1] == "`" and "`" not in bare[1:-1]:
        return [bare[1:-1]]
    return lines


def _unsigned(wanted: list[str], old: str) -> list[str]:
    """Without the signs of a diff, where the model wrote one: what it adds is what it wants."""
    signs = {one[0] for one in wanted if one}
    if old[:1] in ("+", "-") or "+" not in signs or not signs <= {"+", "-", " "}:
        return wanted
    return [one[1:] for one in wanted if not one.startswith("-")]


def _near(line: DiffLine, lines: tuple[DiffLine, ...]) -> tuple[list[str], list[str]]:
    """What stands before and after a line in its hunk, on its side of the diff."""
    other = "removed" if line.side == "new" else "added"
    hunk = [one for one in lines if one.hunk == line.hunk and (one is line or one.kind != other)]
    at = next((place for place, one in enumerate(hunk) if one is line), 0)
    return [normal(one.text) for one in hunk[:at]], [normal(one.text) for one in hunk[at + 1 :]]


def _alone(wanted: list[str], before: list[str], after: list[str]) -> list[str]:
    """Without the lines before and after the quoted one, which small models copy along."""
    evened = [normal(one) for one in wanted]
    starts = (count for count in range(min(len(evened), len(before)), 0, -1) if evened[:count] == before[-count:])
    start = next(starts, 0)
    most = min(len(evened) - start, len(after))
    ends = (count for count in range(most, 0, -1) if evened[len(evened) - count :] == after[:count])
    return wanted[start : len(wanted) - next(ends, 0)]


def _repeats(wanted: list[str], before: list[str], after: list[str]) -> bool:
    """Whether several lines hold one that stands nearby already: a rewrite of more than the quoted line."""
    around = {one for one in (*before[-_NEARBY:], *after[:_NEARBY]) if sum(map(str.isalnum, one)) >= _LEAST_LETTERS}
    return len(wanted) > 1 and any(normal(one) in around for one in wanted)


def _indented(wanted: list[str], old: str) -> list[str]:
    """With the indentation of the old line, where the model left it out: of all lines, or of the first alone."""
    indent = old[: len(old) - len(old.lstrip())]
    if not indent or wanted[0][:1].isspace():
        return wanted
    others = [len(one) - len(one.lstrip()) for one in wanted[1:] if one.strip()]
    opens = wanted[0].rstrip().endswith((":", "{", "(", "["))
    least = len(indent) + 1 if opens else len(indent)
    if others and min(others) >= len(indent) and others[0] >= least:
        return [indent + wanted[0], *wanted[1:]]
    return [indent + one if one.strip() else one for one in wanted]


def _is_no_line(text: str, path: str, old: str) -> bool:
    """Whether a text says nothing, changes nothing, leaves something out, or speaks about the line."""
    evened = normal(text)
    bare = _QUOTED.sub("", text)
    if evened.casefold().rstrip(".") in _NOTHING or evened == normal(old):
        return True
    if any(_LEFT_OUT.match(one) for one in text.split("\n")) or ("\\n" in bare and "\\n" not in old):
        return True
    if path.casefold().endswith(_PROSE_FILES) or _SENTENCE.search(old):
        return _shared(evened, old) < 0.5
    is_order = _ORDER.match(evened) is not None and not evened.endswith((";", "{"))
    same_start = evened.split()[0].casefold() == normal(old).split(" ")[0].casefold()
    return (is_order and not same_start) or _SENTENCE.search(bare) is not None or _WORDS.fullmatch(evened) is not None


def _shared(text: str, old: str) -> float:
    """How much of the words of the old line, from 0 to 1, a text keeps."""
    words = set(re.findall(r"\w+", old.casefold()))
    return len(words & set(re.findall(r"\w+", text.casefold()))) / len(words) if words else 0.0
