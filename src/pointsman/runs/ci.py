"""Letting the repository's own CI run on a change of ours, which it leaves out until somebody asks."""

from pointsman.conversation.replies import ci_started
from pointsman.runs.case import Case
from pointsman.runs.journal import TEXT
from pointsman.runs.publish import start_ci
from pointsman.runs.standing import carried_over
from pointsman.runs.starting import own_change


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
