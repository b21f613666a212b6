"""How well triage sorts: the examples go through the very rules and questions of a run, and are counted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pointsman.domain.errors import TryAgain
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Ask, Model, Outage, Reply
from pointsman.domain.outcome import Decider, Triage
from pointsman.domain.run import Route, RunSpec
from pointsman.evals.examples import Collection, Example
from pointsman.ports.bundle import Ports
from pointsman.ports.models import Models
from pointsman.runs.sorting import hint_of, named_by, risk_at_first, sort

BY_RULES: tuple[Decider, ...] = ("command", "label", "text", "path")
_STRICT = (TaskClass.SECURITY, TaskClass.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sorted:
    """An example and what triage made of it; `asked` says whether a model was asked."""

    example: Example
    found: Triage
    asked: bool

    @property
    def is_right(self) -> bool:
        """Whether it is the class that people agreed on."""
        return self.found.task is self.example.task

    @property
    def is_dangerous(self) -> bool:
        """Whether security was taken for something that is done with less care."""
        return self.example.task is TaskClass.SECURITY and self.found.task not in _STRICT

    @property
    def is_under(self) -> bool:
        """Whether the risk is lower than people said it is at least."""
        return self.found.risk.rank < self.example.risk.rank


@dataclass(frozen=True, slots=True)
class Tally:
    """One class of task: how many there are, how many were right, who decided, what the others were taken for."""

    task: TaskClass
    total: int
    right: int
    by_rules: int
    by_model: int
    taken_for: tuple[tuple[TaskClass, int], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of a trial; shares are between 0 and 1."""

    sorted: tuple[Sorted, ...]

    @property
    def total(self) -> int:
        """How many examples there were."""
        return len(self.sorted)

    @property
    def right(self) -> int:
        """How many got the right class."""
        return sum(one.is_right for one in self.sorted)

    @property
    def security(self) -> int:
        """How many are about security."""
        return sum(one.example.task is TaskClass.SECURITY for one in self.sorted)

    @property
    def dangerous(self) -> int:
        """How many of those were taken for something laxer than `unknown`."""
        return sum(one.is_dangerous for one in self.sorted)

    @property
    def under(self) -> int:
        """How many got a lower risk than they have."""
        return sum(one.is_under for one in self.sorted)

    @property
    def ruled(self) -> int:
        """How many were decided by rules, without a model."""
        return sum(not one.asked for one in self.sorted if one.found.decided_by in BY_RULES)

    @property
    def ruled_right(self) -> int:
        """How many of those got the right class."""
        return sum(one.is_right for one in self.sorted if not one.asked and one.found.decided_by in BY_RULES)

    def tallies(self) -> tuple[Tally, ...]:
        """One row for each class, in the order of the classes."""
        return tuple(self._tally(task) for task in TaskClass)

    def _tally(self, task: TaskClass) -> Tally:
        those = [one for one in self.sorted if one.example.task is task]
        wrong = Counter(one.found.task for one in those if not one.is_right)
        ruled = sum(not one.asked and one.found.decided_by in BY_RULES for one in those)
        asked = sum(one.asked for one in those)
        right = sum(one.is_right for one in those)
        return Tally(task, len(those), right, ruled, asked, tuple(wrong.most_common()))


async def trial(
    collection: Collection, spec: RunSpec | None, ports: Ports | None, *, told: Callable[[int], None] | None = None
) -> Score:
    """Sort every example; without an order and ports by rules alone, and the rest is unknown.

    `told` hears how many are done. Raises what the door raises, and TryAgain (`no-answer`) at the first outage.
    """
    done: list[Sorted] = []
    for example in collection.examples:
        done.append(await _sorted(example, collection.paths, spec, ports))
        if told is not None:
            told(len(done))
    return Score(tuple(done))


async def _sorted(example: Example, paths: tuple[str, ...], spec: RunSpec | None, ports: Ports | None) -> Sorted:
    issue = example.issue
    named = named_by(issue, paths, lambda _: False)
    hint = hint_of(issue, example.asked, named)
    if hint is not None:
        risk = risk_at_first(hint.task, issue, named)
        return Sorted(example, Triage(hint.task, risk, hint.by, hint.why), asked=False)
    if spec is None or ports is None:
        risk = risk_at_first(TaskClass.UNKNOWN, issue, named)
        return Sorted(example, Triage(TaskClass.UNKNOWN, risk, "default", "no rule knows it"), asked=False)
    return Sorted(example, await sort(replace(spec, issue=issue, hinted=None), ports, named), asked=True)


@dataclass
class TrialModels(Models):
    """The governed door for a trial: calls are numbered under one run, and no other model stands in for the first."""

    models: Models
    run_id: str
    count: int = 0
    served: list[str] = field(default_factory=list)

    async def ask(self, ask: Ask) -> Reply | Outage:
        """One call. Raises TryAgain when the model is out, since a trial without it measures nothing."""
        self.count += 1
        answer = await self.models.ask(replace(ask, run_id=self.run_id, call_id=f"{self.run_id}:{self.count}"))
        if isinstance(answer, Outage):
            raise TryAgain(
                f"{answer.model} at {answer.provider} could not answer: {answer.kind}.",
                after=answer.retry_after,
                code="no-answer",
                hint="Start the provider or name another model with --model; --rules-only asks none.",
            )
        return answer

    def estimate_tokens(self, ask: Ask) -> int:
        """As the door does."""
        return self.models.estimate_tokens(ask)

    async def probe(self, model: Model) -> str:
        """As the door does."""
        return await self.models.probe(model)

    async def close(self) -> None:
        """The trial does not own the connections."""


def within_budget(spec: RunSpec, route: Route, budget_usd: float) -> RunSpec:
    """The order with this route for sorting, and this money for the whole trial, within the caps of the day."""
    limited = replace(route, limits=replace(route.limits, budget_usd=budget_usd))
    caps = replace(spec.caps, run_usd=min(budget_usd, spec.caps.repository_day_usd, spec.caps.installation_day_usd))
    return replace(spec, goal="plan", caps=caps, overrides={route.phase: limited})
