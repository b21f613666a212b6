"""What commands with many options are asked: their options, as one value each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from pointsman.entrypoints.cli.options import AsJson, Home, IssueFile, Policy, Repo, Routing

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
