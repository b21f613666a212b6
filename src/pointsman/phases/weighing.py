"""What test results show: a verdict by rules, never by a guess and never by a model."""

import re
import shlex
from dataclasses import dataclass

from pointsman.domain.outcome import CheckResult, Verdict
from pointsman.phases.commands import is_pytest, is_unittest

_NAMED = 5
_RAN = re.compile(r"^Ran [1-9]\d* tests?\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict, the sentence that explains it, and the tests that are gone."""

    verdict: Verdict
    why: str
    missing: tuple[str, ...] = ()


def weigh(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> Weighed:
    """The verdict over a candidate's results beside those of its base, one for each command.

    Passed only when every command exited 0, the ids agree with that where there are any, and no test that ran on base
    is gone or skipped.
    """
    if any(result.status == "not run" for result in candidate) or not candidate:
        why = next((result.tail for result in candidate if result.tail), "nothing was run")
        return Weighed(Verdict.NOT_RUN, f"The commands were not run: {why.strip()[:300]}")
    missing = _gone(base, candidate)
    for result in candidate:
        doubt = _doubt(result)
        if doubt:
            return Weighed(Verdict.INCONCLUSIVE, doubt, missing)
    broken = tuple(result for result in candidate if result.status != "exited" or result.exit_code != 0)
    if broken:
        return Weighed(Verdict.FAILED, _how_it_broke(base, broken), missing)
    if missing:
        return Weighed(
            Verdict.INCONCLUSIVE,
            f"{len(missing)} tests that ran on base do not run any more: {_some(missing)}.",
            missing,
        )
    skipped = _newly_skipped(base, candidate)
    if skipped:
        return Weighed(
            Verdict.INCONCLUSIVE, f"{len(skipped)} tests that ran on base are skipped now: {_some(skipped)}."
        )
    return Weighed(Verdict.PASSED, _how_it_passed(base, candidate))


def ids_failed(results: tuple[CheckResult, ...]) -> tuple[str, ...]:
    """The ids of failed tests, each once, in order."""
    return tuple(dict.fromkeys(name for result in results for name in result.failed))


def _doubt(result: CheckResult) -> str:
    """Why an exit code cannot be believed, empty when it can."""
    command = shlex.join(result.command)
    if result.status != "exited":
        return ""
    if result.exit_code == 0 and result.failed:
        return f"`{command}` ended with 0 although its report names failed tests: {_some(result.failed)}."
    if result.exit_code == 0 and is_unittest(result.command) and not _RAN.search(result.tail):
        return f"`{command}` ended with 0, but its output does not say that a test ran."
    if not is_pytest(result.command):
        return ""
    if result.exit_code == 0 and not result.passed:
        return f"`{command}` ended with 0, but no report shows a test that passed."
    if result.exit_code == 5:
        return f"`{command}` collected no test."
    return ""


def _collected(results: tuple[CheckResult, ...]) -> tuple[str, ...]:
    return tuple(name for result in results for name in (*result.passed, *result.failed, *result.skipped))


def _gone(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> tuple[str, ...]:
    now = frozenset(_collected(candidate))
    return tuple(dict.fromkeys(name for name in _collected(base) if name not in now))


def _newly_skipped(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> tuple[str, ...]:
    ran = frozenset(name for result in base for name in (*result.passed, *result.failed))
    return tuple(dict.fromkeys(name for result in candidate for name in result.skipped if name in ran))


def _how_it_broke(base: tuple[CheckResult, ...], broken: tuple[CheckResult, ...]) -> str:
    before = frozenset(ids_failed(base))
    failed = ids_failed(broken)
    new = tuple(name for name in failed if name not in before)
    old = len(failed) - len(new)
    parts = [f"{len(failed)} {'test fails' if len(failed) == 1 else 'tests fail'}"] if failed else []
    parts += [f"{len(new)} of them did not fail on base"] if new else []
    parts += [f"{old} failed on base already"] if old else []
    endings = [f"`{shlex.join(one.command)}` {ending_of(one)}" for one in broken]
    return f"{'; '.join((*endings, *parts))}."


def ending_of(result: CheckResult) -> str:
    """How a command ended, in words."""
    return {
        "exited": f"ended with {result.exit_code}",
        "timeout": "did not end in time",
        "output-limit": "wrote more than it may",
        "memory": "took more memory than it may",
        "killed": "was killed",
        "not run": "was not run",
    }[result.status]


def _how_it_passed(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> str:
    count = sum(len(result.passed) for result in candidate)
    mended = len(ids_failed(base))
    what = f"{count} tests pass" if count else f"all {len(candidate)} commands ended with 0"
    return f"{what}, {mended} of which failed on base." if mended and count else f"{what}."


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
