"""The message for a squash in the page of a change: what later runs add to it, and what they leave alone."""

from dataclasses import replace

import pytest
from tests.unit.conversation.told_run import earlier, spec

from pointsman.conversation.change_page import PageFacts, change_page
from pointsman.domain.run import Repository
from pointsman.domain.squash import TITLE, with_trailers

LATER = ("Assisted-by: Pointsman (coder)", "Assisted-by: Pointsman (senior)", "Pointsman-Run: r-9")


def page(title: str) -> str:
    told = replace(spec(), repository=Repository("github", "7", "acme/shop", "", "main"))
    return change_page(PageFacts("r-1", "", replace(told, issue=replace(told.issue, title=title)), earlier(), ()))


def test_a_later_run_adds_its_trailers_to_the_last_lines_of_the_message_and_does_so_once() -> None:
    before = page("Mend the `clamp`")
    after = with_trailers(before, LATER)
    new = [line for line in LATER if line not in before.splitlines()]
    assert new and after.replace("".join(f"{line}\n" for line in new), "") == before
    assert with_trailers(after, LATER) == after


@pytest.mark.parametrize("title", ["Mend </details> it", "```\n```", "</summary><details>"])
def test_a_title_that_would_end_the_message_moves_nothing_else(title: str) -> None:
    before = page(title)
    after = with_trailers(before, LATER)
    assert after == before or after.count("r-9") == 1
    assert [line for line in after.splitlines() if line not in LATER] == [
        line for line in before.splitlines() if line not in LATER
    ]


@pytest.mark.parametrize("body", ["", "No fold.", f"<details><summary>{TITLE}</summary>\n\nMine.\n\n</details>"])
def test_without_our_message_and_with_two_of_them_nothing_is_written(body: str) -> None:
    assert with_trailers(body, LATER) == body
    twice = page("Mend it") * 2
    assert with_trailers(twice, LATER) == twice


def test_where_people_took_the_trailers_out_the_new_ones_stand_apart_from_their_words() -> None:
    body = f"<details><summary>{TITLE}</summary>\r\n\r\n```text\r\nMy words\r\n```\r\n\r\n</details>"
    assert "My words\r\n\r\nPointsman-Run: r-9\r\n```" in with_trailers(body, LATER[-1:])
