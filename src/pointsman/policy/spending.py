"""Whether the money of a day still holds one whole call of what is asked for; if not, nothing is begun."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pointsman.config.policy_parts import CapsRule
from pointsman.domain.ledger import Spent
from pointsman.domain.models import Caps, Model
from pointsman.domain.money import dollars
from pointsman.domain.run import Actor, Refuse, Repository, Route
from pointsman.policy.candidates import call_usd
from pointsman.policy.rules import Rule

_DUST = 1e-9
"""US dollars; sums of floats are compared no closer."""

_RAISED_BY = {
    "installation": "have the operator raise `caps.installation_day_usd`",
    "repository": "raise `budget.day_usd` in the routing file, or have the operator raise `caps.repository_day_usd`",
    "requester": "have the operator raise `caps.requester_day_usd`",
}


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money it is, what was spent of it today, and what may be."""

    spent: Spent
    caps: Caps | CapsRule
    repository: Repository
    actor: Actor


def used_up(purse: Purse, needed_usd: float) -> Refuse | None:
    """The cap of the day that does not hold `needed_usd` any more, if there is one. What costs nothing always fits.

    `Refuse.once` names cap and day, and for the requester's cap the person: people hear of it once on each topic.
    """
    if needed_usd <= 0:
        return None
    for name, whose, spent, allowed in _caps(purse):
        if spent + needed_usd > allowed + _DUST:
            return _refusal(purse, name, whose, (spent, allowed, needed_usd))
    return None


def needed(ways: Iterable[Iterable[Route]]) -> float:
    """What one whole call of the dearest phase may cost, in US dollars, in the cheapest way that the work may go."""
    dearest = (max((call_usd(route.primary, route.limits) for route in way), default=0.0) for way in ways)
    return min(dearest, default=0.0)


def nothing_left(purse: Purse, models: Iterable[Model]) -> Refuse | None:
    """The cap of the day that is spent to the last cent, where no model is free; so nothing need be fetched."""
    if any(model.price is not None and _is_free(model) for model in models):
        return None
    return used_up(purse, 2 * _DUST)


def tightened(caps: Caps, rule: CapsRule) -> Caps:
    """The caps of an order, none of them above what the policy says now."""
    run = min(caps.run_usd, rule.run_usd)
    return Caps(
        phase_usd=min(caps.phase_usd, run),
        run_usd=run,
        repository_day_usd=min(caps.repository_day_usd, rule.repository_day_usd),
        installation_day_usd=min(caps.installation_day_usd, rule.installation_day_usd),
        requester_day_usd=rule.requester_day_usd,
    )


def _is_free(model: Model) -> bool:
    price = model.price
    return price is not None and not any((price.input_usd, price.output_usd, price.cache_write_usd))


_Cap = Literal["installation", "repository", "requester"]


def _caps(purse: Purse) -> Iterator[tuple[_Cap, str, float, float]]:
    spent, caps = purse.spent, purse.caps
    yield "installation", "the whole installation", spent.installation_usd, caps.installation_day_usd
    yield "repository", "this repository", spent.repository_usd, caps.repository_day_usd
    if caps.requester_day_usd is not None:
        yield "requester", f"what {purse.actor.login} asks for", spent.requester_usd, caps.requester_day_usd


def _refusal(purse: Purse, cap: _Cap, whose: str, usd: tuple[float, float, float]) -> Refuse:
    day = purse.spent.day
    tomorrow = date.fromisoformat(day) + timedelta(days=1)
    spent, allowed, needed_usd = (dollars(amount, 4) for amount in usd)
    also = f", and one call may cost {needed_usd}" if usd[0] + _DUST < usd[1] else ""
    about = {"installation": "", "repository": f"-{purse.repository.id}", "requester": f"-{purse.actor.id}"}[cap]
    return Refuse(
        str(Rule.CAP),
        f"the budget of {whose} for today is used up: {spent} of {allowed} are spent{also}",
        f"a new day begins at 00:00 UTC on {tomorrow}, and then it goes on; to go on today, {_RAISED_BY[cap]}",
        once=f"cap-{cap}{about}-{day}",
    )
