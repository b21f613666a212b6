from dataclasses import replace

import pytest
from tests.unit.forges.review_world import file_of, finding, remark

from pointsman.forges.github.anchors import ChangedFile, Comment, place, remark_text, spots_of
from pointsman.forges.github.markers import finding_in
from pointsman.phases.reviewing.findings import finding_id

PATCH = """@@ -1,4 +1,5 @@
 first = 0
-total = first + 1
+total = first + 2
+print(total)
 same = 3
 last = 4
@@ -20,3 +21,3 @@ def tail():
 twice = 1
-gone = 1
+twice = 1
 end = 2
\\ No newline at end of file"""
FILE = ChangedFile("app.py", PATCH)


def only(
    *, path: str = "app.py", line: int = 2, side: str = "new", quote: str, suggestion: str = ""
) -> Comment | None:
    placed = place((remark(finding(path, line, quote, side=side), suggestion),), (FILE,))
    assert len(placed.comments) + len(placed.left) == 1
    return placed.comments[0] if placed.comments else None


@pytest.mark.parametrize(
    ("line", "side", "quote", "where"),
    [
        (2, "new", "total = first + 2", ("RIGHT", 2)),
        (2, "new", "  total  =  first + 2", ("RIGHT", 2)),
        (2, "old", "total = first + 1", ("LEFT", 2)),
        (4, "new", "same = 3", ("RIGHT", 4)),
        (3, "old", "same = 3", ("LEFT", 3)),
        (23, "new", "end = 2", ("RIGHT", 23)),
        (99, "new", "print(total)", ("RIGHT", 3)),
        (99, "new", "gone = 1", ("LEFT", 21)),
        (21, "new", "twice = 1", ("RIGHT", 21)),
        (22, "new", "twice = 1", ("RIGHT", 22)),
    ],
)
def test_a_remark_stands_on_the_line_that_it_quotes(line: int, side: str, quote: str, where: tuple[str, int]) -> None:
    found = only(line=line, side=side, quote=quote)
    assert found is not None and (found.side, found.line, found.start_line) == (*where, 0)


@pytest.mark.parametrize(
    ("path", "line", "quote"),
    [
        ("app.py", 2, "total = first + 3"),
        ("other.py", 2, "total = first + 2"),
        ("app.py", 10, "twice = 1"),
        ("app.py", 2, "   "),
        ("app.py", 10, "No newline at end of file"),
    ],
)
def test_f9_a_remark_whose_quote_is_not_there_or_not_there_once_is_left(path: str, line: int, quote: str) -> None:
    assert only(path=path, line=line, quote=quote) is None


def test_several_quoted_lines_are_a_range_within_one_hunk() -> None:
    found = only(line=2, quote="total = first + 2\nprint(total)\nsame = 3")
    assert found is not None and (found.start_line, found.line, found.is_sure) == (2, 4, False)
    assert only(line=5, quote="last = 4\ntwice = 1") is None


def test_a_renamed_file_is_commented_by_the_name_that_it_has_now() -> None:
    moved = ChangedFile("new name.py", PATCH, previous="app.py")
    for path in ("app.py", "new name.py"):
        placed = place((remark(finding(path, 3, "print(total)")),), (moved,))
        assert [comment.path for comment in placed.comments] == ["new name.py"]


@pytest.mark.parametrize("patch", [None, "", "no diff at all", "@@ -1,9 +1,9 @@\n one"])
def test_a_file_without_a_readable_diff_has_no_lines(patch: str | None) -> None:
    assert spots_of(ChangedFile("app.py", patch)) == ()


def test_a_suggestion_replaces_the_line_when_it_changes_it() -> None:
    found = only(quote="total = first + 2", suggestion="total = first + 3")
    assert found is not None and found.body.endswith("\n\n```suggestion\ntotal = first + 3\n```")
    same = only(quote="total = first + 2", suggestion="total = first + 2\n")
    assert same is not None and "```" not in same.body


def test_a_suggestion_for_a_line_that_is_gone_is_plain_code() -> None:
    found = only(line=2, side="old", quote="total = first + 1", suggestion="total = 1")
    assert found is not None and "```suggestion" not in found.body and "```text\ntotal = 1\n```" in found.body


def test_nothing_in_a_suggestion_closes_its_block() -> None:
    found = only(quote="total = first + 2", suggestion="x = '````'\n```")
    assert found is not None and found.body.endswith("`````suggestion\nx = '````'\n```\n`````")
    plain = remark(finding("app.py", 2, "x"), "```\n@everyone")
    assert remark_text(plain).endswith("````text\n```\n@everyone\n````")


def test_a_suggestion_keeps_the_line_ending_of_the_file() -> None:
    file = file_of("a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n")
    placed = place((remark(finding("app.py", 2, "b = 3\r"), "b = 4\nc = 5"),), (file,))
    assert placed.comments[0].body.endswith("```suggestion\r\nb = 4\r\nc = 5\r\n```")


def test_a_comment_holds_its_marker_and_one_that_is_too_long_is_left() -> None:
    found = only(quote="print(total)", line=3)
    assert found is not None and found.body.startswith(f"<!-- pointsman:finding {found.remark.finding.id} -->\n")
    assert only(quote="print(total)", line=3, suggestion="🙂" * 33_000) is None


def test_a_thread_is_known_again_by_the_finding_that_it_began_with() -> None:
    made = finding_id("app.py", "total = first + 2", "bug")
    named = replace(finding("app.py", 2, "total = first + 2"), id=made)
    placed = place((remark(named),), (FILE,))
    assert [finding_in(comment.body) for comment in placed.comments] == [made]
