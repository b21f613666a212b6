"""How single tests failed, read out of what pytest and unittest say of it; a claim like all that a test run says."""

import re
from collections.abc import Iterator
from typing import Literal

from pointsman.domain.outcome import Failure

_MOST = 20
_MOST_PLACES = 40
_NAME = re.compile(r"\s*([A-Za-z_][\w.]{0,199})(?::|\s*$)")
_FRAME = re.compile(r"^([^\s:][^:\n]{0,400}):\d+: ", re.MULTILINE)
_TRACEBACK_FRAME = re.compile(r'^  File "([^"\n]{1,400})", line \d+', re.MULTILINE)
_BLOCK = re.compile(r"^(FAIL|ERROR): (.{1,400})$", re.MULTILINE)
_RAISED = re.compile(r"^([A-Za-z_][\w.]{0,199})(?::|$)", re.MULTILINE)


def of_pytest(test: str, tag: str, message: str, report: str) -> Failure:
    """One testcase of a JUnit file of pytest: its element, the message in it, and its report as text."""
    if tag == "error":
        stage: Literal["setup", "collection"] = "collection" if "collection" in message[:40] else "setup"
        return Failure(test, stage, "")
    # An assertion that pytest took apart begins with the code of the assertion; `Failed` is pytest's own.
    found = _NAME.match(message)
    name = found.group(1) if found else ""
    by_assertion = message.lstrip().startswith("assert ") or name in ("AssertionError", "Failed")
    return Failure(test, "call", "AssertionError" if by_assertion else name, _inside(_FRAME.findall(report)))


def of_unittest(output: str) -> tuple[Failure, ...]:
    """The failures that unittest tells at the end of its output; none when it does not look like that."""
    return tuple(found for _, found in zip(range(_MOST), _blocks(output), strict=False))


def _blocks(output: str) -> Iterator[Failure]:
    heads = list(_BLOCK.finditer(output))
    for head, following in zip(heads, (*heads[1:], None), strict=False):
        text = output[head.end() : following.start() if following else len(output)]
        trace = text.partition("Traceback (most recent call last):\n")[2]
        if "_FailedTest" in head.group(2):
            yield Failure(head.group(2), "collection", "")
        elif head.group(2).startswith(("setUpClass", "setUpModule", "tearDownClass", "tearDownModule")) or not trace:
            yield Failure(head.group(2), "setup", "")
        else:
            name = "AssertionError" if head.group(1) == "FAIL" else _raised(trace)
            yield Failure(head.group(2), "call", name, _inside(_TRACEBACK_FRAME.findall(trace)))


def _raised(trace: str) -> str:
    """The exception that a traceback ends with; those it was caused by come before it."""
    names = _RAISED.findall(trace.partition("\n----------")[0])
    return names[-1] if names else ""


def _inside(paths: list[str]) -> tuple[str, ...]:
    """The files that lie in the repository: a runner tells them from its top, and others from the root."""
    return tuple(path for path in paths if not path.startswith(("/", "..", "<")))[-_MOST_PLACES:]
