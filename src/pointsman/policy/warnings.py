"""What a routing file asks for and never gets under a policy: most of it stops no run, but people should be told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pointsman.config.policy_file import PolicyFile
from pointsman.config.problem import ConfigProblem, quoted
from pointsman.config.routing_file import ROUTING_FILE, CodeWish, RouteWish, RoutingFile, read_routing
from pointsman.config.validation import did_you_mean, in_order
from pointsman.config.yaml_source import KeyPath
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Model
from pointsman.policy.separation import Separation, nearest_author

_Doubt = tuple[KeyPath, str, str]
_Placed = tuple[KeyPath, Model]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A route, and where it stands in the file."""

    at: KeyPath
    wish: RouteWish

    def names(self) -> Iterator[tuple[KeyPath, str]]:
        """Every model that it names, with its place: the first one, then those after it."""
        if self.wish.model is not None:
            yield (*self.at, "model"), self.wish.model
        yield from (((*self.at, "fallback", n), name) for n, name in enumerate(self.wish.fallback))
        if isinstance(self.wish, CodeWish):
            yield from (((*self.at, "escalate", n), name) for n, name in enumerate(self.wish.escalate))

    def first_and_rest(self, models: Mapping[str, Model]) -> tuple[_Placed | None, list[_Placed]]:
        """The model that it names first and those after it, as far as the policy knows them."""
        known = [(at, models[name]) for at, name in self.names() if name in models]
        is_first = bool(known) and known[0][1].name == self.wish.model
        return (known[0], known[1:]) if is_first else (None, known)


def warnings(data: bytes, policy: PolicyFile, file: str = ROUTING_FILE) -> tuple[ConfigProblem, ...]:
    """The models of a routing file that will not be asked, each at its line and column; none for one with mistakes.

    A model is not asked when the policy does not know it, or when it would review what its own family writes. Pure;
    the same bytes that `load_routing` reads.
    """
    found = read_routing(data, file)
    if isinstance(found, tuple):
        return ()
    models, separation = policy.domain_models(), policy.separation
    doubts = [*_unknown(found.routing, models)]
    for task in (None, *found.routing.tasks):
        doubts += _too_near(task, found.routing, models, separation)
    places = found.source
    return in_order(places.problem(places.place_of_value(at), message, hint) for at, message, hint in doubts)


def _unknown(routing: RoutingFile, models: Mapping[str, Model]) -> Iterator[_Doubt]:
    routes = routing.routes
    asked = [
        _Asked(("routes", key), wish) for key, wish in _wishes(routes.triage, routes.plan, routes.code, routes.qa)
    ]
    for task, own in routing.tasks.items():
        plan = None if own.skips_plan else own.plan
        asked += [_Asked(("tasks", task.value, key), wish) for key, wish in _wishes(None, plan, own.code, own.qa)]
    for route in asked:
        for at, name in route.names():
            if name not in models:
                yield at, f"the policy knows no model {quoted(name)}", did_you_mean(name, tuple(models))


def _wishes(*found: RouteWish | None) -> list[tuple[str, RouteWish]]:
    pairs = zip(("triage", "plan", "code", "qa"), found, strict=True)
    return [(key, wish) for key, wish in pairs if wish is not None]


def _too_near(
    task: TaskClass | None, routing: RoutingFile, models: Mapping[str, Model], separation: Separation
) -> Iterator[_Doubt]:
    """Who may not do their part because of who does the other one, in the routes of a class or in the common ones."""
    code, qa = _code_and_qa(task, routing)
    coder, writers = code.first_and_rest(models)
    reviewer, spares = qa.first_and_rest(models)
    where = f" for {task}" if task else ""
    if coder and reviewer and nearest_author(reviewer[1], (coder[1],), separation):
        message = f"{quoted(reviewer[1].name)} cannot review what {quoted(coder[1].name)} writes{where}"
        yield reviewer[0], message, f"they are of one {separation}; no build is begun"
        return
    for at, model in writers:
        if reviewer and nearest_author(model, (reviewer[1],), separation):
            message = f"{quoted(model.name)} is never asked to write code{where}"
            yield at, message, f"it is of one {separation} with {quoted(reviewer[1].name)}, which reviews"
    for at, model in spares:
        if coder and nearest_author(model, (coder[1],), separation):
            message = f"{quoted(model.name)} is never asked to review{where}"
            yield at, message, f"it is of one {separation} with {quoted(coder[1].name)}, which writes the code"


def _code_and_qa(task: TaskClass | None, routing: RoutingFile) -> tuple[_Asked, _Asked]:
    own = routing.tasks.get(task) if task else None
    code, qa = _Asked(("routes", "code"), routing.routes.code), _Asked(("routes", "qa"), routing.routes.qa)
    if own and own.code:
        code = _Asked(("tasks", str(task), "code"), own.code)
    if own and own.qa:
        qa = _Asked(("tasks", str(task), "qa"), own.qa)
    return code, qa
