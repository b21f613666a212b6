"""A fix that puts lines back as an earlier fix had found them goes in circles; anything else does not."""

import difflib

from pointsman.policy.ping_pong import blocks, taken_back


def diff(before: str, after: str, path: str = "a.py") -> str:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    return f"diff --git a/{path} b/{path}\n{''.join(lines)}"


A = "one\nlow = 1\ntwo\nthree\nfour\nhigh = 3\nfive\n"
B = A.replace("low = 1", "low = 2")
C = B.replace("high = 3", "high = 4")


def test_a_fix_that_restores_lines_of_an_earlier_state_is_seen_and_its_path_told() -> None:
    assert taken_back([diff(A, B)], diff(B, A)) == "a.py"
    assert taken_back([diff(A, B), diff(B, C)], diff(C, C.replace("low = 2", "low = 1"))) == "a.py"


def test_a_fix_of_other_lines_another_file_or_to_a_new_state_is_none() -> None:
    assert taken_back([diff(A, B)], diff(B, C)) == ""
    assert taken_back([diff(A, B)], diff(B, A, "b.py")) == ""
    assert taken_back([diff(A, B)], diff(B, B.replace("low = 2", "low = 3"))) == ""
    assert taken_back([], diff(B, A)) == ""
    assert taken_back([diff(A, B)], diff(B, A), ours=["a.py"]) == "", "a review's own test, which is not there yet"


def test_lines_that_look_like_a_diff_are_lines() -> None:
    odd = "x\n-- a/y\ny\n"
    assert list(blocks(diff(odd, odd.replace("-- a/y", "++ b/z")))) == [("a.py", ("-- a/y",), ("++ b/z",))]
