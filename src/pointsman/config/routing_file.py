"""The repository's routing file, `.pointsman.yml`: which model does which phase, within what the policy allows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from pointsman.config.previews import PreviewWish
from pointsman.config.problem import ConfigProblem
from pointsman.config.shapes import (
    Command,
    Count,
    Dollars,
    Flag,
    ManyTokens,
    Megabytes,
    Milliseconds,
    Minutes,
    PathPattern,
    Samples,
    Seconds,
    Strict,
    Text,
    Tier,
    Tokens,
    Wanted,
    Word,
)
from pointsman.config.validation import validated
from pointsman.config.written import Written
from pointsman.config.yaml_source import KeyPath, YamlText, read_yaml
from pointsman.domain.levels import AuditMode, Lane, Sensitivity, TaskClass

ROUTING_FILE = ".pointsman.yml"
MAX_ROUTING_BYTES = 64 * 1024
ROUTE_KEYS = ("triage", "plan", "code", "qa")
THREE_LINES = "plan: claude-opus\ncode: ollama:qwen2.5-coder:14b\nqa: claude-sonnet\n"


class RouteWish(Strict):
    """Who should do a phase (`triage`, `plan`): a bare word is a model; or a tier with constraints."""

    model: Word | None = Field(None, description="Short name of a model in the policy's catalogue.")
    tier: Tier | None = Field(None, description="Instead of a model: the cheapest one of this tier that fits.")
    max_cost_usd: Dollars | None = Field(None, description="With `tier`: what one whole call may cost at most.")
    max_latency_ms: Milliseconds | None = Field(None, description="With `tier`: measured time of a call, in ms.")
    fallback: tuple[Word, ...] = Field((), max_length=8, description="Models to ask when the first is out of order.")
    budget_usd: Dollars | None = Field(None, description="Money for the phase, in US dollars.")
    max_output_tokens: Tokens | None = Field(None, description="Longest answer to one call.")
    latency: Lane | None = Field(None, description="How soon an answer is wanted: the lane in which runs wait.")

    @model_validator(mode="before")
    @classmethod
    def _a_word_is_a_model(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> "RouteWish":
        if (self.model is None) == (self.tier is None):
            raise ValueError("a route names either a model or a tier")
        if self.model is not None and (self.max_cost_usd is not None or self.max_latency_ms is not None):
            raise ValueError("max_cost_usd and max_latency_ms go with a tier, not with a model")
        names = [name for name in self.names if name]
        if len(set(names)) < len(names):
            raise ValueError("a route names each model once")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that the route names, in order."""
        return ((self.model,) if self.model else ()) + self.fallback


class CodeWish(RouteWish):
    """Who should write the code, and who takes over when it is stuck."""

    escalate: tuple[Word, ...] = Field((), max_length=8, description="Models that take over on evidence, in order.")
    samples: Samples | None = Field(
        None, description="Candidates in one round, of which the tests choose; only of models that cost nothing."
    )
    rung_usd: Dollars | None = Field(None, description="Money for each model that codes, in US dollars.")
    rung_tokens: ManyTokens | None = Field(None, description="Tokens for each model that codes, answers included.")
    rung_calls: Count | None = Field(None, description="Calls for each model that codes.")
    rung_minutes: Minutes | None = Field(None, description="Minutes of work, tests included, for each that codes.")

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that the route names, in order."""
        return super().names + self.escalate


class QaWish(RouteWish):
    """Who should review."""

    evidence: Wanted | None = Field(None, description="Whether an approval needs passed tests.")
    rounds: Count | None = Field(None, description="How often review and code may go round.")


class Routes(Strict):
    """The routes of the phases that ask a model."""

    triage: RouteWish | None = Field(None, description="Sorts the work; without it a small model named below does.")
    plan: RouteWish = Field(description="Plans the work.")
    code: CodeWish = Field(description="Writes the change.")
    qa: QaWish = Field(description="Reviews it; never of the family of a model that wrote it.")


class TaskWish(Strict):
    """What is different for one class of task."""

    plan: RouteWish | None = Field(None, description="Another planner, or `skip`.")
    code: CodeWish | None = Field(None, description="Another coder.")
    qa: QaWish | None = Field(None, description="Another reviewer.")
    approval: Literal["plan"] | None = Field(None, description="`plan`: a person approves the plan.")
    preview: PreviewWish | None = Field(None, description="Pictures of pages before and after, for `visual` work.")

    @property
    def skips_plan(self) -> bool:
        """Whether the plan is to be left out (`plan: skip`); no model may be called `skip`."""
        return self.plan is not None and self.plan.model == "skip"


class PathWish(Strict):
    """What is different for some paths."""

    match: PathPattern = Field(description="Paths, in the manner of .gitignore.")
    sensitivity: Sensitivity | None = Field(None, description="How closed they are; it only raises.")
    approval: Literal["plan"] | None = Field(None, description="`plan`: a person approves a plan that touches them.")


class Trigger(Strict):
    """What starts a run."""

    label: Text = Field("pointsman", description="The label on an issue; it is taken off when the run starts.")
    review: Text = Field("pointsman:review", description="The label on a change; each push to it is reviewed.")


class Prepare(Strict):
    """What makes a checkout ready to be tested; on the base branch only."""

    commands: tuple[Command, ...] = Field((), max_length=20, description="Commands, without a shell.")
    key: tuple[PathPattern, ...] = Field((), max_length=20, description="Files whose content makes it stale.")


class Verify(Strict):
    """How a change is proved."""

    prepare: Prepare | None = Field(None, description="What makes a checkout ready to be tested.")
    commands: tuple[Command, ...] = Field(
        (), max_length=20, description="Run in the sandbox; the policy allows them."
    )
    timeout_seconds: Seconds | None = Field(None, description="For all commands together, in seconds.")
    memory_mb: Megabytes | None = Field(None, description="Memory of the sandbox, in megabytes.")
    reproduce: Flag = Field(True, description="Whether a bug fix begins with a test that shows the bug.")


class Budget(Strict):
    """What a run may use; the policy's caps hold besides. What is not named has no limit here."""

    run_usd: Dollars | None = Field(None, description="For one run.")
    day_usd: Dollars | None = Field(None, description="For this repository in one day (UTC).")
    run_tokens: ManyTokens | None = Field(None, description="Tokens for one run, questions and answers together.")
    run_calls: Count | None = Field(None, description="Model calls for one run.")
    run_minutes: Minutes | None = Field(None, description="Minutes of work by models and tests for one run.")


class ReviewWish(Strict):
    """How findings are told and mended."""

    max_findings: Count | None = Field(None, description="The most findings to tell.")
    auto_fix: Flag | None = Field(None, description="Whether grave findings go back to code.")


class RoutingFile(Strict):
    """The whole file."""

    version: Literal[1] = Field(1, description="The version of this grammar.")
    sensitivity: Sensitivity | None = Field(None, description="Raises what the policy says of this repository.")
    trigger: Trigger = Field(Trigger(), description="What starts a run.")
    routes: Routes = Field(description="Who does what; its keys may stand at the top of the file instead.")
    tasks: Mapping[TaskClass, TaskWish] = Field({}, description="Over the routes, by class of task.")
    paths: tuple[PathWish, ...] = Field((), max_length=200, description="The most sensitive touched path wins.")
    verify: Verify = Field(Verify(), description="How a change is proved.")
    budget: Budget = Field(Budget(), description="What a run may use.")
    review: ReviewWish = Field(ReviewWish(), description="How findings are told and mended.")
    protected: tuple[PathPattern, ...] = Field((), max_length=200, description="Paths that no model edits.")
    audit: AuditMode | None = Field(
        None, description="Where the note is kept; unsaid, it is the first mode that the policy lists."
    )

    @property
    def leaves_a_choice(self) -> bool:
        """Whether a route names a tier, so that what was measured decides who is asked."""
        parts = (self.routes, *self.tasks.values())
        wishes = [getattr(part, key, None) for part in parts for key in ROUTE_KEYS]
        return any(wish is not None and wish.tier is not None for wish in wishes)


_NOT_HERE = "endpoints, keys and environment belong to the organisation's policy"
_NO_INCLUDE = "a routing file is one file; nothing is included"
ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("base_url", "provider_url", "url", "endpoint", "host", "providers", "models"), _NOT_HERE),
    **dict.fromkeys(("api_key", "api_key_env", "key_env", "token", "env", "environment", "secrets"), _NOT_HERE),
    **dict.fromkeys(("include", "includes", "extends", "preset", "presets", "import", "<<"), _NO_INCLUDE),
    "review": 'the reviewer\'s route is called "qa"',
    **{f"missing {key}": f"a whole file is: {THREE_LINES.strip().replace(chr(10), ', ')}" for key in ROUTE_KEYS},
}


def load_routing(data: bytes, file: str = ROUTING_FILE) -> RoutingFile | tuple[ConfigProblem, ...]:
    """Read a routing file of at most 64 KB, or say everything that is wrong with it. Pure; the caller fetched it."""
    found = read_routing(data, file)
    return found.content if isinstance(found, Written) else found


def read_routing(data: bytes, file: str = ROUTING_FILE) -> Written[RoutingFile] | tuple[ConfigProblem, ...]:
    """The same with the place of each key and value, as in the long form."""
    source = read_yaml(data, file, max_bytes=MAX_ROUTING_BYTES)
    if isinstance(source, ConfigProblem):
        return (source,)
    if not isinstance(source.value, dict):
        return (source.problem(source.place(()), "keys with values are wanted here", ADVICE["missing plan"]),)
    short = tuple(key for key in ROUTE_KEYS if key in source.value)
    if short and "routes" in source.value:
        message = f'"{short[0]}" stands beside "routes"'
        return (source.problem(source.place((short[0],)), message, 'keep the routes in one place, under "routes"'),)
    whole = _long_form(source, source.value) if short else source
    found = validated(whole, RoutingFile, ADVICE, ROUTE_KEYS if short else ())
    return Written(found, whole) if isinstance(found, RoutingFile) else found


def idle_keys(routing: RoutingFile) -> tuple[str, ...]:
    """Keys of the file that this version reads and checks but does not act on; people are told."""
    return ("verify.prepare",) if routing.verify.prepare else ()


def _long_form(source: YamlText, value: Mapping[str, object]) -> YamlText:
    """The short form as the long one, every key and value still at the place where it was written."""

    def moved(path: KeyPath) -> KeyPath:
        return ("routes", *path) if path[:1] and path[0] in ROUTE_KEYS else path

    rest = {key: part for key, part in value.items() if key not in ROUTE_KEYS}
    routes = {key: part for key, part in value.items() if key in ROUTE_KEYS}
    return replace(
        source,
        value={**rest, "routes": routes},
        keys={moved(path): place for path, place in source.keys.items()},
        values={moved(path): place for path, place in source.values.items()},
    )
