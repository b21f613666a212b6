"""What the command about the authors of lines is asked: its options, as one value."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from pointsman.entrypoints.cli.options import Home, Repo, TrustedKeys


@dataclass(frozen=True)
class BlameAsked:
    """What `audit blame` is asked."""

    file: Annotated[
        str,
        typer.Argument(metavar="FILE[:A-B]", help="A file, from the repository's top; with :A, :A- or :A-B lines."),
    ]
    revision: Annotated[str, typer.Option("--rev", help="The branch or commit to look at.")] = "HEAD"
    copies: Annotated[
        bool, typer.Option("-C", "--copies", help="Follow lines that were moved or copied from other files; slower.")
    ] = False
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave with exit code 1 when the notes do not hold together.")
    ] = False
    form: Annotated[
        Literal["table", "json", "lines"],
        typer.Option("--format", help="How it is printed; lines is one JSON object for each line."),
    ] = "table"
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    repo: Repo = Path()
    key: TrustedKeys = None
    home: Home = None
