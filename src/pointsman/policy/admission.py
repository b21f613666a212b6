"""Whether a request becomes a run, and the whole order of that run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pointsman.config.commands import argv_of
from pointsman.config.policy_file import PolicyFile
from pointsman.config.policy_parts import BUILT_IN_PROTECTED
from pointsman.config.routing_file import RoutingFile
from pointsman.domain.figures import Figures
from pointsman.domain.forge import Access
from pointsman.domain.ledger import Spent
from pointsman.domain.levels import Phase, Sensitivity, TaskClass, highest
from pointsman.domain.models import Caps, Model
from pointsman.domain.outcome import Hint
from pointsman.domain.run import (
    Actor,
    Admit,
    Allowance,
    ChangeRef,
    Decision,
    Digests,
    Goal,
    Issue,
    Need,
    PathRule,
    PriorReview,
    Refuse,
    Repository,
    ReviewOrder,
    Route,
    RunSpec,
    TaskOrder,
    VerifyOrder,
)
from pointsman.policy.canonical import digest_of
from pointsman.policy.catalogue import PriceOf, catalogue_of
from pointsman.policy.commands import forbidden
from pointsman.policy.globs import matches
from pointsman.policy.keeping import audit_mode, refused_mode
from pointsman.policy.orders import orders_for_all
from pointsman.policy.retention import keep_days_of
from pointsman.policy.routes import Setting
from pointsman.policy.rules import Rule, refuse
from pointsman.policy.spending import Purse, needed, used_up

RAISING_LABEL = "pointsman:"

Limit = TypeVar("Limit", int, float)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants, with everything that was asked of the forge about it. `at` is ISO 8601 in UTC.

    `authors` are models that wrote the code already (from the notes of the change); `hint` is the class
    of task that is known before a model is asked; `spent` is what is paid today, where that is to count.
    """

    goal: Goal
    repository: Repository
    actor: Actor
    access: Access
    issue: Issue
    base_commit: str
    head_commit: str
    at: str
    authors: tuple[Model, ...] = ()
    hint: Hint | None = None
    change: ChangeRef | None = None
    prior: PriorReview | None = None
    thread: str = ""
    spent: Spent | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The two files as they were read, their sha256 in hex, and what is known of prices and speed."""

    policy: PolicyFile
    policy_digest: str
    routing: RoutingFile
    routing_digest: str
    price_of: PriceOf
    figures: Figures = field(default_factory=Figures)


def decide(request: Request, book: Rulebook) -> Decision:
    """The order of the run, or the first rule that speaks against it. Pure."""
    no = _stranger(request) or _wrong_forge(request, book.policy) or _forbidden_command(book)
    no = no or refused_mode(book.routing, book.policy)
    if no is not None:
        return no
    sensitivity = sensitivity_of(request, book)
    builds = request.goal in ("build", "plan", "fix")
    setting = setting_of(book, sensitivity, authors=request.authors, builds=builds)
    orders = orders_for_all(setting)
    hopeless = _hopeless(request, orders[request.hint.task] if request.hint else None, tuple(orders.values()))
    if hopeless is not None:
        return hopeless
    no = _used_up(request, book, orders)
    if no is not None:
        return no
    return Admit(_sealed(_spec(request, book, sensitivity, orders)))


def sensitivity_of(request: Request, book: Rulebook) -> Sensitivity:
    """The highest of what the policy, the routing file and a label such as `pointsman:restricted` say."""
    return raised(closed_by(request.issue.labels, level_of(request.repository.name, book.policy)), book.routing)


def raising(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels that say how closed a text is, such as `pointsman:restricted`; case does not matter."""
    said = {label.strip().casefold() for label in labels}
    return tuple(label for level in Sensitivity if (label := f"{RAISING_LABEL}{level}") in said)


def closed_by(labels: Iterable[str], level: Sensitivity) -> Sensitivity:
    """A level as labels raise it; they never lower one."""
    return highest(level, *(Sensitivity(label.removeprefix(RAISING_LABEL)) for label in raising(labels)))


def level_of(repository: str, policy: PolicyFile) -> Sensitivity:
    """What the policy alone says of a repository of this name."""
    matched = [rule.sensitivity for rule in policy.repositories if matches(rule.match, repository)]
    return highest(matched[0], *matched[1:]) if matched else policy.most_closed


def setting_of(
    book: Rulebook, level: Sensitivity, *, authors: tuple[Model, ...] = (), builds: bool = True
) -> Setting:
    """What routes are decided in at a level, which the routing file may raise."""
    return Setting(
        policy=book.policy,
        routing=book.routing,
        catalogue=catalogue_of(book.policy, book.price_of),
        sensitivity=raised(level, book.routing),
        figures=book.figures,
        authors=authors,
        builds=builds,
    )


def raised(level: Sensitivity, routing: RoutingFile) -> Sensitivity:
    """A level as the routing file raises it; it never lowers one."""
    return highest(level, *([routing.sensitivity] if routing.sensitivity else []))


def standing(access: Access, actor: Actor, bots: tuple[int, ...]) -> Access:
    """What somebody counts as. A bot holds no role on a forge, so one that the policy lists need only be itself."""
    is_listed = actor.is_bot and actor.id in bots
    return Access.WRITE if is_listed and access is not Access.NONE else access


def _stranger(request: Request) -> Refuse | None:
    if request.access is Access.WRITE:
        return None
    reason = f"{request.actor.login} has {request.access} access to {request.repository.name}, not write"
    return refuse(Rule.ACCESS, reason, Rule.ACCESS.mend)


def _wrong_forge(request: Request, policy: PolicyFile) -> Refuse | None:
    name, forge = request.repository.name, request.repository.forge
    for rule in policy.repositories:
        if rule.forges and matches(rule.match, name) and forge not in rule.forges:
            reason = f"the policy lets {name} be worked on from {', '.join(rule.forges)}, not from {forge}"
            return refuse(Rule.FORGE, reason, Rule.FORGE.mend)
    return None


def _forbidden_command(book: Rulebook) -> Refuse | None:
    for path, text, _ in forbidden(book.routing, book.policy):
        reason = f"the policy does not allow the command {text!r} of {'.'.join(map(str, path[:2]))}"
        return Refuse(Rule.COMMAND, reason, Rule.COMMAND.mend)
    return None


def _hopeless(request: Request, hinted: TaskOrder | None, orders: tuple[TaskOrder, ...]) -> Refuse | None:
    """The reason why no class of task that may be met could be served; the hinted one, when it is known."""
    possible = (hinted,) if hinted else orders
    reasons = [_first_refusal(request.goal, order, triage=hinted is None) for order in possible]
    found = [reason for reason in reasons if reason is not None]
    return found[0] if len(found) == len(possible) else None


def _used_up(request: Request, book: Rulebook, orders: Mapping[TaskClass, TaskOrder]) -> Refuse | None:
    """The cap of the day that does not hold one whole call of each phase, whatever class of task is met."""
    if request.spent is None:
        return None
    hint = request.hint
    possible = (orders[hint.task],) if hint else tuple(orders.values())
    ways = [_routes(request.goal, order, triage=hint is None) for order in possible]
    purse = Purse(request.spent, caps_of(book.policy, book.routing), request.repository, request.actor)
    return used_up(purse, needed(way for way in ways if way is not None))


def _routes(goal: Goal, order: TaskOrder, *, triage: bool) -> tuple[Route, ...] | None:
    """The routes of every phase that the goal needs; None when one of them is refused."""
    found = [order.routes[phase] for phase in _phases(goal, order, triage=triage)]
    routes = tuple(route for route in found if isinstance(route, Route))
    return routes if len(routes) == len(found) else None


def _first_refusal(goal: Goal, order: TaskOrder, *, triage: bool) -> Refuse | None:
    for phase in _phases(goal, order, triage=triage):
        route = order.routes[phase]
        if isinstance(route, Refuse):
            return route
    return None


def _phases(goal: Goal, order: TaskOrder, *, triage: bool) -> Iterator[Phase]:
    if goal in ("review", "ask"):
        yield Phase.REVIEW if goal == "review" else Phase.PLAN
        return
    if triage and goal != "fix":
        yield Phase.TRIAGE
    if goal == "plan" or (goal == "build" and order.plan is not Need.SKIP):
        yield Phase.PLAN
    if goal in ("build", "fix"):
        yield Phase.CODE
        yield Phase.REVIEW


def _spec(
    request: Request, book: Rulebook, sensitivity: Sensitivity, orders: Mapping[TaskClass, TaskOrder]
) -> RunSpec:
    policy, routing = book.policy, book.routing
    level = policy.rule_for(sensitivity)
    return RunSpec(
        goal=request.goal,
        repository=request.repository,
        requester=request.actor,
        issue=request.issue,
        base_commit=request.base_commit,
        head_commit=request.head_commit,
        admitted_at=request.at,
        sensitivity=sensitivity,
        perimeters=level.perimeters if level else (),
        orders=orders,
        verify=_verify(policy, routing),
        review=_review(policy, routing),
        caps=caps_of(policy, routing),
        paths=path_rules(policy, routing),
        protected=protected_patterns(policy, routing),
        digests=Digests(policy=book.policy_digest, routing=book.routing_digest, decision=""),
        audit_mode=audit_mode(routing, policy),
        mirrors_notes=policy.audit.mirror,
        change=request.change,
        prior=request.prior,
        thread=request.thread,
        ci=policy.serve.ci,
        figures=book.figures,
        hinted=request.hint.task if request.hint else None,
        hinted_by=request.hint.by if request.hint else "label",
        hinted_why=request.hint.why if request.hint else "",
        authors=request.authors,
        allowance=allowance_of(policy, routing),
        keep_days=keep_days_of(sensitivity, policy),
    )


def _sealed(spec: RunSpec) -> RunSpec:
    # Each route is in it by its own digest, and the orders that share their routes share them here too.
    return replace(spec, digests=replace(spec.digests, decision=digest_of(spec)))


def _verify(policy: PolicyFile, routing: RoutingFile) -> VerifyOrder:
    wish, rule = routing.verify, policy.sandbox
    return VerifyOrder(
        commands=tuple(argv_of(text) for text in wish.commands),
        timeout_seconds=min(wish.timeout_seconds or rule.timeout_seconds, rule.timeout_seconds),
        memory_mb=min(wish.memory_mb or rule.memory_mb, rule.memory_mb),
        allowed=policy.commands.verify,
        interpreters=rule.interpreters,
        reproduce=wish.reproduce,
    )


def _review(policy: PolicyFile, routing: RoutingFile) -> ReviewOrder:
    wish, rule = routing.review, policy.review
    return ReviewOrder(
        separation=policy.separation,
        rounds=rule.rounds,
        max_findings=min(wish.max_findings or rule.max_findings, rule.max_findings),
        auto_fix=rule.auto_fix and wish.auto_fix is not False,
    )


def caps_of(policy: PolicyFile, routing: RoutingFile) -> Caps:
    """The lower of what both files say, in US dollars; the routing file has no say about people or the whole."""
    caps, wish = policy.caps, routing.budget
    run = caps.run_usd if wish.run_usd is None else min(wish.run_usd, caps.run_usd)
    day = caps.repository_day_usd if wish.day_usd is None else min(wish.day_usd, caps.repository_day_usd)
    return Caps(
        phase_usd=run,
        run_usd=run,
        repository_day_usd=day,
        installation_day_usd=caps.installation_day_usd,
        requester_day_usd=caps.requester_day_usd,
    )


def allowance_of(policy: PolicyFile, routing: RoutingFile) -> Allowance:
    """The lower of what both files say of a run's tokens, calls and minutes; what neither names has no limit."""
    caps, wish = policy.caps, routing.budget
    minutes = _lower(caps.run_minutes, wish.run_minutes)
    return Allowance(
        tokens=_lower(caps.run_tokens, wish.run_tokens),
        calls=_lower(caps.run_calls, wish.run_calls),
        seconds=None if minutes is None else minutes * 60,
    )


def _lower(one: Limit | None, other: Limit | None) -> Limit | None:
    """The lower of two limits of which either may be missing."""
    named = [limit for limit in (one, other) if limit is not None]
    return min(named, default=None)


def path_rules(policy: PolicyFile, routing: RoutingFile | None) -> tuple[PathRule, ...]:
    """What both files say of paths, the policy's own first; without a routing file the policy's alone."""
    own = [
        PathRule(rule.match, rule.sensitivity or Sensitivity.PUBLIC, rule.approval == "plan", "policy")
        for rule in policy.paths
    ]
    theirs = [
        PathRule(rule.match, rule.sensitivity or Sensitivity.PUBLIC, rule.approval == "plan", "routing")
        for rule in (routing.paths if routing else ())
    ]
    return (*own, *theirs)


def protected_patterns(policy: PolicyFile, routing: RoutingFile) -> tuple[str, ...]:
    """The paths that no model edits: the built-in list, and what both files add."""
    return tuple(dict.fromkeys((*BUILT_IN_PROTECTED, *policy.protected, *routing.protected)))
