"""What every command hangs on: the program itself, and the group of the commands about notes."""

from typing import Annotated

import typer

from pointsman import __version__

_WHAT = "From an issue to a reviewed, signed change; each phase on the model that the repository's routing names."


def program() -> typer.Typer:
    """The program without its commands."""
    app = typer.Typer(
        name="pointsman",
        help=_WHAT,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(invoke_without_command=True)(_root)
    return app


def notes_group(app: typer.Typer) -> typer.Typer:
    """The group `audit`, hung on the program."""
    audit = typer.Typer(help="What wrote this line, and who checked it.", no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(audit, name="audit")
    return audit


def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"pointsman {__version__}")
        raise typer.Exit
