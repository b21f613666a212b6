"""What the page of a change says of the repository's memory and guidance."""

from dataclasses import replace

from tests.unit.conversation import told_run as told

from pointsman.conversation.change_page import PageFacts, change_page

FACTS = PageFacts(told.RUN_ID, "Fixes #12", told.spec(), told.earlier(), told.calls(), told.NOTE)


def test_new_facts_are_listed_with_how_to_strike_them_out_and_without_any_there_is_no_word_of_it() -> None:
    page = change_page(replace(FACTS, learned=("Tests lie in `tests`.", "@all [x](https://evil) <b>")))
    assert "## Repository memory" in page and "- Tests lie in `tests`." in page and "~~like this~~" in page
    assert "`@all`" in page and "<b>" not in page and "[x]" not in page
    assert "Repository memory" not in change_page(FACTS)


def test_hidden_text_in_guidance_is_told_on_the_change() -> None:
    page = change_page(replace(FACTS, unseen=("web/AGENTS.md: bidi, html-comment",)))
    assert "guidance held text that people do not see" in page and "web/AGENTS.md: bidi, html-comment" in page
    assert "guidance" not in change_page(FACTS)
