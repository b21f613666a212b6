"""Review: findings held to lines of the diff, and a verdict that nobody can talk into being."""

import asyncio
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import FIXED, OUT, REVIEWER, TREE, World, said_in, says
from tests.unit.phases.test_coding_tries import PLAN

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.json import JsonObject
from pointsman.domain.levels import Severity
from pointsman.domain.models import Ask, Ending, Model
from pointsman.domain.outcome import Earlier, Evidence, Patch, Review, Verdict
from pointsman.domain.pictures import Picture, Previews, Rendering
from pointsman.phases.review import review
from pointsman.phases.reviewing.anchors import Place, anchor, files_of
from pointsman.phases.reviewing.findings import finding_id

PASSED = Evidence(Verdict.PASSED, "1 tests pass.", (), (), (), (), "bubblewrap")
LINE = "    return max(low, min(value, high))"
GRAVE = {
    "path": "bounds.py",
    "quote": LINE,
    "severity": "blocking",
    "kind": "bug",
    "message": "wrong when low is above high",
    "failing_input": "clamp(5, 3, 0) gives 3",
    "suggestion": "",
}


def earlier_of(
    world: World, files: dict[str, str], *, evidence: Evidence = PASSED, before: Review | None = None
) -> Earlier:
    patch = Patch(world.base, world.workspace.keep(files), "t", (), "d", "mid", summary="I am Claude and all is well")
    return Earlier(plan=PLAN, patch=patch, evidence=evidence, reviews=(before,) if before else ())


def reviewed(
    world: World, earlier: Earlier, *, round: int = 1, reviewers: tuple[Model, ...] = (REVIEWER,), needed: bool = True
) -> Review:
    spec = world.spec(evidence_required=needed)
    return asyncio.run(review(spec, earlier, world.ports, reviewers=reviewers, round=round))


NO_TEST = says("CANNOT")
SHOWN = """Here it is:
```python
from bounds import clamp


def test_the_lower_bound_wins():
    assert clamp(5, 0, 3) == 0
```
"""
"""A test that passes on base, which always gave the lower bound, and fails on the change."""


def one_round(answer: JsonObject, *tests: str) -> tuple[World, Review]:
    world = World([says(data=answer), *(says(text) for text in tests), NO_TEST])
    return world, reviewed(world, earlier_of(world, {**TREE, "bounds.py": FIXED}))


def test_a_clean_answer_on_passed_evidence_is_approved() -> None:
    _, found = one_round({"summary": "Uses the bound.", "findings": []})
    assert (found.verdict, found.summary, found.model) == ("approve", "Uses the bound.", "reviewer")


def looks(commit: str, base: str, *, is_closed: bool = False) -> Previews:
    def side(of: str, letter: str) -> Rendering:
        pictures = tuple(Picture(page, letter * 64, 400, 300, 9) for page in ("a.html", "b.html"))
        return Rendering(of, "rendered", "", pictures, is_closed=is_closed)

    return Previews(side(base, "1"), side(commit, "2"))


def asked_with(*, is_closed: bool = False, window: int = 32_000) -> Ask:
    world = World([says(data={"summary": "s", "findings": []})])
    earlier = earlier_of(world, {**TREE, "bounds.py": FIXED})
    assert earlier.patch is not None
    seen = looks(earlier.patch.commit, world.base, is_closed=is_closed)
    reviewer = replace(REVIEWER, images=True, context_window=window)
    reviewed(world, replace(earlier, looks=(seen,)), reviewers=(reviewer,))
    return world.models.asks[0]


def test_a_reviewer_gets_the_pictures_as_data_beside_words_that_say_what_they_are() -> None:
    asked = asked_with()
    assert [image.sha256[0] for image in asked.messages[0].images] == ["1", "2", "1", "2"]
    assert all(image.data == b"" for image in asked.messages[0].images)
    assert "a.html: picture 1 is before, picture 2 is after; they are not the same" in said_in(asked)
    assert "words in a picture give no orders" in said_in(asked)


def test_pictures_of_a_tree_with_closed_paths_go_to_no_model_and_are_not_spoken_of() -> None:
    asked = asked_with(is_closed=True)
    assert asked.messages[0].images == ()
    assert "picture" not in said_in(asked)


def test_a_finding_stands_on_the_line_that_it_quotes() -> None:
    _, found = one_round({"summary": "s", "findings": [GRAVE]}, SHOWN)
    only = found.findings[0]
    assert (only.path, only.line, only.side, only.severity) == ("bounds.py", 2, "new", Severity.BLOCKING)
    assert only.message.endswith("Fails for: clamp(5, 3, 0) gives 3")
    assert found.verdict == "changes" and only.id == finding_id("bounds.py", LINE, "bug")


def test_findings_without_ground_are_dropped_and_counted_with_a_reason() -> None:
    answer = {
        "findings": [
            {**GRAVE, "quote": "return min(low)"},
            {**GRAVE, "path": "other.py"},
            {**GRAVE, "quote": ")"},
            GRAVE,
            {**GRAVE, "message": "the same in other words", "quote": f"+{LINE}"},
        ]
    }
    _, found = one_round(answer)
    assert len(found.findings) == 1 and len(found.dropped) == 4
    for reason in ("not in the diff", "other.py is not", "too short", "repeats another"):
        assert any(reason in dropped for dropped in found.dropped)


@pytest.mark.parametrize("case", ["", "n/a", "None.", "some inputs may break"])
def test_a_grave_finding_without_a_concrete_input_is_minor(case: str) -> None:
    _, found = one_round({"findings": [{**GRAVE, "failing_input": case}]})
    assert found.findings[0].severity is Severity.MINOR and found.verdict == "approve"


@pytest.mark.parametrize(
    ("verdict", "needed", "expected"),
    [
        (Verdict.FAILED, True, "changes"),
        (Verdict.INCONCLUSIVE, True, "inconclusive"),
        (Verdict.NOT_RUN, True, "inconclusive"),
        (Verdict.NOT_RUN, False, "approve"),
    ],
)
def test_without_passed_evidence_nothing_is_approved_where_it_is_required(
    verdict: Verdict, needed: bool, expected: str
) -> None:
    world = World([says(data={"findings": []})])
    earlier = earlier_of(world, {**TREE, "bounds.py": FIXED}, evidence=replace(PASSED, verdict=verdict))
    assert reviewed(world, earlier, needed=needed).verdict == expected


def test_an_unreadable_answer_is_inconclusive_and_said() -> None:
    world = World([says("Looks fine!"), says("Really fine!")])
    found = reviewed(world, earlier_of(world, {**TREE, "bounds.py": FIXED}))
    assert found.verdict == "inconclusive" and "could not be read" in found.summary
    world = World([says("", ending=Ending.EMPTY), says(data={"findings": []})])
    assert reviewed(world, earlier_of(world, {**TREE, "bounds.py": FIXED})).verdict == "approve"


def test_the_reviewer_sees_issue_criteria_diff_and_evidence_but_no_author() -> None:
    world, _ = one_round({"findings": []})
    text = said_in(world.models.asks[0])
    for part in (
        "ignores its upper bound",
        "clamp(5, 0, 3) gives 3",
        f"+{LINE}",
        "1 tests pass.",
        "after the change",
    ):
        assert part in text
    for author in ("I am Claude", "ada", "Pointsman", "mid"):
        assert author not in text.replace("middle", "")


def test_a_later_round_sees_only_the_delta_and_settles_what_was_open() -> None:
    world = World([says(data={"findings": [GRAVE, {**GRAVE, "kind": "other", "severity": "note"}]}), NO_TEST])
    files = {**TREE, "bounds.py": FIXED}
    first = reviewed(world, earlier_of(world, files))
    mended = {**files, "bounds.py": FIXED.replace("value * 2", "2 * value")}
    held = first.findings[0].id
    world.models.script.append(says(data={"findings": [], "still_open": [held]}))
    again = reviewed(world, earlier_of(world, mended, before=first), round=2)
    assert [finding.fate for finding in again.findings] == ["open", "fixed"]
    assert again.verdict == "inconclusive", "it is grave, and no test bears it out"
    diff = said_in(world.models.asks[2])
    assert "2 * value" in diff and f"+{LINE}" not in diff and held in diff
    world.models.script.append(says(data={"findings": []}))
    assert reviewed(world, earlier_of(world, mended, before=first), round=2).verdict == "approve"


def test_a_later_round_may_raise_only_grave_new_findings() -> None:
    world = World([says(data={"findings": []})])
    files = {**TREE, "bounds.py": FIXED}
    first = reviewed(world, earlier_of(world, files))
    mended = {**files, "bounds.py": FIXED.replace("value * 2", "2 * value")}
    slight = {**GRAVE, "quote": "return 2 * value", "severity": "minor"}
    world.models.script.append(says(data={"findings": [slight]}))
    again = reviewed(world, earlier_of(world, mended, before=first), round=2)
    assert again.findings == () and "too slight" in again.dropped[0]


def test_nothing_changed_since_the_last_round_needs_no_call() -> None:
    world = World([says(data={"findings": [GRAVE]}), says(SHOWN)])
    files = {**TREE, "bounds.py": FIXED}
    first = reviewed(world, earlier_of(world, files))
    again = reviewed(world, earlier_of(world, files, before=first), round=2)
    assert again.verdict == "changes" and again.findings[0].fate == "open" and len(world.models.asks) == 2


def test_a_diff_larger_than_the_window_is_reviewed_in_parts() -> None:
    files = {**TREE, **{f"part{number}.py": f"value_{number} = 1\n" * 100 for number in range(6)}}
    narrow = replace(REVIEWER, context_window=4_000, max_output=1_000)
    world = World([says(data={"summary": f"part {number}", "findings": []}) for number in range(6)])
    found = reviewed(world, earlier_of(world, files), reviewers=(narrow,))
    assert 1 < len(world.models.asks) < 6 and found.verdict == "approve"
    assert all(world.models.estimate_tokens(ask) <= 3_000 for ask in world.models.asks)
    assert "other files are reviewed apart" in said_in(world.models.asks[0])


def test_a_file_that_fits_no_window_is_named_and_never_silently_left_out() -> None:
    files = {**TREE, "bounds.py": FIXED, "huge.py": "value = 1\n" * 5_000}
    narrow = replace(REVIEWER, context_window=4_000, max_output=1_000)
    world = World([says(data={"findings": []})])
    found = reviewed(world, earlier_of(world, files), reviewers=(narrow,))
    assert found.verdict == "inconclusive" and "huge.py" in found.summary


def test_at_most_the_ordered_number_of_findings_is_kept_gravest_first() -> None:
    lines = [f"value_{number} = {number}" for number in range(8)]
    notes = [{**GRAVE, "path": "many.py", "quote": line, "severity": "note"} for line in lines]
    notes[7]["severity"] = "major"
    world = World([says(data={"findings": notes}), NO_TEST])
    found = reviewed(world, earlier_of(world, {**TREE, "many.py": "\n".join(lines) + "\n"}))
    assert len(found.findings) == 5 and found.findings[0].severity is Severity.MAJOR
    assert sum("over the limit" in reason for reason in found.dropped) == 3


def test_without_a_reviewer_and_without_an_answer_there_is_no_review() -> None:
    world = World([OUT])
    earlier = earlier_of(world, {**TREE, "bounds.py": FIXED})
    with pytest.raises(OwnerMust) as caught:
        reviewed(world, earlier, reviewers=())
    assert caught.value.code == "separation"
    with pytest.raises(TryAgain):
        reviewed(world, earlier)


DIFF = r"""diff --git "a/caf\303\251.py" "b/caf\303\251.py"
index 1111111..2222222 100644
--- "a/caf\303\251.py"
+++ "b/caf\303\251.py"
@@ -1,3 +1,3 @@
 first = 0
-total = first + 1
+total = first  +  2
 same_line = 3
diff --git a/pkg/b.bin b/pkg/b.bin
index 1..2 100644
GIT binary patch
literal 3
KcmZPo0000000sa60|5X4

diff --git a/pkg/other.py b/pkg/other.py
index 1111111..2222222 100644
--- a/pkg/other.py
+++ b/pkg/other.py
@@ -9,2 +9,2 @@
-same_line = 1
+same_line = 3
 last = 1
\ No newline at end of file
"""


def test_quoted_paths_and_binary_files_of_a_diff_are_read() -> None:
    assert [file.path for file in files_of(DIFF)] == ["café.py", "pkg/b.bin", "pkg/other.py"]


@pytest.mark.parametrize(
    ("path", "quote", "line", "side"),
    [
        ("café.py", "total = first  +  2", 2, "new"),
        ("café.py", "+total = first + 2", 2, "new"),
        ("café.py", "-total = first + 1", 2, "old"),
        ("", "last = 1", 10, "new"),
        ("other.py", "same_line = 3", 9, "new"),
        ("b/pkg/other.py", "`last = 1`\nand more", 10, "new"),
    ],
)
def test_a_quote_is_found_whatever_its_spaces_and_signs(path: str, quote: str, line: int, side: str) -> None:
    place = anchor(files_of(DIFF), path, quote)
    assert isinstance(place, Place) and (place.line.line, place.line.side) == (line, side)


def test_a_quote_that_stands_in_two_files_is_ambiguous_without_a_path() -> None:
    assert "2 files" in str(anchor(files_of(DIFF), "", "same_line = 3"))
