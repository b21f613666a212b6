"""The forms in which models write their edits."""

import pytest

from pointsman.domain.models import EditStyle
from pointsman.domain.work import Delete, Edit, EditRefusal, Replace, Rewrite, Symbol, Write
from pointsman.workspaces.edits.parse import Lone, parse, without_path_comment

PRESENT = ("src/calc.py", "Makefile", "README.md", "calc.py")
OLD = "import os\n\n\ndef add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"
NEW = OLD.replace("a - b", "a + b", 1)
WANTED = (Replace("src/calc.py", "old_line\n", "new_line\n"),)
BLOCK = "<<<<<<< SEARCH\nold_line\n=======\nnew_line\n>>>>>>> REPLACE"


def read(reply: str, style: EditStyle = EditStyle.BLOCKS, lone: Lone | None = None) -> tuple[Edit, ...] | EditRefusal:
    return parse(reply, style, present=PRESENT, lone=lone)


def unreadable(reply: str, style: EditStyle = EditStyle.BLOCKS, lone: Lone | None = None) -> str:
    done = read(reply, style, lone)
    assert isinstance(done, EditRefusal), done
    assert done.kind == "unreadable"
    return done.message


@pytest.mark.parametrize(
    "reply",
    [
        f"src/calc.py\n{BLOCK}\n",
        f"Sure!\n\nsrc/calc.py\n\n{BLOCK}\n\nThat is all.",
        f"**src/calc.py**\n```python\n{BLOCK}\n```\n",
        f"`src/calc.py`:\n\n```\n{BLOCK}\n```",
        f"### File: src/calc.py\n~~~python\n{BLOCK}\n~~~",
        f"```python\nsrc/calc.py\n{BLOCK}\n```",
        f"```python src/calc.py\n{BLOCK}\n```",
        f"```python:src/calc.py\n{BLOCK}\n```",
        f"1. In `src/calc.py`:\n{BLOCK}",
        f"./src/calc.py\n{BLOCK}",
        f"# src/calc.py\n{BLOCK}",
        f"src/calc.py\r\n{BLOCK}\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
        "src/calc.py\n<<<<<<< SEARCH\nold_line\n=======\nnew_line\n>>>>>>> REPLACE",
        "src/calc.py\n<<<<< SEARCH\nold_line\n=====\nnew_line\n>>>>> REPLACE",
        "src/calc.py\n<<<<<<< ORIGINAL\nold_line\n=======\nnew_line\n>>>>>>> UPDATED",
        f"<think>\nfoo.py\n{BLOCK}\n</think>\nsrc/calc.py\n{BLOCK}",
    ],
)
def test_a_block_is_read_whatever_stands_around_it(reply: str) -> None:
    assert read(reply) == WANTED


def test_blocks_that_follow_each_other_are_for_the_same_file_until_another_is_named() -> None:
    done = read(f"src/calc.py\n{BLOCK}\n\n{BLOCK.replace('old', 'other')}\n\nMakefile\n{BLOCK}\n")
    assert isinstance(done, tuple)
    assert [edit.path for edit in done] == ["src/calc.py", "src/calc.py", "Makefile"]


def test_a_block_without_a_path_is_for_the_file_that_was_asked_about_or_unreadable() -> None:
    assert read(f"Here:\n{BLOCK}", lone=Lone("src/calc.py", OLD)) == WANTED
    assert "which file" in unreadable(f"Here:\n{BLOCK}")


def test_a_heading_underlined_with_equal_signs_does_not_cut_a_block_in_half() -> None:
    done = read("README.md\n<<<<<<< SEARCH\nTitle\n=====\n=======\nOther\n=====\n>>>>>>> REPLACE")
    assert done == (Replace("README.md", "Title\n=====\n", "Other\n=====\n"),)
    assert "seven equal signs" in unreadable("README.md\n<<<<<<< SEARCH\nTitle\n=======\n=======\nO\n>>>>>>> REPLACE")


@pytest.mark.parametrize(
    "reply",
    [
        f"src/calc.py\n{BLOCK}\n\nMakefile\n<<<<<<< SEARCH\nall:\n=======\nal",
        "src/calc.py\n<<<<<<< SEARCH\nold_line\n=======\nnew_line\n",
        "src/calc.py\n<<<<<<< SEARCH\nold",
        f"src/calc.py\n<<<<<<< SEARCH\nold\n=======\nnew\n{BLOCK}",
        "src/calc.py\n```python\nimport os\n\ndef add(",
    ],
)
def test_a_reply_that_was_cut_off_is_unreadable_as_a_whole(reply: str) -> None:
    assert "cut off" in unreadable(reply)


def test_an_empty_reply_and_a_reply_of_words_are_unreadable_and_say_the_form() -> None:
    assert "empty" in unreadable("  \n")
    assert "<<<<<<< SEARCH" in unreadable("I cannot do this.")
    assert "fenced" in unreadable("I cannot do this.", EditStyle.WHOLE)


@pytest.mark.parametrize(
    "reply",
    [
        f"src/calc.py\n```python\n{OLD}```\n",
        f"**src/calc.py**:\n\n```python\n{OLD}```",
        f"```python src/calc.py\n{OLD}```",
        f'```python title="src/calc.py"\n{OLD}```',
        f"```src/calc.py\n{OLD}```",
        f"src/calc.py\n```python\n{OLD}```\nAgain:\nsrc/calc.py\n```python\n{OLD}```",
    ],
)
def test_a_whole_file_is_read_with_its_path_before_or_in_the_fence(reply: str) -> None:
    for style in EditStyle:
        assert read(reply, style) == (Write("src/calc.py", OLD),)


def test_a_first_line_that_names_the_file_is_its_path_and_not_its_text() -> None:
    done = read(f"```python\n# src/calc.py\n{OLD}```", EditStyle.WHOLE)
    assert done == (Write("src/calc.py", f"# src/calc.py\n{OLD}"),)
    assert without_path_comment("src/calc.py", f"# src/calc.py\n{OLD}", OLD) == OLD
    kept = f"# src/calc.py\n{OLD}"
    assert without_path_comment("src/calc.py", kept, kept) == kept


def test_the_same_file_twice_with_different_texts_is_unreadable() -> None:
    assert "twice" in unreadable(f"src/calc.py\n```\n{OLD}```\nsrc/calc.py\n```\n{NEW}```")


def test_a_new_file_may_stand_beside_blocks_but_a_present_one_may_not_come_in_both_forms() -> None:
    done = read(f"src/calc.py\n{BLOCK}\n\nsrc/fresh.py\n```python\nx = 1\n```\n")
    assert done == (*WANTED, Write("src/fresh.py", "x = 1\n"))
    assert "as a whole" in unreadable(f"src/calc.py\n{BLOCK}\n\nMakefile\n```\nall:\n```\n")


def test_fences_inside_a_file_do_not_end_it() -> None:
    text = "# Use\n\n```python\nadd(1, 2)\n```\n\nEnd.\n"
    assert read(f"README.md\n````md\n{text}````") == (Write("README.md", text),)
    assert read(f"README.md\n```md\n{text}```") == (Write("README.md", text),)
    bare = text.replace("```python", "```")
    assert "four backticks" in unreadable(f"README.md\n```md\n{bare}```")


def test_a_lone_block_is_the_whole_file_when_it_keeps_every_name() -> None:
    lone = Lone("calc.py", OLD)
    assert read(f"Here is the mended code:\n```python\n{NEW}```", EditStyle.BLOCKS, lone) == (Write("calc.py", NEW),)
    usage = "```python\nprint(add(1, 2))\n```"
    assert read(f"```python\n{NEW}```\nUse it so:\n{usage}", EditStyle.WHOLE, lone) == (Write("calc.py", NEW),)
    assert read(NEW, EditStyle.WHOLE, lone) == (Write("calc.py", NEW),)


@pytest.mark.parametrize(
    "block",
    [
        "def add(a, b):\n    return a + b\n",
        NEW.replace("return a + b", "return a +"),
        NEW.replace("    return a + b", "    # ... existing code ...\n    return a + b"),
    ],
)
def test_a_lone_block_that_loses_names_or_does_not_parse_is_refused(block: str) -> None:
    assert "not the whole" in unreadable(f"```python\n{block}```", EditStyle.WHOLE, Lone("calc.py", OLD))


def test_a_definition_that_is_written_again_takes_its_lines_at_their_depth() -> None:
    text = "class Sum:\n    @cached\n    def add(self):\n        return 1\n\n    def sub(self):\n        return 2\n"
    lone = Lone("calc.py", text, Symbol("add", "function", 3, 4, 2), "b10b")
    new = "@cached\ndef add(self):\n    return 3\n"
    wanted = (Rewrite("calc.py", 2, 4, "    @cached\n    def add(self):\n        return 3\n", "b10b"),)
    assert read(f"So:\n```python\n{new}```\nUse:\n```\nx = 1\n```", EditStyle.WHOLE, lone) == wanted
    assert read(f"```python\n{wanted[0].text}```", EditStyle.WHOLE, lone) == wanted
    assert "Exactly one" in unreadable("```python\ndef other():\n    pass\n```", EditStyle.WHOLE, lone)
    assert "Exactly one" in unreadable(f"```python\n{new}```\n```python\n{new}```", EditStyle.WHOLE, lone)


def test_two_lone_blocks_that_both_could_be_the_file_are_refused() -> None:
    lone = Lone("calc.py", OLD)
    assert "Several" in unreadable(f"```python\n{NEW}```\nor\n```python\n{OLD}# x\n```", EditStyle.WHOLE, lone)


def test_a_lone_file_that_is_shown_as_it_was_and_as_it_is_to_be_is_what_it_is_to_be() -> None:
    told = f"It was:\n```python\n{OLD}```\nIt must be:\n```python\n{NEW}```\nAgain:\n```python\n{NEW}```"
    assert read(told, EditStyle.WHOLE, Lone("calc.py", OLD)) == (Write("calc.py", NEW),)


def test_a_file_is_deleted_by_its_own_line() -> None:
    assert read("*** Delete File: Makefile\n") == (Delete("Makefile"),)
    assert read(f"src/calc.py\n{BLOCK}\n*** Delete File: Makefile\n") == (*WANTED, Delete("Makefile"))


def test_hostile_paths_are_read_as_they_are_so_that_the_guard_sees_them() -> None:
    for path in ("../evil.py", "/etc/passwd", ".git/config", "a/../../b.py"):
        done = read(f"{path}\n{BLOCK}")
        assert isinstance(done, tuple)
        assert done[0].path == path
