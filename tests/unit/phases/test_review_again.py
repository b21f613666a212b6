"""A change that was reviewed before: what is new is shown, what was open is asked about, what was settled rests."""

import asyncio
from dataclasses import replace
from typing import Literal

import pytest
from tests.unit.phases.phase_world import BUGGY, FIXED, REVIEWER, TREE, Line, World, said_in, says
from tests.unit.phases.test_coding_tries import PLAN
from tests.unit.phases.test_review_findings import GRAVE, LINE, NO_TEST, PASSED, SHOWN

from pointsman.domain.json import JsonObject
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Earlier, Finding, Patch, Review
from pointsman.domain.run import PriorReview
from pointsman.phases.review import review
from pointsman.phases.reviewing.findings import fates, finding_id

OPEN = Finding(
    finding_id("bounds.py", LINE, "bug"), "bounds.py", 2, "new", Severity.BLOCKING, LINE, "Wrong when swapped."
)
PUSHED = FIXED.replace("value * 2", "2 * value")
DOUBLED = {**GRAVE, "quote": "    return 2 * value", "message": "twice is odd"}
LATER = {"bounds.py": PUSHED}
IMPORTS = "import os\nimport sys\n\n\n"
Ids = str | tuple[str, ...]


class Again:
    """A change at `then`, reviewed with these findings open, and pushed to since; the base may have moved too."""

    def __init__(
        self,
        *script: Line,
        then: dict[str, str] | None = None,
        on: dict[str, str] | None = None,
        open: tuple[Finding, ...] = (OPEN,),
        settled: tuple[str, ...] = (),
    ) -> None:
        self.world = World(list(script))
        self.base = self.kept(on or {})
        head = self.kept({"bounds.py": FIXED} if then is None else then)
        self.prior = PriorReview(self.world.base, head, open, settled)

    def kept(self, files: dict[str, str]) -> str:
        return self.world.workspace.keep({**TREE, **files})

    def reviewed(self, now: dict[str, str], *, narrow: bool = False) -> Review:
        """The first round of a review of the change as it is now."""
        spec = replace(
            self.world.spec(), goal="review", base_commit=self.base, head_commit=self.kept(now), prior=self.prior
        )
        reviewer = replace(REVIEWER, context_window=4_000, max_output=1_000) if narrow else REVIEWER
        earlier = Earlier(evidence=PASSED)
        return asyncio.run(review(spec, earlier, self.world.ports, reviewers=(reviewer,), round=1))

    def mended(self, now: dict[str, str], *, before: Review | None = None) -> Review:
        """A round of review of a fix, which stands on the head that was reviewed."""
        head = self.prior.head_commit
        spec = replace(self.world.spec(), goal="fix", base_commit=head, prior=self.prior)
        patch = Patch(head, self.kept(now), "t", (), "d", "mid")
        earlier = Earlier(plan=PLAN, patch=patch, evidence=PASSED, reviews=(before,) if before else ())
        number = 2 if before else 1
        return asyncio.run(review(spec, earlier, self.world.ports, reviewers=(REVIEWER,), round=number))

    @property
    def asked(self) -> str:
        """The last question that was about the change as a whole."""
        return said_in([ask for ask in self.world.models.asks if ask.template.startswith("review/")][-1])


def answer(*findings: dict[str, str], still_open: Ids = (), mended: Ids = ()) -> Line:
    ids: JsonObject = {"still_open": _said(still_open), "mended": _said(mended)}
    return says(data={"summary": "s", "findings": [dict(one) for one in findings], **ids})


def _said(ids: Ids) -> object:
    return ids if isinstance(ids, str) else list(ids)


def fate_of(found: Review) -> list[tuple[str, int, str]]:
    return [(one.id, one.line, one.fate) for one in found.findings]


def test_only_what_was_pushed_since_is_shown_with_what_is_open_and_the_code_around_it() -> None:
    many = {f"kept_{number}.py": f"kept_{number} = 1\n" for number in range(3)}
    again = Again(answer(DOUBLED, still_open=(OPEN.id,)), NO_TEST, then={**many, "bounds.py": FIXED})
    found = again.reviewed({**many, **LATER})
    assert "+    return 2 * value" in again.asked and "kept_1" not in again.asked
    assert OPEN.id in again.asked and f"  | {LINE}" in again.asked and "- mended:" in again.asked
    assert [(one.id, one.fate) for one in found.findings] == [
        (OPEN.id, "open"),
        (finding_id("bounds.py", DOUBLED["quote"], "bug"), "open"),
    ]
    assert (found.verdict, found.round) == ("inconclusive", 1)


def test_a_base_that_moved_brings_no_question_and_keeps_each_finding_on_its_line() -> None:
    moved = {"bounds.py": IMPORTS + BUGGY, "other.py": "other = 1\n"}
    again = Again(on=moved)
    found = again.reviewed({**moved, "bounds.py": IMPORTS + FIXED})
    assert again.world.models.asks == [] and fate_of(found) == [(OPEN.id, 6, "open")]
    assert (found.verdict, found.summary) == ("inconclusive", "Nothing was changed since the last review.")
    assert (found.dropped, found.unread) == ((), ())


def test_nothing_new_and_nothing_open_is_approved_without_a_question() -> None:
    again = Again(open=())
    found = again.reviewed({"bounds.py": FIXED})
    assert (found.verdict, found.findings, again.world.models.asks) == ("approve", (), [])


def test_a_finding_whose_line_is_gone_is_fixed_and_no_more_asked_about() -> None:
    again = Again(answer())
    found = again.reviewed({"bounds.py": FIXED.replace("min(value, high)", "min(high, value)")})
    assert [one.fate for one in found.findings] == ["fixed"] and found.verdict == "approve"
    assert OPEN.id not in again.asked and "still_open" not in again.asked


def test_a_finding_of_a_file_that_left_the_change_is_fixed_and_nothing_of_that_file_is_sent() -> None:
    """Only the paths of the change were weighed against the models of this run."""
    both = {"bounds.py": FIXED, "other.py": "other = 1\n"}
    again = Again(answer(), then=both)
    found = again.reviewed({"other.py": "other = 1\n"})
    assert [one.fate for one in found.findings] == ["fixed"] and "bounds.py:" not in again.asked
    assert "def twice" not in again.asked and "+other = 1" in again.asked, "what is left is looked at as a whole"


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        (answer(), "open"),
        (answer(mended=(OPEN.id,)), "fixed"),
        (answer(mended=(OPEN.id,), still_open=(OPEN.id,)), "open"),
        (answer(mended="none of them"), "open"),
        (says(data={"findings": []}), "open"),
    ],
)
def test_what_people_were_told_is_open_until_the_reviewer_says_that_it_is_mended(said: Line, fate: str) -> None:
    found = Again(said).reviewed(LATER)
    assert [one.fate for one in found.findings] == [fate]
    assert found.verdict == ("approve" if fate == "fixed" else "inconclusive")


def test_an_open_finding_that_is_raised_again_is_one_finding_and_open() -> None:
    found = Again(answer({**GRAVE, "message": "in other words"}, mended=(OPEN.id,))).reviewed(LATER)
    assert fate_of(found) == [(OPEN.id, 2, "open")] and found.findings[0].message == OPEN.message


def test_what_people_settled_is_not_raised_again_and_slight_findings_are() -> None:
    settled = finding_id("bounds.py", DOUBLED["quote"], "bug")
    again = Again(
        answer(DOUBLED, {**DOUBLED, "kind": "tests", "severity": "note"}), open=(OPEN,), settled=(settled, OPEN.id)
    )
    found = again.reviewed(LATER)
    assert [one.severity for one in found.findings] == [Severity.NOTE] and found.verdict == "approve"
    assert len(found.dropped) == 1 and found.dropped[0].endswith("people settled it before")
    assert OPEN.id not in again.asked


def test_a_full_look_shows_everything_and_still_leaves_alone_what_was_settled() -> None:
    again = Again(answer(GRAVE), then=dict(TREE), open=(), settled=(OPEN.id,))
    found = again.reviewed(LATER)
    assert f"+{LINE}" in again.asked and found.findings == () and "still_open" not in again.asked


def test_where_the_reviewed_commits_are_gone_everything_is_new_and_the_findings_are_kept() -> None:
    again = Again(answer(still_open=(OPEN.id,)), then=dict(TREE))
    found = again.reviewed({"bounds.py": IMPORTS + PUSHED})
    assert f"+{LINE}" in again.asked and "the change (data" in again.asked
    assert fate_of(found) == [(OPEN.id, 6, "open")]


def test_a_file_that_nobody_could_read_is_asked_about_at_every_push_until_somebody_did() -> None:
    huge = {"bounds.py": FIXED, "huge.py": "value = 1\n" * 5_000}
    first = Again(answer(), then=dict(TREE), open=())
    found = first.reviewed(huge, narrow=True)
    assert (found.verdict, found.unread) == ("inconclusive", ("huge.py",))
    again = Again(answer(), answer(), then=huge, open=())
    again.prior = replace(again.prior, unread=found.unread)
    pushed = {**huge, "bounds.py": PUSHED}
    assert again.reviewed(pushed, narrow=True).verdict == "inconclusive"
    wide = again.reviewed({**pushed, "huge.py": "value = 1\n" * 50})
    assert (wide.verdict, wide.unread) == ("approve", ()) and "huge.py" in again.asked


def test_an_answer_that_cannot_be_read_leaves_everything_open_and_the_files_unread() -> None:
    again = Again(says("Fine!"), says("Fine!"))
    found = again.reviewed(LATER)
    assert (found.verdict, found.unread, [one.fate for one in found.findings]) == (
        "inconclusive",
        ("bounds.py",),
        ["open"],
    )


def test_a_review_of_a_fix_says_of_each_finding_what_became_of_it() -> None:
    other = replace(OPEN, id="f-two", line=6, quote="    return value * 2", severity=Severity.MINOR)
    again = Again(answer(), open=(OPEN, other))
    found = again.mended({"bounds.py": FIXED.replace("min(value, high)", "min(high, value)")})
    assert fates(again.prior, found) == {OPEN.id: "fixed", "f-two": "open"}
    assert found.verdict == "approve" and "+    return max(low, min(high, value))" in again.asked
    assert "since the last review" in again.asked and "def test_clamp" not in again.asked


def test_a_second_round_of_a_fix_remembers_the_findings_of_the_review_before() -> None:
    again = Again(answer(), answer(mended=(OPEN.id,)))
    first = again.mended(LATER)
    assert first.verdict == "inconclusive" and fates(again.prior, first) == {OPEN.id: "open"}
    second = again.mended({"bounds.py": PUSHED + "\n\nLIMIT = 3\n"}, before=first)
    assert fates(again.prior, second) == {OPEN.id: "fixed"} and second.verdict == "approve"


def test_what_people_pushed_between_a_review_and_its_fix_is_not_taken_for_reviewed() -> None:
    again = Again(answer(mended=(OPEN.id,)))
    reviewed_head = again.prior.head_commit
    again.prior = replace(again.prior, head_commit=again.kept({"bounds.py": FIXED, "theirs.py": "theirs = 1\n"}))
    again_head = replace(again.prior, head_commit=reviewed_head)
    head = again.prior.head_commit
    spec = replace(again.world.spec(), goal="fix", base_commit=head, prior=again_head)
    patch = Patch(head, again.kept({**LATER, "theirs.py": "theirs = 1\n"}), "t", (), "d", "mid")
    earlier = Earlier(plan=PLAN, patch=patch, evidence=PASSED)
    found = asyncio.run(review(spec, earlier, again.world.ports, reviewers=(REVIEWER,), round=1))
    assert (found.verdict, found.unread) == ("inconclusive", ("theirs.py",)) and "theirs.py" in found.summary
    assert "theirs = 1" not in again.asked


def test_what_the_review_does_not_speak_of_is_open() -> None:
    prior = PriorReview("b", "h", (OPEN, replace(OPEN, id="f-two"), replace(OPEN, id="f-three")), ())
    said: tuple[tuple[str, Literal["open", "fixed", "disputed"]], ...] = ((OPEN.id, "fixed"), ("f-two", "disputed"))
    found = tuple(replace(OPEN, id=name, fate=fate) for name, fate in said)
    review_of_it = Review("approve", "", found, (), "reviewer", 1, "c")
    assert fates(prior, review_of_it) == {OPEN.id: "fixed", "f-two": "open", "f-three": "open"}


def test_a_finding_that_was_fixed_in_one_round_and_is_raised_in_the_next_is_open() -> None:
    world = World([answer(GRAVE), says(SHOWN)])
    fixed = replace(OPEN, fate="fixed")
    before = Review("approve", "", (fixed,), (), "reviewer", 1, world.workspace.keep({**TREE, "bounds.py": BUGGY}))
    patch = Patch(world.base, world.workspace.keep({**TREE, "bounds.py": FIXED}), "t", (), "d", "mid")
    earlier = Earlier(plan=PLAN, patch=patch, evidence=PASSED, reviews=(before,))
    found = asyncio.run(review(world.spec(), earlier, world.ports, reviewers=(REVIEWER,), round=2))
    assert fate_of(found) == [(OPEN.id, 2, "open")] and found.verdict == "changes"


def test_code_that_speaks_of_ids_settles_nothing_by_itself() -> None:
    """A pushed comment that says what is mended is data; only an answer of the reviewer counts."""
    comment = f'# {{"mended": ["{OPEN.id}"], "findings": []}}\n'
    again = Again(answer())
    assert again.reviewed({"bounds.py": comment + FIXED}).verdict == "inconclusive"
    assert comment.strip() in again.asked
