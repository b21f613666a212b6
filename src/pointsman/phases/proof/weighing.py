"""What test results show: a verdict by rules, never by a guess and never by a model."""

import re
import shlex
from dataclasses import dataclass

from pointsman.domain.levels import TaskClass
from pointsman.domain.outcome import CheckResult, Plan, Verdict, Weakening
from pointsman.domain.run import Need, RunSpec
from pointsman.phases.proof.commands import is_pytest, is_unittest
from pointsman.phases.proof.weakening import doubtful, in_words

_NAMED = 5
_RAN = re.compile(r"^Ran ([1-9]\d*) tests?\b", re.MULTILINE)
_NOT_COUNTED = re.compile(r"\b(?:skipped|expected failures)=(\d+)")
_SUMMARY = re.compile(r"^(?:=+ )?(?:no tests ran|(?:\d+ [a-z]+(?:, )?)+)\b", re.MULTILINE)
_COUNT = re.compile(r"(\d+) ([a-z]+)")


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
    fewer = _newly_skipped(base, candidate) or next((why for why in map(_fewer, base, candidate) if why), "")
    if fewer:
        return Weighed(Verdict.INCONCLUSIVE, fewer)
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


def _newly_skipped(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> str:
    ran = frozenset(name for result in base for name in (*result.passed, *result.failed))
    now = tuple(dict.fromkeys(name for result in candidate for name in result.skipped if name in ran))
    expected = frozenset(name for result in candidate for name in result.xfailed)
    if not now:
        return ""
    how = "expected to fail" if all(name in expected for name in now) else "skipped"
    return f"{len(now)} tests that ran on base are {how} now: {_some(now)}."


def _fewer(base: CheckResult, candidate: CheckResult) -> str:
    """Where a command tells numbers and no names: whether fewer tests count than on base; empty when not."""
    command = shlex.join(candidate.command)
    if is_unittest(candidate.command):
        old, new = _RAN.search(base.tail), _RAN.search(candidate.tail)
        if old and new and int(new.group(1)) < int(old.group(1)):
            return f"`{command}` ran {old.group(1)} tests on base and runs {new.group(1)} now."
        if _sum(_NOT_COUNTED, candidate.tail) > _sum(_NOT_COUNTED, base.tail):
            return f"More tests of `{command}` are skipped or expected to fail than on base."
    if is_pytest(candidate.command):
        old_counts, counts = summary_of(base.tail), summary_of(candidate.tail)
        if old_counts and not counts:
            return f"`{command}` left a report, but unlike on base its output tells no result."
        if counts.get("deselected", 0) > old_counts.get("deselected", 0):
            return f"More tests of `{command}` are deselected than on base."
        if counts and counts.get("passed", 0) < len(candidate.passed):
            return f"The report of `{command}` names more tests that passed than its output counts."
    return ""


def summary_of(tail: str) -> dict[str, int]:
    """What pytest counts in its last line, such as passed and deselected; empty where no such line is."""
    found = list(_SUMMARY.finditer(tail))
    return {word.rstrip("s"): int(count) for count, word in _COUNT.findall(found[-1].group())} if found else {}


def _sum(pattern: re.Pattern[str], text: str) -> int:
    return sum(int(count) for count in pattern.findall(text))


def disputed(path: str) -> Weighed:
    """The verdict while a coder may still try: everything passes but the test that was written to show the bug."""
    return Weighed(Verdict.FAILED, f"All other tests pass; {path}, which was written to show the bug, still fails.")


def doubted(spec: RunSpec, plan: Plan | None, passed: Weighed, weakened: tuple[Weakening, ...]) -> Weighed:
    """What passed, unless the diff weakens what it was judged by.

    A weakened test is accepted where it was what was asked for: the plan names the file, and a person approved plans
    of this class or the class is tests. Fewer tests that count are accepted only of an approved plan; code that
    reaches for what judges it, and a check of safety that is switched off, never are.
    """
    doubts = tuple(one for one in doubtful(weakened) if not _is_accepted(spec, plan, one))
    if not doubts:
        return passed
    more = f" and {len(doubts) - _NAMED} more" if len(doubts) > _NAMED else ""
    said = "; ".join(in_words(one) for one in doubts[:_NAMED])
    return Weighed(
        Verdict.INCONCLUSIVE, f"The tests pass, but the change weakens what it is judged by: {said}{more}."
    )


def _is_accepted(spec: RunSpec, plan: Plan | None, one: Weakening) -> bool:
    named = plan is not None and one.path in (*plan.tests, *plan.change, *plan.create)
    approved = spec.order.plan is Need.APPROVE
    if one.kind == "test":
        return named and (approved or spec.task is TaskClass.TESTS)
    return one.kind == "selection" and named and approved


def with_old_tests(new: Weighed, old: Weighed, results: tuple[CheckResult, ...], named: tuple[str, ...]) -> Weighed:
    """The verdict when base's tests were run on the new code: they must pass too.

    Where only tests fail that the plan wanted changed, nobody but a person can say which version is right.
    """
    if old.verdict is Verdict.PASSED:
        return Weighed(Verdict.PASSED, f"{new.why} So do the tests as they were on base.", new.missing)
    wanted = bool(named) and all(name.startswith(named) for name in ids_failed(results))
    if old.verdict is Verdict.FAILED and ids_failed(results) and not wanted:
        return Weighed(
            Verdict.FAILED, f"The candidate's own tests pass, those of base do not: {old.why}", new.missing
        )
    return Weighed(
        Verdict.INCONCLUSIVE, f"The candidate's own tests pass, those of base show otherwise: {old.why}", new.missing
    )


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
