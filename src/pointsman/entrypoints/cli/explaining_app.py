"""The commands that explain routing before anything is asked of a model; they read files and write nothing."""

from typing import Annotated, Literal

import typer

from pointsman.entrypoints.cli.asked import CheckAsked, ConfigAsked, RouteAsked
from pointsman.entrypoints.cli.options import leave_after, taking

explaining = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


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


@explaining.command("route")
@taking(RouteAsked)
def route_command(asked: RouteAsked) -> None:
    """Show which model would do which phase, and why, or what an edit would move; no model is asked."""
    from pointsman.entrypoints.cli import routing

    leave_after(routing.route(asked))


@explaining.command("config")
@taking(ConfigAsked)
def config_command(asked: ConfigAsked) -> None:
    """Show every value that holds in the end, and which line of which file says so."""
    from pointsman.entrypoints.cli import configuring

    leave_after(configuring.config(asked))
