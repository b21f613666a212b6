"""Doing a run again from a phase on: what today's policy says of it, who asks and pays, and by which caps."""

from dataclasses import dataclass

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.domain.errors import OwnerMust
from pointsman.domain.ledger import Spent
from pointsman.domain.levels import Phase
from pointsman.domain.models import Caps
from pointsman.domain.run import Actor, PathRule, Refuse, Route, RunSpec
from pointsman.policy.admission import caps_of, closed_by, level_of, path_rules, raised
from pointsman.policy.override import no_longer_allowed, override, to_come
from pointsman.policy.rules import Rule, refuse
from pointsman.policy.spending import Purse, needed, tightened, used_up
from pointsman.ports.workspace import Workspace
from pointsman.runs.intake import Law, routing_at


@dataclass(frozen=True)
class Again:
    """What is asked for: which phase of which order, by which model if one is named, and by whom.

    `labels` stand on the issue or change now.
    """

    spec: RunSpec
    phase: Phase
    model: str
    actor: Actor
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Anew:
    """What differs from the run before: who asked, the caps of today, and the route that a person chose.

    `paths` are the rules of that run and of today, so that a path that was closed since is closed.
    """

    requester: Actor
    caps: Caps
    route: Route | None = None
    paths: tuple[PathRule, ...] = ()


async def may_again(again: Again, law: Law, workspace: Workspace, spent: Spent) -> Anew | Refuse:
    """What the run is begun with, or the rule that refuses it: the policy and the caps of today decide."""
    spec, phase = again.spec, again.phase
    routing = await _routing_now(spec, workspace)
    closed = _more_closed(again, law.policy, routing)
    if closed is not None:
        return closed
    route: Route | None = None
    if again.model:
        found = override(spec, phase, again.model, law.policy, law.price_of)
        if isinstance(found, Refuse):
            return found
        route = found
    no = no_longer_allowed(spec, phase, law.policy, law.price_of, named=route is not None)
    if no is not None:
        return no
    caps = caps_of(law.policy, routing) if routing else tightened(spec.caps, law.policy.caps)
    routes = tuple(one for one in (spec.route(each) for each in to_come(spec, phase)) if isinstance(one, Route))
    ways = (route, *(one for one in routes if one.phase is not phase)) if route else routes
    return used_up(Purse(spent, caps, spec.repository, again.actor), needed((ways,))) or Anew(
        again.actor, caps, route, tuple(dict.fromkeys((*spec.paths, *path_rules(law.policy, routing))))
    )


def _more_closed(again: Again, policy: PolicyFile, routing: RoutingFile | None) -> Refuse | None:
    """A refusal when the text is more closed today than it was when the routes were made."""
    spec = again.spec
    level = closed_by((*spec.issue.labels, *again.labels), level_of(spec.repository.name, policy))
    now = raised(level, routing) if routing else level
    if now.rank <= spec.sensitivity.rank:
        return None
    reason = f"this is {now} now, and the routes of the run before were made for {spec.sensitivity}"
    return refuse(Rule.PERIMETER, reason, "start a new run, whose routes are made for that level")


async def _routing_now(spec: RunSpec, workspace: Workspace) -> RoutingFile | None:
    """The routing file of today; None where there is none that can be used."""
    try:
        trunk = await workspace.fetch(spec.repository, spec.repository.default_branch)
        return await routing_at(workspace, trunk)
    except OwnerMust:
        return None
