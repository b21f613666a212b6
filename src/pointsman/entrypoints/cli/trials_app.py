"""The commands that measure: how well the routes of a repository do on golden examples."""

import typer

from pointsman.entrypoints.cli.asked import TrialAsked
from pointsman.entrypoints.cli.options import leave_after, taking

trials = typer.Typer(help="Figures of routes, taken with golden examples.", rich_markup_mode=None)


@trials.callback()
def _root() -> None:
    """Keeps `triage` a word of its own while it is the only one."""


@trials.command("triage")
@taking(TrialAsked)
def triage_command(asked: TrialAsked) -> None:
    """Sort issues whose class is known, and print how many were right."""
    from pointsman.entrypoints.cli import evaluating

    leave_after(evaluating.eval_triage(asked))
