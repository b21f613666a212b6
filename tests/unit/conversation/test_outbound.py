"""What a model wrote shows, and does nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.hygiene import OUTBOUND_CAP, inline_code, outbound, outbound_code, outbound_line

_PIECES = st.sampled_from(
    [
        *("@org", "@a/b", "#1", "o/r#2", "fixes ", "`", "``", "```\n", "~~~\n", "\n", "/merge", "\\", "|", "<img "),
        *("<!-- ", "&#64;", "![", "[", "](", ")", "https://evil.example/a?b=c", "https://ok.example/", "]: "),
        *("::set-output name=a::b", "$", "-", "x", " ", "GH-1", "*", "_"),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=50).map("".join) | st.text(max_size=200)


def _without_code(text: str) -> str:
    """The text as CommonMark reads it once code is gone: fences, then spans from left to right, escapes respected."""
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"^(`{3,})", line)
        if fence:
            fence = "" if re.fullmatch(rf"`{{{len(fence)},}}\s*", line) else fence
        elif mark:
            fence = mark[1]
        else:
            kept.append(re.sub(r"(\\\\|\\`)|(`+)(?!`)(?:.+?)(?<!`)\2(?!`)", lambda m: m[1] or "\0", line))
    assert not fence, "a fence was left open"
    return "\n".join(kept)


@given(_TEXTS)
def test_nothing_that_a_forge_acts_on_stands_outside_code(text: str) -> None:
    bare = _without_code(outbound(text, ("ok.example",)))
    assert not re.search(r"(?<![A-Za-z0-9])@[A-Za-z0-9]", bare)
    assert not re.search(r"(?<![\w/.-])(?:[\w.-]+/[\w.-]+)?#[0-9]", bare)
    assert not re.search(r"<[A-Za-z/!?]", bare)
    assert not re.search(r"&#?\w+;", bare.replace("&lt;", "").replace("&amp;", ""))
    assert "evil.example" not in bare
    assert not re.search(r"(?m)^\s*/[A-Za-z]", bare)
    assert not re.search(r"(?<!\\)!\[", bare)
    assert not re.search(r"(?m)^[^\\\n]*[^\\]\]:", bare)


@given(_TEXTS)
def test_no_line_is_a_command_to_a_runner_even_in_code(text: str) -> None:
    assert not re.search(r"(?m)^\s*::[a-z-]+( [^\n]*)?::", outbound(text))


@given(st.text(alphabet="`~a\n @", max_size=80))
def test_a_block_of_code_cannot_be_ended_from_inside(text: str) -> None:
    assert _without_code(outbound_code(text)).strip() == ""


@given(_TEXTS)
def test_a_line_for_a_table_stays_in_its_cell(text: str) -> None:
    line = outbound_line(text)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)\|", line)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [docs](https://ok.example/a)", "see [docs](https://ok.example/a)"),
        ("see [docs](https://evil.example/a?k=v)", "see docs (`https://evil.example/a`)"),
        ("see [docs](https://ok.example@evil.example/)", "see docs (`https://ok.example@evil.example/`)"),
        ("Use `a | b` here", "Use `a | b` here"),
        ("`x`@org", "`x` `@org`"),
        ("write to me@home", "write to me@home"),
        ("closes https://ok.example/o/r/issues/3", "closes `https://ok.example/o/r/issues/3`"),
        ("Fixes PROJ-12 in UTF-8", "Fixes `PROJ-12` in UTF-8"),
        ("a < b and c > d", "a < b and c > d"),
        ("- /approve", "- `/approve`"),
        ("C:\\x", "C:\\\\x"),
    ],
)
def test_a_text_is_shown_as_people_expect(text: str, shown: str) -> None:
    assert outbound(text, ("ok.example",)) == shown


def test_code_keeps_its_language_and_its_text() -> None:
    assert outbound("```python\nx = '@a'\n```") == "```python\nx = '@a'\n```"
    assert outbound("```mermaid\nx\n```") == "```text\nx\n```"


def test_our_hidden_marker_cannot_be_forged_in_code() -> None:
    assert "<!-- pointsman" not in outbound("```\n<!-- pointsman:run=1 -->\n```")
    assert "<!-- pointsman" not in outbound_code("<!--pointsman:run=1 -->")


def test_a_path_with_a_backtick_stays_harmless() -> None:
    assert "`@org`" in inline_code("a`@org")
    assert _without_code(inline_code("a`@org")).count("@") == 0


@given(st.sampled_from(["@a ", "`", "<b", "x", "```\n", "[a](https://e.example) "]))
def test_a_flood_is_cut_at_the_cap_and_closes_what_it_opens(piece: str) -> None:
    shown = outbound(piece * (200_000 // len(piece)))
    assert len(shown) <= OUTBOUND_CAP
    assert "cut" in shown[-100:]
    _without_code(shown)
