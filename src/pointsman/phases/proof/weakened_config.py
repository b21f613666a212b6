"""What a change lets count less in the configuration of tests and of CI, by its lines and by the keys that decide."""

import json
import re
from collections import Counter
from collections.abc import Iterator

Said = tuple[int, str]

_LEFT_OUT = re.compile(
    r"--deselect\b|--ignore(-glob)?\b|--co\b|--collect-only\b|--no-cov\b|-p[ =]?no:|(?<![\w-])-k[ =]|"
    r"(?<![\w-])-m[ =]?['\"\\]*not\b|--passWithNoTests\b|--testPathIgnorePatterns\b|\btestPathIgnorePatterns\b|"
    r"\bcollect_ignore(_glob)?\b|--exitfirst\b|--maxfail\b|--dry-run\b|\bscript-shell\b|\bskipTests\b|"
    r"\bmaven\.test\.skip\b|\btestFailureIgnore\b|\bignoreFailures\b|(?m:^\s*(?:test|harness|autotests)\s*=\s*false)"
)
_UNHEEDED = re.compile(
    r"\|\|\s*true\b|\|\|\s*:|\|\|\s*exit 0|;\s*exit 0|continue-on-error:\s*true|allow_failure:\s*true|"
    r"\bset \+e\b|\bignore_errors\s*[=:]\s*true|^\t-",
    re.IGNORECASE | re.MULTILINE,
)
_STRICT = re.compile(
    r"xfail_strict|--strict\b|--strict-markers|--strict-config|\berror\b(?=[\"']?\s*[,\]\n])|-W\s*error"
)
_COLLECTS = re.compile(
    r"^[ \t\"']*(testpaths|python_files|python_classes|python_functions|norecursedirs|testMatch|testRegex|roots|"
    r"usefixtures|addopts)[\"']?\s*[=:]\s*(.*(?:\n[ \t]+\S.*)*)",
    re.MULTILINE,
)
_THRESHOLD = re.compile(
    r"(fail[-_]under|minimum_coverage|minimum-coverage|branches|functions|lines|statements)[\"']?\s*[=:]\s*"
    r"(\d+(?:\.\d+)?)"
)
_HOOKS = re.compile(
    r"^\s*(?:async )?def (pytest_(?:collection_modifyitems|itemcollected|ignore_collect|collect_file|runtest_\w+|"
    r"sessionfinish|unconfigure|terminal_summary|report_teststatus|cmdline_\w+|exception_interact|pyfunc_call|"
    r"make_collect_report|deselected|load_initial_conftests))\(",
    re.MULTILINE,
)
_RECIPE = re.compile(r"^(?:test|check|tests|verify)[ \t]*:(?!=).*(?:\n(?:\t.*|[ \t]*))*", re.MULTILINE)


def loosened(path: str, before: str, after: str) -> tuple[Said, ...]:
    """Where the new configuration lets fewer tests run, or fewer of their failures count."""
    name = path.rsplit("/", 1)[-1]
    said = [
        *_more(_LEFT_OUT, before, after, "leaves tests out"),
        *_more(_UNHEEDED, before, after, "lets a failure pass"),
        *_thresholds(before, after),
        *_collected(before, after),
    ]
    if _count(_STRICT, after) < _count(_STRICT, before):
        said.append((0, "is less strict than it was"))
    if name == "conftest.py":
        said += _more(_HOOKS, before, after, "decides what is run or told")
    if name == "package.json" and _script(before) != _script(after):
        said.append((_line_of(after, after.find('"test"')), "`npm test` runs something else"))
    if name.lower() in ("makefile", "gnumakefile") and _recipes(before) != _recipes(after):
        said.append((0, "what make runs for the tests is another"))
    return tuple(dict.fromkeys(said))


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _more(pattern: re.Pattern[str], before: str, after: str, what: str) -> Iterator[Said]:
    had = Counter(found.group().strip() for found in pattern.finditer(before))
    for found in pattern.finditer(after):
        word = found.group(1) if pattern is _HOOKS else found.group().strip()
        had[found.group().strip()] -= 1
        if had[found.group().strip()] < 0:
            yield _line_of(after, found.start()), f"{what}: `{word[:60]}`"


def _thresholds(before: str, after: str) -> Iterator[Said]:
    now: dict[str, list[float]] = {}
    for found in _THRESHOLD.finditer(after):
        now.setdefault(found.group(1).replace("_", "-"), []).append(float(found.group(2)))
    for found in _THRESHOLD.finditer(before):
        name, value = found.group(1).replace("_", "-"), float(found.group(2))
        rest = now.get(name, [])
        kept = rest.pop(0) if rest else None
        if kept is None or kept < value:
            to = f"{kept:g}" if kept is not None else "none"
            line = _line_of(after, after.find(found.group(1))) if kept is not None else 0
            yield line, f"the threshold `{found.group(1)}` goes down from {value:g} to {to}"


def _collected(before: str, after: str) -> Iterator[Said]:
    old = {found.group(1): " ".join(found.group(2).split()) for found in _COLLECTS.finditer(before)}
    for found in _COLLECTS.finditer(after):
        name, value = found.group(1), " ".join(found.group(2).split())
        if old.get(name) != value and not (name == "addopts" and name not in old):
            yield _line_of(after, found.start(1)), f"`{name}`, which decides what is collected, is another"
    new = {found.group(1) for found in _COLLECTS.finditer(after)}
    for name in sorted(set(old) - new):
        yield 0, f"`{name}`, which decides what is collected, is gone"


def _line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1 if place >= 0 else 0


def _script(text: str) -> object:
    try:
        package = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return text
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return (
        {name: scripts.get(name) for name in ("pretest", "test", "posttest")} if isinstance(scripts, dict) else None
    )


def _recipes(text: str) -> list[str]:
    return [found.group().strip() for found in _RECIPE.finditer(text)]
