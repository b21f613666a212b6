"""What commands with many options are asked: their options, as one value each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from pointsman.domain.levels import TaskClass
from pointsman.entrypoints.cli.options import (
    AsJson,
    BudgetUsd,
    Home,
    IssueFile,
    NoteFolders,
    Policy,
    Repo,
    Routing,
    TrustedKeys,
)

Name: TypeAlias = Annotated[
    str,
    typer.Option("--name", metavar="OWNER/NAME", help="The repository's name on its forge; else its folder's."),
]


@dataclass(frozen=True)
class IssueAsked:
    """What the commands that work on an issue are asked."""

    issue: IssueFile
    repo: Repo = Path()
    routing: Routing = None
    task: Annotated[str, typer.Option("--task", metavar="CLASS", help="Take it for this class of task.")] = ""
    policy: Policy = None
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class TrialAsked:
    """What `eval triage` is asked: the route of a routing file, or a model in its place."""

    repo: Repo = Path()
    routing: Routing = None
    model: Annotated[str, typer.Option("--model", help="A model of the policy, in place of the route's.")] = ""
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Ask no model; what no rule knows is unknown.")] = (
        False
    )
    every: Annotated[int, typer.Option("--every", min=1, help="Take each N-th example, for slow hardware.")] = 1
    budget_usd: BudgetUsd = 0.10
    policy: Policy = None
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class CheckAsked:
    """What `check` is asked."""

    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Routing files or policies; without one the repository's own."),
    ] = None
    repo: Repo = Path()
    kind: Annotated[
        Literal["routing", "policy"] | None, typer.Option("--as", help="What the files are; else told by their keys.")
    ] = None
    name: Name = ""
    policy: Policy = None
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class RouteAsked:
    """What `route` is asked."""

    issue: Annotated[
        Path | None, typer.Option("--issue", help="An issue file: its labels say what kind of work it is.")
    ] = None
    task: Annotated[TaskClass | None, typer.Option("--task", help="The class of task.")] = None
    paths: Annotated[
        list[str] | None,
        typer.Option("--path", metavar="PATH", help="A path that the work touches, once or more."),
    ] = None
    sensitivity: Annotated[
        Literal["public", "internal", "restricted", "secret", "all"] | None,
        typer.Option("--sensitivity", help="Another level than the policy says of the repository, or all."),
    ] = None
    labels: Annotated[
        list[str] | None, typer.Option("--label", metavar="LABEL", help="A label of the issue, once or more.")
    ] = None
    every: Annotated[bool, typer.Option("--all", help="Every class of task.")] = False
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--diff", metavar="OLD NEW", help="What moves between two routing files or policies: files or REV[:PATH]."
        ),
    ] = None
    repo: Repo = Path()
    routing: Routing = None
    policy: Policy = None
    name: Name = ""
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class ConfigAsked:
    """What `config` is asked."""

    repo: Repo = Path()
    file: Annotated[
        Path | None, typer.Option("--file", help="This routing file instead of the committed .pointsman.yml.")
    ] = None
    task: Annotated[TaskClass, typer.Option("--task", help="The class of task.")] = TaskClass.UNKNOWN
    policy: Policy = None
    name: Name = ""
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class VerifyAsked:
    """The words of `pointsman audit verify`."""

    revisions: Annotated[
        str,
        typer.Argument(
            metavar="RANGE",
            help="BRANCH, BASE..HEAD, or BASE...HEAD from where they parted.",
        ),
    ] = ""
    repo: Repo = Path()
    key: TrustedKeys = None
    trust_default_branch: Annotated[
        bool, typer.Option("--trust-default-branch", help="Trust the keys that lie on the default branch.")
    ] = False
    notes: NoteFolders = None
    head: Annotated[
        str, typer.Option("--head", metavar="<digest>", help="The newest note, as a check or the ledger names it.")
    ] = ""
    repository: Annotated[
        str, typer.Option("--repository", metavar="<id>", help="The forge's id that each new note must name.")
    ] = ""
    require_coverage: Annotated[
        bool,
        typer.Option(
            "--require-coverage", help="Fail when notes do not cover a commit of the bot's, or cover it in part."
        ),
    ] = False
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="<file>", help="Write the report there as Markdown as well.")
    ] = None
    home: Home = None
    as_json: AsJson = False
