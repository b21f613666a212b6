"""What is ordered: the repository, the issue, the routes and limits, frozen when the run is admitted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from pointsman.domain.figures import NOTHING_MEASURED, Figures
from pointsman.domain.levels import AuditMode, Lane, Perimeter, Phase, Risk, Sensitivity, TaskClass
from pointsman.domain.models import Caps, Model
from pointsman.domain.outcome import Decider, Finding, Hint
from pointsman.domain.pictures import PreviewOrder

LOCAL = "local"
"""The forge on disk: commands are typed into a terminal, and nobody talks to a run while it goes on."""

Goal = Literal["build", "plan", "review", "fix", "ask"]
"""What a run is for. `fix` addresses a review's findings on a change of ours, `ask` answers a question."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `id` is the forge's numeric user id; the login is for people's eyes only."""

    id: int
    login: str
    is_bot: bool = False


NOBODY = Actor(0, "")
"""An account that was deleted, or that a forge does not tell: no right is ever found for the id 0."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository on one forge. `id` is stable under renames; `location` is where git fetches from."""

    forge: str
    id: str
    name: str
    location: str
    default_branch: str


def account_of(repository: Repository, actor: Actor) -> str:
    """Who somebody is in the ledger: the forge and the numeric id, since a login may change hands."""
    return f"{repository.forge}:{actor.id}"


@dataclass(frozen=True, slots=True)
class Issue:
    """The text somebody wants worked on, as it was at the trigger. `digest` is its `text_digest`.

    `flags` names what was stripped from the visible text (`html-comment`, `bidi`, ...); people are told.
    `url` is where the forge finds it again (a file's path on the local forge); it stays out of notes.
    """

    key: str
    title: str
    body: str
    digest: str
    labels: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    url: str = ""


def text_digest(title: str, body: str) -> str:
    """What names the text that somebody saw when they asked: sha256 over title, NUL, body, in hex."""
    return sha256(f"{title}\0{body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Considered:
    """One candidate of a route: kept or dropped, by which rule, and why in a few words."""

    model: str
    kept: bool
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one phase. Tokens for each call, US dollars and seconds for the whole phase."""

    max_input_tokens: int
    max_output_tokens: int
    budget_usd: float
    max_calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run, or one rung of its ladder, may use besides the caps: US dollars, tokens of questions and answers,
    calls, and seconds of work by models and tests. None is no limit.
    """

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None


UNLIMITED = Allowance()


@dataclass(frozen=True, slots=True)
class Route:
    """Which model, with which limits, for this phase, and why.

    `fallback` is for outages only; `escalate` takes over the phase on evidence. `reasons` explains every candidate.
    `samples` is how many candidates a model that costs nothing draws in one round, `rung` what each model that codes
    may use.
    """

    phase: Phase
    primary: Model
    fallback: tuple[Model, ...]
    escalate: tuple[Model, ...]
    limits: Limits
    reasons: tuple[Considered, ...]
    digest: str
    samples: int = 1
    rung: Allowance = UNLIMITED

    @property
    def ladder(self) -> tuple[Model, ...]:
        """The models that one after the other take over the phase, the primary first."""
        return (self.primary, *self.escalate)

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model that may be asked under this route, the first one first."""
        return (self.primary, *self.fallback, *self.escalate)


@dataclass(frozen=True, slots=True)
class Refuse:
    """No, by this rule, for this reason; `mend` says what to do about it.

    Where people are to hear of it once, however often they ask, `once` is the key of that.
    """

    rule: str
    reason: str
    mend: str = ""
    once: str = ""


class Need(StrEnum):
    """Whether a phase is done, left out, or waits for a person."""

    DO = "do"
    SKIP = "skip"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """The routes for one class of task. A refused phase holds its reason; it matters only if the class is met.

    `lane` is where its runs wait. `rounds` says how often review and code may go round; 0 leaves that to the review's
    own order. `preview` says how its pages are looked at before and after, if at all.
    """

    task: TaskClass
    routes: Mapping[Phase, Route | Refuse]
    plan: Need
    evidence_required: bool
    review_required: bool
    lane: Lane = Lane.BACKGROUND
    rounds: int = 0
    preview: PreviewOrder | None = None


@dataclass(frozen=True, slots=True)
class PathRule:
    """Paths that match `pattern` (gitignore style) are this sensitive and may want an approved plan."""

    pattern: str
    sensitivity: Sensitivity
    approve_plan: bool = False
    source: Literal["routing", "policy"] = "routing"


@dataclass(frozen=True, slots=True)
class VerifyOrder:
    """How a candidate is proved. Commands are argv tuples; empty means: look for the usual test command.

    `interpreters` are those that the policy names beside the ones on the path. With `reproduce` a bug fix begins with
    a test that shows the bug.
    """

    commands: tuple[tuple[str, ...], ...]
    timeout_seconds: float
    memory_mb: int
    allowed: tuple[str, ...]
    interpreters: tuple[str, ...] = ()
    reproduce: bool = False


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """How a change is reviewed. `separation` is what reviewer and authors must not share."""

    separation: Literal["model", "family", "vendor"]
    rounds: int
    max_findings: int
    auto_fix: bool


@dataclass(frozen=True, slots=True)
class Digests:
    """What the decision was made from: sha256 of the policy file, of the routing file, and of the whole decision."""

    policy: str
    routing: str
    decision: str


@dataclass(frozen=True, slots=True)
class ChangeRef:
    """The change that a run is about: its number and branch."""

    number: str
    branch: str


@dataclass(frozen=True, slots=True)
class PriorReview:
    """What was said of a change before: of which diff, which findings are open, and which ids are settled.

    `unread` names the paths of that diff that did not fit the reviewer's window or whose answer could not be read.
    """

    base_commit: str
    head_commit: str
    open: tuple[Finding, ...]
    settled: tuple[str, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSpec:
    """The frozen order of a run; a replay needs nothing else. Times are ISO 8601 in UTC.

    `head_commit` is the commit under review when only a review was asked for. `change` is what a `review`, `fix` or
    `ask` is about, where it is about a change; `prior` what was said of it before; a `fix` adds its commit to the
    branch, whose head is then `base_commit`. `thread` is the id of the comment to answer below. `ci` says when the
    repository's own CI may run on it. `orders` holds the routes for every class that triage may find; `task` and
    `risk` are set once it has. `hinted` is the class that was known when the run was admitted, with who said so and
    why; triage then asks no model.
    `overrides` replaces the primary of a phase after a rerun with another model. `authors` are the models that wrote
    what is under review before this run began. `figures` are those that the routes were chosen by.
    `perimeters` are where the text of this run may go. `allowance` is what the whole run may use besides the caps.
    `keep_days` is how many days its prompts and answers are kept outside git; 0 for not at all.
    With `mirrors_notes` a note that is in the tree is on the ref of notes as well.
    """

    goal: Goal
    repository: Repository
    requester: Actor
    issue: Issue
    base_commit: str
    head_commit: str
    admitted_at: str
    sensitivity: Sensitivity
    perimeters: tuple[Perimeter, ...]
    orders: Mapping[TaskClass, TaskOrder]
    verify: VerifyOrder
    review: ReviewOrder
    caps: Caps
    paths: tuple[PathRule, ...]
    protected: tuple[str, ...]
    digests: Digests
    audit_mode: AuditMode = "in-tree"
    mirrors_notes: bool = False
    hinted: TaskClass | None = None
    hinted_by: Decider = "label"
    hinted_why: str = ""
    task: TaskClass = TaskClass.UNKNOWN
    risk: Risk = Risk.MEDIUM
    overrides: Mapping[Phase, Route] | None = None
    authors: tuple[Model, ...] = ()
    change: ChangeRef | None = None
    prior: PriorReview | None = None
    thread: str = ""
    ci: Literal["on-request", "at-once"] = "at-once"
    figures: Figures = NOTHING_MEASURED
    allowance: Allowance = UNLIMITED
    keep_days: int = 30

    @property
    def has_note_on_ref(self) -> bool:
        """Whether the note goes onto `refs/pointsman/audit`."""
        return self.audit_mode == "ref" or (self.audit_mode == "in-tree" and self.mirrors_notes)

    @property
    def requester_id(self) -> str:
        """Who asked, as the ledger knows them: the forge and the numeric id, such as `github:7`."""
        return account_of(self.repository, self.requester)

    @property
    def order(self) -> TaskOrder:
        """The order for the class of task that triage found."""
        return self.orders[self.task]

    @property
    def is_attended(self) -> bool:
        """Whether a person sits before the run, who can start a provider and go on: no outage is for good then."""
        return self.repository.forge == LOCAL

    @property
    def hint(self) -> Hint | None:
        """The class that was known when the run was admitted."""
        if self.hinted is None:
            return None
        return Hint(self.hinted, self.hinted_by, self.hinted_why or f"a label says {self.hinted}")

    def route(self, phase: Phase) -> Route | Refuse:
        """The route that holds now for `phase`."""
        if self.overrides and phase in self.overrides:
            return self.overrides[phase]
        return self.order.routes[phase]

    def triaged(self, task: TaskClass, risk: Risk) -> "RunSpec":
        """The same order with the class and risk that triage found."""
        return replace(self, task=task, risk=risk)

    def risen(self, risk: Risk) -> "RunSpec":
        """The same order at the higher of its own risk and this one."""
        return replace(self, risk=max(self.risk, risk, key=lambda one: one.rank))


@dataclass(frozen=True, slots=True)
class Admit:
    """Yes: this order."""

    spec: RunSpec


Decision = Admit | Refuse


def caps_for(spec: RunSpec, phase: Phase) -> Caps:
    """The run's caps, with the phase's own budget where its route has one.

    While code is written, the money of one review is held back, so that the coder cannot spend the reviewer's.
    """
    route = spec.route(phase)
    budget = route.limits.budget_usd if isinstance(route, Route) else 0.0
    held = held_for_review(spec) if phase is Phase.CODE else 0.0
    return replace(spec.caps, phase_usd=min(budget, spec.caps.run_usd), held_usd=held)


def held_for_review(spec: RunSpec) -> float:
    """What one call of the reviewer costs at most, in US dollars, as far as that leaves one call of the coder."""
    code, review = spec.route(Phase.CODE), spec.route(Phase.REVIEW)
    if not isinstance(code, Route) or not isinstance(review, Route):
        return 0.0
    return min(_worst_usd(review), max(0.0, spec.caps.run_usd - _worst_usd(code)))


def _worst_usd(route: Route) -> float:
    model, limits = route.primary, route.limits
    if model.price is None:
        return 0.0
    output = min(bound for bound in (limits.max_output_tokens, model.max_output) if bound > 0)
    room = max(0, model.context_window - output)
    question = min(room, limits.max_input_tokens) if limits.max_input_tokens > 0 else room
    dearest = max(model.price.input_usd, model.price.cache_write_usd)
    return (dearest * question + model.price.output_usd * output) / 1_000_000
