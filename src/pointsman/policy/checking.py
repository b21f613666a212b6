"""What a policy would make of a routing file, and what a policy lacks, each remark at its line and column."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pointsman.config.policy_file import PolicyFile
from pointsman.config.problem import ConfigProblem, quoted
from pointsman.config.routing_file import ROUTE_KEYS, CodeWish, RouteWish, RoutingFile, idle_keys
from pointsman.config.validation import did_you_mean
from pointsman.config.written import Written
from pointsman.config.yaml_source import KeyPath
from pointsman.domain.levels import MODEL_PHASES, Phase, Sensitivity, TaskClass, classes_in_words, highest
from pointsman.domain.run import Considered, Need, Refuse, Route, TaskOrder
from pointsman.policy.admission import Rulebook, setting_of
from pointsman.policy.catalogue import PriceOf, catalogue_of, is_served
from pointsman.policy.commands import forbidden
from pointsman.policy.keeping import forbidden_mode
from pointsman.policy.orders import orders_for_all
from pointsman.policy.routes import Setting
from pointsman.policy.rules import Rule

KEY_OF: Mapping[Phase, str] = {
    Phase.TRIAGE: "triage",
    Phase.PLAN: "plan",
    Phase.CODE: "code",
    Phase.REVIEW: "qa",
}
"""What the routing file calls the route of a phase."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a file: mistakes, with which it does not do what it says, and what its author should know."""

    mistakes: tuple[ConfigProblem, ...] = ()
    warnings: tuple[ConfigProblem, ...] = ()


def check_routing(written: Written[RoutingFile], book: Rulebook, level: Sensitivity) -> Checked:
    """The routing file against the policy, for a repository of which the policy says `level`. Pure."""
    setting = setting_of(book, level)
    orders = orders_for_all(setting)
    refused = tuple(_refused(written, setting, orders))
    mistakes = (
        *_unknown(written, setting),
        *(remark for remark, always in refused if always),
        *_forbidden(written, book.policy),
        *_unkept(written, book.policy),
    )
    warnings = (
        *(remark for remark, always in refused if not always),
        *_dropped(written, setting, orders),
        *_closed_paths(written, setting),
        *_idle(written),
    )
    return Checked(_in_order(mistakes), _in_order(warnings))


def check_policy(written: Written[PolicyFile], price_of: PriceOf) -> Checked:
    """Models that are refused everywhere since nobody knows their price, and what is right and still does nothing.

    A policy with such a model works all the same, without it: the price list may change between two releases.
    """
    policy, catalogue = written.content, catalogue_of(written.content, price_of)
    found: list[ConfigProblem] = []
    unpriced: list[ConfigProblem] = []
    for name, model in catalogue.models.items():
        if model.price is None:
            listed = quoted(model.answers_as or model.id)
            message = f"nobody knows what {listed} costs, so {quoted(name)} is refused everywhere"
            unpriced.append(written.remark(("models", name), message, "declare its price; 0 is free"))
        if not is_served(model):
            message = f"{quoted(model.provider.name)} may not be asked for {quoted(model.id)}"
            found.append(written.remark(("models", name, "id"), message, "add it to the provider's `serves`"))
    for level, rule in policy.sensitivities.items():
        if not any(model.provider.perimeter in rule.perimeters for model in catalogue.models.values()):
            message = f"no model of this policy may read {level} text, so nothing is done at that level"
            found.append(written.remark(("sensitivities", level.value, "perimeters"), message))
    return Checked(_in_order(unpriced), _in_order(found))


def route_path(phase: Phase, task: TaskClass, routing: RoutingFile) -> KeyPath:
    """Where the route that holds for a phase and a class of task is written."""
    key, own = KEY_OF[phase], routing.tasks.get(task)
    wish = getattr(own, key, None) if own is not None else None
    skips = own is not None and phase is Phase.PLAN and own.skips_plan
    return ("tasks", task.value, key) if wish is not None and not skips else ("routes", key)


def _wishes(routing: RoutingFile) -> Iterator[tuple[KeyPath, RouteWish]]:
    for key in ROUTE_KEYS:
        wish: RouteWish | None = getattr(routing.routes, key)
        if wish is not None:
            yield ("routes", key), wish
    for task, own in routing.tasks.items():
        for key, other in (("plan", None if own.skips_plan else own.plan), ("code", own.code), ("qa", own.qa)):
            if other is not None:
                yield ("tasks", task.value, key), other


def _named(path: KeyPath, wish: RouteWish) -> Iterator[tuple[KeyPath, str]]:
    """Every model that a route names, and where."""
    if wish.model is not None:
        yield (*path, "model"), wish.model
    yield from _rest(path, wish)


def _rest(path: KeyPath, wish: RouteWish) -> Iterator[tuple[KeyPath, str]]:
    for place, name in enumerate(wish.fallback):
        yield (*path, "fallback", place), name
    for place, name in enumerate(wish.escalate if isinstance(wish, CodeWish) else ()):
        yield (*path, "escalate", place), name


def _unknown(written: Written[RoutingFile], setting: Setting) -> Iterator[ConfigProblem]:
    known = tuple(setting.catalogue.models)
    for path, wish in _wishes(written.content):
        for place, name in _named(path, wish):
            if name not in known:
                hint = did_you_mean(name, known)
                yield written.remark(place, f"the policy's catalogue has no {quoted(name)}", hint)


def _refused(
    written: Written[RoutingFile], setting: Setting, orders: Mapping[TaskClass, TaskOrder]
) -> Iterator[tuple[ConfigProblem, bool]]:
    """Routes that the policy refuses, and whether it does so for every class of task that goes by them."""
    users: dict[KeyPath, set[TaskClass]] = {}
    refusals: dict[tuple[KeyPath, Refuse], set[TaskClass]] = {}
    for task, order in orders.items():
        for phase in MODEL_PHASES:
            if _goes_without_saying(phase, order, setting.routing):
                continue
            path, found = route_path(phase, task, setting.routing), order.routes[phase]
            users.setdefault(path, set()).add(task)
            if isinstance(found, Refuse) and found.rule != Rule.NOT_IN_CATALOGUE:
                where: KeyPath = ("sensitivity",) if found.rule == Rule.SENSITIVITY else path
                refusals.setdefault((where, _of_no_class(found, task)), set()).add(task)
    for (path, no), tasks in refusals.items():
        always = path not in users or tasks >= users[path]
        whom = "" if always or len(users[path]) == 1 else f"for {classes_in_words(tasks)}, "
        yield (
            written.remark((*path, "model"), f"{whom}{no.reason}", f"{no.mend}; rule {no.rule}".lstrip("; ")),
            always,
        )


def _goes_without_saying(phase: Phase, order: TaskOrder, routing: RoutingFile) -> bool:
    """Whether nothing is to be told of a phase: it is left out, or it goes the way of the plan, which is told of."""
    if phase is Phase.TRIAGE:
        return routing.routes.triage is None and isinstance(order.routes[Phase.PLAN], Refuse)
    return phase is Phase.PLAN and order.plan is Need.SKIP


def _of_no_class(no: Refuse, task: TaskClass) -> Refuse:
    """The refusal in words that are the same for every class of task, so that it is told once."""
    return Refuse(no.rule, no.reason, no.mend.replace(f"tasks: {{{task}:", "tasks: {CLASS:"))


def _dropped(
    written: Written[RoutingFile], setting: Setting, orders: Mapping[TaskClass, TaskOrder]
) -> Iterator[ConfigProblem]:
    """Fallbacks and escalations that are named and left out."""
    places = {path: dict(_backwards(path, wish)) for path, wish in _wishes(written.content)}
    found: dict[tuple[KeyPath, str], set[TaskClass]] = {}
    for task, order in orders.items():
        for phase, route in order.routes.items():
            path = route_path(phase, task, setting.routing)
            for no in _left_out(route):
                if no.model in places.get(path, {}) and no.rule != Rule.NOT_IN_CATALOGUE:
                    told = f"{quoted(no.model)} is left out: {no.why}"
                    found.setdefault((places[path][no.model], told), set()).add(task)
    for (place, told), tasks in found.items():
        whom = "" if set(TaskClass) == tasks else f"for {classes_in_words(tasks)}"
        yield written.remark(place, told, whom)


def _backwards(path: KeyPath, wish: RouteWish) -> Iterator[tuple[str, KeyPath]]:
    return ((name, place) for place, name in _rest(path, wish))


def _left_out(route: Route | Refuse) -> tuple[Considered, ...]:
    return tuple(no for no in route.reasons if not no.kept) if isinstance(route, Route) else ()


def _forbidden(written: Written[RoutingFile], policy: PolicyFile) -> Iterator[ConfigProblem]:
    for path, text, patterns in forbidden(written.content, policy):
        known = f"allowed are: {', '.join(patterns[:8])}" if patterns else "it allows none here"
        yield written.remark(path, f"the policy does not allow the command {quoted(text)}", known)


def _unkept(written: Written[RoutingFile], policy: PolicyFile) -> Iterator[ConfigProblem]:
    wrong = forbidden_mode(written.content, policy)
    if wrong:
        yield written.remark(("audit",), wrong, "leave it out, or name one of those")


def _closed_paths(written: Written[RoutingFile], setting: Setting) -> Iterator[ConfigProblem]:
    """Paths that are more closed than the repository: work on them wants routes that hold at their level."""
    level = setting.sensitivity
    for place, rule in enumerate(written.content.paths):
        closed = highest(level, rule.sensitivity) if rule.sensitivity else level
        if closed is level:
            continue
        orders = orders_for_all(replace(setting, sensitivity=closed))
        stuck = [task for task, order in orders.items() if isinstance(order.routes[Phase.CODE], Refuse)]
        if len(stuck) == len(orders):
            no = orders[TaskClass.UNKNOWN].routes[Phase.CODE]
            assert isinstance(no, Refuse)
            message = f"nobody can work on these paths, which are {closed}: {no.reason}"
            yield written.remark(("paths", place), message, no.mend)


def _idle(written: Written[RoutingFile]) -> Iterator[ConfigProblem]:
    for key in idle_keys(written.content):
        path: KeyPath = tuple(key.split("."))
        message = f"{quoted(key)} is read and not acted on by this version"
        yield written.source.problem(written.source.place(path), message)


def _in_order(found: Iterable[ConfigProblem]) -> tuple[ConfigProblem, ...]:
    return tuple(sorted(set(found), key=lambda each: (each.line, each.column, each.message)))
