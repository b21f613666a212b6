"""The manners of the house that no linter checks; a failure lists every place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import Definition, classes, definitions, python_files, text_of, tree_of

EVERYWHERE = ("src", "tests", "benchmarks")
FORBIDDEN_ENDINGS = ("Manager", "Handler", "Service", "Helper", "Processor")
FORBIDDEN_MODULES = {"utils", "util", "common", "core", "helpers", "helper", "misc"}
LEAVES_OUT = {"skip", "skipif", "skipIf", "skipUnless", "xfail", "importorskip", "SkipTest", "expectedFailure"}
DOCUMENTED = tuple(f"src/pointsman/{room}" for room in ("ports", "policy", "conversation", "runs", "domain"))


def test_no_function_is_longer_than_sixty_lines() -> None:
    too_long = [
        f"{where}: {length} lines"
        for path in python_files(*EVERYWHERE)
        for where, node in definitions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    ]
    assert too_long == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {str(path): text_of(path).count("\n") for path in python_files(*EVERYWHERE)}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_no_function_of_the_program_takes_more_than_six_arguments() -> None:
    assert [
        f"{where}: {count} arguments"
        for path in python_files("src")
        for where, node in definitions(path)
        if (count := _arguments(node)) > 6
    ] == []


def test_no_name_hides_what_a_thing_is_for() -> None:
    named = [
        f"{path}:{node.lineno} class {node.name}"
        for path in python_files(*EVERYWHERE)
        for node in classes(path)
        if node.name.endswith(FORBIDDEN_ENDINGS)
    ]
    modules = [str(path) for path in python_files(*EVERYWHERE) if FORBIDDEN_MODULES & {*path.parts[:-1], path.stem}]
    assert named + modules == []


def test_any_stands_in_wire_files_only() -> None:
    places = [
        f"{path}:{node.lineno}"
        for path in python_files(*EVERYWHERE)
        if not (path.stem == "wire" or path.stem.endswith("_wire"))
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and node.id == "Any")
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
    ]
    assert places == []


def test_what_others_call_says_what_it_does() -> None:
    silent = [place for path in python_files(*DOCUMENTED) for place in _undocumented(path)]
    assert silent == []


def test_every_module_of_the_program_begins_with_one_sentence() -> None:
    bad = []
    for path in python_files("src"):
        said = (ast.get_docstring(tree_of(path)) or "").split("\n\n")[0]
        if not said.rstrip().endswith((".", ":")) or not said[:1].isupper():
            bad.append(f"{path}: {said!r}")
    assert bad == []


def test_tests_are_sentences() -> None:
    short = [
        where
        for path in python_files("tests")
        if path.name.startswith("test_")
        for where, node in definitions(path)
        if node.name.startswith("test_") and node.name.count("_") < 3
    ]
    assert short == []


def test_test_files_have_names_of_their_own() -> None:
    seen: dict[str, Path] = {}
    twice = []
    for path in python_files("tests"):
        if path.name.startswith("test_"):
            twice += [f"{path} and {seen[path.name]}"] if path.name in seen else []
            seen[path.name] = path
    assert twice == []


def test_no_rule_is_switched_off() -> None:
    # Written in two parts, so that this file does not find itself.
    silencers = re.compile("#\\s*no" + "qa|type:\\s*ig" + "nore|#\\s*ruff:|ignore_" + "imports|mypy:\\s*ig" + "nore")
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in (*python_files(*EVERYWHERE), Path("pyproject.toml"))
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if silencers.search(line)
    ]
    assert found == []


def test_no_test_is_left_out() -> None:
    # Read from the syntax tree: tests about test runners hold such words as data.
    found = [
        f"{path}:{node.lineno} {name}"
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Name)
        and (name := node.attr if isinstance(node, ast.Attribute) else node.id) in LEAVES_OUT
    ]
    assert found == []


def _arguments(node: Definition) -> int:
    given = node.args
    named = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def _undocumented(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield f"{path}:{node.lineno} {node.name}"
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Definition) and not inner.name.startswith("_") and not ast.get_docstring(inner):
                    yield f"{path}:{inner.lineno} {node.name}.{inner.name}"
