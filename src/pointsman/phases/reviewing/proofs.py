"""What a reviewer's test shows, by rules alone: from what it says, and from what it did on the change and on base."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pointsman.domain.outcome import Finding, ProofResult
from pointsman.phases.proof.showing import TestRun

MOST_TEST_CHARS = 20_000
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CANNOT = re.compile(r"\W*cannot\b", re.IGNORECASE)
_LOOKS_LIKE_CODE = re.compile(
    r"^\s*(import|from|def|class|function|func|const|describe|test|it|package|use|require)\b"
)
_ERROR_LINE = re.compile(r"^(?:E\s+(?P<short>.*)|(?P<plain>(?:\w+\.)*\w*(?:Error|Exception|Failure|Exit)\b.*))$")
_VALUE = re.compile(
    r"(?P<quote>[\"'])(?P<text>[^\"'\n]+)(?P=quote)|(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)|\b(?i:true|false)\b"
)
_OUTCOMES = frozenset({"true", "false"})
_COMPARES = re.compile(
    r"[=!<>]=|\s[<>]\s|\bassert\w*(Equal|In|Is|Less|Greater|Raises|Regex)|\bin\b|\bis\b|\bto\b|\bto[A-Z_]|\beq"
)
_DENIES = re.compile(r"!=|\bnot\b|\bnot_|_not\b|\bnot[A-Z]|Not[A-Z]|False\(|\bassert\w*_?ne\b")
_NOT_SAID = "\0"
_ASSERTS = re.compile(r"\bassert|\bexpect\b|\brequire\b|\bshould\b|raises", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the runs of a test come to, and why in one sentence."""

    result: ProofResult
    why: str


def file_in(reply: str) -> str:
    """The test file in a reply: its longest fence, else all of it where it looks like code; empty without one."""
    text = reply.replace("\r\n", "\n").strip("\n")
    blocks = [found.group(2) for found in _FENCE.finditer(text)]
    if blocks:
        return max(blocks, key=len)
    if _CANNOT.match(text) or not text.strip():
        return ""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith(("```", "~~~"))]
    first = next((line for line in lines if line.strip()), "")
    return "\n".join(lines) + "\n" if _LOOKS_LIKE_CODE.match(first) else ""


def unfit(test: str, path: str, touched: Iterable[str]) -> str:
    """Why a test is not worth running, in a few words; empty when it is. It has to use code that was changed."""
    if not test.strip():
        return "its reviewer wrote no test"
    if len(test) > MOST_TEST_CHARS:
        return f"its test is longer than {MOST_TEST_CHARS} characters"
    names = {PurePosixPath(one).stem for one in touched} | {PurePosixPath(one).parent.name for one in touched}
    names -= {"", "src", "lib", "index", "__init__"}
    if path.endswith(".py"):
        try:
            used = _imported(ast.parse(test))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return "its test is no Python"
        return "" if used & names else "its test takes nothing from the code that was changed"
    words = frozenset(re.findall(r"\w+", test))
    return "" if words & names or path.endswith(".go") else "its test takes nothing from the code that was changed"


def _imported(tree: ast.AST) -> frozenset[str]:
    """The names of modules that a Python file imports, part by part, and of what it takes from them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            found.update((node.module or "").split("."))
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                found.update(str(node.args[0].value).split("."))
    return frozenset(found)


def shown_by(finding: Finding, *, test: str, change: TestRun, base: TestRun, wanted: tuple[str, ...]) -> Shown:
    """What the runs of a test say of its finding.

    A failure on the change counts when the test itself is sound, and when base speaks for it: there it passes, or
    what it calls is new. Where base fails too, only the words of what was asked for, which are `wanted`, can say that
    the change should have mended that.
    """
    match change.failed_by:
        case "passed":
            return Shown("refuted", "its own test passes")
        case "not-run":
            return Shown("unconfirmed", "its test was not run")
        case "error":
            return Shown("unconfirmed", "its test fails by a fault of its own")
        case _:
            pass
    match base.failed_by:
        case "passed":
            return Shown("confirmed", "its test fails on the change and passes on base")
        case "error" if base.result is not None and base.result.status == "exited":
            return Shown("confirmed", "its test fails on the change, and what it calls is new there")
        case "not-run" | "error":
            return Shown("unconfirmed", "its test fails on the change, but on base it cannot be run")
        case _:
            return _on_both(finding, test, same=_said(change) == _said(base), wanted=wanted)


def _on_both(finding: Finding, test: str, *, same: bool, wanted: tuple[str, ...]) -> Shown:
    """What a test shows that fails on base as well: what was asked for is missing, the fault is older, or nothing."""
    if states_only(test, wanted):
        return Shown("confirmed", "its test fails on the change, and what it wants was asked for")
    if finding.criterion and not same:
        return Shown(
            "confirmed", "its test fails on the change, though not as on base, and a criterion wants it mended"
        )
    if finding.criterion:
        return Shown("unconfirmed", "its test fails in the same way on base, and its values are not those asked for")
    if same:
        return Shown("older", "its test fails in the same way on base: it is older than this change")
    return Shown("unconfirmed", "its test fails on base as well, though in another way")


def states_only(test: str, wanted: tuple[str, ...]) -> bool:
    """Whether each assertion of a test that holds values says what one line of what was asked for says.

    Its values, the outcome among them, stand in that line in the same order; values that stand here and there prove
    nothing, since they can be put together wrongly.
    """
    claims = [claim for line in test.split("\n") if _ASSERTS.search(line) and (claim := _claim(line))]
    told = [_values(line) for text in wanted for line in _lines(text)]
    return bool(claims) and all(any(_says(line, claim) for line in told) for claim in claims)


def _claim(line: str) -> tuple[str, ...]:
    """The values of an assertion in their order, with the outcome of one that compares nothing; none without any."""
    values = _values(line)
    if all(value in _OUTCOMES for value in values):
        return ()
    if _COMPARES.search(line):
        return (_NOT_SAID,) if _DENIES.search(line) else values
    return (*values, "false" if _DENIES.search(line) else "true")


def _values(line: str) -> tuple[str, ...]:
    return tuple(found.group("text") or found.group().lower() for found in _VALUE.finditer(line))


def _lines(text: str) -> Iterator[str]:
    """Each line, and with a line of an interactive session what it printed."""
    lines = text.split("\n")
    for line, behind in zip(lines, [*lines[1:], ""], strict=True):
        yield f"{line} {behind}" if line.lstrip().startswith(">>>") else line


def _says(line: tuple[str, ...], claim: tuple[str, ...]) -> bool:
    """Whether the claim's values stand in the line one after another; the outcome may be named first or last."""
    return any(_in_order(turn, line) for turn in (claim, (*claim[1:], claim[0]))) and len(claim) > 1


def _in_order(values: tuple[str, ...], line: tuple[str, ...]) -> bool:
    left = iter(line)
    return all(value in left for value in values)


def _said(run: TestRun) -> str:
    """What went wrong, without where: the lines of errors, or all of it where there are none."""
    found = (_ERROR_LINE.match(line) for line in run.tail.split("\n"))
    said = "\n".join((one.group("short") or one.group("plain") or "").strip() for one in found if one is not None)
    return said or run.tail
