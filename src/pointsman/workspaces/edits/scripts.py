"""Names in code that pass for other names as a whole; words that mix alphabets are told apart beside this.

After Unicode Technical Standard 39 ("Unicode Security Mechanisms"), with the letters that pass for Latin ones alone.
"""

import io
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Iterator

_PAIRS = (
    "аaеeоoрpсcуyхxіiјjѕsԁdһhӏlԛqԝwАAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXҮYԌGкkмmтtвbгrпn"
    "αaοoρpνvυuιiκkχxΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXϲcϳjγy"
    "օoհhոnսuցgՏSՕOւiԼLᎪAᏴBᏟCᎠDᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᏚSᎢTᏙVᎳWᏃZ"
)
_LATIN_FOR = {ord(left): right for left, right in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
_ODD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_NAME = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|/\*.*?\*/|(?://|#|--|;|%)[^\n]*|<!--.*?-->", re.DOTALL
)


def strange_name(path: str, old: str, new: str) -> str:
    """A new name in code that passes for a Latin one as a whole; empty when there is none.

    Words in strings and comments are free, and so is every script in which the file has names already.
    """
    if set(_ODD.findall(new)) <= set(_ODD.findall(old)):
        return ""
    had = set(_names(path, old))
    at_home = {script for name in had for script in scripts_of(name)}
    return next((name for name in _names(path, new) if name not in had and _is_strange(name, at_home)), "")


def scripts_of(name: str) -> frozenset[str]:
    """The scripts of the letters of a name, by the first word of their Unicode names."""
    letters = (char for char in name if char.isalpha())
    return frozenset(unicodedata.name(char, "UNKNOWN").split()[0].split("-")[0] for char in letters)


def _is_strange(name: str, at_home: Iterable[str]) -> bool:
    if name.isascii():
        return False
    if unicodedata.normalize("NFKC", name) != name:
        # Python takes such a name for its plain form, whatever it looks like.
        return True
    foreign = scripts_of(name) - frozenset(at_home) - {"LATIN"}
    if not foreign:
        return False
    plain = name.translate(_LATIN_FOR)
    return plain.isascii() and plain.isidentifier()


def _names(path: str, text: str) -> Iterator[str]:
    """The names that code is made of that hold more than ASCII."""
    if path.endswith((".py", ".pyi")):
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        except (tokenize.TokenError, SyntaxError):
            return
        yield from (token.string for token in tokens if token.type == tokenize.NAME and not token.string.isascii())
    elif path.endswith(_CODE):
        found = _NAME.findall(_QUOTED.sub(" ", text))
        yield from (name for name in found if not name.isascii())


_CODE = (
    ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".go", ".rs", ".rb", ".java", ".kt", ".c", ".h", ".cc", ".cpp",
    ".hpp", ".cs", ".php", ".swift", ".scala", ".sh", ".sql", ".lua",
)  # fmt: skip
