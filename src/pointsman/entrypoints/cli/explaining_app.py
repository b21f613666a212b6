"""The commands that explain routing before anything is asked of a model; they read files and write nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from pointsman.entrypoints.cli.options import AsJson, Home, Policy, Repo, leave_after, taking

explaining = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name: TypeAlias = Annotated[
    str,
    typer.Option("--name", metavar="OWNER/NAME", help="The repository's name on its forge; else its folder's."),
]


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


@explaining.command("check")
@taking(CheckAsked)
def check_command(asked: CheckAsked) -> None:
    """Look for mistakes in routing files and policies, each told by line and column."""
    from pointsman.entrypoints.cli import checking

    leave_after(checking.check(asked))


@explaining.command("schema")
def schema_command(
    which: Annotated[Literal["routing", "policy"], typer.Argument(metavar="WHICH", help="routing or policy.")],
) -> None:
    """Print the JSON Schema of a file, for editors."""
    from pointsman.entrypoints.cli import checking

    leave_after(checking.schema(which))
