"""Hostile repositories and refs: G1 to G5 and G9 to G12, as far as they concern a local repository."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.worlds import repositories
from tests.worlds.fingerprints import fingerprint
from tests.worlds.repositories import git, write

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, EditOrder, EditRefusal, EditRules, Write
from pointsman.workspaces.git import refuse_old
from pointsman.workspaces.tree_export import export
from pointsman.workspaces.workspace import GitWorkspace

TEXT = CommitText("Change", "", (), "2026-11-21T10:00:00Z")


class Bench:
    """A user's repository under attack, and the workspace that has to live with it."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.root = repositories.buggy_package(where).repository
        self.sign = where / "executed"
        self.repository = Repository("local", "g", "shop", str(self.root), "main")
        self.workspace = GitWorkspace.open(where / "home", self.repository)

    def whole_way(self) -> None:
        """Fetch, read, search, edit, export and publish, as a run does."""
        base = asyncio.run(self.workspace.fetch(self.repository, "main"))
        asyncio.run(self.workspace.search(base, "discounted price", 3))
        order = EditOrder(base, base, "m", EditRules(), TEXT)
        patch = asyncio.run(self.workspace.apply(order, (Write("new.py", "x = 1\n"),)))
        assert not isinstance(patch, EditRefusal), patch
        asyncio.run(export(self.workspace.git_dir, patch.commit, self.where / "out", max_bytes=10_000_000))
        asyncio.run(self.workspace.publish(patch.commit, str(self.root), "pointsman/1", None))
        assert not self.sign.exists()

    def plant_tree(self, *rows: bytes) -> None:
        """Put entries (mode, blank, name) into the tree of main that git itself would not."""
        blob = git(self.root, "rev-parse", "HEAD:README.md")
        raw = b"".join(row + b"\0" + bytes.fromhex(blob) for row in sorted(rows))
        made = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=self.root, input=raw, capture_output=True, check=True,
        )  # fmt: skip
        commit = git(self.root, "commit-tree", made.stdout.decode().strip(), "-p", "HEAD", "-m", "hostile")
        git(self.root, "update-ref", "refs/heads/main", commit)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    "url", ["ext::sh -c 'touch {sign}'", "ssh://-oProxyCommand=touch/x", "file:///etc", "--upload-pack=x"]
)
def test_g1_submodules_are_never_initialised(bench: Bench, url: str) -> None:
    head = git(bench.root, "rev-parse", "HEAD")
    text = f'[submodule "x"]\n\tpath = x\r\n\turl = {url.format(sign=bench.sign)}\n\tupdate = !touch {bench.sign}\n'
    write(bench.root, ".gitmodules", text)
    git(bench.root, "add", ".gitmodules")
    git(bench.root, "update-index", "--add", "--cacheinfo", f"160000,{head},x")
    git(bench.root, "commit", "--quiet", "-m", "submodule")
    bench.whole_way()
    assert list((bench.where / "out/x").iterdir()) == []


def test_g2_links_out_of_the_repository_are_text_and_are_not_edited_through(bench: Bench) -> None:
    (bench.root / "etc").symlink_to("/etc")
    (bench.root / "up").symlink_to("../..")
    repositories.commit(bench.root, "links")
    bench.whole_way()
    assert (bench.where / "out/etc").read_text() == "/etc"
    assert not (bench.where / "out/up").is_symlink()
    base = asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    assert asyncio.run(bench.workspace.read(base, "etc")) is None
    order = EditOrder(base, base, "m", EditRules(), TEXT)
    refusal = asyncio.run(bench.workspace.apply(order, (Write("etc/cron.d/x", "x\n"),)))
    assert isinstance(refusal, EditRefusal)
    assert refusal.kind == "protected"


def test_g3_no_filter_of_attributes_and_configuration_is_executed(bench: Bench) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 5\n"
    write(bench.root, "big.psd", pointer)
    write(bench.root, "sub.txt", "$Format:%H$ $Id$\n")
    repositories.commit(bench.root, "plain")
    for name in ("clean", "smudge", "process"):
        git(bench.root, "config", f"filter.evil.{name}", f"touch {bench.sign}; cat")
        git(bench.root, "config", f"filter.lfs.{name}", f"touch {bench.sign}; cat")
    for name in ("textconv", "command"):
        git(bench.root, "config", f"diff.evil.{name}", f"touch {bench.sign}; cat")
    write(
        bench.root, ".git/info/attributes",
        "* filter=evil diff=evil ident export-subst working-tree-encoding=UTF-16\n*.psd filter=lfs\n",
    )  # fmt: skip
    bench.whole_way()
    assert (bench.where / "out/big.psd").read_text() == pointer
    assert (bench.where / "out/sub.txt").read_text() == "$Format:%H$ $Id$\n"


@pytest.mark.parametrize(
    "name", [".git", ".GIT", "git~1", ".g\u200cit", ".git\u200d", "..", ".", ".git::$INDEX_ALLOCATION", ".git "]
)
def test_g4_a_tree_with_an_entry_that_reads_as_git_is_refused(bench: Bench, name: str) -> None:
    bench.plant_tree(b"100644 README.md", b"100644 " + name.encode())
    before = fingerprint(bench.root)
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    assert refused.value.code == "hostile-tree"
    assert fingerprint(bench.root) == before


def test_g4_a_tree_with_the_same_name_twice_is_refused(bench: Bench) -> None:
    bench.plant_tree(b"100644 README.md", b"120000 README.md")
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    assert refused.value.code == "hostile-tree"


@pytest.mark.parametrize(
    "name",
    ["--upload-pack=touch x", "-h", "a\nb", "HEAD@{1}", "a..b", "x" * 300, ":/Sell", "main:README.md", "", "a b"],
)
def test_g5_a_name_that_is_no_name_is_an_unknown_revision_and_no_branch(bench: Bench, name: str) -> None:
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.fetch(bench.repository, name))
    assert refused.value.code == "unknown-revision"
    base = asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.publish(base, str(bench.root), f"pointsman/{name}", None))
    assert refused.value.code == "branch-refused"


def test_g9_configuration_hooks_replacements_and_grafts_have_no_say(bench: Bench) -> None:
    real = git(bench.root, "rev-parse", "HEAD:README.md")
    write(bench.where, "forged", "forged\n")
    forged = git(bench.root, "hash-object", "-w", str(bench.where / "forged"))
    git(bench.root, "replace", real, forged)
    write(bench.root, ".git/info/grafts", git(bench.root, "rev-parse", "HEAD") + "\n")
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "uploadpack.packObjectsHook",
                "core.alternateRefsCommand", "credential.helper", "gpg.program", "core.askPass"):  # fmt: skip
        git(bench.root, "config", key, f"touch {bench.sign}")
    git(bench.root, "config", "alias.ls-tree", f"!touch {bench.sign}")
    git(bench.root, "config", "commit.gpgSign", "true")
    for name in ("reference-transaction", "pre-receive", "update", "post-update", "post-index-change", "pre-auto-gc"):
        write(bench.root, f".git/hooks/{name}", f"#!/bin/sh\ntouch {bench.sign}\n")
        (bench.root / f".git/hooks/{name}").chmod(0o755)
    bench.whole_way()
    base = asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    source = asyncio.run(bench.workspace.read(base, "README.md"))
    assert source is not None
    assert source.text.startswith("# Shop")


def test_g9_a_missing_object_starts_no_fetch_from_a_promisor(bench: Bench) -> None:
    blob = git(bench.root, "rev-parse", "HEAD:README.md")
    git(bench.root, "config", "remote.origin.url", f"ext::touch {bench.sign}")
    git(bench.root, "config", "remote.origin.promisor", "true")
    git(bench.root, "config", "protocol.allow", "always")
    git(bench.root, "config", "protocol.ext.allow", "always")
    git(bench.root, "config", "core.repositoryFormatVersion", "1")
    git(bench.root, "config", "extensions.partialClone", "origin")
    (bench.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    assert refused.value.code == "unreadable-repository"
    assert not bench.sign.exists()


def test_g10_a_branch_that_somebody_moved_is_left_alone(bench: Bench) -> None:
    base = asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    order = EditOrder(base, base, "m", EditRules(), TEXT)
    patch = asyncio.run(bench.workspace.apply(order, (Write("new.py", "x = 1\n"),)))
    assert not isinstance(patch, EditRefusal)
    git(bench.root, "branch", "pointsman/1", "main")
    for expected in (None, patch.commit):
        with pytest.raises(OwnerMust) as refused:
            asyncio.run(bench.workspace.publish(patch.commit, str(bench.root), "pointsman/1", expected))
        assert refused.value.code == "branch-moved"
    assert asyncio.run(bench.workspace.branch_head(str(bench.root), "pointsman/1")) == base


def test_g11_a_git_that_nobody_mends_any_more_is_refused(bench: Bench) -> None:
    for version in ("git version 2.38.4", "git version 1.9.1", "not git at all", ""):
        with pytest.raises(OperatorMust) as refused:
            refuse_old(version)
        assert refused.value.code == "git-too-old"
    for version in ("git version 2.39.5", "git version 2.50.1 (Apple Git-155)", "git version 3.0.0"):
        refuse_old(version)
    refuse_old(git(bench.root, "version"))


@pytest.mark.parametrize(
    "branch",
    [
        "main", "release", "refs/heads/main", "pointsman", "pointsman/", "Pointsman/x", "x/pointsman/y",
        "pointsman/../main", "pointsman/a.lock", "pointsman//x", "pointsman/x/",
    ],
)  # fmt: skip
def test_g12_only_branches_of_ours_are_ever_written(bench: Bench, branch: str) -> None:
    base = asyncio.run(bench.workspace.fetch(bench.repository, "main"))
    before = fingerprint(bench.root)
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(bench.workspace.publish(base, str(bench.root), branch, None))
    assert refused.value.code == "branch-refused"
    assert fingerprint(bench.root) == before


def test_g12_a_whole_run_adds_one_branch_and_objects_and_nothing_else(bench: Bench) -> None:
    before = fingerprint(bench.root)
    refs = git(bench.root, "for-each-ref")
    bench.whole_way()
    assert before.disturbed_by(fingerprint(bench.root)) == ()
    added = set(git(bench.root, "for-each-ref").splitlines()) - set(refs.splitlines())
    assert [row.split("\t")[1] for row in added] == ["refs/heads/pointsman/1"]
    assert not (bench.root / ".git/FETCH_HEAD").exists()
