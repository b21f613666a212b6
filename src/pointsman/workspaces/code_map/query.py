"""What a text names: words, identifiers, paths, and the frames of tracebacks in several languages."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PATH = re.compile(r"[\w.@+-]{1,200}+(?:/[\w.@+-]{1,200}+)*+")
_FILE_NAME = re.compile(r".*[\w-]\.[A-Za-z]\w{0,7}$")
_QUOTED = re.compile(r"`{1,3}([^`\n]{1,200})`")
_CALLED = re.compile(r"\b([^\W\d]\w*)(?:\(|(?=\.\w))")
_FRAME = re.compile(
    r"""File\ "(?P<python>[^"\n]{1,300})",\ line\ (?P<python_line>\d{1,7})
    | \bat\ (?P<method>[\w.$<>/]{1,300})\((?P<jvm>[\w$-]{1,100}\.(?:java|kt|scala|groovy)):(?P<jvm_line>\d{1,7})\)
    | \bin\ (?P<dotnet>[^\n"]{1,300}?):line\ (?P<dotnet_line>\d{1,7})
    | \bin\ (?P<php>/[^\s:"]{1,300}\.php)\ on\ line\ (?P<php_line>\d{1,7})
    | (?P<called>[\w./\\@+~-]{1,300}\.\w{1,8})\((?P<called_line>\d{1,7})(?:,\d{1,7})?\)
    | (?P<plain>(?:[A-Za-z]:)?[\w./\\@+~-]{1,300}\.[A-Za-z]\w{0,7}):(?P<plain_line>\d{1,7})
    """,
    re.VERBOSE,
)
_COMMON_WORDS = (
    "a about after again all also an and any are as at be because been before but by can could do does for"
    " from had has have how i if in into is it its just like made make may more must no not now of on one only"
    " or our out over should since so some such than that the their them then there these they this those to"
    " too under up us use used using very was we were what when where which while who will with would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_MAX = 80


@dataclass(frozen=True, slots=True)
class Query:
    """What a text names, each once and in the order of the text; frames with the innermost first.

    `frames` are paths, as the traceback writes them, with lines. `of_tests` and `of_docs` say that the text is about
    tests or about documentation.
    """

    terms: tuple[str, ...]
    identifiers: tuple[str, ...]
    paths: tuple[str, ...]
    frames: tuple[tuple[str, int], ...]
    of_tests: bool = False
    of_docs: bool = False


def read_query(text: str) -> Query:
    """Take a text apart; the same text always gives the same query."""
    frames = _frames(text)
    words = dict.fromkeys(_WORD.findall(text))
    named = dict.fromkeys(word for quoted in _QUOTED.findall(text) for word in _WORD.findall(quoted))
    called = dict.fromkeys(_CALLED.findall(text))
    identifiers = [word for word in words if _is_mixed(word) or word in named or word in called]
    terms = dict.fromkeys(part.lower() for word in words for part in (word, *_PART.findall(word)) if len(part) > 1)
    found = (path.rstrip(".") for path in _PATH.findall(text))
    paths = dict.fromkeys(path for path in found if "/" in path or _FILE_NAME.match(path))
    lowered = frozenset(word.lower() for word in words)
    return Query(
        terms=tuple(term for term in terms if term not in _COMMON)[:_MAX],
        identifiers=tuple(each for each in identifiers if each.lower() not in _COMMON and len(each) > 1)[:_MAX],
        paths=tuple(paths)[:_MAX],
        frames=frames[:_MAX],
        of_tests=bool(lowered & {"test", "tests", "testing", "flaky", "fixture", "fixtures", "pytest", "unittest"}),
        of_docs=bool(lowered & {"doc", "docs", "documentation", "readme", "changelog", "typo"}),
    )


def _frames(text: str) -> tuple[tuple[str, int], ...]:
    """Every frame; Python writes the innermost last, and the others first."""
    python: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    for found in _FRAME.finditer(text):
        group = (found.lastgroup or "").removesuffix("_line")
        path, line = found[group], int(found[f"{group}_line"])
        if group == "jvm":
            path = "/".join((*found["method"].split(".")[:-2], path))
        (python if group == "python" else others).append((path.replace("\\", "/"), line))
    return tuple(dict.fromkeys((*reversed(python), *others)))


def _is_mixed(word: str) -> bool:
    """Whether nobody writes such a word in plain speech: `snake_case`, `camelCase`, `HTTPServer`."""
    return "_" in word.strip("_") or bool(_PART.sub("", word, count=1).strip("_"))
