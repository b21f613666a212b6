"""Suggestions as small models write them: what can stand in place of a line is kept, as exact text."""

import pytest

from pointsman.phases.reviewing.anchors import DiffLine, files_of
from pointsman.phases.reviewing.suggestions import suggestion_of

DIFF = """diff --git a/bounds.py b/bounds.py
index 1111111..2222222 100644
--- a/bounds.py
+++ b/bounds.py
@@ -1,6 +1,6 @@
 def clamp(value, low, high):
     \"\"\"The value within both bounds.\"\"\"
-    return max(low, min(value, low))
+    return max(low, min(value, hihg))
{blank}
{blank}
 def twice(value):
""".replace("{blank}", " ")
(FILE,) = files_of(DIFF)
GOOD = "    return max(low, min(value, high))"


def kept(said: str, *, line: DiffLine | None = None, path: str = "bounds.py") -> str:
    quoted = next(one for one in FILE.lines if one.kind == "added")
    lines = FILE.lines if line is None else (line,)
    return suggestion_of(said, path, line or quoted, lines)


def added(text: str) -> DiffLine:
    return DiffLine(1, "new", text, "added", 1)


@pytest.mark.parametrize(
    "said",
    [
        GOOD,
        f"{GOOD}\n",
        "return max(low, min(value, high))",
        f"```python\n{GOOD}\n```",
        f"```python\n{GOOD}",
        f"``` suggestion\n{GOOD}\n```\n",
        f"~~~\n{GOOD}\n~~~",
        f"Use the upper bound:\n\n```py\n{GOOD}\n```\nThis honours it.",
        "`return max(low, min(value, high))`",
        f"+{GOOD}",
        f"-    return max(low, min(value, hihg))\n+{GOOD}",
        f'    """The value within both bounds."""\n{GOOD}',
        f'def clamp(value, low, high):\n    """The value within both bounds."""\n{GOOD}\n\n\ndef twice(value):',
        f"{GOOD}\r\n",
    ],
)
def test_the_exact_line_is_kept_however_it_is_wrapped(said: str) -> None:
    assert kept(said) == GOOD


@pytest.mark.parametrize(
    "said",
    [
        "",
        "none",
        "N/A.",
        "(empty)",
        "    return max(low, min(value, hihg))",
        "return  max(low, min(value, hihg))",
        "Use `high` instead of `hihg`.",
        "Use high",
        "use min(value, high) here",
        "Replace hihg with high.",
        "The name should be high",
        "Fix the typo in 'hihg'.",
        "Consider renaming it to high",
        "Return the upper bound",
        "return max(low, min(value, high)) instead of the old line",
        "Rename variable hihg properly",
        "Missing upper bound check",
        "def clamp(value, low, high):\n    ...\n    return max(low, min(value, high))",
        "# ... rest of the function\n    return max(low, min(value, high))",
        f"def clamp(value, low, high):\n{GOOD}",
        f"one\n```\n{GOOD}\n```\n```\n{GOOD}\n```",
        "if low > high:\\n    raise ValueError\\nreturn max(low, min(value, high))",
        "\n".join(f"value_{number} = {number}" for number in range(30)),
    ],
)
def test_what_is_no_text_for_the_line_is_left_out(said: str) -> None:
    assert kept(said) == ""


def test_several_lines_may_take_the_place_of_one() -> None:
    guarded = f"    if low > high:\n        raise ValueError(low, high)\n{GOOD}"
    assert kept(guarded) == guarded
    assert kept("if low > high:\n    raise ValueError(low, high)\nreturn max(low, min(value, high))") == guarded
    assert kept("if low > high:\n        raise ValueError(low, high)\n" + GOOD) == guarded


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("use std::io;", "use std::io::Read;"),
        ("    pass", "    raise NotImplementedError"),
        ("const a = b", "const a = {...b, c: 1};"),
        ("SELECT name FROM users", "SELECT name, id FROM users WHERE id = ?"),
        ('raise Stop("now")', 'raise Stop("There is the end of it, please add a line.")'),
        ("if a in b:", "if a is not None and a in b or c:"),
        ("make tset", "make test"),
        ('print("a")', 'print("a\\n")'),
        ("\treturn 1", "\treturn 2"),
        ("# Use the lower bound here", "# Use the upper bound here"),
        ("- the old thing", "- the new thing"),
    ],
)
def test_code_that_reads_like_words_is_code(old: str, new: str) -> None:
    assert kept(new, line=added(old)) == new


def test_in_a_text_file_a_sentence_may_replace_one_that_it_resembles() -> None:
    line = added("Install it with pip and run the tests.")
    assert kept("Install it with uv and run the tests.", line=line, path="README.md")
    assert kept("Mention which version is needed.", line=line, path="README.md") == ""


def test_an_indentation_of_tabs_is_put_back_as_it_was() -> None:
    assert kept("return 2", line=added("\t\treturn 1")) == "\t\treturn 2"
    assert kept("if x {\n\treturn 2\n}", line=added("\treturn 1")) == "\tif x {\n\t\treturn 2\n\t}"
