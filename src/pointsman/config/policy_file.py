"""The organisation's policy, `policies/*.yml`: what may be asked, for whom, at what cost, and what must be shown."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field

from pointsman.config.policy_catalogue import ModelEntry, ProviderEntry, domain_model, domain_provider
from pointsman.config.policy_parts import (
    AuditRule,
    CapsRule,
    CommandsRule,
    PathRuleEntry,
    PhaseRule,
    RepositoryRule,
    ReviewRule,
    SandboxRule,
    SensitivityRule,
    ServeRule,
    TaskDefaults,
    TaskRule,
)
from pointsman.config.problem import ConfigProblem, quoted
from pointsman.config.provider_rules import Fault, model_faults, provider_faults
from pointsman.config.shapes import PathPattern, Strict, Word
from pointsman.config.validation import did_you_mean, in_order, validated
from pointsman.config.written import Written
from pointsman.config.yaml_source import KeyPath, YamlText, read_yaml
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model, Provider

MAX_POLICY_BYTES = 1024 * 1024

AskingPhase = Literal[Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.REVIEW]
PHASE_RULES: Mapping[AskingPhase, PhaseRule] = {
    Phase.TRIAGE: PhaseRule(max_calls=2, seconds=300),
    Phase.PLAN: PhaseRule(max_calls=6, seconds=1800),
    Phase.CODE: PhaseRule(max_calls=60, seconds=7200),
    Phase.REVIEW: PhaseRule(max_calls=24, seconds=3600),
}


class PolicyFile(Strict):
    """The whole file."""

    version: Literal[1] = Field(1, description="The version of this grammar.")
    providers: Mapping[Word, ProviderEntry] = Field(min_length=1, description="Endpoints that may be asked.")
    models: Mapping[Word, ModelEntry] = Field(min_length=1, description="The catalogue, by short name.")
    sensitivities: Mapping[Sensitivity, SensitivityRule] = Field(
        min_length=1, description="Levels, and what they allow."
    )
    repositories: tuple[RepositoryRule, ...] = Field(
        (),
        max_length=2000,
        description="Repositories and their level; what matches nothing gets the most closed one.",
    )
    defaults: TaskDefaults = Field(TaskDefaults(), description="What holds for every class of task.")
    tasks: Mapping[TaskClass, TaskRule] = Field({}, description="What differs, by class of task.")
    phases: Mapping[AskingPhase, PhaseRule] = Field({}, description="Bounds of the phases besides money.")
    separation: Literal["model", "family", "vendor"] = Field(
        "family", description="What a reviewer and an author must not share."
    )
    review: ReviewRule = Field(ReviewRule(), description="The bounds of a review.")
    caps: CapsRule = Field(description="Money that is never passed.")
    commands: CommandsRule = Field(CommandsRule(), description="Which commands a routing file may name.")
    sandbox: SandboxRule = Field(SandboxRule(), description="What code that nobody vouches for is given.")
    serve: ServeRule = Field(ServeRule(), description="What holds for repositories served over webhooks.")
    audit: AuditRule = Field(AuditRule(), description="Where notes may be kept.")
    paths: tuple[PathRuleEntry, ...] = Field((), max_length=500, description="What differs for some paths.")
    protected: tuple[PathPattern, ...] = Field(
        (), max_length=500, description="Paths that no model edits, on top of the built-in list."
    )

    def task(self, task: TaskClass) -> TaskDefaults:
        """The eight fields for one class of task, its own over the defaults."""
        return self._by_task[task]

    @cached_property
    def _by_task(self) -> Mapping[TaskClass, TaskDefaults]:
        own = {task: rule.model_dump(exclude_none=True) for task, rule in self.tasks.items()}
        return {task: self.defaults.model_copy(update=own.get(task)) for task in TaskClass}

    def phase(self, phase: Phase) -> PhaseRule:
        """The bounds of a phase that asks a model."""
        return self._by_phase[phase]

    @cached_property
    def _by_phase(self) -> Mapping[Phase, PhaseRule]:
        return {phase: self.phases.get(phase, rule) for phase, rule in PHASE_RULES.items()}

    def rule_for(self, level: Sensitivity) -> SensitivityRule | None:
        """What holds at `level`: its own rule, or that of the next more closed level; None when none is declared."""
        return self._by_level[level]

    @cached_property
    def _by_level(self) -> Mapping[Sensitivity, SensitivityRule | None]:
        declared = sorted(self.sensitivities, key=lambda known: known.rank)
        return {
            level: next((self.sensitivities[known] for known in declared if known.rank >= level.rank), None)
            for level in Sensitivity
        }

    @property
    def most_closed(self) -> Sensitivity:
        """The most closed level that the policy declares."""
        return max(self.sensitivities, key=lambda level: level.rank)

    def domain_providers(self) -> dict[str, Provider]:
        """The providers as the rest of the house knows them, by name."""
        return {name: domain_provider(name, entry) for name, entry in self.providers.items()}

    def domain_models(self) -> dict[str, Model]:
        """The catalogue as the rest of the house knows it; `price` is None where the policy declares none."""
        providers = self.domain_providers()
        return {name: domain_model(name, entry, providers[entry.provider]) for name, entry in self.models.items()}


_KEY_HINT = "a policy names where a key is found, as `key: env:NAME` or `key: file:/path`"
ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("api_key", "api_key_env", "token", "secret", "password"), _KEY_HINT),
    **dict.fromkeys(("include", "extends", "preset", "<<"), "a policy is one file; nothing is included"),
    "routes": "routes are named in each repository's routing file",
    "missing caps": "caps are run_usd, repository_day_usd and installation_day_usd; requester_day_usd may be added",
}


def load_policy(data: bytes, file: str) -> PolicyFile | tuple[ConfigProblem, ...]:
    """Read a policy of at most 1 MB, or say everything that is wrong with it. Pure; the caller read the file."""
    found = read_policy_text(data, file)
    return found.content if isinstance(found, Written) else found


def read_policy_text(data: bytes, file: str) -> Written[PolicyFile] | tuple[ConfigProblem, ...]:
    """The same with the place of each key and value."""
    source = read_yaml(data, file, max_bytes=MAX_POLICY_BYTES)
    if isinstance(source, ConfigProblem):
        return (source,)
    policy = validated(source, PolicyFile, ADVICE)
    if isinstance(policy, tuple):
        return policy
    return in_order(_faults(source, policy)) or Written(policy, source)


def _faults(source: YamlText, policy: PolicyFile) -> Iterator[ConfigProblem]:
    for path, message, hint in (*_catalogue_faults(policy), *_level_faults(policy)):
        yield source.problem(source.place_of_value(path), message, hint)


def _catalogue_faults(policy: PolicyFile) -> Iterator[Fault]:
    for name, provider_entry in policy.providers.items():
        yield from provider_faults(name, provider_entry)
    families: dict[tuple[str, str], ModelEntry] = {}
    for name, entry in policy.models.items():
        at: KeyPath = ("models", name)
        if name == "skip":
            yield at, 'a model cannot be called "skip"', "that word leaves out a phase"
        provider = policy.providers.get(entry.provider)
        if provider is None:
            hint = did_you_mean(entry.provider, tuple(policy.providers))
            yield (*at, "provider"), f"provider {quoted(entry.provider)} is not in this policy", hint
            continue
        yield from model_faults(name, entry, provider)
        twin = families.setdefault((entry.provider, entry.id), entry)
        if (twin.family, twin.vendor) != (entry.family, entry.vendor):
            message = f"{quoted(entry.id)} stands here with another family or vendor than before"
            yield (*at, "family"), message, f'it was "{twin.family}" by "{twin.vendor}"'


def _level_faults(policy: PolicyFile) -> Iterator[Fault]:
    levels = sorted(policy.sensitivities.items(), key=lambda item: item[0].rank)
    for (open_level, opened), (level, closed) in pairwise(levels):
        at: KeyPath = ("sensitivities", level.value)
        more = sorted(str(place) for place in set(closed.perimeters) - set(opened.perimeters))
        if more:
            message = f"{level} allows {', '.join(more)}, which {open_level} does not"
            yield (*at, "perimeters"), message, "a more closed level never allows more"
        if opened.approve_plan and not closed.approve_plan:
            message = f"{open_level} asks for an approved plan and {level} does not"
            yield (*at, "approve_plan"), message, "a more closed level never asks for less"
        if opened.evidence == "required" and closed.evidence == "optional":
            message = f"{open_level} asks for evidence and {level} does not"
            yield (*at, "evidence"), message, "a more closed level never asks for less"
