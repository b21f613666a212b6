"""Diffs that git makes, held against the world's own idea of what can be commented."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.forges.review_world import finding, remark
from tests.worlds.github.diffs import FileDiff, diff
from tests.worlds.github.git import Bare

from pointsman.domain.forge import Remark
from pointsman.forges.github.anchors import ChangedFile, place

PATHS = ("app.py", "a b.txt", 'q"uo"te.txt', "übung/naïve.md", "-dash")
# Lines that look like the grammar of a diff, that end oddly, and that other programs take for more than one line.
LINES = st.sampled_from(
    (
        *("", "a", "a", "b = 1", "  b =  1", "@@ -1,2 +3,4 @@", "--- a/app.py", "+++ b/app.py", "diff --git a/x b/x"),
        *(
            "\\ No newline at end of file",
            "end\r",
            "\x0c",
            "one\x0btwo",
            "one\u2028two",
            "\x85",
            "\ttab",
            "-",
            "+",
            "🙂",
        ),
        *("one\rtwo", "index 1111111..2222222 100644", "rename from x"),
    )
)
TEXTS = st.tuples(st.lists(LINES, max_size=24), st.booleans())
EDITS = st.lists(st.tuples(st.integers(0, 24), st.sampled_from(("drop", "put", "keep")), LINES), max_size=5)
WHO = "ada <ada@example.com>"
BRANCHES = count(1)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    bare = Bare(Path(tmp_path_factory.mktemp("diffs")) / "one.git")
    bare.create()
    return bare


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(TEXTS, EDITS), min_size=1, max_size=len(PATHS)), st.booleans())
def test_every_placed_comment_is_one_that_github_takes_and_nothing_is_lost(
    git: Bare, drawn: list[tuple[tuple[list[str], bool], list[tuple[int, str, str]]]], renamed: bool
) -> None:
    texts = [(lines, _edited(lines, edits), final) for (lines, final), edits in drawn]
    before = {path: _text(old, final) for path, (old, _, final) in zip(PATHS, texts, strict=False)}
    after: dict[str, str | None] = {
        path: _text(new, final) for path, (_, new, final) in zip(PATHS, texts, strict=False)
    }
    if renamed:
        after["moved to.py"], after["app.py"] = after["app.py"], None
    number = next(BRANCHES)
    base = git.commit(f"b{number}", before, who=WHO, at=number, message="one")
    head = git.commit(f"h{number}", after, who=WHO, at=number, message="two", parent=base)
    shown = {file.path: file for file in diff(git, base, head)}
    files = tuple(ChangedFile(one.path, one.patch, one.previous) for one in shown.values())
    remarks = tuple(_remarks(before, after))
    placed = place(remarks, files)
    assert sorted([*placed.left, *(one.remark for one in placed.comments)], key=_number) == list(remarks)
    for comment in placed.comments:
        file = shown[comment.path]
        spot = file.spots[comment.side, comment.line]
        quote = comment.remark.finding.quote.strip("\n").split("\n")
        assert _evened(spot.shown.split("\n")[-1][1:]) == _evened(quote[-1])
        if comment.start_line:
            first = file.spots[comment.side, comment.start_line]
            assert first.hunk == spot.hunk and first.position < spot.position
    assert _missed(placed.left, shown) == []


def _edited(lines: list[str], edits: list[tuple[int, str, str]]) -> list[str]:
    found = list(lines)
    for where, what, line in edits:
        at = min(where, len(found))
        if what == "put":
            found.insert(at, line)
        elif what == "drop":
            del found[at : at + 1]
    return found


def _text(lines: list[str], final: bool) -> str:
    return "\n".join(lines) + ("\n" if final and lines else "")


def _remarks(before: dict[str, str], after: dict[str, str | None]) -> list[Remark]:
    """For each line of either side a remark that is right, one that is a line off, and one over two lines."""
    found: list[Remark] = []
    for side, tree in (("old", before), ("new", after)):
        for path, text in tree.items():
            lines = (text or "").split("\n")
            for number, line in enumerate(lines, 1):
                for at, quote in (
                    (number, line),
                    (number + 1, line),
                    (number, "\n".join(lines[number - 1 : number + 1])),
                ):
                    found.append(remark(finding(path, at, quote, side=side, number=len(found))))
    return found


def _missed(left: tuple[Remark, ...], shown: dict[str, FileDiff]) -> list[Remark]:
    """Remarks that were left although the line that they name is shown and says what they quote."""
    return [one for one in left if _is_shown(one, shown)]


def _is_shown(one: Remark, shown: dict[str, FileDiff]) -> bool:
    found = one.finding
    file = shown.get(found.path)
    spot = file.spots.get(("LEFT" if found.side == "old" else "RIGHT", found.line)) if file else None
    if spot is None or "\n" in found.quote or not found.quote.strip():
        return False
    return _evened(spot.shown.split("\n")[-1][1:]) == _evened(found.quote)


def _evened(text: str) -> str:
    return " ".join(text.split())


def _number(one: Remark) -> str:
    return one.finding.id
