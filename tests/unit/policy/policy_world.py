"""A small organisation: providers in three perimeters, models of several families, and requests to decide."""

from dataclasses import replace

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.config.routing_file import RoutingFile, load_routing
from pointsman.domain.figures import Figures, Measured
from pointsman.domain.forge import Access
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.models import Price, ProviderKind
from pointsman.domain.run import Actor, Admit, Goal, Issue, Refuse, Repository, Route, RunSpec
from pointsman.policy.admission import Request, Rulebook, decide

POLICY = """\
providers:
  box: {kind: ollama, perimeter: local, base_url: "http://127.0.0.1:11434"}
  own: {kind: openai-compatible, perimeter: account, base_url: "https://models.example.org/v1"}
  far: {kind: anthropic, perimeter: public}
  gpt: {kind: openai, perimeter: public, serves: ["gpt-*"]}
models:
  qwen-s: {provider: box, id: q1, vendor: alibaba, family: qwen, tier: small, context_window: 32768, price: 0}
  qwen-m: {provider: box, id: q2, vendor: alibaba, family: qwen, tier: mid, context_window: 65536, price: 0}
  llama-s: {provider: box, id: l1, vendor: meta, family: llama, tier: small, context_window: 32768, price: 0}
  llama-m: {provider: own, id: l2, vendor: meta, family: llama, tier: mid, context_window: 65536, price: 0}
  narrow: {provider: box, id: n1, vendor: n, family: n, tier: small, context_window: 2048, max_output: 1024, price: 0}
  opus: {provider: far, id: c1, vendor: anthropic, family: claude, tier: frontier, context_window: 200000}
  haiku: {provider: far, id: c2, vendor: anthropic, family: claude, tier: small, context_window: 200000}
  sol: {provider: gpt, id: gpt-1, vendor: openai, family: gpt, tier: frontier, context_window: 200000}
  oss: {provider: box, id: o1, vendor: openai, family: oss, tier: mid, context_window: 65536, price: 0}
  stray: {provider: gpt, id: other-1, vendor: openai, family: gpt, tier: mid, context_window: 65536, price: 0}
  dark: {provider: far, id: c9, vendor: anthropic, family: claude, tier: mid, context_window: 65536}
sensitivities:
  internal: {perimeters: [local, account, public]}
  restricted: {perimeters: [local, account], evidence: required}
  secret: {perimeters: [local], evidence: required, approve_plan: true}
repositories:
  - {match: "acme/*", sensitivity: internal}
  - {match: "acme/vault*", sensitivity: secret}
  - {match: "acme/lab", sensitivity: internal, forges: [gitlab]}
defaults: {max_input_tokens: 20000, max_output_tokens: 4096, evidence: optional}
tasks: {security: {plan: approve, tier: mid}, question: {fallback: never, plan: required}}
caps: {run_usd: 2, repository_day_usd: 10, installation_day_usd: 50}
commands: {verify: ["pytest *", "make test", "npm run test*"]}
sandbox: {timeout_seconds: 300, memory_mb: 1024}
paths: [{match: "src/auth/", sensitivity: restricted}, {match: "migrations/", approval: plan}]
protected: ["infra/"]
"""
PRICES = {"c1": Price(5, 25), "c2": Price(0.1, 0.5), "gpt-1": Price(2, 10)}
REPOSITORY = Repository("local", "1", "acme/shop", "/x", "main")
ISSUE = Issue("1", "A bug", "It fails.", "d" * 64)


def price_of(kind: ProviderKind, provider: str, model_id: str) -> Price | None:
    """The price list of this world; `dark` is on none."""
    return PRICES.get(model_id)


def policy(text: str = POLICY) -> PolicyFile:
    """The policy of this world, or another."""
    found = load_policy(text.encode(), "policy.yml")
    assert isinstance(found, PolicyFile), [str(problem) for problem in found]
    return found


def routing(text: str) -> RoutingFile:
    """A routing file that is right."""
    found = load_routing(text.encode())
    assert isinstance(found, RoutingFile), [str(problem) for problem in found]
    return found


def times(**milliseconds: int) -> Figures:
    """Figures in which a call of any phase to each model took so long."""
    return Figures({name: {Phase.TRIAGE: Measured(9, ms)} for name, ms in milliseconds.items()})


def request(name: str = "acme/shop", *, goal: Goal = "build", labels: tuple[str, ...] = ()) -> Request:
    """Somebody with write access asks."""
    return Request(
        goal=goal,
        repository=replace(REPOSITORY, name=name),
        actor=Actor(7, "ann"),
        access=Access.WRITE,
        issue=replace(ISSUE, labels=labels),
        base_commit="a" * 40,
        head_commit="b" * 40 if goal == "review" else "",
        at="2026-11-21T10:00:00Z",
    )


def book(text: str, *, law: str = POLICY, figures: Figures | None = None) -> Rulebook:
    """The two files and what is known of prices and speed."""
    return Rulebook(policy(law), "p" * 64, routing(text), "r" * 64, price_of, figures or Figures())


def admitted(text: str, asked: Request | None = None, *, law: str = POLICY) -> RunSpec:
    """The order of a run that is let in."""
    decision = decide(asked or request(), book(text, law=law))
    assert isinstance(decision, Admit), decision
    return decision.spec


def refused(text: str, asked: Request | None = None, *, law: str = POLICY) -> Refuse:
    """The refusal of a run that is not."""
    decision = decide(asked or request(), book(text, law=law))
    assert isinstance(decision, Refuse), decision
    return decision


def chosen(spec: RunSpec, phase: Phase, task: TaskClass = TaskClass.BUGFIX) -> Route:
    """The route of a phase, which was not refused."""
    found = spec.orders[task].routes[phase]
    assert isinstance(found, Route), found
    return found


def barred(spec: RunSpec, phase: Phase, task: TaskClass = TaskClass.BUGFIX) -> Refuse:
    """The refusal of a phase."""
    found = spec.orders[task].routes[phase]
    assert isinstance(found, Refuse), found
    return found


def names(route: Route) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Primary, fallbacks and escalations of a route by name."""
    return route.primary.name, tuple(m.name for m in route.fallback), tuple(m.name for m in route.escalate)


def why(route: Route) -> dict[str, tuple[bool, str]]:
    """Kept or dropped and the rule, for each candidate that a route considered."""
    return {reason.model: (reason.kept, reason.rule) for reason in route.reasons}
