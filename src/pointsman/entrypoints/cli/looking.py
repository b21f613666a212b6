"""The commands that look, and the one that stops a run from outside."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pointsman.conversation.replies import cancelled
from pointsman.domain.errors import UsageMust
from pointsman.domain.forge import Topic
from pointsman.domain.ledger import ENDED, RunView
from pointsman.entrypoints.cli.as_json import run_json, view_json
from pointsman.entrypoints.cli.render import run_page, runs_table
from pointsman.entrypoints.cli.reporting import report_of
from pointsman.entrypoints.cli.running import opened
from pointsman.entrypoints.on_disk import repository_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation
from pointsman.runs.hearing.capped import used_up_today


async def runs(repo: Path | None, home: Path | None, as_json: bool) -> int:
    """The newest runs, all or of one repository."""
    installation = Installation(read_settings(home))
    repository_id = (await repository_at(repo)).id if repo else ""
    return _listed(await installation.ledger.runs(repository_id), as_json)


async def status(run_id: str, home: Path | None, as_json: bool) -> int:
    """The runs that go on or wait; or one run."""
    settings = read_settings(home)
    installation = Installation(settings)
    if run_id:
        view = await _known(installation, run_id)
        if as_json:
            _print(view_json(view))
        else:
            run_page(Console(), view, home_option=settings.home_option)
        return 0
    views = await installation.ledger.runs()
    for words in await used_up_today(installation.memory, installation.clock.now()):
        sys.stderr.write(f"{words[:1].upper()}{words[1:]}.\n")
    active = tuple(view for view in views if view.state not in ENDED)
    if not active and not as_json:
        sys.stdout.write("No run goes on or waits.\n")
        return 0
    return _listed(active, as_json)


async def show(run_id: str, home: Path | None, as_json: bool) -> int:
    """One run with its plan, evidence, findings, routes, calls and note."""
    settings = read_settings(home)
    installation = Installation(settings)
    view = await _known(installation, run_id)
    report = await report_of(installation, run_id)
    calls = await installation.ledger.calls(run_id)
    if as_json:
        spec, earlier = (report.spec, report.earlier) if report else (None, None)
        _print(run_json(view, spec, earlier, calls, report.note if report else None, installation.pictures.found))
    else:
        run_page(Console(), view, report, home_option=settings.home_option)
    return 0


async def cancel_run(run_id: str, home: Path | None, as_json: bool) -> int:
    """Stop a run; what was paid for and committed before stays where it is."""
    from pointsman.runs.engine import cancel

    settings = read_settings(home)
    async with opened(Installation(settings)) as installation:
        view = await _known(installation, run_id)
        if view.state in ENDED:
            raise UsageMust(f"Run {run_id} has ended already; it is {view.state}.", code="ended")
        spec = await installation.engine.spec_of(run_id)
        await cancel(settings.home, run_id)
        gone = replace(view, state="cancelled", message="Cancelled by a person.", exit_code=1)
        await installation.ledger.keep(gone)
        said = cancelled(run_id, view.branch)
        topic = Topic(spec.repository, spec.issue.key)
        await installation.forge(spec.repository).ensure_status(topic, run_id, said)
    if as_json:
        _print(view_json(gone))
    else:
        sys.stdout.write(said + "\n")
    return 0


async def _known(installation: Installation, run_id: str) -> RunView:
    view = await installation.ledger.run(run_id)
    if view is None:
        raise UsageMust(f"There is no run {run_id}.", code="no-run", hint="`pointsman runs` lists them.")
    return view


def _listed(views: tuple[RunView, ...], as_json: bool) -> int:
    if as_json:
        _print([view_json(view) for view in views])
    else:
        runs_table(Console(), views)
    return 0


def _print(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=1, default=str) + "\n")
