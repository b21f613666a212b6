"""Options that several commands take, and how a command is left."""

import inspect
import math
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar, get_type_hints

import typer

Repo: TypeAlias = Annotated[Path, typer.Option("--repo", help="The git repository on disk.")]
Home: TypeAlias = Annotated[Path | None, typer.Option("--home", help="Folder of the installation's own data.")]
Policy: TypeAlias = Annotated[
    Path | None, typer.Option("--policy", help="The organisation's policy: a file, or the name of a preset.")
]
Routing: TypeAlias = Annotated[
    Path | None, typer.Option("--routing", help="Try this routing file instead of the committed .pointsman.yml.")
]
IssueFile: TypeAlias = Annotated[Path, typer.Option("--issue", help="The issue, a Markdown file.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
GitHubWeb: TypeAlias = Annotated[str, typer.Option("--web", help="Address of GitHub's pages.")]
TrustedKeys: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="<path>", help="Trusted keys: PEM, a folder, published JSON; else ours."),
]
NoteFolders: TypeAlias = Annotated[
    list[Path] | None, typer.Option("--notes", metavar="<folder>", help="A folder with more notes.")
]
RunId: TypeAlias = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `pointsman runs` prints it.")]


def an_amount(dollars: float | None) -> float | None:
    """Neither `nan` nor `inf` bounds anything, and a lower bound of Typer's lets both through."""
    if dollars is not None and not math.isfinite(dollars):
        raise typer.BadParameter("an amount in US dollars is wanted, such as 0.10")
    return dollars


BudgetUsd: TypeAlias = Annotated[
    float,
    typer.Option("--budget-usd", min=0.0, callback=an_amount, help="What all of it may cost, in US dollars."),
]


def leave_after(command: Coroutine[object, object, int]) -> None:
    """Run a command to its end and leave with its exit code."""
    import asyncio

    from pointsman.entrypoints.cli.outcome import exit_code_after

    raise typer.Exit(exit_code_after(lambda: asyncio.run(command)))


T = TypeVar("T")


def taking(asked: Callable[..., T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """Give a command that takes one dataclass the options that its fields are, for commands with many of them."""

    def made(act: Callable[[T], None]) -> Callable[..., None]:
        def command(**given: object) -> None:
            act(asked(**given))

        hints = get_type_hints(asked, include_extras=True)
        signature = inspect.signature(asked)
        given = [
            one.replace(kind=one.KEYWORD_ONLY, annotation=hints[name]) for name, one in signature.parameters.items()
        ]
        command.__annotations__ = {**hints, "return": None}
        command.__dict__["__signature__"] = signature.replace(parameters=given, return_annotation=None)
        command.__name__, command.__doc__ = act.__name__, act.__doc__
        return command

    return made
