"""What the commands about kept prompts and answers can be asked."""

from dataclasses import dataclass
from typing import Annotated

import typer

from pointsman.entrypoints.cli.options import AsJson, Home


@dataclass(frozen=True)
class PromptAsked:
    """What to show: a digest from a note, or its beginning."""

    digest: Annotated[
        str, typer.Argument(metavar="DIGEST", help="The sha256 in the note; its first eight digits will do.")
    ]
    answer: Annotated[bool, typer.Option("--answer", help="The answer to this prompt.")] = False
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes as they went over the wire.")] = False
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class EraseAsked:
    """What to erase: everything that fits all that is named."""

    digest: Annotated[str, typer.Option("--digest", help="One text by its whole sha256.")] = ""
    run: Annotated[str, typer.Option("--run", help="What one run was told and answered.")] = ""
    repository: Annotated[
        str, typer.Option("--repository", help="A repository: owner/name, or its folder on disk.")
    ] = ""
    before: Annotated[
        str, typer.Option("--before", metavar="DATE", help="What was said before a day, such as 2026-11-01.")
    ] = ""
    yes: Annotated[bool, typer.Option("--yes", help="Erase it; without this it is only counted.")] = False
    home: Home = None
    as_json: AsJson = False
