"""The effective configuration: every value that holds for a class of task, and which line of which file says so."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.config.policy_file import PolicyFile
from pointsman.config.policy_parts import BUILT_IN_PROTECTED
from pointsman.config.routing_file import CodeWish, QaWish, RoutingFile
from pointsman.config.written import Written
from pointsman.config.yaml_source import KeyPath
from pointsman.domain.effective import BUILT_IN, Held, HeldValue, Origin, Section
from pointsman.domain.levels import MODEL_PHASES, Phase, Sensitivity, TaskClass
from pointsman.domain.run import Need, Refuse, Route, TaskOrder
from pointsman.policy.admission import Rulebook, level_of, setting_of
from pointsman.policy.checking import KEY_OF, route_path
from pointsman.policy.globs import matches
from pointsman.policy.keeping import audit_mode
from pointsman.policy.orders import order_for
from pointsman.policy.routes import TRIAGE_INPUT, TRIAGE_OUTPUT, wish_of

_Candidate = tuple[HeldValue, Origin]


@dataclass(frozen=True, slots=True)
class Both:
    """The two files with their places, and what the policy says of the repository."""

    routing: Written[RoutingFile]
    policy: Written[PolicyFile]
    repository: str

    def in_routing(self, path: KeyPath) -> Origin | None:
        """Where the routing file says it; None where it is silent."""
        return Origin("routing", self.routing.line(path)) if self.routing.says(path) else None

    def in_policy(self, *paths: KeyPath) -> Origin:
        """Where the policy says it first; else it is built in."""
        found = next((path for path in paths if self.policy.says(path)), None)
        return Origin("policy", self.policy.line(found)) if found else BUILT_IN


def effective(both: Both, book: Rulebook, task: TaskClass = TaskClass.UNKNOWN) -> tuple[Held, ...]:
    """Everything that holds for a class of task, after the policy tightened what the routing file asks for. Pure."""
    level = level_of(both.repository, book.policy)
    setting = setting_of(book, level)
    order = order_for(task, setting)
    return (
        *_repository(both, level),
        *_routes(both, order),
        *_work(both, order, setting.sensitivity),
        *_verify(both),
        *_money(both),
        *_paths(both),
        *_protected(both),
    )


def _repository(both: Both, level: Sensitivity) -> Iterator[Held]:
    routing, policy = both.routing.content, both.policy.content
    rules = [place for place, rule in enumerate(policy.repositories) if matches(rule.match, both.repository)]
    closest = next((place for place in rules if policy.repositories[place].sensitivity is level), None)
    said = both.in_policy(("repositories", closest) if closest is not None else ("sensitivities", level.value))
    own = routing.sensitivity
    if own is not None and own.rank > level.rank:
        yield Held("repository", "sensitivity", str(own), _at(both, ("sensitivity",)), ((str(level), said),))
    else:
        yield Held("repository", "sensitivity", str(level), said)
    yield Held("repository", "separation", policy.separation, both.in_policy(("separation",)))
    yield Held("repository", "trigger.label", routing.trigger.label, _at(both, ("trigger", "label")))
    yield Held("repository", "trigger.review", routing.trigger.review, _at(both, ("trigger", "review")))
    mode = audit_mode(routing, policy)
    yield Held("repository", "audit", mode, _at(both, ("audit",)) if routing.audit else both.in_policy(("audit",)))
    yield Held("repository", "ci", policy.serve.ci, both.in_policy(("serve", "ci")))


def _routes(both: Both, order: TaskOrder) -> Iterator[Held]:
    for phase in MODEL_PHASES:
        path, found = route_path(phase, order.task, both.routing.content), order.routes[phase]
        key, by = KEY_OF[phase], both.in_routing((*path, "model")) or both.in_routing(path) or BUILT_IN
        if phase is Phase.PLAN and order.plan is Need.SKIP:
            yield Held("routes", f"{key}.model", "skip", _at(both, ("tasks", order.task.value, "plan")))
            continue
        if isinstance(found, Refuse):
            yield Held("routes", f"{key}.model", f"nobody: {found.reason} ({found.rule})", by)
            continue
        yield Held("routes", f"{key}.model", found.primary.name, by)
        yield from _others(both, path, found, order.task)
        yield from _limits(both, path, phase, order.task)


def _others(both: Both, path: KeyPath, found: Route, task: TaskClass) -> Iterator[Held]:
    """Who steps in, and who is named for it and left out."""
    key = KEY_OF[found.phase]
    for role, models in (("fallback", found.fallback), ("escalate", found.escalate)):
        origin = both.in_routing((*path, role))
        if origin is not None:
            kept = tuple(model.name for model in models)
            wish = wish_of(found.phase, task, both.routing.content)
            named = () if wish is None else wish.fallback if role == "fallback" else _escalations(wish)
            lost = tuple(name for name in named if name not in kept)
            yield Held("routes", f"{key}.{role}", kept, origin, ((lost, origin),) if lost else ())


def _escalations(wish: object) -> tuple[str, ...]:
    return wish.escalate if isinstance(wish, CodeWish) else ()


def _limits(both: Both, path: KeyPath, phase: Phase, task: TaskClass) -> Iterator[Held]:
    routing, policy = both.routing.content, both.policy.content
    key, wish, rule = KEY_OF[phase], wish_of(phase, task, routing), policy.task(task)
    is_triage = phase is Phase.TRIAGE
    budget: list[_Candidate | None] = [
        _asked(both, (*path, "budget_usd"), wish.budget_usd if wish else None),
        _asked(both, ("budget", "run_usd"), routing.budget.run_usd),
        (policy.caps.run_usd, both.in_policy(("caps", "run_usd"))),
    ]
    answer: list[_Candidate | None] = [
        _asked(both, (*path, "max_output_tokens"), wish.max_output_tokens if wish else None),
        (rule.max_output_tokens, _of_task(both, task, "max_output_tokens")),
        (TRIAGE_OUTPUT, BUILT_IN) if is_triage else None,
    ]
    question: list[_Candidate | None] = [
        (rule.max_input_tokens, _of_task(both, task, "max_input_tokens")),
        (TRIAGE_INPUT, BUILT_IN) if is_triage else None,
    ]
    yield _least("routes", f"{key}.budget_usd", budget)
    yield _least("routes", f"{key}.max_output_tokens", answer)
    yield _least("routes", f"{key}.max_input_tokens", question)
    if isinstance(wish, CodeWish):
        yield from _rung(both, path, wish)
    bounds = policy.phase(phase)
    yield Held("routes", f"{key}.max_calls", bounds.max_calls, both.in_policy(("phases", phase.value, "max_calls")))
    yield Held("routes", f"{key}.seconds", bounds.seconds, both.in_policy(("phases", phase.value, "seconds")))


def _rung(both: Both, path: KeyPath, wish: CodeWish) -> Iterator[Held]:
    """What each model that codes may use, and how many candidates it draws, where the routing file says it."""
    for key in ("samples", "rung_usd", "rung_tokens", "rung_calls", "rung_minutes"):
        value = getattr(wish, key)
        if value is not None:
            yield Held("routes", f"code.{key}", value, _at(both, (*path, key)))


def _work(both: Both, order: TaskOrder, level: Sensitivity) -> Iterator[Held]:
    routing, policy, task = both.routing.content, both.policy.content, order.task
    rule, declared = policy.task(task), policy.rule_for(level)
    at_level = next((known for known, own in policy.sensitivities.items() if own is declared), level).value
    own = routing.tasks.get(task)
    qa_path = route_path(Phase.REVIEW, task, routing)
    qa = wish_of(Phase.REVIEW, task, routing)
    asked = qa.evidence if isinstance(qa, QaWish) else None
    approvals = [
        _of_task(both, task, "plan") if rule.plan == "approve" else None,
        both.in_policy(("sensitivities", at_level, "approve_plan")) if declared and declared.approve_plan else None,
        _at(both, ("tasks", task.value, "approval")) if own and own.approval == "plan" else None,
    ]
    evidence = [
        _of_task(both, task, "evidence") if rule.evidence == "required" else None,
        both.in_policy(("sensitivities", at_level, "evidence"))
        if declared and declared.evidence == "required"
        else None,
        _at(both, (*qa_path, "evidence")) if asked == "required" else None,
    ]
    yield Held(
        "work", "a person approves the plan", order.plan is Need.APPROVE, _first(approvals, both, task, "plan")
    )
    yield Held("work", "passed tests", order.evidence_required, _first(evidence, both, task, "evidence"))
    yield Held("work", "review", order.review_required, _of_task(both, task, "review"))
    slower = next((path for path in _lanes(both, task) if order.lane is not rule.latency), None)
    lane = _at(both, slower) if slower else _of_task(both, task, "latency")
    yield Held("work", "lane", str(order.lane), lane)
    yield Held("work", "weakest tier", rule.tier, _of_task(both, task, "tier"))
    review, wish = policy.review, routing.review
    found: list[_Candidate | None] = [
        _asked(both, ("review", "max_findings"), wish.max_findings),
        (review.max_findings, both.in_policy(("review", "max_findings"))),
    ]
    rounds: list[_Candidate | None] = [
        _asked(both, (*qa_path, "rounds"), qa.rounds if isinstance(qa, QaWish) else None),
        (review.rounds, both.in_policy(("review", "rounds"))),
    ]
    yield _least("work", "review.max_findings", found)
    yield _least("work", "review.rounds", rounds)
    fixes: list[_Candidate | None] = [
        _asked(both, ("review", "auto_fix"), wish.auto_fix),
        (review.auto_fix, both.in_policy(("review", "auto_fix"))),
    ]
    yield _least("work", "review.auto_fix", fixes)


def _lanes(both: Both, task: TaskClass) -> Iterator[KeyPath]:
    """Where the routes of a class ask for the most patient lane first."""
    routing, found = both.routing.content, []
    for phase in MODEL_PHASES:
        wish = wish_of(phase, task, routing)
        if wish is not None and wish.latency is not None:
            found.append((wish.latency.rank, (*route_path(phase, task, routing), "latency")))
    yield from (path for _, path in sorted(found, key=lambda each: -each[0]))


def _first(found: list[Origin | None], both: Both, task: TaskClass, key: str) -> Origin:
    """Who asks for it first; where nobody does, the policy's word on the class of task."""
    return next((origin for origin in found if origin is not None), _of_task(both, task, key))


def _verify(both: Both) -> Iterator[Held]:
    wish, rule, commands = both.routing.content.verify, both.policy.content.sandbox, both.policy.content.commands
    yield Held("verify", "commands", wish.commands, _at(both, ("verify", "commands")))
    yield Held("verify", "allowed commands", commands.verify, both.in_policy(("commands", "verify")))
    yield Held("verify", "reproduce", wish.reproduce, _at(both, ("verify", "reproduce")))
    for key, asked, most in (
        ("timeout_seconds", wish.timeout_seconds, rule.timeout_seconds),
        ("memory_mb", wish.memory_mb, rule.memory_mb),
    ):
        bounds: list[_Candidate | None] = [
            _asked(both, ("verify", key), asked),
            (most, both.in_policy(("sandbox", key))),
        ]
        yield _least("verify", key, bounds)


def _money(both: Both) -> Iterator[Held]:
    wish, caps = both.routing.content.budget, both.policy.content.caps
    for key, theirs, asked, most in (
        ("run_usd", "run_usd", wish.run_usd, caps.run_usd),
        ("day_usd", "repository_day_usd", wish.day_usd, caps.repository_day_usd),
    ):
        bounds: list[_Candidate | None] = [
            _asked(both, ("budget", key), asked),
            (most, both.in_policy(("caps", theirs))),
        ]
        yield _least("money", theirs, bounds)
    for key in ("run_tokens", "run_calls", "run_minutes"):
        limits: list[_Candidate | None] = [
            _asked(both, ("budget", key), getattr(wish, key)),
            (getattr(caps, key), both.in_policy(("caps", key))) if getattr(caps, key) is not None else None,
        ]
        if any(limits):
            yield _least("money", key, limits)
    if caps.requester_day_usd is not None:
        by = both.in_policy(("caps", "requester_day_usd"))
        yield Held("money", "requester_day_usd", caps.requester_day_usd, by)
    yield Held("money", "installation_day_usd", caps.installation_day_usd, both.in_policy(("caps",)))


def _paths(both: Both) -> Iterator[Held]:
    for place, rule in enumerate(both.policy.content.paths):
        yield Held(
            "paths", rule.match, _path_words(rule.sensitivity, rule.approval), both.in_policy(("paths", place))
        )
    for place, wish in enumerate(both.routing.content.paths):
        yield Held("paths", wish.match, _path_words(wish.sensitivity, wish.approval), _at(both, ("paths", place)))


def _path_words(level: Sensitivity | None, approval: str | None) -> tuple[str, ...]:
    return ((str(level),) if level else ()) + (("a person approves the plan",) if approval else ())


def _protected(both: Both) -> Iterator[Held]:
    yield Held("protected", "built-in list", f"{len(BUILT_IN_PROTECTED)} patterns", BUILT_IN)
    for place, pattern in enumerate(both.policy.content.protected):
        yield Held("protected", pattern, True, both.in_policy(("protected", place)))
    for place, pattern in enumerate(both.routing.content.protected):
        yield Held("protected", pattern, True, _at(both, ("protected", place)))


def _at(both: Both, path: KeyPath) -> Origin:
    return both.in_routing(path) or BUILT_IN


def _of_task(both: Both, task: TaskClass, key: str) -> Origin:
    return both.in_policy(("tasks", task.value, key), ("defaults", key))


def _asked(both: Both, path: KeyPath, value: HeldValue | None) -> _Candidate | None:
    return (value, _at(both, path)) if value is not None else None


def _least(section: Section, key: str, candidates: list[_Candidate | None]) -> Held:
    """The lowest of the values that somebody gave; of equals, the first."""
    known = [candidate for candidate in candidates if candidate is not None]
    first = min(known, key=lambda candidate: float(candidate[0]) if isinstance(candidate[0], (int, float)) else 0.0)
    return Held(section, key, first[0], first[1], tuple(each for each in known if each is not first))
