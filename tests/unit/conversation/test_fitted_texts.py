"""Long texts are cut from the least important part, whole lines at a time, and say so."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.fitting import Part, fitted, shortened
from pointsman.conversation.outbound import outbound_code
from pointsman.conversation.tables import folded


def test_a_short_text_is_left_as_it_is() -> None:
    assert fitted((Part("one"), Part(""), Part("two", 3))) == "one\n\ntwo"


def test_the_least_important_part_is_cut_first_and_says_so() -> None:
    text = fitted((Part("keep this"), Part("b\n" * 400, 2), Part("c\n" * 100, 1)), limit=800)
    assert len(text) <= 800
    assert text.startswith("keep this\n\nb\n")
    assert text.count("c\n") == 100
    assert "The rest of this part was cut" in text


def test_a_cut_closes_the_code_and_the_folds_that_it_opens() -> None:
    long = folded("Why", outbound_code("line\n" * 500))
    text = shortened(long, 400)
    assert len(text) <= 400
    assert text.count("```") == 2
    assert text.count("<details>") == text.count("</details>") == 1
    assert text.index("</details>") < text.index("was cut")


_LINES = st.lists(st.sampled_from(["text", "```text", "```", "~~~", "````", "<details>", "</details>", "", "x" * 90]))


@given(st.lists(st.tuples(_LINES, st.integers(0, 3)), min_size=1, max_size=6))
def test_no_text_is_longer_than_asked_for_when_its_parts_can_be_cut(parts: list[tuple[list[str], int]]) -> None:
    text = fitted([Part("\n".join(lines), rank) for lines, rank in parts], limit=2_000)
    assert len(text) <= 2_000


@given(_LINES)
def test_a_shortened_text_leaves_no_fence_open(lines: list[str]) -> None:
    whole = [line for line in lines if "details" not in line] * 5
    text = shortened("\n".join(whole), 300)
    if "was cut" not in text:
        return
    mark = ""
    for line in text.split("\n"):
        found = re.match(r"`{3,}|~{3,}", line)
        if found and not mark:
            mark = found.group()
        elif found and line.startswith(mark) and not line.strip(mark[0]):
            mark = ""
    assert mark == ""
