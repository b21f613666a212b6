"""Which of several tries is worth most, by what the sandbox showed of them; never by what a model says."""

import re
from collections.abc import Iterable

from pointsman.domain.outcome import CheckResult, Evidence, Patch, Try, Verdict

_RANK = {Verdict.PASSED: 3, Verdict.NOT_RUN: 2, Verdict.INCONCLUSIVE: 1, Verdict.FAILED: 0}
_RAISED = re.compile(r"^E\s+([A-Za-z_][\w.]*)(?=:|\s*$)", re.MULTILINE)

Worth = tuple[int, bool, int, int, int, int]


def best_of(tries: Iterable[Try]) -> Try | None:
    """The try with the best patch, of equals the first; None when no try left one."""
    best: tuple[Worth, Try] | None = None
    fixes = 0
    for made in tries:
        fixes += made.cause == "review" and not made.sample and not made.undoes
        if isinstance(made.result, Patch):
            worth = worth_of(made.result, made.evidence, fixes=fixes)
            if best is None or worth > best[0]:
                best = (worth, made)
    return best[1] if best else None


def worth_of(patch: Patch, evidence: Evidence | None, *, fixes: int = 0) -> Worth:
    """Proved before all; then what collects its tests, breaks fewer that passed, mends more that failed, and is
    smaller. `fixes` counts the reviews that it answers: of two that test alike, the one that heeds the reviewer.
    """
    size = sum(edit.added + edit.removed for edit in patch.edits)
    if evidence is None:
        return (-1, False, 0, 0, fixes, -size)
    passed, _ = _outcomes(evidence.candidate)
    collects = bool(passed) or not any(check.passed for check in evidence.base)
    broken, mended = len(broken_by(evidence)), len(mended_by(evidence))
    return (_RANK[evidence.verdict], collects, -broken, mended, fixes, -size)


def broken_by(evidence: Evidence) -> frozenset[str]:
    """The tests that passed on base and do not pass any more."""
    before, _ = _outcomes(evidence.base)
    now, failed = _outcomes(evidence.candidate)
    return before & (failed | (frozenset(evidence.missing) - now))


def mended_by(evidence: Evidence) -> frozenset[str]:
    """The tests that pass now and did not on base, new ones included."""
    before, _ = _outcomes(evidence.base)
    now, _ = _outcomes(evidence.candidate)
    return now - before


def is_red(made: Try) -> bool:
    """Whether the sandbox showed that it fails."""
    return made.evidence is not None and made.evidence.verdict is Verdict.FAILED


def failing(made: Try) -> tuple[tuple[str, ...], ...] | None:
    """What failed and how, so that two tries can be compared: tests and kinds of error; None when nothing failed.

    Where neither is known, the words of the failure stand for them.
    """
    if made.evidence is None or made.evidence.verdict is not Verdict.FAILED:
        return None
    _, failed = _outcomes(made.evidence.candidate)
    raised = frozenset(_RAISED.findall(made.evidence.feedback))
    words = () if failed or raised else (made.evidence.feedback or made.evidence.why,)
    return tuple(sorted(failed)), tuple(sorted(raised)), words


def stood_still(made: Try) -> bool:
    """Whether every test, as far as tests have names, came out as on base."""
    if made.evidence is None or made.evidence.verdict is not Verdict.FAILED:
        return False
    base, now = _outcomes(made.evidence.base), _outcomes(made.evidence.candidate)
    return base == now and any(base)


def _outcomes(checks: tuple[CheckResult, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """The names of tests that passed and that failed."""
    passed = frozenset(name for check in checks for name in check.passed)
    return passed, frozenset(name for check in checks for name in check.failed)
