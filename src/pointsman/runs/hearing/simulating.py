"""A change that edits the routing file gets a check that says what would move; the file itself is data here (R1)."""

import asyncio
import logging

from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTING_FILE, RoutingFile, read_routing
from pointsman.config.written import Written
from pointsman.conversation.simulation import Simulated, routing_check
from pointsman.domain.errors import OwnerMust, Stopped
from pointsman.domain.forge import Change, ChangeView
from pointsman.domain.levels import TaskClass
from pointsman.policy.admission import Rulebook, level_of
from pointsman.policy.checking import check_routing
from pointsman.policy.moves import moves
from pointsman.policy.previewing import preview
from pointsman.ports.workspace import Workspace
from pointsman.runs.hearing.case import Case
from pointsman.runs.intake import Law
from pointsman.runs.journal import TEXT
from pointsman.runs.routing import committed_routing

CHECK_ID = "routing-"
"""What the id of such a check begins with; the change's number follows."""

_Read = Written[RoutingFile] | tuple[ConfigProblem, ...] | None
logger = logging.getLogger(__name__)


async def simulate(case: Case) -> str:
    """Say on the head of a change what its routing file would move, when it touches that file; once for each head."""
    try:
        return await case.step("simulate", TEXT, lambda: _simulated(case))
    except (OwnerMust, Stopped) as error:
        about = {"code": error.code, "repository": case.repository.name, "change": case.number}
        logger.info("a routing file of a change was not simulated", extra=about)
        return f"not simulated: {error.code}"


async def _simulated(case: Case) -> str:
    if not await case.forge.touches(case.topic, ROUTING_FILE):
        return "not touched"
    change = await case.talk.change(case.topic)
    if change is None or change.state != "open" or change.base_branch != case.repository.default_branch:
        return "not for the default branch"
    order = routing_check(f"{CHECK_ID}{change.number}", await _found(case, change))
    place = Change(case.repository, change.branch, change.head_commit, page=change.page, number=change.number)
    await case.forge.ensure_check(place, order)
    return "simulated"


async def _found(case: Case, change: ChangeView) -> Simulated:
    repository, head = case.repository, change.head_commit
    workspace = await case.parts.workspace_for(repository)
    trunk = await workspace.fetch(repository, repository.default_branch)
    new = await _read(workspace, await workspace.fetch(repository, head))
    if isinstance(new, tuple):
        return Simulated(head, mistakes=new)
    if new is None:
        return Simulated(head, is_gone=True)
    law = await case.law()
    old = await _read(workspace, trunk)
    # Whoever opens a change wrote the new file; however long it takes to weigh, everything else goes on.
    return await asyncio.to_thread(_weighed, law, repository.name, head, old, new)


def _weighed(law: Law, name: str, head: str, old: _Read, new: Written[RoutingFile]) -> Simulated:
    level = level_of(name, law.policy)
    checked = check_routing(new, _book(law, new.content), level)
    if isinstance(old, Written):
        moved = moves(_book(law, old.content), _book(law, new.content), repository=name)
        return Simulated(head, checked.mistakes, checked.warnings, moved)
    first = preview(_book(law, new.content), level).orders[TaskClass.UNKNOWN]
    return Simulated(head, checked.mistakes, checked.warnings, first=first)


def _book(law: Law, routing: RoutingFile) -> Rulebook:
    return Rulebook(law.policy, "", routing, "", law.price_of, law.figures)


async def _read(workspace: Workspace, commit: str) -> _Read:
    """The routing file at a commit, or what is wrong with it; None when nothing stands there."""
    found = await committed_routing(workspace, commit)
    if found is None:
        return None
    if isinstance(found, ConfigProblem):
        return (found,)
    return await asyncio.to_thread(read_routing, found, ROUTING_FILE)
