"""From where to where a definition goes: by indentation, by braces, by `end`, or to the next semicolon."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

_BRACKET = re.compile(r"[(){}\[\];\n]")
_MAX_HEADER = 400
_CONTINUES = tuple("{.=:,?|&+-*/<>")
_CONTINUING_WORDS = re.compile(r"(?:where|throws|extends|implements|with|permits|noexcept|override|const)\b")
_ABOVE = re.compile(r"[ \t]*+(?:@|#\[|\[[A-Z]|#\[\[|///|//|/\*\*|\*|#(?!include|define|if|endif|else|pragma))")


@dataclass(frozen=True, slots=True)
class Text:
    """A text line by line: as it stands, without what is no code, and where each line begins."""

    plain: str
    code: str
    lines: Sequence[str] = field(default=())
    code_lines: Sequence[str] = field(default=())
    starts: Sequence[int] = field(default=())

    @classmethod
    def of(cls, plain: str, code: str) -> "Text":
        """Both texts taken apart."""
        lines, starts = plain.split("\n"), [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        return cls(plain, code, lines, code.split("\n"), starts)

    def line_at(self, offset: int) -> int:
        """The line (from 1) that a character stands in."""
        return bisect_right(self.starts, offset)


def top_of(text: Text, line: int) -> int:
    """The first line of decorators, attributes and comments that stand directly above a definition, or its own."""
    indent = indentation(text.lines[line - 1])
    top = line
    while top > 1 and indentation(text.lines[top - 2]) >= indent and _ABOVE.match(text.lines[top - 2]):
        top -= 1
    return top


def end_by_indentation(text: Text, line: int) -> int:
    """The last line that is indented deeper than the definition; brackets that close its head do not end it."""
    indent = indentation(text.lines[line - 1])
    last = line
    for number in range(line, len(text.lines)):
        code = text.code_lines[number]
        if code.strip():
            if indentation(code) <= indent and code.lstrip()[0] not in ")]}":
                break
            last = number + 1
        elif text.lines[number].strip() and indentation(text.lines[number]) > indent:
            # The lines of a text in quotes are blank as code.
            last = number + 1
    return _closing_quotes(text, last)


def _closing_quotes(text: Text, last: int) -> int:
    # A text in three quotes may end less indented than it began.
    following = text.lines[last] if last < len(text.lines) else ""
    blank = last < len(text.lines) and not text.code_lines[last].strip()
    return last + 1 if blank and following.strip() in ('"""', "'''", '""")', "''')") else last


class Braces:
    """The brackets of a text, and where each brace that opens is closed."""

    def __init__(self, text: Text) -> None:
        self._text = text
        tokens = [(found.start(), found.group()) for found in _BRACKET.finditer(text.code)]
        self._closed: dict[int, int] = {}
        opened: list[int] = []
        for place, token in tokens:
            if token == "{":
                opened.append(place)
            elif token == "}" and opened:
                self._closed[opened.pop()] = place
        # The braces of a type between angles open nobody's body.
        typed = {
            place for pair in self._closed.items() if text.code[pair[1] + 1 : pair[1] + 2] == ">" for place in pair
        }
        self._tokens = [each for each in tokens if each[0] not in typed]
        self._places = [place for place, _ in self._tokens]

    def end(self, offset: int) -> int:
        """The last line of the definition that begins at `offset`."""
        depth = 0
        begun = self._text.line_at(offset)
        first = bisect_left(self._places, offset)
        for place, token in self._tokens[first : first + _MAX_HEADER]:
            if token in "([":
                depth += 1
            elif token in ")]":
                depth -= 1
            elif depth > 0:
                continue
            elif token == "{":
                return self._text.line_at(self._closed.get(place, place))
            elif token == ";" or (token == "\n" and not self._goes_on(place, begun)):
                return self._text.line_at(place)
            elif token == "}" or depth < 0:
                return max(begun, self._text.line_at(place) - 1)
        return begun

    def _goes_on(self, newline: int, begun: int) -> bool:
        """Whether the line after this newline still belongs to the head of a definition."""
        following = self._text.line_at(newline)
        if following >= len(self._text.code_lines):
            return False
        code = self._text.code_lines[following]
        bare = code.strip()
        return (
            indentation(code) > indentation(self._text.lines[begun - 1])
            if bare and not bare.startswith(_CONTINUES)
            else bool(bare)
        ) or bool(_CONTINUING_WORDS.match(bare))


def ends_by_word(text: Text) -> dict[int, list[int]]:
    """The lines that begin with the word `end`, by their indentation."""
    found: dict[int, list[int]] = {}
    for number, code in enumerate(text.code_lines, 1):
        if re.match(r"[ \t]*+end\b", code):
            found.setdefault(indentation(code), []).append(number)
    return found


def end_by_word(text: Text, line: int, ends: dict[int, list[int]]) -> int:
    """The line of the `end` that stands below the definition, as deep as it."""
    code = text.code_lines[line - 1]
    if re.search(r"[;\s]end\s*$", code) or not re.match(r"[ \t]*+(?:class|module|def|\w++[ \t]++def)\b", code):
        return line
    if re.search(r"\bdef\b[^=\n]{1,200}?\)[ \t]*+=[ \t]|\bdef[ \t]++[\w.?!]++[ \t]++=[ \t]", code):
        return line
    same = ends.get(indentation(code), [])
    place = bisect_right(same, line)
    return same[place] if place < len(same) else line


def end_by_semicolon(text: Text, offset: int) -> int:
    """The line of the next semicolon, or of the last text."""
    found = text.code.find(";", offset)
    return text.line_at(found if found >= 0 else len(text.code.rstrip()))


def indentation(line: str) -> int:
    """How deep a line is indented, in characters."""
    return len(line) - len(line.lstrip(" \t"))
