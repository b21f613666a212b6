"""What the commands about figures are asked: their options, as one value each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from pointsman.entrypoints.cli.options import AsJson, BudgetUsd, Home, Policy


@dataclass(frozen=True)
class StatsAsked:
    """What `stats` is asked."""

    repo: Annotated[Path | None, typer.Option("--repo", help="Only the work for this repository on disk.")] = None
    since: Annotated[
        str, typer.Option("--since", metavar="DAYS|DATE", help="So many days back, a day (2026-11-01), or all.")
    ] = "30"
    by: Annotated[
        Literal["model", "phase", "task", "pair"] | None,
        typer.Option("--by", help="How rows are put together; else by model and phase."),
    ] = None
    home: Home = None
    as_json: AsJson = False


@dataclass(frozen=True)
class MeasureAsked:
    """What `measure` is asked."""

    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL...", help="Models of the policy, by their short names.")
    ] = None
    tier: Annotated[
        Literal["small", "mid", "frontier"] | None, typer.Option("--tier", help="All models of this tier.")
    ] = None
    budget_usd: BudgetUsd = 0.05
    policy: Policy = None
    home: Home = None
    as_json: AsJson = False
