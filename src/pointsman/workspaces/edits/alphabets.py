"""Letters of other alphabets that look like Latin ones: a word that mixes both reads as another word."""

import re
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")
# The pairs that Unicode Technical Standard 39 calls confusable and that fonts draw alike, letter under letter.
_CYRILLIC = "аеорсухіјѕһԁԛԝӏАВЕКМНОРСТУХІЈЅ", "aeopcyxijshdqwlABEKMHOPCTYXIJS"
_GREEK = "οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX"
_ALIKE = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])


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


def _is_mixed(word: str) -> bool:
    return any(ord(char) in _ALIKE for char in word) and any(char.isascii() for char in word)
