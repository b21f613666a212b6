"""What of a result may be told to models that must not read some of the repository's paths."""

import re
from collections.abc import Iterable
from dataclasses import replace

from pointsman.domain.outcome import CheckResult, Failure
from pointsman.domain.work import EditOrder, EditRefusal

_COUNT = re.compile(r"^Ran \d{1,6} tests?\b", re.MULTILINE)
OUTPUT = "(The output is not shown: this repository holds paths that are more closed than the models of this run.)"


def withheld(results: tuple[CheckResult, ...], known: Iterable[str]) -> tuple[CheckResult, ...]:
    """The results without what the tests printed, and with names of tests only where base has them already.

    A failing test quotes the code around it, and a test that a model wrote prints or calls itself what it likes.
    """
    names = frozenset(known)
    return tuple(_withheld(result, names) for result in results)


def _withheld(result: CheckResult, known: frozenset[str]) -> CheckResult:
    if result.status == "not run":
        return result
    ours = [name for name in (*result.passed, *result.failed, *result.skipped) if name not in known]
    plain = {name: f"new test {number}" for number, name in enumerate(ours, 1)}

    def told(those: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain.get(name, name) for name in those)

    counted = _COUNT.search(result.tail)
    tail = f"{OUTPUT}\n{counted.group()}" if counted else OUTPUT
    # That a test failed by an assertion says nothing of the code; the names of other errors are its author's.
    failures = tuple(
        Failure(told((one.test,))[0], one.stage, "AssertionError")
        for one in result.failures
        if one.error == "AssertionError" and (one.test in known or one.test in plain)
    )
    return replace(
        result,
        passed=told(result.passed),
        failed=told(result.failed),
        skipped=told(result.skipped),
        xfailed=told(result.xfailed),
        failures=failures,
        slow=tuple((told((name,))[0], seconds) for name, seconds in result.slow),
        tail=tail,
    )


def unmoving(order: EditOrder, closed: frozenset[str]) -> EditOrder:
    """The order under which nothing is moved from a closed path to where it can be read."""
    return replace(order, rules=replace(order.rules, unmoved=closed))


def veiled(refusal: EditRefusal) -> EditRefusal:
    """The refusal of an edit without the lines of the file that it would quote."""
    return EditRefusal("protected", refusal.path, f"{refusal.path[:200]} is closed to this run; leave it as it is.")
