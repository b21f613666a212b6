"""Follows a run while it goes on, and tells its end."""

import asyncio
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pointsman.domain.errors import UsageMust
from pointsman.domain.ledger import ENDED, RunView
from pointsman.entrypoints.cli.before import Before
from pointsman.entrypoints.cli.errors import exit_code_of_run, explain_run
from pointsman.entrypoints.logs import log_path
from pointsman.entrypoints.wiring import Installation

if TYPE_CHECKING:
    from pointsman.entrypoints.cli.progress import LiveProgress
    from pointsman.entrypoints.cli.render import Report

_PAUSE = 0.1
_LOOKS_AT_THE_ENGINE = 10
_LOOKS_FOR_AN_END = 20
_WAITS = ENDED | {"waiting"}


async def follow(installation: Installation, run_id: str, *, quiet: bool, before: Before | None = None) -> RunView:
    """Draw the run until it has ended or waits for a person; what was `before` is not told as if it were new."""
    from rich.console import Console

    from pointsman.entrypoints.cli.progress import LiveProgress

    if quiet:
        view = await _until_rest(installation, run_id, None)
    else:
        with LiveProgress(Console(stderr=True), monotonic=installation.clock.monotonic, before=before) as progress:
            view = await _until_rest(installation, run_id, progress)
    if view.state == "cancelled":
        await installation.engine.left(run_id)
    return view


async def tell_end(installation: Installation, run_id: str, *, as_json: bool) -> int:
    """Print what the run came to; the exit code of the command."""
    from pointsman.entrypoints.cli.as_json import run_json
    from pointsman.entrypoints.cli.reporting import report_of

    view = await installation.ledger.run(run_id)
    if view is None:
        return 3
    report = await report_of(installation, run_id)
    if as_json:
        calls = await installation.ledger.calls(run_id)
        whole = run_json(
            view,
            report.spec if report else None,
            report.earlier if report else None,
            calls,
            report.note if report else None,
        )
        sys.stdout.write(json.dumps(whole, indent=1, default=str) + "\n")
    else:
        _tell(installation, view, report)
    return exit_code_of_run(view)


def _tell(installation: Installation, view: RunView, report: "Report | None") -> None:
    from rich.console import Console

    from pointsman.entrypoints.cli.render import run_page

    home_option = installation.settings.home_option
    if view.state in ENDED - {"done"}:
        run_page(Console(), replace(view, message=""))
        sys.stderr.write(explain_run(view, home_option, log_path()) + "\n")
    else:
        run_page(Console(), view, report, home_option=home_option)


async def _until_rest(installation: Installation, run_id: str, progress: "LiveProgress | None") -> RunView:
    looks = 0
    while True:
        looks += 1
        view = await installation.ledger.run(run_id)
        if view is not None and progress is not None:
            progress.update(view, await installation.ledger.calls(run_id))
        if view is not None and view.state in _WAITS:
            if await _waits(installation, view) or await installation.engine.ended(run_id):
                return view
        # The ledger nearly always tells the end; asking the engine as well costs more than everything else here.
        elif (view is None or looks % _LOOKS_AT_THE_ENGINE == 1) and await installation.engine.ended(run_id):
            return await _without_end(installation, run_id, view)
        await asyncio.sleep(_PAUSE)


async def _waits(installation: Installation, view: RunView) -> bool:
    """Whether a person has to say something first; an approval that was said is heard within a moment."""
    if view.state != "waiting":
        return False
    said = await installation.ledger.acts(view.run_id)
    return not any(act.act == "approve" and act.detail == view.plan_hash for act in said)


async def _without_end(installation: Installation, run_id: str, view: RunView | None) -> RunView:
    """The engine gave the run up before it could write its own end: cancelled, or it killed its process too often."""
    if view is None:
        raise UsageMust(f"There is no run {run_id}.", code="no-run", hint="`pointsman runs` lists them.")
    for _ in range(_LOOKS_FOR_AN_END):  # whoever cancelled it from another process writes that down a moment later
        after = await installation.ledger.run(run_id) or view
        if after.state in _WAITS:
            return after
        await asyncio.sleep(_PAUSE)
    gone = replace(view, state="failed", message="The engine gave this run up.", error_code="given-up", exit_code=3)
    await installation.ledger.keep(gone)
    return gone
