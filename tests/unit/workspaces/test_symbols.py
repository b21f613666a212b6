"""What a text defines is found in each language, and no text takes more than linear time."""

import resource
import subprocess
import sys

import pytest
from tests.unit.workspaces.language_samples import SAMPLES

from pointsman.workspaces.code_map.symbols import names_in, symbols_in


def _told(path: str, text: str) -> str:
    return "\n".join(f"{one.kind} {one.name} {one.line}-{one.end}" for one in symbols_in(path, text))


@pytest.mark.parametrize("path", SAMPLES)
def test_each_language_tells_what_a_text_defines_and_where_it_ends(path: str) -> None:
    text, expected = SAMPLES[path]
    assert _told(path, text) == expected


@pytest.mark.parametrize("path", SAMPLES)
def test_other_newlines_change_neither_names_nor_lines(path: str) -> None:
    text, expected = SAMPLES[path]
    assert _told(path, text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize("path", SAMPLES)
def test_the_index_knows_every_name_that_is_shown(path: str) -> None:
    text, _ = SAMPLES[path]
    assert {one.name for one in symbols_in(path, text)} <= set(names_in(path, text))


def test_what_stands_above_a_definition_belongs_to_it() -> None:
    text = "import a\n\n# Why it is so.\n@decorated\n@again(1)\ndef first(): ...\n\nx = 1\ndef second(): ...\n"
    assert [(one.name, one.top) for one in symbols_in("a.py", text)] == [("first", 3), ("x", 8), ("second", 9)]
    assert symbols_in("A.java", "/** Says. */\n@Override\npublic int size() {\n}\n")[0].top == 1


def test_a_file_without_a_known_language_defines_nothing() -> None:
    for path in ("README.md", "Makefile", "noending", "a.unknown"):
        assert symbols_in(path, "def a():\n    pass\n") == ()


# A text of any of these, over and over, once took a naive expression for ever.
UNITS = (
    "a b(\n", '"', "/*\n", "= /[", "\nimpl<", "<<A\n", 'r#"', "\n@A() ", "\na::b::", "\nfunc f(", "\t", "int a<b<c",
)  # fmt: skip
HUNG = """
import sys
from pointsman.workspaces.code_map.symbols import names_in, symbols_in
for path in sys.argv[1].split():
    for unit in sys.argv[2:]:
        text = unit * (60_000 // len(unit))
        names_in(path, text), symbols_in(path, text)
"""


def test_no_text_takes_more_than_its_size_allows() -> None:
    # Ten times what it needs; what is not linear needs a hundred times of that.
    limit = (40, 40)
    paths = " ".join(path for path in SAMPLES if not path.endswith((".sh", ".sql", ".swift", ".ts")))
    done = subprocess.run(
        [sys.executable, "-c", HUNG, paths, *UNITS],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, limit),
        check=False,
    )
    assert done.returncode == 0
