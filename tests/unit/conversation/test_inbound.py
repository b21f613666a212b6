"""What reaches a model is what a person sees."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.hygiene import INBOUND_CAP, inbound

_PIECES = st.sampled_from(
    [
        *("<!--", "-->", "<b>", "</b>", "<details>", "</details>", "`", "```\n", "\n", "[a]", "(u)", "]: #", "!["),
        *(
            "](",
            '"',
            "<",
            "x",
            "\u202e",
            "\u200b",
            "\U000e0041",
            "\ufe01",
            "\x1b",
            "\ud800",
            "👩",
            "\u200d",
            "é",
            " ",
        ),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=60).map("".join) | st.text(max_size=200)


@given(_TEXTS)
def test_no_character_that_nobody_sees_is_left(text: str) -> None:
    for character in inbound(text).text:
        category = unicodedata.category(character)
        assert category != "Cs"
        assert category != "Cc" or character in "\n\t"
        assert character not in "\u202a\u202e\u2066\u200b\u2060\ufeff\U000e0041"


@given(_TEXTS)
def test_reading_twice_changes_nothing_that_has_no_markup(text: str) -> None:
    plain = "".join(c for c in text if c.isalnum() or c == " ")
    assert inbound(plain).text == plain
    assert inbound(plain).flags == ()


@given(st.text(alphabet="abc <>!-", max_size=80), st.text(alphabet="xyz ", max_size=20))
def test_what_stands_in_a_comment_never_reaches_the_model(around: str, hidden: str) -> None:
    seen = inbound(f"{around}\n\n<!-- 51{hidden}15 -->\n\nend")
    assert f"51{hidden}15" not in seen.text
    assert "html-comment" in seen.flags or "<!" in around or "<!-" in around


def test_visible_code_stays_as_people_see_it() -> None:
    text = "Use `<!-- a -->` or:\n\n```html\n<!-- b --> <p hidden>c</p>\n[//]: # (d)\n```\n"
    seen = inbound(text)
    assert seen.text == text.strip("\n")
    assert seen.flags == ()


def test_a_fence_inside_an_html_block_is_no_code_since_no_forge_takes_it_for_one() -> None:
    seen = inbound("<div>\n```\n<!-- hidden -->\n```\n")
    assert "hidden" not in seen.text


def test_a_fence_in_a_list_does_not_shelter_what_follows_the_list() -> None:
    assert "hidden" not in inbound("- a\n  ```\n  code\n<!-- hidden -->\n").text


@pytest.mark.parametrize(
    ("text", "seen", "flag"),
    [
        ("a <!-- b --> c", "a  c", "html-comment"),
        ("a <!-- b", "a ", "html-comment"),
        ("<p hidden>no</p>yes", "yes", "hidden-html"),
        ('<span style="display: none">no</span>yes', "yes", "hidden-html"),
        ("<b>yes</b>", "yes", "html"),
        ("<<b>!-- x -->", "< !-- x -->", "html"),
        ("![no](u)", "(image)", "image-text"),
        ("![ [ [x] no ] ](u)", "(image)", "image-text"),
        ("[yes](https://a.example 'no')", "yes (https://a.example)", "link-title"),
        ("[yes [and] yes](u (no))", "yes [and] yes (u)", "link-title"),
        ("[//]: # (no \\) no)\nyes", "yes", "reference-comment"),
        ('yes\n\n[no no]: # "no `no` no"', "yes", "reference-comment"),
        ("<? no ?>yes", "yes", "html"),
    ],
)
def test_what_is_hidden_goes_and_is_named(text: str, seen: str, flag: str) -> None:
    visible = inbound(text)
    assert visible.text.strip("\n") == seen
    assert flag in visible.flags


def test_targets_of_links_are_in_sight() -> None:
    seen = inbound("[docs](https://a.example/x) and [ref][1] and [1]\n\n[1]: https://b.example\n")
    assert seen.text == "docs (https://a.example/x) and ref (https://b.example) and 1 (https://b.example)"
    assert seen.flags == ()


def test_flags_emoji_and_scripts_that_need_joiners_survive() -> None:
    england = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    text = f"{england} 👨\u200d👩\u200d👧 ❤\ufe0f می\u200cخواهم"
    assert inbound(text).text == text
    assert inbound(text).flags == ()


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    seen = inbound("a" * (INBOUND_CAP + 1))
    assert len(seen.text) == INBOUND_CAP
    assert seen.flags == ("truncated",)
