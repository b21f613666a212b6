"""The tools that a coder is offered: ours, or the editing tools that its vendor trained it on."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pointsman.domain.json import JsonObject
from pointsman.domain.models import EditStyle, ToolSpec
from pointsman.phases.reading import Draft, Text, choice_schema, list_schema, object_schema, text_schema

READ_LINES = 400
EDITOR = "str_replace_based_edit_tool"
_PATH = text_schema("a path, from the repository's root")
_NUMBER: JsonObject = {"type": "integer", "minimum": 0}

SEARCH = ToolSpec("search", "Find the files that fit some words best.", object_schema(query=text_schema("words")))
READ = ToolSpec(
    "read",
    f"Show a file with line numbers, at most {READ_LINES} lines from `start`.",
    object_schema(path=_PATH, start=_NUMBER),
)
EDIT = ToolSpec(
    "edit",
    "Replace one place of a file. `search` is copied from the file letter by letter and stands there only once.",
    object_schema(path=_PATH, search=text_schema("the old lines"), replace=text_schema("the new lines")),
)
WRITE = ToolSpec(
    "write",
    "Make a new file, or write a file again as a whole.",
    object_schema(path=_PATH, text=text_schema("all of it")),
)
RUN_TESTS = ToolSpec(
    "run_tests",
    "Run the repository's tests on the files as they are now; `test` may name one test file, or one test as "
    "`path::name`.",
    {"type": "object", "properties": {"test": text_schema("left out for all")}, "additionalProperties": False},
)
FINISH = ToolSpec(
    "finish", "Say that the change is made.", object_schema(summary=text_schema("one sentence on what was changed"))
)
_LINES = list_schema({"type": "integer"}, "first and last line; -1 is the end")
STR_REPLACE_EDITOR = ToolSpec(
    EDITOR,
    "View a file (with line numbers) or a folder, create a file, replace `old_str`, which stands there only once, by "
    "`new_str`, or insert `insert_text` after the line `insert_line`.",
    {
        "type": "object",
        "properties": {
            "command": choice_schema("view", "create", "str_replace", "insert"),
            "path": _PATH,
            "view_range": _LINES,
            "file_text": text_schema("for create: all of the file"),
            "old_str": text_schema("for str_replace: the old lines"),
            "new_str": text_schema("for str_replace: the new lines"),
            "insert_line": _NUMBER,
            "insert_text": text_schema("for insert: the new lines"),
        },
        "required": ["command", "path"],
        "additionalProperties": False,
    },
    trained="text_editor_20250728",
)
"""Claude's own (Anthropic documentation, "Text editor tool"); the schema is for places that know no such type."""
_GRAMMAR = """Change files by a patch:
Patch := "*** Begin Patch\\n" { File } "*** End Patch"
File := Add | Delete | Update
Add := "*** Add File: " path "\\n" { "+" line "\\n" }
Delete := "*** Delete File: " path "\\n"
Update := "*** Update File: " path "\\n" [ "*** Move to: " path "\\n" ] { Hunk }
Hunk := { "@@ " head "\\n" } { ( " " | "-" | "+" ) line "\\n" } [ "*** End of File\\n" ]
Paths are relative to the repository's root. A head is the line of the class or function that the hunk lies in. Show
three lines of context around each change, as they stand in the file; the place must be the only one. No line
numbers."""
APPLY_PATCH = ToolSpec("apply_patch", _GRAMMAR, object_schema(input=text_schema("the whole patch")))
"""GPT's own, as a function with one text, which is how Chat Completions can take it."""

TOOLSETS: Mapping[EditStyle, tuple[ToolSpec, ...]] = {
    EditStyle.TOOLS: (SEARCH, READ, EDIT, WRITE, RUN_TESTS, FINISH),
    EditStyle.CLAUDE_EDITOR: (SEARCH, STR_REPLACE_EDITOR, RUN_TESTS, FINISH),
    EditStyle.APPLY_PATCH: (SEARCH, READ, APPLY_PATCH, RUN_TESTS, FINISH),
}
"""What a model of each style is offered."""


def _as_pair(value: object) -> object:
    return None if value in ((), [], "", None) else value


class SearchCall(Draft):
    """Words to look for."""

    query: Text


class ReadCall(Draft):
    """A file, and the first line to show."""

    path: Text
    start: int = 1


class EditCall(Draft):
    """Old and new lines of one place."""

    path: Text
    search: str
    replacement: str = Field(alias="replace")


class WriteCall(Draft):
    """A whole file."""

    path: Text
    text: str


class EditorCall(Draft):
    """One command of Claude's editor; what the command does not need is left empty."""

    command: Literal["view", "create", "str_replace", "insert"]
    path: Text
    view_range: Annotated[tuple[int, int] | None, BeforeValidator(_as_pair)] = None
    file_text: str = ""
    old_str: str = ""
    new_str: str = ""
    insert_line: int = 0
    insert_text: str = ""


class PatchCall(Draft):
    """A patch in GPT's form."""

    patch: str = Field(alias="input")


class TestsCall(Draft):
    """Which test to run; all of them when empty."""

    test: Text = ""


class FinishCall(Draft):
    """What was changed, in a sentence."""

    summary: Text = ""
