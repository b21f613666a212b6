"""Test output in the short and stable form that a coder is given."""

import re
import shlex

from pointsman.domain.outcome import CheckResult, Evidence, Reproduction
from pointsman.phases.proof.weakening import in_words
from pointsman.phases.proof.weighing import ending_of
from pointsman.phases.templates import shorten

_MOST_IDS = 10
_MOST_LINES = 12
_TAIL = 1500
_TIMING = re.compile(r"\b(in )?\d+(\.\d+)?\s?(s|ms|sec|seconds)\b")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_ERROR_LINE = re.compile(r"^E\s")
_FRAME = re.compile(r"^[\w./\-]+\.py:\d+: ")


def feedback_on(base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...]) -> str:
    """Counts, the ids of failed tests, and the first failure, of the first command that did not pass.

    The same failure gives the same text: timings and addresses are taken out, because a repeated failure is what the
    ladder looks for.
    """
    before = frozenset(name for result in base for name in result.failed)
    for result in candidate:
        if result.status != "exited" or result.exit_code != 0 or result.failed:
            return _of(result, before)
    return ""


def _of(result: CheckResult, before: frozenset[str]) -> str:
    lines = [f"`{shlex.join(result.command)}` {ending_of(result)}."]
    if result.failed:
        lines.append(f"{len(result.failed)} failed, {len(result.passed)} passed:")
        names = sorted(result.failed, key=lambda name: (name in before, name))
        lines += [f"- {name}{'' if name in before else ' (passed before this change)'}" for name in names[:_MOST_IDS]]
        if len(names) > _MOST_IDS:
            lines.append(f"- and {len(names) - _MOST_IDS} more")
    return "\n".join((*lines, first_failure(result.tail))).rstrip()


def evidence_in_words(evidence: Evidence) -> str:
    """The evidence for a model that judges the change: nobody's name, the verdict first, then what to look at."""
    said = [f"Verdict: {evidence.verdict}. {evidence.why}"]
    shown = evidence.reproduction
    if isinstance(shown, Reproduction):
        now = shown.candidate or "not run"
        said.append(f"{shown.path} was written before the code to show the bug, and may be wrong itself.")
        said.append(f"On base: {shown.base}. With the change: {now}.")
    elif shown is not None and shown.needed:
        said.append(f"No test was written that shows the bug: {shown.why}")
    if evidence.changed_tests:
        said.append(f"Touched tests or their configuration: {', '.join(evidence.changed_tests[:10])}")
    said += [f"Weakened: {in_words(one)}" for one in evidence.weakened[:10]]
    said += [evidence.feedback] if evidence.feedback else []
    return "\n".join(said)


def first_failure(output: str) -> str:
    """pytest's `E` lines of the first failure with the place they belong to; else the shortened output."""
    lines = [_stable(line) for line in output.split("\n")]
    first = next((number for number, line in enumerate(lines) if _ERROR_LINE.match(line)), None)
    if first is None:
        return shorten("\n".join(line for line in lines if line.strip()), _TAIL)
    errors = []
    for line in lines[first : first + _MOST_LINES]:
        if not _ERROR_LINE.match(line):
            break
        errors.append(line)
    frames = [line for line in lines[max(0, first - 15) : first + _MOST_LINES + 2] if _FRAME.match(line)]
    code = [lines[first - 1]] if first and lines[first - 1].strip() else []
    return "\n".join((*frames[-1:], *code, *errors))


def _stable(line: str) -> str:
    return _ADDRESS.sub("0x…", _TIMING.sub("", line)).rstrip()
