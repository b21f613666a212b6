"""What an edit of a routing file or policy would move: who does which phase, and what text goes further out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cache

from pointsman.domain.levels import MODEL_PHASES, Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.moves import Kind, Move
from pointsman.domain.run import Limits, Need, Refuse, Route, TaskOrder
from pointsman.policy.admission import Rulebook, raised, setting_of
from pointsman.policy.orders import orders_for_all
from pointsman.policy.places import Place, places_of


def moves(old: Rulebook, new: Rulebook, *, repository: str = "") -> tuple[Move, ...]:
    """Every difference between what two pairs of files decide, the gravest first; nothing for equal ones. Pure.

    Looked at are each phase of each class of task, at each level that either policy declares, and the paths and
    repositories that either pair names; with a `repository`, only what can hold for one of that name.
    """
    found: list[_Single] = []
    stops: set[tuple[Phase | None, TaskClass | None]] = set()
    differences = _between(old, new)
    for place in places_of(old, new, repository):
        here = [_Single(move, task, place.level) for task, move in differences(place.old, place.new)]
        if place.about:
            found += _special(place, here, stops)
        else:
            found += here
            stops |= {(one.move.phase, one.task) for one in here if one.move.kind is Kind.REFUSED}
        found += (_Single(move, None, place.level) for move in _of_place(place))
    found += (_Single(move, None, None) for move in _protections(old, new))
    return _collapsed(found)


_Differences = Callable[[Sensitivity, Sensitivity], tuple[tuple[TaskClass, Move], ...]]


def _between(old: Rulebook, new: Rulebook) -> _Differences:
    """What differs between a level of one pair and one of the other, decided once however many paths have them."""

    settings = tuple(setting_of(book, Sensitivity.PUBLIC) for book in (old, new))

    @cache
    def orders(side: int, level: Sensitivity) -> Mapping[TaskClass, TaskOrder]:
        return orders_for_all(replace(settings[side], sensitivity=raised(level, settings[side].routing)))

    @cache
    def differences(then: Sensitivity, now: Sensitivity) -> tuple[tuple[TaskClass, Move], ...]:
        before, after = orders(0, then), orders(1, now)
        return tuple((task, move) for task in TaskClass for move in _differences(before[task], after[task]))

    return differences


def reach(route: Route) -> tuple[Perimeter, Perimeter]:
    """Where the first model of a route runs, and the outermost of all that it may ask."""
    outermost = max((model.provider.perimeter for model in route.models), key=lambda place: place.rank)
    return route.primary.provider.perimeter, outermost


def crossing(old: Route | None, new: Route | None) -> tuple[Perimeter, Perimeter, Model] | None:
    """From where to where the text of a phase would go further out, and to which model; None when it does not.

    A phase that nobody did sent no text anywhere, so that a first model outside counts as well.
    """
    if new is None:
        return None
    then = reach(old) if old is not None else (Perimeter.LOCAL, Perimeter.LOCAL)
    now = reach(new)
    if now[0].rank > then[0].rank:
        return then[0], now[0], new.primary
    if now[1].rank > then[1].rank:
        rest = (*new.fallback, *new.escalate)
        return then[1], now[1], next(model for model in rest if model.provider.perimeter is now[1])
    return None


@dataclass(frozen=True, slots=True)
class _Single:
    """A difference for one class of task at one level, before those that are equal are told together."""

    move: Move
    task: TaskClass | None
    level: Sensitivity | None


def _special(place: Place, here: list[_Single], stops: Set[tuple[Phase | None, TaskClass | None]]) -> list[_Single]:
    """What is told of some paths or repositories besides: text that goes out, and what stops there alone."""
    return [
        replace(one, move=replace(one.move, place=place.about))
        for one in here
        if one.move.kind is Kind.CROSSING
        or (one.move.kind is Kind.REFUSED and (one.move.phase, one.task) not in stops)
    ]


def _differences(old: TaskOrder, new: TaskOrder) -> Iterator[Move]:
    for phase in MODEL_PHASES:
        yield from _of_phase(phase, _used(old, phase), _used(new, phase))
    yield from _of_order(old, new)


def _used(order: TaskOrder, phase: Phase) -> Route | Refuse | None:
    """The route of a phase; None when the phase is left out."""
    return None if phase is Phase.PLAN and order.plan is Need.SKIP else order.routes[phase]


def _of_phase(phase: Phase, old: Route | Refuse | None, new: Route | Refuse | None) -> Iterator[Move]:
    then, now = (side if isinstance(side, Route) else None for side in (old, new))
    outward = crossing(then, now)
    if outward is not None:
        before, after, model = outward
        yield Move(Kind.CROSSING, str(before), str(after), phase, model.name)
    if isinstance(new, Refuse) and not isinstance(old, Refuse):
        yield Move(Kind.REFUSED, _who(old), new.reason, phase, new.rule)
    elif isinstance(old, Refuse) and not isinstance(new, Refuse):
        yield Move(Kind.SERVED, old.reason, _who(new), phase, old.rule)
    elif (then is None) != (now is None):
        yield Move(Kind.MODEL, _who(old), _who(new), phase)
    if then is not None and now is not None:
        yield from _of_route(phase, then, now)


def _of_route(phase: Phase, old: Route, new: Route) -> Iterator[Move]:
    if _identity(old.primary) != _identity(new.primary):
        yield Move(Kind.MODEL, *_rows((old.primary,), (new.primary,)), phase)
    for kind, then, now in (
        (Kind.FALLBACK, old.fallback, new.fallback),
        (Kind.ESCALATION, old.escalate, new.escalate),
    ):
        if tuple(map(_identity, then)) != tuple(map(_identity, now)):
            yield Move(kind, *_rows(then, now), phase)
    for key, before, after in _limits(old.limits, new.limits):
        yield Move(Kind.LIMIT, before, after, phase, key)


def _limits(old: Limits, new: Limits) -> Iterator[tuple[str, str, str]]:
    for key in ("budget_usd", "max_input_tokens", "max_output_tokens", "max_calls", "seconds"):
        then, now = getattr(old, key), getattr(new, key)
        if then != now:
            yield key, f"{then:g}", f"{now:g}"


def _of_order(old: TaskOrder, new: TaskOrder) -> Iterator[Move]:
    yield from _asked(Kind.APPROVAL, Kind.APPROVAL_LOST, old.plan is Need.APPROVE, new.plan is Need.APPROVE)
    yield from _asked(Kind.EVIDENCE, Kind.EVIDENCE_LOST, old.evidence_required, new.evidence_required)
    yield from _asked(Kind.REVIEW, Kind.REVIEW_LOST, old.review_required, new.review_required)
    if old.rounds != new.rounds:
        yield Move(Kind.LIMIT, str(old.rounds), str(new.rounds), Phase.REVIEW, "rounds")


def _asked(gained: Kind, lost: Kind, old: bool, new: bool) -> Iterator[Move]:
    if old != new:
        words = ("asked for", "not asked for")
        yield Move(gained if new else lost, words[not old], words[not new])


def _of_place(place: Place) -> Iterator[Move]:
    if place.old is not place.new and place.about:
        kind = Kind.LEVEL_LOWERED if place.new.rank < place.old.rank else Kind.LEVEL_RAISED
        yield Move(kind, str(place.old), str(place.new), place=place.about)
    for move in _asked(Kind.APPROVAL, Kind.APPROVAL_LOST, place.approved_then, place.approved_now):
        yield replace(move, place=place.about)


def _protections(old: Rulebook, new: Rulebook) -> Iterator[Move]:
    then, now = ((*book.policy.protected, *book.routing.protected) for book in (old, new))
    for pattern in dict.fromkeys((*then, *now)):
        if (pattern in then) != (pattern in now):
            words = ("protected", "not protected")
            kind = Kind.PROTECTION if pattern in now else Kind.PROTECTION_LOST
            yield Move(kind, words[pattern not in then], words[pattern not in now], place=pattern)


def _who(side: Route | Refuse | None) -> str:
    return side.primary.name if isinstance(side, Route) else "left out" if side is None else "nobody"


def _identity(model: Model) -> tuple[str, str, str]:
    return model.name, model.id, model.provider.name


def _told(model: Model, other: Model) -> str:
    """A model by name; with what the name stands for, when only that became different."""
    return model.name if model.name != other.name else f"{model.name} ({model.id} at {model.provider.name})"


def _rows(old: tuple[Model, ...], new: tuple[Model, ...]) -> tuple[str, str]:
    """Two rows of models, each by name, or with what the names stand for when only that became different."""
    if [model.name for model in old] == [model.name for model in new]:
        pairs = list(zip(old, new, strict=True))
        return ", ".join(_told(*pair) for pair in pairs), ", ".join(_told(now, then) for then, now in pairs)
    then, now = (", ".join(model.name for model in models) or "nobody" for models in (old, new))
    return then, now


def _collapsed(found: Iterable[_Single]) -> tuple[Move, ...]:
    """Equal moves told once: all classes that move alike at a level, then all levels at which the same classes do."""
    tasks: dict[tuple[Move, Sensitivity | None], list[TaskClass]] = {}
    for single in found:
        tasks.setdefault((single.move, single.level), []).extend([single.task] if single.task else [])
    levels: dict[tuple[Move, tuple[TaskClass, ...]], list[Sensitivity]] = {}
    for (move, level), classes in tasks.items():
        levels.setdefault((move, tuple(dict.fromkeys(classes))), []).extend([level] if level else [])
    told = [
        replace(move, tasks=classes, levels=tuple(dict.fromkeys(known))) for (move, classes), known in levels.items()
    ]
    order: Mapping[Kind, int] = {kind: number for number, kind in enumerate(Kind)}
    return tuple(sorted(told, key=lambda move: order[move.kind]))
