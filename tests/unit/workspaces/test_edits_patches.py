"""Patches in OpenAI's form and unified diffs: read liberally, placed by the same matcher, unique or refused."""

import hashlib

import pytest

from pointsman.domain.models import EditStyle
from pointsman.domain.work import Delete, Edit, EditRefusal, EditRules, Move, Replace, Rewrite, Write
from pointsman.workspaces.edits.apply import apply_edits, paths_of
from pointsman.workspaces.edits.parse import parse

RUN = "    def run(self):\n        return self.value\n"
TWINS = f"class First:\n{RUN}\n\nclass Second:\n{RUN}\n\nclass Secondary:\n{RUN}"
PRESENT = ("shop.py", "old.py", "notes.md")


def read(reply: str) -> tuple[Edit, ...] | EditRefusal:
    return parse(reply, EditStyle.APPLY_PATCH, present=PRESENT)


def applied(patch: str, **files: str) -> dict[str, str | None] | EditRefusal:
    """The files after a patch; names stand for paths that end with `.py`."""
    edits = read(f"*** Begin Patch\n{patch}*** End Patch")
    assert not isinstance(edits, EditRefusal), edits.message
    olds: dict[str, bytes | None] = dict.fromkeys(paths_of(edits))
    olds |= {f"{name}.py": text.encode() for name, text in files.items()}
    done = apply_edits(edits, EditRules(), olds)
    if isinstance(done, EditRefusal):
        return done
    return {path: None if data is None else data.decode() for path, data in done.items()}


def refused(patch: str, **files: str) -> EditRefusal:
    done = applied(patch, **files)
    assert isinstance(done, EditRefusal), done
    return done


def test_a_patch_adds_updates_moves_and_deletes_files_in_one_go() -> None:
    patch = (
        "*** Add File: new.py\n+first = 1\n+\n+second = 2\n"
        "*** Update File: shop.py\n*** Move to: market.py\n@@ class First:\n     def run(self):\n"
        "-        return self.value\n+        return self.price\n"
        "*** Delete File: old.py\n"
    )
    assert applied(patch, shop=TWINS, old="gone = 1\n") == {
        "new.py": "first = 1\n\nsecond = 2\n",
        "shop.py": None,
        "market.py": TWINS.replace("self.value", "self.price", 1),
        "old.py": None,
    }


@pytest.mark.parametrize("head", ["@@ class Second:", "@@ class Second", "@@ class Second: @@", "@@class Second:"])
def test_a_head_says_which_of_several_equal_places_is_meant(head: str) -> None:
    hunk = f"{head}\n     def run(self):\n-        return self.value\n+        return 2\n"
    done = applied(f"*** Update File: shop.py\n{hunk}", shop=TWINS)
    first, second, third = TWINS.split("\n\n\n")
    assert done == {"shop.py": "\n\n\n".join((first, second.replace("self.value", "2"), third))}


def test_heads_one_below_the_other_lead_inwards() -> None:
    text = "class A:\n    def one(self):\n        go_there()\n\n    def two(self):\n        go_there()\n"
    patch = (
        "*** Update File: shop.py\n@@ class A:\n@@     def two(self):\n-        go_there()\n+        come_back()\n"
    )
    assert applied(patch, shop=text) == {"shop.py": "come_back()".join(text.rsplit("go_there()", 1))}


def test_without_a_head_the_first_of_several_places_is_not_taken() -> None:
    hunk = "@@\n     def run(self):\n-        return self.value\n+        return 2\n"
    assert refused(f"*** Update File: shop.py\n{hunk}", shop=TWINS).kind == "ambiguous"


def test_a_place_outside_of_its_head_is_refused_even_where_it_is_the_only_one() -> None:
    text = TWINS.replace("class First:\n    def run(self):\n        return self.value", "class First:\n    value = 1")
    hunk = "@@ class First:\n     def run(self):\n-        return self.value\n+        return 2\n"
    only = text.replace(f"class Secondary:\n{RUN}", "class Secondary:\n    pass\n")
    assert refused(f"*** Update File: shop.py\n{hunk}", shop=only).kind == "no-match"
    gone = "@@ class Third:\n-        return self.value\n+        return 2\n"
    assert "'class Third:'" in refused(f"*** Update File: shop.py\n{gone}", shop=TWINS).message


def test_a_hunk_whose_indentation_is_off_is_put_at_the_depth_of_the_file() -> None:
    text = "def outer():\n    if ready:\n        first_step()\n        second_step()\n"
    hunk = " if ready:\n     first_step()\n-    second_step()\n+    third_step()\n"
    assert applied(f"*** Update File: shop.py\n@@\n{hunk}", shop=text) == {"shop.py": text.replace("second", "third")}


def test_lines_are_appended_only_at_a_named_end() -> None:
    done = applied("*** Update File: shop.py\n@@\n+third = 3\n*** End of File\n", shop="first = 1\n")
    assert done == {"shop.py": "first = 1\nthird = 3\n"}
    edits = read("*** Begin Patch\n*** Update File: shop.py\n@@\n+third = 3\n*** End Patch")
    assert isinstance(edits, EditRefusal) and "context" in edits.message


def test_the_end_of_the_file_tells_two_equal_places_apart() -> None:
    text = "value_one = 1\nrest = 2\nvalue_one = 1\n"
    hunk = "@@\n-value_one = 1\n+value_one = 3\n*** End of File\n"
    assert applied(f"*** Update File: shop.py\n{hunk}", shop=text) == {
        "shop.py": "value_one = 1\nrest = 2\nvalue_one = 3\n"
    }


def test_all_files_of_a_patch_change_or_none() -> None:
    good = "*** Update File: shop.py\n@@ class First:\n-        return self.value\n+        return 2\n"
    bad = "*** Update File: old.py\n@@\n-not_there = 1\n+not_there = 2\n"
    assert refused(good + bad, shop=TWINS, old="gone = 1\n").path == "old.py"


def test_nothing_is_moved_over_a_file_that_is_there() -> None:
    patch = "*** Update File: shop.py\n*** Move to: old.py\n@@\n-one_value = 1\n+one_value = 2\n"
    assert refused(patch, shop="one_value = 1\n", old="kept = 1\n").path == "old.py"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("*** Begin Patch\n*** Update File: shop.py\n@@\n-a = 1\n+a = 2\n", "cut off"),
        ("*** Update File: shop.py\n@@\n-a = 1\n+a = 2\n", "cut off"),
        ("*** Begin Patch\n-a = 1\n*** End Patch", "must begin"),
        ("*** Begin Patch\n*** End Patch", "names no file"),
        ("*** Begin Patch\n*** Add File: new.py\nno sign\n*** End Patch", "plus sign"),
        ("*** Begin Patch\n*** Update File: shop.py\n*** End Patch", "no hunk"),
        ("*** Begin Patch\n*** Delete File: shop.py\n-a = 1\n*** End Patch", "Nothing may stand"),
    ],
)
def test_a_patch_that_cannot_be_read_to_its_end_changes_nothing_and_shows_the_form(reply: str, why: str) -> None:
    done = read(reply)
    assert isinstance(done, EditRefusal) and done.kind == "unreadable"
    assert why in done.message and "*** Begin Patch" in done.message


UPDATE = (Replace("shop.py", "old = 1\nkeep = 2\n", "new = 1\nkeep = 2\n"),)


@pytest.mark.parametrize(
    "reply",
    [
        "*** Begin Patch\n*** Update File: shop.py\n@@\n-old = 1\n+new = 1\n keep = 2\n*** End Patch",
        "\n```\n*** Begin Patch\n*** Update File: shop.py\n-old = 1\n+new = 1\n keep = 2\n*** End Patch\n```\nOk.",
        "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: shop.py\n@@\n-old = 1\n+new = 1\nkeep = 2\n"
        "*** End Patch\nEOF",
        "*** Update File: shop.py\n@@ -1,2 +1,2 @@ def f\n-old = 1\n+new = 1\n keep = 2\n*** End Patch",
        "```diff\n--- a/shop.py\n+++ b/shop.py\n@@ -7,2 +7,2 @@\n-old = 1\n+new = 1\n keep = 2\n```\nDone.",
        "diff --git a/shop.py b/shop.py\nindex 1..2 100644\n--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-old = 1\n"
        "+new = 1\n keep = 2\n\\ No newline at end of file\n",
    ],
)
def test_a_patch_in_a_plain_reply_is_read_whatever_stands_around_it(reply: str) -> None:
    assert read(reply) == UPDATE
    assert parse(reply, EditStyle.BLOCKS, present=PRESENT) == UPDATE


def test_a_diff_makes_and_deletes_files() -> None:
    reply = (
        "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x = 1\n--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone = 1\n"
    )
    assert read(reply) == (Write("new.py", "x = 1\n"), Delete("old.py"))


def test_a_file_that_only_quotes_a_patch_is_a_file() -> None:
    text = "# Patches\n\n*** Begin Patch\n*** Update File: shop.py\n-a\n+b\n*** End Patch\n"
    assert read(f"notes.md\n````\n{text}````") == (Write("notes.md", text),)


def test_counted_lines_are_written_again_only_in_the_file_that_they_were_counted_in() -> None:
    text = b"one = 1\r\ntwo = 2\r\nthree = 3"
    blob = "b1ff3e5dc3ce6ad02f0b2f1b38de0e4ba1a8b0b4"
    stale = apply_edits([Rewrite("shop.py", 2, 2, "two = 22\n", blob)], EditRules(), {"shop.py": text})
    assert isinstance(stale, EditRefusal) and "changed since" in stale.message
    real = hashlib.sha1(b"blob %d\0%s" % (len(text), text)).hexdigest()
    done = apply_edits([Rewrite("shop.py", 2, 2, "two = 22\nmore = 0\n", real)], EditRules(), {"shop.py": text})
    assert done == {"shop.py": b"one = 1\r\ntwo = 22\r\nmore = 0\r\nthree = 3"}
    put = apply_edits([Rewrite("shop.py", 1, 0, "zero = 0\n", real)], EditRules(), {"shop.py": text})
    assert put == {"shop.py": b"zero = 0\r\none = 1\r\ntwo = 2\r\nthree = 3"}
    end = apply_edits([Rewrite("shop.py", 4, 3, "four = 4\n", real)], EditRules(), {"shop.py": text})
    assert end == {"shop.py": b"one = 1\r\ntwo = 2\r\nthree = 3\r\nfour = 4"}
    for first, last in ((0, 0), (5, 4), (3, 1), (2, 4)):
        outside = apply_edits([Rewrite("shop.py", first, last, "x = 1\n", real)], EditRules(), {"shop.py": text})
        assert isinstance(outside, EditRefusal) and "3 lines" in outside.message


def test_a_move_is_an_edit_of_two_paths() -> None:
    assert paths_of([Move("a.py", "b.py"), Write("c.py", "")]) == ["a.py", "b.py", "c.py"]
