"""The commands about figures: what the work of models came to, and measuring a model before its first run."""

import typer

from pointsman.entrypoints.cli.figuring_asked import MeasureAsked, StatsAsked
from pointsman.entrypoints.cli.options import leave_after, taking

figuring = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@figuring.command("stats")
@taking(StatsAsked)
def stats_command(asked: StatsAsked) -> None:
    """What a trusted change costs, and what each model came to."""
    from pointsman.entrypoints.cli import stats

    leave_after(stats.stats(asked))


@figuring.command("measure")
@taking(MeasureAsked)
def measure_command(asked: MeasureAsked) -> None:
    """Ask models a few small questions, to know how long they take."""
    from pointsman.entrypoints.cli import measuring

    leave_after(measuring.measure(asked))
