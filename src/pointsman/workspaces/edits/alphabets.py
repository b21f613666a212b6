"""Letters that pass for Latin ones: words that mix them with Latin letters, and names in code made of them alone.

After Unicode Technical Standard 39 ("Unicode Security Mechanisms"), with the letters that pass for Latin ones alone.
"""

import io
import re
import tokenize
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator

from pointsman.workspaces.code_map.languages import PYTHON, language_of
from pointsman.workspaces.code_map.masks import masked

# Fonts draw these alike, letter under letter, so that one of them between Latin letters is not seen.
_CYRILLIC = "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwӏlАAВBЕEКKМMНHОOРPСCТTУYХXІIЈJЅS"
_GREEK = "οoΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX"
# These pass for the others only where all of a name is made of such: formulas write them beside Latin letters.
_NEARLY = "ҮYԌGкkмmтtвbгrпnαaρpνvυuιiκkχxϲcϳjγyօoհhոnսuցgՏSՕOւiԼLᎪAᏴBᏟCᎠDᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᏚSᎢTᏙVᎳWᏃZ"


def _table(pairs: str) -> dict[int, str]:
    return {ord(left): right for left, right in zip(pairs[::2], pairs[1::2], strict=True)}


_ALIKE = _table(_CYRILLIC + _GREEK)
_PASSES = _ALIKE | _table(_NEARLY)
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_NAME = re.compile(r"[^\W\d]\w*")


def latin_look(text: str) -> str:
    """The text with each letter that looks like a Latin one replaced by that."""
    return text.translate(_ALIKE)


def mixed_words(text: str) -> Counter[str]:
    """The words that hold Latin letters beside letters that only look like them."""
    if text.isascii():
        return Counter()
    return Counter(word for word in _WORD.findall(text) if _is_mixed(word))


def lookalikes(word: str) -> str:
    """The letters of a word that only look like Latin ones, by their numbers."""
    found = dict.fromkeys(char for char in word if ord(char) in _ALIKE)
    return ", ".join(f"U+{ord(char):04X}" for char in found)


def strange_name(path: str, old: str, new: str) -> str:
    """A new name in code that passes for a Latin one as a whole; empty when there is none.

    Words in strings and comments are free, and so is every script in which the file has names already.
    """
    if set(_ODD.findall(new)) <= set(_ODD.findall(old)):
        return ""
    had = set(_odd_names(path, old))
    at_home = {script for name in had for script in _scripts_of(name)}
    return next((name for name in _odd_names(path, new) if name not in had and _is_strange(name, at_home)), "")


def _is_mixed(word: str) -> bool:
    return any(ord(char) in _ALIKE for char in word) and any(char.isascii() for char in word)


def _is_strange(name: str, at_home: Collection[str]) -> bool:
    if unicodedata.normalize("NFKC", name) != name:
        # Python takes such a name for its plain form, whatever it looks like.
        return True
    if not _scripts_of(name) - {*at_home, "LATIN"}:
        return False
    plain = name.translate(_PASSES)
    return plain.isascii() and plain.isidentifier()


def _scripts_of(name: str) -> frozenset[str]:
    """The scripts of the letters of a name, by the first word of their Unicode names."""
    letters = (char for char in name if char.isalpha())
    return frozenset(unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0] for char in letters)


def _odd_names(path: str, text: str) -> Iterator[str]:
    """The names that code is made of that hold more than ASCII."""
    language = language_of(path)
    if language is None or text.isascii():
        return
    if language is PYTHON:
        names = _python_names(text)
    else:
        names = iter(_NAME.findall(masked(text, language.foreign)))
    yield from (name for name in names if not name.isascii())


def _python_names(text: str) -> Iterator[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    yield from (token.string for token in tokens if token.type == tokenize.NAME)
