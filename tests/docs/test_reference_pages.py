"""The reference pages say what the code reads; `python tests/docs/test_reference_pages.py` writes them anew."""

from pathlib import Path

import pytest

from pointsman.conversation.command_page import comment_command_reference
from pointsman.domain.levels import Lane
from pointsman.entrypoints.cli.command_reference import command_reference
from pointsman.policy.reference import policy_reference, routing_reference, rules_reference
from pointsman.policy.sorting_reference import triage_reference
from pointsman.runs.turns import PASSED_OVER, PLACES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {
    "triage.md": triage_reference,
    "routing-file.md": routing_reference,
    "policy.md": policy_reference,
    "rules.md": rules_reference,
    "commands.md": command_reference,
    "comment-commands.md": comment_command_reference,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "write it anew: python tests/docs/test_reference_pages.py"


def test_the_page_of_the_policy_tells_how_many_places_each_lane_has() -> None:
    words = {1: "one", 2: "two", 4: "four", 20: "twenty"}
    told = " ".join(policy_reference().split())
    assert all(f"{words[PLACES[lane]]} for `{lane}`" in told for lane in Lane)
    assert f"until {words[PASSED_OVER]} others were called before it" in told


if __name__ == "__main__":
    for page, text in PAGES.items():
        (DOCS / page).write_text(text(), encoding="utf-8")
