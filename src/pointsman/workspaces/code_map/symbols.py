"""Finds what a source text defines, by one expression for each language: names for the index, spans for showing."""

from collections.abc import Callable

from pointsman.domain.work import Symbol
from pointsman.workspaces.code_map.languages import KINDS, Language, language_of
from pointsman.workspaces.code_map.masks import masked
from pointsman.workspaces.code_map.spans import (
    Braces,
    Text,
    end_by_indentation,
    end_by_semicolon,
    end_by_word,
    ends_by_word,
    top_of,
)


def names_in(path: str, text: str) -> tuple[str, ...]:
    """The names that a text defines, in order, also those in comments that look like code: quick, for the index."""
    language = language_of(path)
    if language is None:
        return ()
    found = language.pattern.finditer("\n" + text.replace("\r\n", "\n"))
    return tuple(match[match.lastgroup] for match in found if match.lastgroup)


def symbols_in(path: str, text: str) -> tuple[Symbol, ...]:
    """What a text defines, in order, without what comments and strings say; empty for a language that is not known.

    Where a definition ends is a best guess: for code that its language would not take, it may be its first line.
    """
    language = language_of(path)
    if language is None:
        return ()
    unified = text.replace("\r\n", "\n")
    whole = Text.of(unified, masked(unified, language.foreign))
    end_of = _ends(language, whole)
    symbols = []
    for match in language.pattern.finditer(f"\n{unified}"):
        group = match.lastgroup
        if group is None:
            continue
        # One newline was put before the text.
        begin, offset = match.start() + _blanks(match.group()) - 1, match.start(group) - 1
        if whole.code[begin] != unified[begin]:
            continue
        line = whole.line_at(offset)
        kind = KINDS[group[0]]
        symbols.append(Symbol(match[group], kind, line, max(line, end_of(line, offset)), top_of(whole, line)))
    return tuple(symbols)


def _ends(language: Language, text: Text) -> Callable[[int, int], int]:
    if language.ends_by == "end":
        ends = ends_by_word(text)
        return lambda line, _: end_by_word(text, line, ends)
    if language.ends_by == "semicolon":
        return lambda _, offset: end_by_semicolon(text, offset)
    if language.ends_by == "indentation":
        return lambda line, _: end_by_indentation(text, line)
    braces = Braces(text)
    return lambda _, offset: braces.end(offset)


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip())
