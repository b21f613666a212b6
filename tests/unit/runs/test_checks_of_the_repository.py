"""The repository's own CI: left out on what a model wrote, and started by an empty commit once a person asks."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import World
from tests.unit.runs.served_world import ADA, ServedForge, change_view

from pointsman.audit.checking.inspection import verify_range
from pointsman.audit.keys.keyring import trusted_from
from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import ChangeCommit, ChangeOrder, ChangeView
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText
from pointsman.runs.durable import CommitEnds
from pointsman.runs.hearing.ci import start_ci
from pointsman.workspaces.note_source import GitNoteSource
from pointsman.workspaces.workspace import GitWorkspace

AT = "2026-11-21T12:00:00Z"
BRANCH = "pointsman/12-clamp"


@dataclass
class Bench:
    """A branch of ours in a real repository, with a code commit and its note, which skips the checks."""

    world: World
    workspace: GitWorkspace
    repository: Repository
    forge: ServedForge
    base: str
    change: ChangeView

    def start(self, change: ChangeView | None = None, at: str = AT) -> str:
        work = start_ci(
            self.repository, change or self.change, actor=ADA, at=at, forge=self.forge, workspace=self.workspace
        )
        return asyncio.run(work)

    def publish(self, commit: str) -> str:
        place = self.workspace.publish(commit, self.repository.location, BRANCH, self.change.head_commit)
        asyncio.run(place)
        return commit

    def message(self, commit: str) -> str:
        return asyncio.run(_message(self.workspace, commit))


async def _message(workspace: GitWorkspace, commit: str) -> str:
    from pointsman.workspaces.git import git

    return (await git(workspace.git_dir, "cat-file", "commit", commit)).decode().partition("\n\n")[2]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    world = World.made(tmp_path)
    base = world.rev("HEAD")
    world.git("checkout", "-q", "-b", BRANCH)
    world.note("r-1")
    head = world.rev("HEAD")
    world.git("checkout", "-q", "-")
    repository = Repository("local", "1", "user", str(world.folder), "main")
    workspace = GitWorkspace.open(tmp_path / "home", repository)
    change = change_view(head, base, branch=BRANCH)
    forge = ServedForge(views={"13": change})
    return Bench(world, workspace, repository, forge, base, change)


def test_checks_are_started_by_an_empty_commit_that_names_who_asked(bench: Bench) -> None:
    commit = bench.start()
    (order,) = bench.forge.changes.values()
    assert (order.number, order.expected_head, order.head_commit) == ("13", bench.change.head_commit, commit)
    said = bench.message(commit)
    assert said.splitlines()[-1] == "Requested-by: ada (7)" and "skip-checks" not in said
    assert asyncio.run(bench.workspace.diff(bench.change.head_commit, commit)) == ""


def test_the_same_delivery_makes_the_same_commit_and_a_head_that_is_checked_gets_no_other(bench: Bench) -> None:
    first, again = bench.start(), bench.start()
    assert first == again and len(bench.forge.changes) == 1
    newest = ChangeCommit(first, bench.message(first), ADA)
    seen = replace(bench.change, head_commit=first, commits=(*bench.change.commits, newest))
    assert bench.start(seen, at="2026-11-21T13:00:00Z") == first
    assert bench.forge.calls["change"] == 2


def test_a_branch_that_moved_meanwhile_is_left_alone(bench: Bench) -> None:
    """G10"""
    theirs = ChangeOrder("", bench.repository, BRANCH, "", bench.base, "their-head", "", "")
    bench.forge.changes[BRANCH] = theirs
    with pytest.raises(OwnerMust) as refused:
        bench.start()
    assert (refused.value.code, bench.forge.changes[BRANCH]) == ("branch-moved", theirs)


def test_an_empty_commit_on_top_of_a_note_is_covered_when_the_branch_is_verified(bench: Bench) -> None:
    tip = bench.publish(bench.start())
    keys = trusted_from((bench.world.signer.public_key(),))
    report = asyncio.run(verify_range(GitNoteSource(str(bench.world.folder)), bench.base, tip, trusted=keys))
    assert (report.problems, report.uncovered, len(report.covered)) == ((), (), 3)


@pytest.mark.parametrize("skips", [True, False])
def test_the_message_of_a_pushed_head_ends_as_the_forge_documents_it(bench: Bench, skips: bool) -> None:
    """GitHub documentation, Skipping workflow runs: the trailers after two empty lines, skip-checks the last one."""
    words = CommitText("Record it", "The signed note.", ("Assisted-by: Pointsman (mid)",), AT)
    text = CommitEnds("Pointsman-Run: r-1").ended(words, skips=skips)
    onto = asyncio.run(bench.workspace.fetch(bench.repository, bench.change.head_commit))
    said = bench.message(asyncio.run(bench.workspace.record(onto, {}, text)))
    trailers = "Assisted-by: Pointsman (mid)\nPointsman-Run: r-1\n"
    ends = f"\n\n\n{trailers}skip-checks: true\n" if skips else f"note.\n\n{trailers}"
    assert said.endswith(ends), said
