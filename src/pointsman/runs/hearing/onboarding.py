"""The first change in a repository: a routing file, and what would go where; closing it means no."""

from pointsman.config.routing_file import ROUTING_FILE, RoutingFile, load_routing
from pointsman.conversation.pages import onboarding_page, onboarding_title
from pointsman.conversation.tables import route_table
from pointsman.domain.forge import Access, ChangeOrder
from pointsman.domain.run import Issue, Refuse
from pointsman.domain.work import CommitText
from pointsman.policy.admission import Request, Rulebook, decide
from pointsman.policy.onboarding import onboarding_routing
from pointsman.ports.workspace import Workspace
from pointsman.runs.hearing.case import Case
from pointsman.runs.intake import Law, digest_of_bytes
from pointsman.runs.journal import TEXT
from pointsman.runs.parts import run_id_of
from pointsman.runs.routing import committed_routing

BRANCH = "pointsman/configure"
ONBOARDED = "onboarded"
"""The kind of memory, of a repository, that says it was asked once; whatever came of that, it is not asked again."""


async def onboard(case: Case) -> str:
    """Offer a routing file, once and only where there is none. Raises OwnerMust for a repository without a commit."""
    return await case.step("onboard", TEXT, lambda: _offered(case))


async def _offered(case: Case) -> str:
    memory, repository = case.parts.memory, case.repository
    workspace = await case.parts.workspace_for(repository)
    trunk = await workspace.fetch(repository, repository.default_branch)
    if await committed_routing(workspace, trunk) is not None:
        return "configured already"
    if "number" in await memory.recall(repository.id, "", ONBOARDED):
        return "asked already"
    law = await case.law()
    text = onboarding_routing(law.policy, law.price_of, repository=repository.name)
    if not text:
        return "no two models of the policy are far enough apart"
    change = await case.forge.ensure_change(await _order(case, workspace, trunk, text))
    await memory.remember(repository.id, "", ONBOARDED, {"number": change.number})
    return f"onboarding: {change.number}"


async def _order(case: Case, workspace: Workspace, trunk: str, text: str) -> ChangeOrder:
    repository = case.repository
    law = await case.law()
    words = CommitText(
        subject=onboarding_title(),
        body="Which model does which phase. Nothing happens before this file is on the default branch.",
        trailers=(),
        at=case.delivery.received_at,
    )
    commit = await workspace.record(trunk, {ROUTING_FILE: text.encode()}, words)
    return ChangeOrder(
        run_id=run_id_of(repository.id, "configure"),
        repository=repository,
        branch=BRANCH,
        expected_head="",
        base_commit=trunk,
        head_commit=commit,
        title=onboarding_title(),
        body=onboarding_page(repository.name, text, _preview(case, law, text, trunk)),
    )


def _preview(case: Case, law: Law, text: str, trunk: str) -> str:
    """What would go where with this file, decided as for anybody who may write; nothing is run."""
    routing = load_routing(text.encode(), ROUTING_FILE)
    if not isinstance(routing, RoutingFile):
        return ""
    request = Request(
        goal="build",
        repository=case.repository,
        actor=case.actor,
        access=Access.WRITE,
        issue=Issue(key="0", title=onboarding_title(), body="", digest=""),
        base_commit=trunk,
        head_commit="",
        at=case.delivery.received_at,
    )
    book = Rulebook(
        law.policy,
        digest_of_bytes(law.policy_bytes),
        routing,
        digest_of_bytes(text.encode()),
        law.price_of,
    )
    found = decide(request, book)
    return f"{found.reason}." if isinstance(found, Refuse) else route_table(found.spec)
