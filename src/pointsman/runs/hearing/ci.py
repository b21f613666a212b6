"""Letting the repository's own CI run on a change of ours, which it leaves out until somebody asks."""

from pointsman.conversation.replies import ci_started
from pointsman.domain.forge import ChangeOrder, ChangeView
from pointsman.domain.run import Actor, Repository
from pointsman.domain.work import CommitText
from pointsman.ports.forge import Forge
from pointsman.ports.workspace import Workspace
from pointsman.runs.durable import SKIP_CHECKS
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.standing import carried_over
from pointsman.runs.hearing.starting import own_change
from pointsman.runs.journal import TEXT


async def run_ci(case: Case) -> str:
    """By an empty commit, so only when somebody asks; the verdict on the same code stands on it too."""
    change = await own_change(case, "ci")
    if isinstance(change, str):
        return change

    async def started() -> str:
        workspace = await case.parts.workspace_for(case.repository)
        at = case.delivery.received_at
        return await start_ci(case.repository, change, actor=case.actor, at=at, forge=case.forge, workspace=workspace)

    commit = await case.step("ci", TEXT, started)
    await carried_over(case, change, commit)
    await case.reply(ci_started(commit))
    return f"ci: {commit[:12]}"


async def start_ci(
    repository: Repository, change: ChangeView, *, actor: Actor, at: str, forge: Forge, workspace: Workspace
) -> str:
    """Let the repository's own CI run on a change of ours: an empty commit on top whose message skips nothing.

    `at` is when it was asked for, ISO 8601 in UTC. Returns the new head; the head that is there when CI runs on that
    one already, which a second call finds. Raises OwnerMust (`branch-moved`) when somebody pushed meanwhile.
    """
    newest = change.commits[-1] if change.commits else None
    if newest is not None and newest.id == change.head_commit and not _skips(newest.message):
        return change.head_commit
    words = CommitText(
        subject="Run the checks",
        body="Nothing is changed. Somebody with write access asked for the repository's own checks on this.",
        trailers=(f"Requested-by: {actor.login} ({actor.id})",),
        at=at,
    )
    onto = await workspace.fetch(repository, change.head_commit)
    commit = await workspace.record(onto, {}, words)
    order = ChangeOrder(
        run_id="",
        repository=repository,
        branch=change.branch,
        expected_head=change.head_commit,
        base_commit=change.base_commit,
        head_commit=commit,
        title=change.title,
        body="",
        number=change.number,
    )
    await forge.ensure_change(order)
    return commit


def _skips(message: str) -> bool:
    """Whether the forge's CI leaves a commit out; every pushed head of ours says so with its last line."""
    lines = message.strip().splitlines()
    return bool(lines) and lines[-1].strip().replace(" ", "") == SKIP_CHECKS.replace(" ", "")
