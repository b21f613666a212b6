"""The parts of the organisation's policy beside its catalogue: levels, tasks, money, commands, sandbox."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from pointsman.config.shapes import (
    CommandPattern,
    Count,
    Dollars,
    Flag,
    ManyTokens,
    Megabytes,
    Minutes,
    PathPattern,
    Seconds,
    Strict,
    Text,
    Tier,
    Tokens,
    Wanted,
    Word,
)
from pointsman.domain.levels import AuditMode, Lane, Perimeter, Sensitivity

PlanNeed = Literal["optional", "required", "approve"]
FallbackRule = Literal["outage", "never"]

# What other programs run, obey or trust as soon as it is merged; a model never edits it.
BUILT_IN_PROTECTED = (
    ".pointsman.yml",
    ".pointsman/",
    ".git/",
    ".gitattributes",
    ".gitmodules",
    ".github/workflows/",
    ".github/actions/",
    "action.yml",
    "action.yaml",
    ".gitlab-ci.yml",
    ".gitlab/ci/",
    "Jenkinsfile",
    ".circleci/",
    ".travis.yml",
    ".drone.yml",
    ".buildkite/",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "CODEOWNERS",
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
    "renovate.json",
    "renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".pre-commit-config.yaml",
    ".husky/",
    ".devcontainer/",
    ".devcontainer.json",
    ".vscode/",
    ".idea/",
    ".envrc",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pypirc",
    "pip.conf",
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    ".cursorrules",
    ".cursor/",
    ".claude/",
    ".mcp.json",
    ".github/copilot-instructions.md",
)


def _interpreter(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("an interpreter is named by its whole path, from / on")
    return path


_WHOLE_PATH = WithJsonSchema({"type": "string", "maxLength": 500, "pattern": "^/"})


class SensitivityRule(Strict):
    """What a level of sensitivity allows and asks for."""

    perimeters: tuple[Perimeter, ...] = Field(min_length=1, description="Where its text may go.")
    approve_plan: Flag = Field(False, description="Whether a person approves each plan.")
    evidence: Wanted = Field("optional", description="Whether an approval needs passed tests.")
    keep_prompts_days: Annotated[int, Field(strict=True, ge=0, le=3650)] | None = Field(
        None,
        description="Days that prompts and answers are kept, 0 for not at all; without it 90, 30, 7 and 0 by level.",
    )


class RepositoryRule(Strict):
    """How closed the repositories of a pattern are; of several that match, the most closed one holds."""

    match: PathPattern = Field(description="Repository names, in the manner of .gitignore, such as `acme/*`.")
    sensitivity: Sensitivity = Field(description="How closed they are at least.")
    forges: tuple[Word, ...] = Field((), description="Forges they may be worked on; none named means any.")


class TaskRule(Strict):
    """What differs from the defaults for one class of task."""

    tier: Tier | None = Field(None, description="The weakest tier that may plan, code or review.")
    max_input_tokens: Tokens | None = Field(None, description="Longest question of one call.")
    max_output_tokens: Tokens | None = Field(None, description="Longest answer of one call.")
    plan: PlanNeed | None = Field(None, description="Whether the plan may be skipped, is made, or is approved.")
    evidence: Wanted | None = Field(None, description="Whether an approval needs passed tests.")
    review: Wanted | None = Field(None, description="Whether a change needs a review.")
    fallback: FallbackRule | None = Field(None, description="`outage`: fallbacks of a route are used; `never`: not.")
    latency: Lane | None = Field(None, description="How soon an answer is wanted: the lane in which runs wait.")


class TaskDefaults(Strict):
    """What holds for every class of task that does not say otherwise."""

    tier: Tier = Field("small", description="The weakest tier that may plan, code or review.")
    max_input_tokens: Tokens = Field(60_000, description="Longest question of one call.")
    max_output_tokens: Tokens = Field(8_192, description="Longest answer of one call.")
    plan: PlanNeed = Field("optional", description="Whether the plan may be skipped, is made, or is approved.")
    evidence: Wanted = Field("required", description="Whether an approval needs passed tests.")
    review: Wanted = Field("required", description="Whether a change needs a review.")
    fallback: FallbackRule = Field("outage", description="`outage`: fallbacks of a route are used; `never`: not.")
    latency: Lane = Field(Lane.BACKGROUND, description="How soon an answer is wanted: the lane in which runs wait.")


class PhaseRule(Strict):
    """The bounds of one phase besides money."""

    max_calls: Count = Field(description="Model calls in the phase; when it codes, in one try.")
    seconds: Seconds = Field(description="Time for the phase, in seconds.")


class CapsRule(Strict):
    """What is never passed: money in US dollars, and where they are named tokens, calls and minutes of a run."""

    run_usd: Dollars = Field(description="For one run.")
    repository_day_usd: Dollars = Field(description="For one repository in one day (UTC).")
    installation_day_usd: Dollars = Field(description="For the whole installation in one day (UTC).")
    requester_day_usd: Dollars | None = Field(
        None, description="For what one person (or bot) asks for in one day (UTC); without it there is no such cap."
    )
    run_tokens: ManyTokens | None = Field(None, description="Tokens for one run, questions and answers together.")
    run_calls: Count | None = Field(None, description="Model calls for one run.")
    run_minutes: Minutes | None = Field(None, description="Minutes of work by models and tests for one run.")


class PrepareRule(Strict):
    """What may make a checkout ready to be tested."""

    commands: tuple[CommandPattern, ...] = Field((), max_length=200, description="Patterns of commands.")
    reach: tuple[Text, ...] = Field((), max_length=50, description="Hosts they may reach.")


class CommandsRule(Strict):
    """Which commands a routing file may name."""

    verify: tuple[CommandPattern, ...] = Field((), max_length=200, description="Patterns of verify commands.")
    prepare: PrepareRule = Field(PrepareRule(), description="What may make a checkout ready to be tested.")


class SandboxRule(Strict):
    """What code that nobody vouches for is given."""

    timeout_seconds: Seconds = Field(600, description="All verify commands together, at most.")
    memory_mb: Megabytes = Field(2048, description="Memory, in megabytes, at most.")
    interpreters: tuple[Annotated[Text, AfterValidator(_interpreter), _WHOLE_PATH], ...] = Field(
        (), max_length=50, description="Interpreters outside /usr, by whole path."
    )


class ReviewRule(Strict):
    """The bounds of a review."""

    rounds: Count = Field(2, description="How often review and code may go round, at most.")
    max_findings: Count = Field(10, description="The most findings to tell.")
    auto_fix: Flag = Field(True, description="Whether grave findings may go back to code.")


class ServeRule(Strict):
    """What holds for repositories that are served over webhooks."""

    repositories: tuple[PathPattern, ...] = Field(
        ("*",), max_length=2000, description="The repositories that are served, in the manner of .gitignore."
    )
    bots: tuple[Annotated[int, Field(strict=True, ge=1)], ...] = Field(
        (), max_length=200, description="Numeric user ids of bots that may ask for work; no other bot may."
    )
    ci: Literal["on-request", "at-once"] = Field(
        "on-request", description="When the repository's own CI runs on code that a model wrote."
    )


class AuditRule(Strict):
    """Where the signed notes of runs may be kept, beside the store of the installation."""

    modes: tuple[AuditMode, ...] = Field(
        ("in-tree", "comment-only", "ref"),
        min_length=1,
        max_length=3,
        description="What a routing file may ask for; the first holds where it says nothing.",
    )
    mirror: Flag = Field(
        True,
        description="Whether a note in the tree is on `refs/pointsman/audit` as well, where it outlives its branch.",
    )


class PathRuleEntry(Strict):
    """What differs for some paths of every repository."""

    match: PathPattern = Field(description="Paths, in the manner of .gitignore.")
    sensitivity: Sensitivity | None = Field(None, description="How closed they are; it only raises.")
    approval: Literal["plan"] | None = Field(None, description="`plan`: a person approves a plan that touches them.")
