"""What no new text may hold: names that pass for others, broken data files, gaps; and that other bytes stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.domain.work import Edit, EditRefusal, EditRules, Replace, Write
from pointsman.workspaces.edits.apply import apply_edits
from pointsman.workspaces.edits.blocks import read_blocks
from pointsman.workspaces.edits.check import refuse_text
from pointsman.workspaces.edits.guard import Ground, refuse_path


def made(edit: Edit, old: bytes | None = None) -> bytes | EditRefusal | None:
    done = apply_edits([edit], EditRules(), {edit.path: old})
    return done if isinstance(done, EditRefusal) else done[edit.path]


def refused(edit: Edit, old: bytes | None = None) -> EditRefusal:
    done = made(edit, old)
    assert isinstance(done, EditRefusal), done
    return done


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def is_\u0430dmin():\n    return True\n"),
        ("a.py", "\u0441\u0440\u0430\u0441\u0435 = 1\n"),
        ("a.py", "\uff45val = 1\n"),
        ("a.py", "\U0001d41e\U0001d42f\U0001d41a\U0001d425('1')\n"),
        ("a.js", "const us\u0435r = 1;\n"),
        ("a.go", "func \u039f() {}\n"),
    ],
)
def test_p13_a_name_in_code_that_mixes_scripts_or_passes_for_another_is_refused(path: str, text: str) -> None:
    refusal = refused(Write(path, text))
    assert refusal.kind == "unreadable" and "line 1" in refusal.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "größe = 'мама'  # сор\n"),
        ("a.py", "変数name = 1\n"),
        ("a.js", "const label = 'сор'; // сор\n/* сор */\n"),
        ("a.md", "The word сор.\n"),
        ("a.py", "δ = 0.5\nдлина = 2\n"),
    ],
)
def test_p13_strings_comments_texts_and_names_in_one_script_are_free(path: str, text: str) -> None:
    assert made(Write(path, text)) == text.encode()


def test_p13_a_file_that_writes_its_names_in_a_script_may_go_on_in_it() -> None:
    old = "сорт = 1\n"
    assert made(Replace("a.py", old, "сорт = 1\nсорок = 2\nсор = 3\n"), old.encode()) is not None
    assert refused(Replace("b.py", "sort_of = 1\n", "sort_of = 1\nсор = 3\n"), b"sort_of = 1\n").kind == "unreadable"


@pytest.mark.parametrize("path", ["src/\u0430uth.py", "src/\uff41uth.py", "src/\u0441\u043e.py"])
def test_p13_a_path_that_passes_for_one_that_is_there_or_mixes_scripts_is_refused(path: str) -> None:
    ground = Ground({"src/auth.py": "100644", "src/co.py": "100644"})
    assert refuse_path(path, EditRules(), ground) is not None
    assert refuse_path("src/größe.py", EditRules(), ground) is None


@pytest.mark.parametrize(
    ("path", "old", "search", "new", "line"),
    [
        ("a.json", '{\n "a": 1,\n "beta": 2\n}\n', ' "beta": 2\n', ' "beta": 2,\n', 4),
        ("a.toml", 'first = 1\nsecond = "x"\n', 'second = "x"\n', 'second = "x\n', 2),
        ("a.yml", "first:\n  second: 1\n", "  second: 1\n", "  second: 1\n third: 2\n", 3),
    ],
)
def test_a_data_file_that_could_be_read_is_not_made_unreadable(
    path: str, old: str, search: str, new: str, line: int
) -> None:
    refusal = refused(Replace(path, search, new), old.encode())
    assert refusal.kind == "syntax" and f"line {line} " in refusal.message
    assert made(Replace(path, search, new), f"]{old}".encode()) is not None, "it was broken before"


def test_json_with_comments_and_templates_of_yaml_are_left_alone() -> None:
    assert made(Write("a.json", '{ // ours\n "a": 1, }\n')) is not None
    assert made(Write("a.yaml", "a: {{ value }}\n{% if x %}\n")) is not None
    assert made(Write("a.yaml", "a: &x [1]\nb: !custom *x\n")) is not None


@pytest.mark.parametrize("gap", ["# ... rest of the code unchanged", "# the remaining code stays unchanged"])
def test_a_gap_in_one_place_of_a_file_is_refused_as_in_a_whole_one(gap: str) -> None:
    old = "def first():\n    return one_value\n"
    gap = gap.replace("the remaining", "existing")
    refusal = refused(Replace("a.py", "    return one_value\n", f"    {gap}\n    return 2\n"), old.encode())
    assert refusal.kind == "lost-names" and "leaves code out" in refusal.message
    assert made(Replace("a.py", "    return one_value\n", "    # ... and more\n    return 2\n"), old.encode())


def test_utf_16_and_binary_files_are_not_edited() -> None:
    for data in ("value = 1\n".encode("utf-16"), "value = 1\n".encode("utf-16-le"), b"value\0 = 1\n"):
        assert refused(Replace("a.txt", "value = 1\n", "value = 2\n"), data).kind == "protected"


def test_invisible_characters_that_a_file_has_stay_where_they_are_and_none_comes_in() -> None:
    old = "first\u200b_line\n\u202asecond_line\u202c\nthird_line = 3\n"
    assert (
        made(Replace("a.txt", "third_line = 3\n", "third_line = 4\n"), old.encode())
        == old.replace("= 3", "= 4").encode()
    )
    more = Replace("a.txt", "third_line = 3\n", "third_line = \u200b4\n")
    assert refused(more, old.encode()).kind == "unreadable"


TEXT = st.text(st.sampled_from("ab_ \t\x0c\x0b\x85\u2028\u00e9\n"), max_size=60)


@settings(max_examples=200)
@given(TEXT, TEXT, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]))
def test_bytes_outside_of_the_edit_stay_what_they_were(
    head: str, tail: str, newline: str, final: bool, encoding: str
) -> None:
    if encoding == "latin-1":
        head, tail = (part.replace("\u2028", "").replace("\x85", "") for part in (head, tail))
    head = head.rstrip("\n") + "\n"
    before = f"{head}unmistakable_line = 1\n{tail}".rstrip("\n") + ("\n" if final else "")
    data = before.replace("\n", newline).encode(encoding)
    if encoding == "latin-1" and data.isascii():
        return
    done = made(Replace("a.txt", "unmistakable_line = 1\n", "unmistakable_line = 2\nmore_of_it = 3\n"), data)
    put = before.replace("_line = 1", "_line = 2\nmore_of_it = 3")
    assert done == put.replace("\n", newline).encode(encoding)


@pytest.mark.parametrize(
    ("lines", "search"),
    [
        (["same_line = 1"] * 100_000, ["same_line = 1"] * 500),
        (
            ["same_line = 1", "other_line = 2"] * 50_000,
            ["same_line = 1", "other_line = 2"] * 200 + ["same_line = 1"] * 2,
        ),
        (
            [f"line_{n} = {n % 7}" for n in range(60_000)],
            [f"line_{n} = {n % 7}" for n in range(9_000)] + ["gone = 1"],
        ),
    ],
)
def test_huge_and_repetitive_files_are_answered_and_not_pored_over(lines: list[str], search: list[str]) -> None:
    data = ("\n".join(lines) + "\n").encode()[: 1 << 20]
    assert refused(Replace("a.txt", "\n".join(search) + "\n", "changed_to = 2\n"), data).kind in (
        "no-match",
        "ambiguous",
    )


def test_texts_made_to_keep_patterns_busy_are_read_once() -> None:
    assert refuse_text("a.txt", "", ("eyJ-" * 2_000 + "\n") * 100, whole=True) is None
    assert refuse_text("a.txt", "", ("-----BEGIN " + "A " * 4_000 + "\n") * 10, whole=True) is None
    found = read_blocks("```a\n" * 30_000, ())
    assert isinstance(found, tuple)
