"""Doing a run again from a phase on: what today's policy says of it, who asks and pays, and by which caps."""

from dataclasses import dataclass

from pointsman.domain.errors import OwnerMust
from pointsman.domain.ledger import Spent
from pointsman.domain.levels import Phase
from pointsman.domain.models import Caps
from pointsman.domain.run import Actor, Refuse, Route, RunSpec
from pointsman.policy.admission import caps_of
from pointsman.policy.override import no_longer_allowed, override, to_come
from pointsman.policy.spending import Purse, needed, tightened, used_up
from pointsman.ports.workspace import Workspace
from pointsman.runs.intake import Law, routing_at


@dataclass(frozen=True)
class Again:
    """What is asked for: which phase of which order, by which model if one is named, and by whom."""

    spec: RunSpec
    phase: Phase
    model: str
    actor: Actor


@dataclass(frozen=True)
class Anew:
    """What differs from the run before: who asked, the caps of today, and the route that a person chose."""

    requester: Actor
    caps: Caps
    route: Route | None = None


async def may_again(again: Again, law: Law, workspace: Workspace, spent: Spent) -> Anew | Refuse:
    """What the run is begun with, or the rule that refuses it: the policy and the caps of today decide."""
    spec, phase = again.spec, again.phase
    route: Route | None = None
    if again.model:
        found = override(spec, phase, again.model, law.policy, law.price_of)
        if isinstance(found, Refuse):
            return found
        route = found
    no = no_longer_allowed(spec, phase, law.policy, law.price_of, named=route is not None)
    if no is not None:
        return no
    caps = await _caps_now(spec, law, workspace)
    routes = tuple(one for one in (spec.route(each) for each in to_come(spec, phase)) if isinstance(one, Route))
    ways = (route, *(one for one in routes if one.phase is not phase)) if route else routes
    return used_up(Purse(spent, caps, spec.repository, again.actor), needed((ways,))) or Anew(
        again.actor, caps, route
    )


async def _caps_now(spec: RunSpec, law: Law, workspace: Workspace) -> Caps:
    """The caps of today's policy and routing file; without such a file those of the order, within the policy's."""
    try:
        trunk = await workspace.fetch(spec.repository, spec.repository.default_branch)
        return caps_of(law.policy, await routing_at(workspace, trunk))
    except OwnerMust:
        return tightened(spec.caps, law.policy.caps)
