"""A grave finding is put to the test: its reviewer writes one, the sandbox runs it, and rules say what that shows."""

import asyncio
from dataclasses import replace

import pytest
from tests.unit.phases.memory_workspace import Files
from tests.unit.phases.phase_world import (
    BUGGY,
    FIXED,
    LIMITS,
    OUT,
    REVIEWER,
    TREE,
    Line,
    World,
    checked,
    judge,
    route,
    routes,
    said_in,
    says,
)
from tests.unit.phases.test_review_findings import GRAVE, LINE, NO_TEST, SHOWN, earlier_of, reviewed

from pointsman.domain.errors import TryAgain
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import CheckResult, Review
from pointsman.domain.run import Repository
from pointsman.domain.work import SandboxTier
from pointsman.phases.review import review
from pointsman.phases.reviewing.proofs import MOST_TEST_CHARS, file_in, states_only

MENDED = {**TREE, "bounds.py": FIXED}
HALF = {**TREE, "bounds.py": BUGGY.replace("min(value, low)", "min(value, low + 1)")}
HALF_LINE = "    return max(low, min(value, low + 1))"
CRITERION = {**GRAVE, "quote": HALF_LINE, "kind": "criteria", "criterion": "clamp(5, 0, 3) gives 3"}


def claiming(claim: str, *, name: str = "clamp") -> str:
    return f"```python\nfrom bounds import {name}\n\n\ndef test_it():\n    assert {claim}\n```\n"


def found_in(world: World, files: Files, *, before: Review | None = None, round: int = 1) -> Review:
    return reviewed(world, earlier_of(world, dict(files), before=before), round=round)


def one(finding: dict[str, str], reply: str | Line, files: Files = MENDED) -> Review:
    said = says(reply) if isinstance(reply, str) else reply
    world = World([says(data={"summary": "s", "findings": [finding]}), said])
    return found_in(world, files)


def result_of(found: Review) -> tuple[str, str]:
    proof = found.findings[0].proof
    assert proof is not None
    return proof.result, found.verdict


def test_a_test_that_fails_on_the_change_and_passes_on_base_confirms_its_finding() -> None:
    found = one(GRAVE, SHOWN)
    proof = found.findings[0].proof
    assert proof is not None and result_of(found) == ("confirmed", "changes")
    assert proof.path == f"tests/test_review_{found.findings[0].id.removeprefix('f-')}.py"
    assert "clamp(5, 0, 3) == 0" in proof.test and proof.model == "reviewer" and "AssertionError" in proof.output


def test_a_finding_that_its_own_test_refutes_stands_in_nobodys_way() -> None:
    assert result_of(one(GRAVE, claiming("clamp(5, 0, 3) == 3"))) == ("refuted", "approve")


def test_what_fails_on_base_in_the_same_way_is_older_than_the_change() -> None:
    assert result_of(one(GRAVE, claiming("twice(2) == 5", name="twice"))) == ("older", "approve")


@pytest.mark.parametrize("finding", [CRITERION, {**CRITERION, "kind": "bug", "criterion": ""}])
def test_what_was_asked_for_and_is_not_there_is_confirmed_though_base_lacks_it_too(finding: dict[str, str]) -> None:
    """All values of the test stand in the issue and the criteria, so nobody made them up."""
    assert result_of(one(finding, claiming("clamp(5, 0, 3) == 3"), HALF)) == ("confirmed", "changes")


def test_a_criterion_that_nobody_wrote_makes_no_finding_of_that_kind() -> None:
    made_up = {**CRITERION, "criterion": "clamp(7, 0, 3) gives 2 and a warning"}
    found = one(made_up, claiming("clamp(7, 0, 3) == 2"), HALF)
    assert (found.findings[0].kind, found.findings[0].criterion) == ("other", "")
    assert result_of(found) == ("older", "approve")


@pytest.mark.parametrize("claim", ["False", "clamp(7, 0, 3) == 2"])
def test_values_that_were_not_asked_for_confirm_no_criterion(claim: str) -> None:
    assert result_of(one(CRITERION, claiming(claim), HALF)) == ("unconfirmed", "inconclusive")


def test_what_is_new_in_the_change_cannot_be_run_on_base_and_is_confirmed() -> None:
    files = {**TREE, "bounds.py": f"{FIXED}\n\ndef thrice(value):\n    return value * 2\n"}
    finding = {**GRAVE, "quote": "def thrice(value):"}
    assert result_of(one(finding, claiming("thrice(2) == 6", name="thrice"), files)) == ("confirmed", "changes")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("CANNOT", "wrote no test"),
        ("I would rather not.", "wrote no test"),
        (claiming("absent(2) == 6"), "a fault of its own"),
        ("```python\ndef test_it():\n    assert False\n```", "nothing from the code that was changed"),
        ("```python\nfrom bounds import clamp\ndef test_it(:\n```", "no Python"),
        (claiming(f"'{'x' * MOST_TEST_CHARS}'"), "longer than"),
    ],
)
def test_a_test_that_shows_nothing_leaves_doubt_and_neither_blocks_nor_approves(reply: str, why: str) -> None:
    world = World([says(data={"findings": [GRAVE]}), says(reply)])
    found = found_in(world, MENDED)
    proof = found.findings[0].proof
    assert proof is not None and why in proof.why
    assert result_of(found) == ("unconfirmed", "inconclusive")


def test_a_test_that_fails_only_now_and_then_confirms_nothing() -> None:
    turns: list[int] = []

    def moody(files: Files) -> CheckResult:
        turns.append(1)
        return judge(files) if len(turns) == 1 else checked(passed=("tests/test_review_x.py::test_it",))

    world = World([says(data={"findings": [GRAVE]}), says(SHOWN)], judge=moody)
    found = found_in(world, MENDED)
    proof = found.findings[0].proof
    assert proof is not None and "does not fail each time" in proof.why
    assert result_of(found) == ("unconfirmed", "inconclusive")


def test_without_a_sandbox_no_test_is_asked_for() -> None:
    world = World([says(data={"findings": [GRAVE]})], tier=SandboxTier("none", "no namespaces"))
    assert result_of(found_in(world, MENDED)) == ("unconfirmed", "inconclusive")
    assert len(world.models.asks) == 1


def test_slight_findings_are_not_tried_and_of_grave_ones_three_the_gravest_first() -> None:
    lines = [f"value_{number} = {number}" for number in range(5)]
    raised = [{**GRAVE, "path": "many.py", "quote": line, "severity": "major"} for line in lines]
    raised[4] = {**raised[4], "severity": "blocking"}
    raised[0] = {**raised[0], "severity": "minor"}
    world = World([says(data={"findings": raised}), *[NO_TEST] * 3])
    found = found_in(world, {**TREE, "many.py": "\n".join(lines) + "\n"})
    asked = [ask for ask in world.models.asks if ask.template == "review-test/1"]
    assert len(asked) == 3 and "value_4 = 4" in said_in(asked[0]).partition("the defect")[2].partition("what was")[0]
    assert [one.proof is None for one in found.findings] == [False, False, False, False, True]
    last = found.findings[3].proof
    assert last is not None and "no further test" in last.why and found.verdict == "inconclusive"


def test_the_calls_of_the_route_are_never_exceeded() -> None:
    world = World([says(data={"findings": [GRAVE]})])
    by_phase = {**routes(), Phase.REVIEW: route(Phase.REVIEW, REVIEWER, limits=replace(LIMITS, max_calls=1))}
    earlier = earlier_of(world, MENDED)
    found = asyncio.run(review(world.spec(by_phase), earlier, world.ports, reviewers=(REVIEWER,), round=1))
    assert result_of(found) == ("unconfirmed", "inconclusive") and len(world.models.asks) == 1


def second(first_test: str, now: Files, *script: Line) -> tuple[World, Review]:
    """The second round, after a first one that confirmed its finding."""
    world = World([says(data={"findings": [GRAVE]}), says(first_test), *script])
    first = found_in(world, MENDED)
    assert first.verdict == "changes"
    return world, found_in(world, now, before=first, round=2)


QUIET = says(data={"summary": "", "findings": []})


def test_in_a_later_round_the_test_says_whether_its_finding_is_fixed_and_no_model_is_asked() -> None:
    back = {**TREE, "bounds.py": BUGGY.replace("value * 2", "2 * value")}
    world, found = second(SHOWN, back, QUIET)
    assert [one.fate for one in found.findings] == ["fixed"] and found.verdict == "approve"
    asked = said_in(world.models.asks[2])
    assert "still_open" not in asked and found.findings[0].id not in asked
    still = {**TREE, "bounds.py": FIXED.replace("value * 2", "2 * value")}
    _, found = second(SHOWN, still, says(data={"findings": [], "still_open": [], "mended": ["all of them"]}))
    assert [one.fate for one in found.findings] == ["open"] and found.verdict == "changes"


def test_a_later_round_raises_nothing_new_that_no_test_bears_out() -> None:
    now = {**TREE, "bounds.py": BUGGY.replace("value * 2", "3 * value")}
    new = {**GRAVE, "quote": "    return 3 * value", "message": "twice is thrice"}
    _, found = second(SHOWN, now, says(data={"findings": [new]}), NO_TEST)
    assert [one.fate for one in found.findings] == ["fixed"] and "too late" in found.dropped[0]
    _, found = second(SHOWN, now, says(data={"findings": [new]}), says(claiming("twice(2) == 4", name="twice")))
    assert [one.fate for one in found.findings] == ["fixed", "open"] and found.verdict == "changes"


def test_neither_question_says_who_wrote_the_change() -> None:
    world = World([says(data={"findings": [GRAVE]}), says(SHOWN)])
    found_in(world, MENDED)
    for ask in world.models.asks:
        text = said_in(ask)
        assert f"+{LINE}" in text and "ignores its upper bound" in text
        for author in ("I am Claude", "ada", "Pointsman", "mid", "reviewer"):
            assert author not in text.replace("middle", ""), author
    second_question = said_in(world.models.asks[1])
    for part in ("tests/test_review_", "python3 -m pytest", "def test_clamp", GRAVE["message"]):
        assert part in second_question


@pytest.mark.parametrize(
    ("reply", "test"),
    [
        ("Sure!\n```python\na = 1\n```\nDone.", "a = 1\n"),
        ("~~~\na = 1\n~~~", "a = 1\n"),
        (
            "```py\na = 1\n```\nthen\n```\nfrom bounds import clamp\n\na = 1\n```",
            "from bounds import clamp\n\na = 1\n",
        ),
        ("```python\nfrom bounds import clamp\n", "from bounds import clamp\n"),
        ("import unittest\n", "import unittest\n"),
        ("CANNOT", ""),
        ("Cannot: the code is right.", ""),
        ("", ""),
    ],
)
def test_the_file_in_a_reply_is_read_liberally(reply: str, test: str) -> None:
    assert file_in(reply) == test


ASKED = (
    'Ten percent off 200 is 180. A name such as "Ada" is kept.',
    "is_sorted([1, 3, 2, 4]) -> False\nis_sorted([1, 2, 2, 3, 3, 4]) -> True\n>>> half(7)\n3\n",
)


@pytest.mark.parametrize(
    ("line", "is_stated"),
    [
        ("self.assertEqual(f(200), 180)", True),
        ("self.assertEqual(180, f(200))", True),
        ("expect(f(200)).toBe(180)", True),
        ("assert half(7) == 3", True),
        ("assert is_sorted([1, 2, 2, 3, 3, 4])", True),
        ("self.assertFalse(is_sorted([1, 3, 2, 4]))", True),
        ("assert is_sorted([1, 3, 2, 4]) is False", True),
        ("self.assertTrue(callable(f))\nassert half(7) == 3", True),
        ("self.assertFalse(is_sorted([1, 2, 2, 3, 3, 4]))", False),
        ("assert not is_sorted([1, 2, 2, 3, 3, 4])", False),
        ("assert is_sorted([1, 2, 2, 3]) == False", False),
        ("assert f(180) == 200 != 180", False),
        ("self.assertNotEqual(f(200), 180)", False),
        ("assert f('Ada', 180)", False),
        ("assert f(20) == 18", False),
        ("assert f(200)", False),
        ("x = (200, 180)", False),
        ("assert f(-200) == 180", False),
        ("assert half(7) == 3\nassert half(9) == 4", False),
        ("self.assertTrue(callable(f))", False),
    ],
)
def test_what_a_test_wants_was_asked_for_when_one_line_says_it_with_its_outcome(line: str, is_stated: bool) -> None:
    assert states_only(line, ASKED) is is_stated


def test_an_outage_while_a_test_is_asked_for_keeps_the_review_on_a_forge() -> None:
    world = World([says(data={"summary": "s", "findings": [GRAVE]}), OUT])
    served = Repository("github", "1", "bounds", "https://forge.example/bounds.git", "main")
    earlier, spec = earlier_of(world, dict(MENDED)), replace(world.spec(), repository=served)
    found = asyncio.run(review(spec, earlier, world.ports, reviewers=(REVIEWER,), round=1))
    assert result_of(found) == ("unconfirmed", "inconclusive")
    with pytest.raises(TryAgain):
        one(GRAVE, OUT)
