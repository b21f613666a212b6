"""What is new of a change since its last review, on diffs that git makes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding
from pointsman.phases.reviewing.anchors import FileDiff, files_of
from pointsman.phases.reviewing.findings import standing
from pointsman.phases.reviewing.news import news

LINES = [f"line_{number} = {number}" for number in range(1, 61)]


class Repo:
    """A repository whose commits are whole trees; a text of None deletes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        done = subprocess.run(["git", *identity, *args], cwd=self.folder, check=True, capture_output=True)
        return done.stdout.decode()

    def tree(self, **files: str | bytes) -> str:
        """A tree with these files, whose names have `_` for the dot."""
        rows = []
        for name, text in sorted(files.items()):
            data = text if isinstance(text, bytes) else text.encode()
            put = subprocess.run(
                ["git", "hash-object", "-w", "--stdin"], cwd=self.folder, input=data, check=True, capture_output=True
            )
            rows.append(f"100644 blob {put.stdout.decode().strip()}\t{name.replace('_', '.')}\n")
        made = subprocess.run(
            ["git", "mktree"], cwd=self.folder, input="".join(rows).encode(), check=True, capture_output=True
        )
        return made.stdout.decode().strip()

    def diff(self, base: str, head: str) -> tuple[FileDiff, ...]:
        return files_of(self.git("diff", "--no-renames", "--full-index", base, head))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    yield Repo(tmp_path_factory.mktemp("repo"))


def text(*changes: tuple[int, str]) -> str:
    """The lines of the file with some replaced by others, empty for none, several lines possible."""
    by_number = dict(changes)
    lines = [by_number.get(number, line) for number, line in enumerate(LINES, 1)]
    return "\n".join(line for line in lines if line) + "\n"


def found(repo: Repo, then: tuple[str, str], now: tuple[str, str]) -> dict[str, str]:
    """Path to text of what is new in `now` against `then`, each as base and head of a file."""
    trees = [repo.tree(a_py=one) for one in (*then, *now)]
    return {file.path: file.text for file in news(repo.diff(trees[2], trees[3]), repo.diff(trees[0], trees[1]))}


BASE, HEAD = text(), text((10, "line_10 = 'ten'"), (40, "line_40 = 'forty'"))


def test_only_the_hunk_that_a_push_brings_is_new(repo: Repo) -> None:
    new = found(
        repo, (BASE, HEAD), (BASE, text((10, "line_10 = 'ten'"), (40, "line_40 = 'forty'"), (55, "more = 1")))
    )
    assert "+more = 1" in new["a.py"] and "'forty'" not in new["a.py"] and "'ten'" not in new["a.py"]


@pytest.mark.parametrize(
    "theirs",
    [
        [(1, "import os\nimport sys\nline_1 = 1")],
        [(8, "line_8 = 'eight'")],
        [(12, "line_12 = 12\nadded = 0")],
        [(38, "")],
        [(25, ""), (26, ""), (60, "last = True")],
    ],
)
def test_a_base_that_moved_below_the_change_brings_nothing_new(repo: Repo, theirs: list[tuple[int, str]]) -> None:
    ours = [(10, "line_10 = 'ten'"), (40, "line_40 = 'forty'")]
    assert found(repo, (BASE, HEAD), (text(*theirs), text(*theirs, *ours))) == {}


def test_a_run_of_lines_that_the_base_split_brings_nothing_new(repo: Repo) -> None:
    head = text((10, "ten = 10\neleven = 11"))
    assert found(repo, (BASE, head), (text((11, "")), text((10, "ten = 10\neleven = 11"), (11, "")))) == {}


def test_a_line_that_left_the_change_is_told_and_its_file_is_looked_at(repo: Repo) -> None:
    """A push that takes a guard away brings no line of its own."""
    guarded = text((10, "if not allowed:\n    raise Denied\nline_10 = 10"), (40, "line_40 = secret()"))
    new = found(repo, (BASE, guarded), (BASE, text((40, "line_40 = secret()"))))["a.py"]
    assert "secret()" in new and "no longer part of the change" in new and "+    raise Denied" in new


def test_one_edit_of_a_long_new_file_shows_the_lines_around_it_and_no_more(repo: Repo) -> None:
    then = [repo.tree(b_py="x = 1\n"), repo.tree(b_py="x = 1\n", a_py=BASE)]
    now = repo.tree(b_py="x = 1\n", a_py=text((30, "line_30 = 'other'")))
    (file,) = news(repo.diff(then[0], now), repo.diff(*then))
    assert "+line_30 = 'other'" in file.text and "+line_30 = 30" in file.text.partition("no longer part")[2]
    assert "+line_23 = 23" in file.text and "line_10 " not in file.text
    assert [line.line for line in file.lines] == list(range(22, 39)), "every line keeps its place in the whole diff"


def test_a_copy_of_lines_that_were_seen_is_new(repo: Repo) -> None:
    once, twice = (
        text((10, "line_10 = 10\nretry()")),
        text((10, "line_10 = 10\nretry()"), (40, "line_40 = 40\nretry()")),
    )
    assert found(repo, (BASE, once), (BASE, twice))["a.py"].count("+retry()") == 2


def test_when_a_file_left_the_change_all_of_it_is_looked_at(repo: Repo) -> None:
    base = repo.tree(a_py=BASE, guard_py="allowed = False\n")
    then = repo.tree(a_py=HEAD, guard_py="allowed = check()\n")
    now = repo.tree(a_py=HEAD, guard_py="allowed = False\n")
    assert [file.path for file in news(repo.diff(base, now), repo.diff(base, then))] == ["a.py"]


def test_what_has_no_lines_is_new_when_its_bytes_are(repo: Repo) -> None:
    trees = [repo.tree(a_bin=bytes([0, 1, 2, number])) for number in range(3)]
    assert news(repo.diff(trees[0], trees[1]), repo.diff(trees[0], trees[1])) == ()
    assert [file.path for file in news(repo.diff(trees[0], trees[2]), repo.diff(trees[0], trees[1]))] == ["a.bin"]


def test_endings_of_lines_and_odd_names_are_compared_as_they_are(repo: Repo) -> None:
    crlf = [one.replace("\n", "\r\n") for one in (BASE, HEAD)]
    assert found(repo, (crlf[0], crlf[1]), (crlf[0], crlf[1])) == {}
    assert "a.py" in found(repo, (BASE, HEAD), (BASE, crlf[1]))


def test_two_long_texts_without_a_line_in_common_are_not_aligned(repo: Repo) -> None:
    """A stranger chooses both, and aligning them takes time with the product of their lengths."""
    then, now = "".join(f"a{n}\n" for n in range(3000)), "".join(f"b{n}\n" for n in range(3000))
    assert found(repo, ("x\n", "x\n" + then), ("x\n", "x\n" + now))["a.py"].count("+b") == 3000


def finding(line: int, quote: str, side: str = "new") -> Finding:
    return Finding("id", "a.py", line, "old" if side == "old" else "new", Severity.MAJOR, quote, "wrong")


def test_an_open_finding_is_found_where_a_rebase_moved_its_line(repo: Repo) -> None:
    theirs = (1, "import os\nimport sys\nline_1 = 1")
    after = text(theirs, (40, "line_40 = 'forty'"))
    whole = repo.diff(repo.tree(a_py=text(theirs)), repo.tree(a_py=after))
    assert [one.line for one in standing((finding(40, "line_40 = 'forty'"),), whole, {"a.py": after})] == [42]
    assert [one.line for one in standing((finding(40, "line_40 = 40", "old"),), whole, {"a.py": after})] == [42]


def test_a_line_that_left_the_diff_still_stands_in_its_file(repo: Repo) -> None:
    whole = repo.diff(repo.tree(a_py=BASE), repo.tree(a_py=text((40, "line_40 = 'forty'"))))
    assert [one.line for one in standing((finding(9, "line_10  =  10"),), whole, {"a.py": BASE})] == [10]
    assert standing((finding(9, "line_10 = 'gone'"), finding(9, "line_10 = 10", "old")), whole, {"a.py": BASE}) == ()
    assert standing((finding(10, "line_10 = 10"),), whole, {}) == ()
