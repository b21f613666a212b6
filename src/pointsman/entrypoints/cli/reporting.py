"""Gathers what the end of a run is told from: outcomes from the engine, commits and diff from the mirror."""

from dataclasses import replace

from pointsman.domain.outcome import Note
from pointsman.domain.run import RunSpec
from pointsman.entrypoints.cli.render import BranchInfo, Report
from pointsman.entrypoints.wiring import Installation


async def report_of(installation: Installation, run_id: str, commands: tuple[str, ...] = ()) -> Report | None:
    """The report of a run that has ended; None while it goes on."""
    end = await installation.engine.end_of(run_id)
    if end is None:
        return None
    view = await installation.ledger.run(run_id)
    report = Report(run_id, end.spec, end.earlier, await installation.ledger.calls(run_id), next_commands=commands)
    if end.note is None or view is None:
        return report
    return replace(report, note=end.note, branch=await _branch(installation, end.spec, end.note, view.branch))


async def _branch(installation: Installation, spec: RunSpec, note: Note, name: str) -> BranchInfo:
    workspace = await installation.workspace(spec.repository)
    commits = await installation.commits(spec.repository, spec.base_commit, note.commit)
    code = commits[-2][0] if len(commits) > 1 else note.commit
    return BranchInfo(name, commits, await workspace.diff(spec.base_commit, code))
