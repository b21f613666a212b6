"""The commands about kept prompts and answers: showing one, erasing them, and who looked."""

from typing import Annotated

import typer

from pointsman.entrypoints.cli.asking_texts import EraseAsked, PromptAsked
from pointsman.entrypoints.cli.options import AsJson, Home, leave_after, taking

texts = typer.Typer(rich_markup_mode=None)


@texts.command("show-prompt")
@taking(PromptAsked)
def show_prompt_command(asked: PromptAsked) -> None:
    """What a model was told, found by the digest in a note. Each look is written down."""
    from pointsman.entrypoints.cli import kept_texts

    leave_after(kept_texts.show_prompt(asked))


@texts.command("erase")
@taking(EraseAsked)
def erase_command(asked: EraseAsked) -> None:
    """Erase kept prompts and answers before their days are over; notes hold on."""
    from pointsman.entrypoints.cli import erasing

    leave_after(erasing.erase(asked))


@texts.command("looks")
def looks_command(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the newest.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Who asked to see which kept prompt or answer."""
    from pointsman.entrypoints.cli import kept_texts

    leave_after(kept_texts.looks(limit, home, as_json))
