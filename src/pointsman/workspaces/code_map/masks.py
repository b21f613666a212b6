"""What in a text of a language is no code: comments, strings, and whatever else may look like a definition.

Each expression matches one whole comment or string. One that nobody closed goes on to the end of its line or of the
text, so that nothing is looked at twice.
"""

import re

_DOUBLE = r'"(?:[^"\\\n]++|\\[\s\S])*+"?'
_SINGLE = r"'(?:[^'\\\n]++|\\[\s\S])*+'?"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n]{1,10}?)'"
_SLASHES = r"//[^\n]*+"
_HASH = r"\#[^\n]*+"
_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_TRIPLE = r'"""[\s\S]*?(?:"""|\Z)'
_BACKTICKS = r"`(?:[^`\\]++|\\[\s\S])*+`?"
_REGEX = r"(?<=[=(,:!&|?\[;{}])[ \t]*+/(?![/*])(?:[^/\\\n\[]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,99}+\]){1,200}+/"
_HEREDOC = r"<<[-~]?(?P<q>['\"]?)(?P<word>[A-Za-z_]\w*+)(?P=q)[^\n]*+\n(?:(?![ \t]*+(?P=word)\b)[^\n]*+\n)*+"


def _any(*kinds: str) -> re.Pattern[str]:
    return re.compile("|".join(kinds))


C_LIKE = _any(_SLASHES, _BLOCK, _TRIPLE, _DOUBLE, _CHARACTER)
CPP = _any(_SLASHES, _BLOCK, r'R"(?P<d>[^()\\ \n]{0,16})\([\s\S]*?(?:\)(?P=d)"|\Z)', _DOUBLE, _CHARACTER)
CSHARP = _any(_SLASHES, _BLOCK, _TRIPLE, r'\$?@\$?"(?:[^"]++|"")*+"?', _DOUBLE, _CHARACTER)
GO = _any(_SLASHES, _BLOCK, _DOUBLE, r"`[^`]*+`?", _CHARACTER)
JAVASCRIPT = _any(_SLASHES, _BLOCK, _REGEX, _DOUBLE, _SINGLE, _BACKTICKS)
PHP = _any(
    _SLASHES,
    r"\#(?!\[)[^\n]*+",
    _BLOCK,
    rf"<{_HEREDOC}",
    r'"(?:[^"\\]++|\\[\s\S])*+"?',
    r"'(?:[^'\\]++|\\[\s\S])*+'?",
)
PYTHON = _any(_HASH, _TRIPLE, r"'''[\s\S]*?(?:'''|\Z)", _DOUBLE, _SINGLE)
RUBY = _any(r"(?<!\S)\#[^\n]*+", r"(?m:^)=begin\b[\s\S]*?(?:\n=end\b|\Z)", _HEREDOC, _DOUBLE, _SINGLE)
RUST = _any(_SLASHES, _BLOCK, r'r(?P<n>\#*+)"[\s\S]*?(?:"(?P=n)|\Z)', r'"(?:[^"\\]++|\\[\s\S])*+"?', _CHARACTER)
SHELL = _any(r"(?<!\S)\#[^\n]*+", _HEREDOC, r'"(?:[^"\\]++|\\[\s\S])*+"?', r"'[^']*+'?")
SQL = _any(r"--[^\n]*+", _BLOCK, r"'(?:[^']++|'')*+'?")
TRIPLE = C_LIKE


def masked(text: str, foreign: re.Pattern[str]) -> str:
    """The text with blanks for what is no code; what stays keeps its place, and so does every line."""
    return foreign.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    text = found.group()
    if "\n" not in text:
        return " " * len(text)
    return "\n".join(" " * len(line) for line in text.split("\n"))
