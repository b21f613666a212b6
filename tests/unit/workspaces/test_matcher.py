"""The laws of the matcher: one certain place, or a refusal that says what to do."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.domain.work import EditRefusal, EditRules, Replace
from pointsman.workspaces.edits.apply import apply_edits, bodies

RUN = "    def run(self):\n        return self.value\n"
TWINS = f"class A:\n{RUN}\n\nclass B:\n{RUN}"
CODE = (
    "import os\n\n\ndef total(prices):\n    result = 0\n    for price in prices:\n        result += price\n"
    "    return result\n\n\ndef mean(prices):\n    return total(prices) / len(prices)\n"
)


def edit(text: str | bytes, search: str, new: str, *, path: str = "f.txt") -> str | EditRefusal:
    data = text.encode() if isinstance(text, str) else text
    done = apply_edits([Replace(path, search, new)], EditRules(), {path: data})
    if isinstance(done, EditRefusal):
        return done
    written = done[path]
    assert written is not None
    return written.decode()


def refused(text: str, search: str, new: str) -> EditRefusal:
    done = edit(text, search, new)
    assert isinstance(done, EditRefusal), done
    assert done.message.count("\n") <= 32
    return done


def test_an_exact_block_is_replaced_and_nothing_else() -> None:
    assert edit(CODE, "    result = 0\n", "    result = 0.0\n") == CODE.replace("result = 0\n", "result = 0.0\n")


def test_an_edit_that_fits_two_places_is_refused_with_both_line_numbers() -> None:
    refusal = refused(
        TWINS, "    def run(self):\n        return self.value\n", "    def run(self):\n        return 1\n"
    )
    assert refusal.kind == "ambiguous"
    assert "2, 7" in refusal.message


def test_two_exact_hits_never_fall_through_to_a_laxer_rung() -> None:
    text = "start_here()\nvalue = one\n  start_here()\nstart_here()\n"
    assert refused(text, "start_here()\n", "stop_here()\n").kind == "ambiguous"


def test_blanks_at_line_ends_are_forgiven_and_kept_where_the_edit_keeps_the_line() -> None:
    text = "first_line = 1   \nsecond_line = 2\n"
    assert edit(text, "first_line = 1\nsecond_line = 2 \n", "first_line = 1\nsecond_line = 3\n") == (
        "first_line = 1   \nsecond_line = 3\n"
    )


def test_a_block_that_was_outdented_as_a_whole_is_put_back_in_its_depth() -> None:
    search = "for price in prices:\n    result += price\n"
    done = edit(CODE, search, "for price in prices:\n    if price:\n        result += price\n")
    assert done == CODE.replace("        result += price", "        if price:\n            result += price")


def test_a_first_line_that_lost_its_indentation_is_forgiven() -> None:
    search = "for price in prices:\n        result += price\n"
    done = edit(CODE, search, "for price in sorted(prices):\n        result += price\n")
    assert done == CODE.replace("in prices", "in sorted(prices)")


def test_a_shift_that_is_not_the_same_on_all_lines_is_refused() -> None:
    search = "for price in prices:\n            result += price\n"
    assert refused(CODE, search, "for price in prices:\n            result -= price\n").kind == "no-match"


def test_a_word_made_up_in_a_context_line_never_reaches_the_file() -> None:
    search = (
        "def total(items):\n    result = 0\n    for price in prices:\n        result += price\n    return result\n"
    )
    done = edit(CODE, search, search.replace("+= price", "+= price.amount"))
    assert done == CODE.replace("+= price", "+= price.amount")


def test_a_forgotten_context_line_stays_in_the_file() -> None:
    text = CODE.replace("    result = 0\n", "    result = 0\n    # every price counts\n")
    search = (
        "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return result\n"
    )
    assert edit(text, search, search.replace("+=", "-=")) == text.replace("+=", "-=")


def test_a_word_made_up_in_a_deleted_line_is_refused() -> None:
    search = (
        "def total(prices):\n    result = 0\n    for price in prices:\n        result += cost\n    return result\n"
    )
    refusal = refused(CODE, search, search.replace("result += cost", "result -= cost"))
    assert refusal.kind == "no-match"
    assert "Line 7 differs here" in refusal.message
    assert "SEARCH:         result += cost" in refusal.message
    assert "file:           result += price" in refusal.message


@pytest.mark.parametrize("search", [")\n", "else:\n", "    return None\n", "}\n", "end\n", "\n\n)\n"])
def test_a_block_that_names_nothing_is_refused_even_where_it_is_unique(search: str) -> None:
    text = f"alpha = call(\n    beta\n{search}omega = 1\n"
    assert refused(text, search, "gamma\n").kind == "no-match"


def test_a_short_line_is_not_trusted_with_a_lax_rung() -> None:
    assert refused("def f():\n        go_on()\n", "go_on()\n", "stop()\n").kind == "no-match"


def test_an_empty_search_never_touches_a_file_that_is_there() -> None:
    assert refused(CODE, "", "appended = True\n").kind == "no-match"
    assert refused(CODE, "\n", "appended = True\n").kind == "no-match"


def test_a_change_of_nothing_is_refused() -> None:
    assert refused(CODE, "    result = 0\n", "    result = 0\n").kind == "unchanged"


@pytest.mark.parametrize(
    ("search", "new"),
    [
        ("    result = 0\n", "    result = 0\n    count_of_prices = 0\n"),
        ("    for price in prices:\n", "    log_prices(prices)\n    for price in prices:\n"),
        ("        result += price\n", "        result += price * 2 + offset\n"),
    ],
)
def test_an_edit_that_is_sent_again_is_refused_as_applied(search: str, new: str) -> None:
    once = edit(CODE, search, new)
    assert isinstance(once, str)
    assert refused(once, search, new).kind == "unchanged"


# The traps that other tools fell into.


def test_a_line_that_only_starts_like_the_search_is_left_alone() -> None:
    text = "maximum = 1\nmaximum = 1  # keep\n"
    assert edit(text, "maximum = 1\n", "maximum = 2\n") == "maximum = 2\nmaximum = 1  # keep\n"


def test_the_tabs_of_a_makefile_stay_tabs() -> None:
    text = "all:\n\tcc -o tool tool.c\n\tstrip tool\n"
    assert edit(text, "\tstrip tool\n", "\tstrip --all tool\n") == text.replace("strip", "strip --all")
    assert edit(text, "        cc -o tool tool.c\n        strip tool\n", "        cc\n        strip\n") != text
    assert (
        refused(text, "    cc -o tool tool.c\n    strip tool\n", "    cc tool.c\n    strip tool\n").kind == "no-match"
    )


def test_a_found_line_keeps_the_depth_that_the_file_has() -> None:
    text = "def f():\n    if ready:\n        return first_value\n"
    assert edit(text, "return first_value  \n".rstrip() + "\n", "return second_value\n") != text
    search = "if ready:\n    return first_value\n"
    assert edit(text, search, "if ready:\n    return second_value\n") == text.replace("first", "second")


def test_a_similar_place_is_shown_and_never_edited() -> None:
    refusal = refused(
        CODE, "def totals(price_list):\n    outcome = 0\n", "def totals(price_list):\n    outcome = 1\n"
    )
    assert refusal.kind == "no-match"
    assert "The file is unchanged" in refusal.message


def test_two_places_that_fit_nearly_as_well_are_refused() -> None:
    body = "    result = zero_value\n    for price in prices:\n        result += price\n    return result\n"
    text = f"def first(prices):\n{body}\n\ndef second(prices):\n{body}"
    search = f"def third(prices):\n{body}"
    assert refused(text, search, search.replace("+=", "-=")).kind == "ambiguous"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_newlines_and_the_end_of_the_file_stay_as_they_were(newline: str, final: bool) -> None:
    text = newline.join(["alpha_one", "beta_two", "gamma_three"]) + (newline if final else "")
    done = edit(text, "beta_two\ngamma_three\n", "beta_two\ndelta\nepsilon\n")
    assert done == newline.join(["alpha_one", "beta_two", "delta", "epsilon"]) + (newline if final else "")
    done = edit(text, "gamma_three\n", "")
    assert done == newline.join(["alpha_one", "beta_two"]) + (newline if final else "")


def test_mixed_newlines_are_left_outside_the_lines_that_change() -> None:
    text = "alpha_one\r\nbeta_two\ngamma_three\r\n"
    assert edit(text, "alpha_one\nbeta_two\n", "alpha_one\nbeta_2\n") == "alpha_one\r\nbeta_2\r\ngamma_three\r\n"


def test_a_form_feed_or_line_separator_is_no_line_end() -> None:
    text = "alpha\x0cone\u2028two\nbeta_line\n"
    assert edit(text, "beta_line\n", "gamma_line\n") == "alpha\x0cone\u2028two\ngamma_line\n"


def test_a_blank_line_before_a_last_line_that_goes_stays_a_line() -> None:
    assert edit("alpha_line\n\nbeta_line", "beta_line\n", "") == "alpha_line\n\n"
    assert edit("\nbeta_line", "beta_line\n", "") == "\n"


LINES = st.sampled_from(
    [
        "",
        "    return value",
        "def run(self):",
        "    if value:",
        ")",
        "\tvalue = other",
        "value = other",
        "else:",
        "class A:",
    ]
)
TEXTS = st.builds(
    lambda lines, newline, final: newline.join(lines) + (newline if final and lines else ""),
    st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans(),
)  # fmt: skip


@settings(max_examples=300)
@given(TEXTS, st.lists(LINES, min_size=1, max_size=4), st.lists(LINES, max_size=4), st.booleans())
def test_an_edit_is_refused_or_replaces_exactly_one_window(
    text: str, search: list[str], new: list[str], mark: bool
) -> None:
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    done = apply_edits(
        [Replace("f", "\n".join(search) + "\n", "".join(f"{x}\n" for x in new))], EditRules(), {"f": data}
    )
    if isinstance(done, EditRefusal):
        return
    written = done["f"]
    assert written is not None
    assert written.startswith(b"\xef\xbb\xbf") == mark
    old, now = bodies(text), bodies(written.decode("utf-8-sig"))
    same_head = next((n for n, (x, y) in enumerate(zip(old, now, strict=False)) if x != y), min(len(old), len(now)))
    pairs = zip(old[same_head:][::-1], now[same_head:][::-1], strict=False)
    same_tail = next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(old), len(now)) - same_head)
    # Two lines that SEARCH forgot may lie inside of the window; they stay.
    assert len(old) - same_head - same_tail <= len(search) + 2, "more than one window changed"
    fresh = [line.strip() for line in now[same_head : len(now) - same_tail]]
    assert all(line in [x.strip() for x in (*new, *old)] for line in fresh)
    if text.endswith("\n") and now:
        assert written.endswith(b"\n")
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert b"\n" not in written.replace(b"\r\n", b"")


@settings(max_examples=150)
@given(st.integers(0, 10_000), st.sampled_from(["trailing", "outdent", "first", "context", "twice"]))
def test_a_perturbed_block_lands_where_it_was_meant_or_is_refused(seed: int, how: str) -> None:
    chance = random.Random(seed)
    names = [f"name_{chance.randrange(30)}" for _ in range(40)]
    old = [("    " * (1 + n % 3)) + f"{name} = call_{chance.randrange(9)}({n % 5})" for n, name in enumerate(names)]
    at = chance.randrange(34)
    search = old[at : at + 5]
    new = [*search[:2], search[2].replace("call", "other_call"), *search[3:]]
    meant = "\n".join([*old[: at + 2], new[2], *old[at + 3 :]]) + "\n"
    if how == "trailing":
        search = [line + "  " for line in search]
    elif how == "outdent":
        search, new = [x[4:] for x in search], [x[4:] for x in new]
    elif how == "first":
        search, new = [search[0].lstrip(), *search[1:]], [new[0].lstrip(), *new[1:]]
    elif how == "context":
        search, new = [*search[:4], "    made = up()"], [*new[:4], "    made = up()"]
    text = "\n".join(old) + "\n"
    done = edit(text, "\n".join(search) + "\n", "\n".join(new) + "\n")
    assert isinstance(done, EditRefusal) or done == meant
    if how == "twice" and isinstance(done, str):
        again = edit(done, "\n".join(search) + "\n", "\n".join(new) + "\n")
        assert isinstance(again, EditRefusal)
