"""Changes for a reviewer to look at: a bug planted into a right function, and edits that keep what it does."""

import ast
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.repositories import Story, commit, git, write

from benchmarks.installation import ROUTING
from benchmarks.programs import Program

SMOKE = """import unittest

import {name}


class Smoke(unittest.TestCase):
    def test_it_is_there(self) -> None:
        self.assertTrue(callable({name}.{name}))
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One change from `before` to `after`; `is_bug` tells whether a reviewer should object, `kind` what was done."""

    program: Program
    kind: str
    before: str
    after: str

    @property
    def is_bug(self) -> bool:
        """Whether the change plants a bug."""
        return self.kind == "bug"

    @property
    def slug(self) -> str:
        """A file name of its own."""
        return f"{self.program.slug}-{self.kind}"


def items_of(programs: Sequence[Program]) -> Iterator[Item]:
    """For each program the bug, and one control: each way of keeping behaviour comes in its turn, where it can."""
    ways = (("renamed", renamed), ("reordered", reordered), ("documented", documented), ("reformatted", reformatted))
    for place, program in enumerate(programs):
        yield Item(program, "bug", program.correct, program.buggy)
        for kind, way in (*ways[place % len(ways) :], *ways):
            after = way(program.correct)
            if after is not None and after != program.correct:
                yield Item(program, kind, program.correct, after)
                break


def renamed(source: str) -> str | None:
    """With one local variable under another name; None without one."""
    tree = ast.parse(source)
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef)), None)
    if function is None or _is_unsafe(function):
        return None
    stored = [
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    old = next(iter(dict.fromkeys(stored)), "")
    new = f"{old}_value"
    if not old or new in taken:
        return None
    lines = source.split("\n")
    found = (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == old)
    places = [(node.lineno, node.col_offset) for node in found]
    for line, column in sorted(places, reverse=True):
        text = lines[line - 1].encode()
        lines[line - 1] = (text[:column] + new.encode() + text[column + len(old.encode()) :]).decode()
    return "\n".join(lines)


def _is_unsafe(function: ast.FunctionDef) -> bool:
    """Whether names mean more here than the variables of one function: nested functions, `global`, f-strings."""
    more = (ast.FunctionDef, ast.Lambda, ast.Global, ast.Nonlocal, ast.ClassDef, ast.JoinedStr)
    return any(isinstance(node, more) and node is not function for node in ast.walk(function))


def reordered(source: str) -> str | None:
    """With two neighbouring assignments of constants to different names in the other order; None without them."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for one, other in zip(body or [], (body or [])[1:], strict=False) if isinstance(body, list) else ():
            if _is_plain(one) and _is_plain(other) and other.lineno == one.lineno + 1:
                first, second = one.lineno - 1, other.lineno - 1
                lines[first], lines[second] = lines[second], lines[first]
                return "\n".join(lines)
    return None


def _is_plain(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or node.lineno != node.end_lineno or len(node.targets) != 1:
        return False
    values = (ast.Constant, ast.List, ast.Dict)
    is_empty = not getattr(node.value, "elts", None) and not getattr(node.value, "keys", None)
    return isinstance(node.targets[0], ast.Name) and isinstance(node.value, values) and is_empty


def documented(source: str) -> str | None:
    """With a docstring at the top of the first function; None where one is."""
    function = next((node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)), None)
    if function is None or ast.get_docstring(function) is not None:
        return None
    first = function.body[0]
    lines = source.split("\n")
    indent = lines[first.lineno - 1][: first.col_offset]
    words = function.name.replace("_", " ")
    return "\n".join((*lines[: first.lineno - 1], f'{indent}"""Work out {words}."""', *lines[first.lineno - 1 :]))


def reformatted(source: str) -> str | None:
    """The same as Python itself would write it."""
    return ast.unparse(ast.parse(source)) + "\n"


def staged(item: Item, where: Path) -> Story:
    """A repository that holds the right function and no test that tells what it does; the issue is its docstring."""
    name = item.program.entry_point
    repository = where / "repository"
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch=main")
    write(repository, f"{name}.py", item.before)
    write(repository, "tests/__init__.py", "")
    write(repository, "tests/test_smoke.py", SMOKE.format(name=name))
    write(repository, ".pointsman.yml", f"{ROUTING}review: {{auto_fix: false}}\n")
    commit(repository, "Add a function")
    wanted = "\n".join(f"    {line}".rstrip() for line in item.program.docstring.splitlines())
    issue = where / "issue.md"
    issue.write_text(
        f"# Go over {name}\nLabels: bug\n\nWhat `{name}` in `{name}.py` should do:\n\n{wanted}\n", encoding="utf-8"
    )
    return Story(repository=repository, issue=issue, path=f"{name}.py", buggy=item.before, fixed=item.after)


def plan_for(item: Item) -> str:
    """What the planner answers, so that the change is the planted one and nothing else."""
    name = f"{item.program.entry_point}.py"
    empty: list[str] = []
    made: dict[str, object] = dict.fromkeys(("create", "tests", "risks", "questions", "criteria"), empty)
    return json.dumps({"goal": "The function is gone over.", "steps": [f"Edit {name}."], "read": empty,
                       "change": [name], **made})  # fmt: skip
