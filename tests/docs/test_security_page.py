"""The page of attacks names tests that exist and leaves out no case of the letters that it covers whole."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security-cases.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z][0-9]+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
LAST = {"W": 10, "A": 15, "F": 10, "R": 10, "C": 8, "G": 12, "P": 13, "E": 14, "T": 14, "U": 19}
CASES = [f"{letter}{n}" for letter, last in LAST.items() for n in range(1, last + 1)]


def test_every_case_of_a_letter_that_is_covered_whole_has_one_row() -> None:
    ids = [row[0] for row in ROWS]
    assert len(ids) == len(set(ids)) == PAGE.count("\n| ") - 1
    assert [case for case in CASES if case not in ids] == []


def test_every_test_that_the_page_names_is_there() -> None:
    defined = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = {name for _, _, tests in ROWS for name in re.findall(r"`(test_\w+)`", tests)}
    assert all(re.search(r"`test_\w+`", tests) for _, _, tests in ROWS)
    assert sorted(named - defined) == []
