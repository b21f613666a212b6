"""Who is chosen among candidates: the one that is named, or the cheapest that fits, with a reason for each."""

from dataclasses import dataclass

from pointsman.config.shapes import Tier
from pointsman.domain.figures import Measured
from pointsman.domain.levels import Phase
from pointsman.domain.models import Model
from pointsman.domain.money import dollars
from pointsman.domain.run import Considered, Refuse
from pointsman.policy.candidates import Asked, Bar, weighed
from pointsman.policy.catalogue import Catalogue, usual_call_usd
from pointsman.policy.mending import how_to_mend
from pointsman.policy.rules import Rule, dropped, kept, refuse


@dataclass(frozen=True, slots=True)
class Chosen:
    """Models in the order in which they are asked, and the reason for every candidate there was."""

    models: tuple[Model, ...]
    reasons: tuple[Considered, ...]


NOBODY = Chosen((), ())


def named(name: str, bar: Bar, asked: Asked, catalogue: Catalogue) -> Chosen | Refuse:
    """The model of that name, or the refusal that names the rule which speaks against it."""
    found = judge(name, bar, asked, catalogue)
    if isinstance(found, Considered):
        reason = f"{bar.phase} cannot go to {name}: {found.why}"
        return refuse(found.rule, reason, how_to_mend(found.rule, bar.phase, bar.own_class))
    return Chosen((found,), (kept(name, Rule.NAMED, "named in the routing file"),))


def cheapest(bar: Bar, asked: Asked, catalogue: Catalogue, names: tuple[str, ...] | None = None) -> Chosen | Refuse:
    """The model of the asked tier, or of `names`, that clears the bar and usually costs least; of equals the first.

    What a call usually costs goes by measured tokens: the model's own, else those of the phase. As long as nothing
    is measured in the phase it goes by the most that a call can cost.
    """
    models = catalogue.models
    pool = models.values() if names is None else [models[name] for name in names if name in models]
    typical = bar.typical
    free: list[tuple[float, Model]] = []
    against: list[Considered] = []
    for model in pool:
        if asked.tier is None or asked.tier == model.tier:
            found = weighed(model, bar, asked)
            if isinstance(found, Considered):
                against.append(found)
            else:
                free.append((found if typical is None else _usually(model, bar, typical), model))
    if not free:
        return _nobody(bar, asked.tier, tuple(against))
    free.sort(key=lambda pair: pair[0])
    how = "a call costs at most" if typical is None else "a call usually costs"
    first, rest = free[0], free[1:]
    reasons = [kept(first[1].name, Rule.CHEAPEST, f"{how} {dollars(first[0], 4)}")]
    reasons += [kept(model.name, Rule.FITS, f"{how} {dollars(usd, 4)}") for usd, model in rest]
    return Chosen((first[1],), (*reasons, *against))


def sift(names: tuple[str, ...], role: Rule, bar: Bar, asked: Asked, catalogue: Catalogue) -> Chosen:
    """Those of `names` that clear the bar, for a role after the first."""
    models: list[Model] = []
    reasons: list[Considered] = []
    for name in names:
        found = judge(name, bar, asked, catalogue)
        if isinstance(found, Considered):
            reasons.append(found)
        else:
            models.append(found)
            reasons.append(kept(name, role, role.as_reason))
    return Chosen(tuple(models), tuple(reasons))


def judge(name: str, bar: Bar, asked: Asked, catalogue: Catalogue) -> Model | Considered:
    """The model of that name, or what speaks against it."""
    model = catalogue.models.get(name)
    if model is None:
        near = catalogue.nearest(name)
        hint = f"; did you mean {near}?" if near else ""
        return dropped(name, Rule.NOT_IN_CATALOGUE, f"the policy's catalogue has no such model{hint}")
    found = weighed(model, bar, asked)
    return found if isinstance(found, Considered) else model


def cannot(phase: Phase, name: str, no: Considered) -> Refuse:
    """The refusal of a model that a person named for a phase."""
    return refuse(no.rule, f"{phase} cannot go to {name}: {no.why}", how_to_mend(no.rule, phase, None))


def _usually(model: Model, bar: Bar, typical: Measured) -> float:
    return usual_call_usd(model, bar.figures.usual(model.name, bar.phase) or typical)


def _nobody(bar: Bar, tier: Tier | None, against: tuple[Considered, ...]) -> Refuse:
    rule = against[0].rule if against else Rule.TIER
    wanted = f"{tier} model" if tier else "model"
    why = "; ".join(f"{no.model}: {no.why}" for no in against[:3]) or "the catalogue has none"
    return refuse(rule, f"no {wanted} can do {bar.phase}: {why}", how_to_mend(rule, bar.phase, bar.own_class))
