"""By what a change proves less than it seems to: decided from its files before and after, by rules alone."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from pointsman.domain.outcome import Weakening
from pointsman.phases.paths import is_ci, is_code, is_test, is_test_config
from pointsman.phases.proof import machinery, supply, weakened_config, weakened_python

_MOST = 50
_LONGEST = 400_000
_MOST_COMPARED = 4_000

_ASSERTION = re.compile(
    r"\bexpect\s*\(|\bassert\w*(?:\.\w+)*\s*[!(]|\b(?:Assert|Assertions)\.\w+|\.should\b|\bshould_panic\b|"
    r"\bt\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\b|\brequire\.\w+\(|\.Should\(|\bverify\(|"
    r"\bexpect\w*Exception\b|^\s*assert\s",
    re.MULTILINE,
)
_SKIP = re.compile(
    r"\.(?:skip|todo|only|fixme)\b\s*\(|\b[xf](?:it|describe|test|context)\s*[(\s]|\bt\.Skip(?:f|Now)?\(|"
    r"@(?:Disabled|Ignore|Ignored)\b|\[(?:Ignore|Explicit)\b|\bSkip\s*=\s*\"|#\[ignore|"
    r"\bmarkTest(?:Skipped|Incomplete)\b|^\s*(?:skip|pending)\b|\bassumeTrue\(|testing\.Short\(\)",
    re.MULTILINE,
)
_CONSTANT = re.compile(
    r"\bexpect\(\s*(true|1|'[^']*'|\"[^\"]*\")\s*\)\.to(Be|Equal|BeTruthy)\w*\(\s*(true|1|\1)?\s*\)|"
    r"\b[aA]ssert(?:True)?!?\(\s*true\s*[,)]|\bAssert\.(?:True|IsTrue)\(\s*true\b|\bassert true\b|"
    r"\bassert_eq!\(\s*(\w+)\s*,\s*\4\s*\)"
)
_EXACT = re.compile(
    r"\.to(?:Be|Equal|StrictEqual)\(|\bassert_eq!|\bassertEquals\(|\bassert(?:Same|_equal)\b|\.Equal\("
)
_LINT = re.compile(
    r"#\s*type:\s*ignore|#\s*noqa\b|#\s*pylint:\s*disable|#\s*pragma:\s*no cover|#\s*mypy:|\beslint-disable\b|"
    r"@ts-(?:ignore|nocheck|expect-error)\b|//\s*nolint\b|@SuppressWarnings\b|#!?\[allow\(|\brubocop:disable\b|"
    r"\bNOLINT\b|\bistanbul ignore\b|\bc8 ignore\b|@phpstan-ignore|#pragma warning disable"
)
_SAFETY = re.compile(
    r"#\s*nosec\b|\bnosemgrep\b|//\s*#nosec\b|\bverify\s*=\s*False\b|\bCERT_NONE\b|\bcheck_hostname\s*=\s*False\b|"
    r"\brejectUnauthorized\s*:\s*false\b|\bInsecureSkipVerify\s*:\s*true\b|NODE_TLS_REJECT_UNAUTHORIZED|"
    r"\b_create_unverified_context\b|\bdisable_warnings\(|--no-verify\b|@csrf_exempt\b|\bverify_ssl\s*=\s*False\b|"
    r"\bautoescape\s*=\s*False\b|\bdangerouslySetInnerHTML\b|\bVERIFY_NONE\b|CURLOPT_SSL_VERIFYPEER\s*[,=]>?\s*(?:0|false)"
)

# `test` is a package of the standard library that no program loads.
_LOADED_FIRST = (sys.stdlib_module_names | {"packaging", "pygments", "exceptiongroup", "tomli"}) - {"test", "tests"}

Pair = tuple[str | None, str | None]


def weakenings(files: Mapping[str, Pair], *, ours: str = "") -> tuple[Weakening, ...]:
    """What is weakened in a change, given the text of each touched file before and after (None: there is none).

    `ours` is a test that the harness itself put into the change; it is not looked at. At most fifty are told.
    """
    found = (one for path in sorted(files) if path != ours for one in _in_file(path, *files[path]))
    return tuple(one for _, one in zip(range(_MOST), found, strict=False))


def doubtful(found: tuple[Weakening, ...]) -> tuple[Weakening, ...]:
    """Those that a verdict cannot pass over; a remark to a linter is told and no more."""
    return tuple(one for one in found if one.kind != "lint")


def in_words(one: Weakening) -> str:
    """One weakening as a line for people and models."""
    return f"{one.path}{f':{one.line}' if one.line else ''}: {one.what}"


def _in_file(path: str, before: str | None, after: str | None) -> Iterator[Weakening]:
    old, new = (before or "")[:_LONGEST], (after or "")[:_LONGEST]
    if is_test(path):
        yield from _in_test(path, old, after)
    if is_test_config(path) or is_ci(path):
        if after is None:
            yield Weakening(path, 0, "the configuration of the tests is deleted", "selection")
        yield from (Weakening(path, line, what, "selection") for line, what in _config(path, old, after))
    if is_code(path) and not is_test(path) and not is_test_config(path):
        yield from (Weakening(path, line, what, "machinery") for line, what in machinery.touched(path, old, new))
    if is_code(path) and _rest(before) != _rest(after):
        yield Weakening(path, 0, "is too long to be looked at to its end", "machinery")
    if before is None and _is_loaded_first(path):
        yield Weakening(path, 0, "takes the place of a module that the runner itself loads", "machinery")
    if supply.brings(path):
        yield from (Weakening(path, *one, "check") for one in supply.brought_in(path, old, new))
    yield from (Weakening(path, *one, "check") for one in _added(_SAFETY, old, new, "a check of safety is off"))
    yield from (Weakening(path, *one, "lint") for one in _added(_LINT, old, new, "a linter is told to look away"))


def _rest(text: str | None) -> str:
    return (text or "")[_LONGEST:]


def _is_loaded_first(path: str) -> bool:
    """Whether a module at the top of the tree is called like one of the standard library: `python -m` takes it."""
    place = PurePosixPath(path)
    is_module = place.suffix == ".py" and place.parts[1:] in ((), ("__init__.py",))
    return is_module and place.parts[0].removesuffix(".py") in _LOADED_FIRST


def _config(path: str, old: str, after: str | None) -> tuple[weakened_config.Said, ...]:
    return weakened_config.loosened(path, old, after[:_LONGEST]) if after is not None else ()


def _in_test(path: str, old: str, after: str | None) -> Iterator[Weakening]:
    if after is None:
        yield Weakening(path, 0, "the test file is deleted", "test")
        return
    said = weakened_python.weakened if PurePosixPath(path).suffix == ".py" else _by_lines
    if not is_code(path):
        return
    yield from (Weakening(path, line, what, "test") for line, what in said(old, after[:_LONGEST]))


def _by_lines(before: str, after: str) -> tuple[weakened_python.Said, ...]:
    """For languages that are not parsed here: which lines with assertions went, and which marks came."""
    fewer = _count(_ASSERTION, before) - _count(_ASSERTION, after)
    said: list[weakened_python.Said] = []
    if fewer > 0:
        said.append(
            (_first_loss(before, after), f"{fewer} {'assertion is' if fewer == 1 else 'assertions are'} gone")
        )
    elif _count(_EXACT, after) < _count(_EXACT, before):
        said.append((_first_loss(before, after), "an exact comparison became a broader one"))
    said += _added(_SKIP, before, after, "a test is skipped or singled out")
    said += _added(_CONSTANT, before, after, "asserts a constant")
    return tuple(said)


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _first_loss(before: str, after: str) -> int:
    """The line of the new text where the first assertion was taken out or changed."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) + len(new) > _MOST_COMPARED:
        return 0
    for kind, old_from, old_to, new_from, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal" and _ASSERTION.search("\n".join(old[old_from:old_to])):
            return min(new_from + 1, len(new))
    return 0


def _added(pattern: re.Pattern[str], before: str, after: str, what: str) -> Iterator[tuple[int, str]]:
    had = Counter(found.group().strip() for found in pattern.finditer(before))
    for found in pattern.finditer(after):
        word = found.group().strip()
        had[word] -= 1
        if had[word] < 0:
            yield after.count("\n", 0, found.start()) + 1, f"{what}: `{word[:60]}`"
