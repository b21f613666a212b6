"""From a reply to a commit: the workspace as the phases use it."""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.errors import OperatorMust
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, Delete, Edit, EditOrder, EditRefusal, EditRules, Replace, Write
from pointsman.ports.workspace import Workspace
from pointsman.workspaces import workspace as workspace_module
from pointsman.workspaces.workspace import GitWorkspace

TEXT = CommitText("Mend the sum", "It was off by one.", ("Pointsman-Run: r1",), "2026-11-21T10:00:00Z")
CALC = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"
FILES = {"calc.py": CALC, "run.sh": "#!/bin/sh\necho hi there\n", "README.md": "# Calc\n"}


@dataclass(frozen=True)
class Bench:
    """A workspace on a user's repository, and the commit it stands on."""

    workspace: GitWorkspace
    repository: Repository
    world: World
    base: str

    def order(self, rules: EditRules | None = None) -> EditOrder:
        return EditOrder(self.base, self.base, "small/coder", rules or EditRules(), TEXT)

    def propose(self, reply: str) -> Patch | EditRefusal:
        return asyncio.run(self.workspace.propose(self.order(), reply, EditStyle.BLOCKS))

    def apply(self, *edits: Edit, rules: EditRules | None = None) -> Patch | EditRefusal:
        return asyncio.run(self.workspace.apply(self.order(rules), edits))

    def text(self, commit: str, path: str) -> str | None:
        source = asyncio.run(self.workspace.read(commit, path))
        return source.text if source else None


@pytest.fixture
def bench(world: World, tmp_path: Path) -> Bench:
    for path, text in FILES.items():
        (world.root / path).write_text(text)
    (world.root / "run.sh").chmod(0o755)
    base = world.commit({})
    repository = Repository("local", "r1", "user", str(world.root), "main")
    workspace = GitWorkspace.open(tmp_path / "home", repository)
    assert asyncio.run(workspace.fetch(repository, "main")) == base
    return Bench(workspace, repository, world, base)


def _block(path: str, search: str, new: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}=======\n{new}>>>>>>> REPLACE\n"


GOOD = _block(
    "calc.py", "def add(a, b):\n    return a - b\n", "def add(a, b):\n    return a + b\n"
)  # fmt: skip


def test_the_workspace_is_an_adapter_of_the_port(bench: Bench) -> None:
    port: Workspace = bench.workspace
    assert port is bench.workspace


def test_a_block_becomes_a_commit_whose_patch_can_be_checked_with_plain_git(bench: Bench) -> None:
    patch = bench.propose(f"Here is the mend.\n\n{GOOD}")
    assert isinstance(patch, Patch)
    assert bench.text(patch.commit, "calc.py") == CALC.replace("a - b", "a + b", 1)
    asyncio.run(bench.workspace.publish(patch.commit, bench.repository.location, "pointsman/1", None))
    shown = bench.world.git("cat-file", "commit", "pointsman/1")
    assert "author Pointsman <pointsman@localhost> 1795255200 +0000" in shown
    assert shown.endswith("Mend the sum\n\nIt was off by one.\n\nPointsman-Run: r1")
    form = ("diff-tree", "-p", "--full-index", "--binary", "--no-textconv", "--no-ext-diff", "--no-renames")
    plain = bench.world.git(*form, bench.base, patch.commit) + "\n"
    assert hashlib.sha256(plain.encode()).hexdigest() == patch.diff_digest
    assert asyncio.run(bench.workspace.diff(bench.base, patch.commit)) == plain
    (record,) = patch.edits
    assert (record.path, record.kind, record.added, record.removed, record.model) == (
        "calc.py", "changed", 1, 1, "small/coder"
    )  # fmt: skip
    assert record.digest == hashlib.sha256(plain[plain.index("@@") :].encode()).hexdigest()


def test_the_same_step_twice_makes_the_same_commit(bench: Bench) -> None:
    assert bench.propose(GOOD) == bench.propose(GOOD)


def test_a_second_step_counts_its_patch_from_where_the_run_started(bench: Bench) -> None:
    first = bench.propose(GOOD)
    assert isinstance(first, Patch)
    order = replace(bench.order(), onto=first.commit, model="big/coder")
    second = asyncio.run(bench.workspace.apply(order, (Write("new.py", "x = 1\n"),)))
    assert isinstance(second, Patch)
    assert [(edit.path, edit.kind, edit.model) for edit in second.edits] == [
        ("calc.py", "changed", ""), ("new.py", "created", "big/coder")
    ]  # fmt: skip


def test_taking_an_earlier_step_back_wholly_is_no_change(bench: Bench) -> None:
    first = bench.propose(GOOD)
    assert isinstance(first, Patch)
    order = replace(bench.order(), onto=first.commit)
    back = asyncio.run(bench.workspace.apply(order, (Write("calc.py", CALC),)))
    assert isinstance(back, EditRefusal)
    assert back.kind == "unchanged"


def test_the_mode_of_a_file_is_kept_and_a_new_one_is_plain(bench: Bench) -> None:
    patch = bench.apply(Replace("run.sh", "echo hi there", "echo bye there"), Write("tool.sh", "#!/bin/sh\n"))
    assert isinstance(patch, Patch)
    asyncio.run(bench.workspace.publish(patch.commit, bench.repository.location, "pointsman/m", None))
    listed = bench.world.git("ls-tree", "-r", "pointsman/m").splitlines()
    assert {row.split("\t")[1]: row[:6] for row in listed} == {
        "calc.py": "100644", "run.sh": "100755", "README.md": "100644", "tool.sh": "100644"
    }  # fmt: skip


def test_all_edits_of_a_reply_are_applied_or_none(bench: Bench) -> None:
    refusal = bench.propose(GOOD + _block("README.md", "# Not there at all\n", "# New\n"))
    assert isinstance(refusal, EditRefusal)
    assert (refusal.kind, refusal.path) == ("no-match", "README.md")


def test_files_are_made_and_removed_by_typed_edits(bench: Bench) -> None:
    patch = bench.apply(Replace("pkg/new.py", "", "x = 1"), Delete("README.md"))
    assert isinstance(patch, Patch)
    assert bench.text(patch.commit, "pkg/new.py") == "x = 1\n"
    assert [(edit.path, edit.kind) for edit in patch.edits] == [("README.md", "deleted"), ("pkg/new.py", "created")]


def test_a_note_is_recorded_below_our_own_folder_which_no_edit_may_touch(bench: Bench) -> None:
    commit = asyncio.run(bench.workspace.record(bench.base, {".pointsman/audit/1.md": b"note\n"}, TEXT))
    assert bench.text(commit, ".pointsman/audit/1.md") == "note\n"
    refusal = bench.apply(Write(".pointsman/audit/1.md", "forged\n"))
    assert isinstance(refusal, EditRefusal)
    assert refusal.kind == "protected"


def test_reading_gives_text_or_nothing(bench: Bench, make_world: Callable[[str], World]) -> None:
    world = bench.world
    (world.root / "link").symlink_to("calc.py")
    commit = world.commit(
        {
            "bom.py": b"\xef\xbb\xbfx = 1\r\n",
            "latin.txt": "Größe\n".encode("latin-1"),
            "bin": b"a\0b",
            "big": b"x" * 1_048_577,
        }
    )
    asyncio.run(bench.workspace.fetch(bench.repository, "HEAD"))
    assert bench.text(commit, "bom.py") == "x = 1\r\n"
    assert bench.text(commit, "latin.txt") == "Größe\n"
    for path in ("bin", "big", "link", "absent", ""):
        assert bench.text(commit, path) is None
    listed = [file.path for file in asyncio.run(bench.workspace.files(commit))]
    assert listed == ["README.md", "big", "bin", "bom.py", "calc.py", "latin.txt", "run.sh"]


def test_the_encoding_and_the_byte_order_mark_survive_an_edit(bench: Bench) -> None:
    bench.world.commit(
        {"bom.py": b"\xef\xbb\xbffirst = 1\r\nsecond = 2", "latin.txt": "Größe eins\n".encode("latin-1")}
    )
    commit = asyncio.run(bench.workspace.fetch(bench.repository, "HEAD"))
    order = replace(bench.order(), onto=commit)
    edits = (Replace("bom.py", "second = 2", "second = 3"), Replace("latin.txt", "Größe eins", "Größe zwei"))
    patch = asyncio.run(bench.workspace.apply(order, edits))
    assert isinstance(patch, Patch)
    asyncio.run(bench.workspace.publish(patch.commit, bench.repository.location, "pointsman/e", None))
    bench.world.git("checkout", "-q", "--detach", "pointsman/e")
    assert (bench.world.root / "bom.py").read_bytes() == b"\xef\xbb\xbffirst = 1\r\nsecond = 3"
    assert (bench.world.root / "latin.txt").read_bytes() == "Größe zwei\n".encode("latin-1")
    refusal = asyncio.run(bench.workspace.apply(order, (Replace("latin.txt", "Größe eins", "Größe → eins"),)))
    assert isinstance(refusal, EditRefusal)
    assert "Latin-1" in refusal.message


def test_another_repository_is_not_fetched_into_this_workspace(bench: Bench) -> None:
    with pytest.raises(OperatorMust) as refused:
        asyncio.run(bench.workspace.fetch(replace(bench.repository, id="other"), "main"))
    assert refused.value.code == "wrong-workspace"


def test_limits_on_files_and_bytes_hold(bench: Bench) -> None:
    many = bench.apply(*(Write(f"{n}.txt", "x\n") for n in range(4)), rules=EditRules(max_files=3))
    large = bench.apply(Write("big.txt", "x\n" * 600), rules=EditRules(max_bytes=1000))
    assert isinstance(many, EditRefusal)
    assert isinstance(large, EditRefusal)
    assert (many.kind, large.kind) == ("too-large", "too-large")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Fix #12: mend the sum", "Signed-off-by: Linus <l@k.org>\nWhy it was wrong.\nCo-authored-by: X <x@y>"),
        ("Mend the sum [skip ci]", "Why it was wrong.\n\nAudit-Note: forged\nFixes: abc"),
        ("Mend\nthe sum", "Why it was wrong.\nCloses owner/repo#3 and resolves https://github.com/a/b/issues/4"),
    ],
)
def test_e14_what_a_model_writes_into_a_message_has_no_powers(bench: Bench, subject: str, body: str) -> None:
    order = replace(bench.order(), text=replace(TEXT, subject=subject, body=body))
    patch = asyncio.run(bench.workspace.apply(order, (Write("x.py", "x = 1\n"),)))
    assert isinstance(patch, Patch)
    asyncio.run(bench.workspace.publish(patch.commit, bench.repository.location, "pointsman/t", None))
    message = bench.world.git("log", "-1", "--format=%B", "pointsman/t")
    assert message.splitlines()[0].casefold() == "mend the sum"
    assert "Why it was wrong." in message
    for power in ("#12", "#3", "issues/4", "-by:", "Audit-Note", "Fixes", "skip ci"):
        assert power not in message
    assert message.endswith("Pointsman-Run: r1")


def test_edits_are_read_and_checked_beside_the_loop_that_serves_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()
    for name in ("parse", "apply_edits"):
        real = getattr(workspace_module, name)

        def noted(*args: object, real: Callable[..., object] = real, **named: object) -> object:
            threads.add(threading.current_thread())
            return real(*args, **named)

        monkeypatch.setattr(workspace_module, name, noted)
    assert isinstance(
        bench.propose(_block("calc.py", "def add(a, b):\n    return a - b\n", "def add(a, b):\n    return a + b\n")),
        Patch,
    )
    assert threads and threading.main_thread() not in threads
