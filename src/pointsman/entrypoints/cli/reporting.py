"""Gathers what the end of a run is told from: outcomes from the engine, commits and diff from the mirror."""

import shlex
from dataclasses import replace

from pointsman.domain.ledger import RunView
from pointsman.domain.levels import MODEL_PHASES, WITH_CHANGE
from pointsman.domain.outcome import Note
from pointsman.domain.run import RunSpec
from pointsman.entrypoints.cli.errors import ended_how
from pointsman.entrypoints.cli.render import BranchInfo, Report
from pointsman.entrypoints.settings import program
from pointsman.entrypoints.wiring import Installation
from pointsman.runs.course.conduct import End


async def report_of(installation: Installation, run_id: str, commands: tuple[str, ...] = ()) -> Report | None:
    """The report of a run that has ended; None while it goes on."""
    end = await installation.engine.end_of(run_id)
    if end is None:
        return None
    view = await installation.ledger.run(run_id)
    calls = await installation.ledger.calls(run_id)
    report = Report(run_id, end.spec, end.earlier, calls, next_commands=commands, ending=_ending(view))
    if not commands:
        report = replace(report, next_commands=_usual(installation, end, view))
    looked = end.earlier.previews
    if looked is not None:
        found = installation.pictures.found
        report = replace(report, pictures=tuple((one, str(found(one.sha256) or "")) for one in looked.pictures))
    if end.note is None or view is None:
        return report
    if view.result not in WITH_CHANGE:
        return replace(report, note=end.note)
    return replace(report, note=end.note, branch=await _branch(installation, end.spec, end.note, view.branch))


async def _branch(installation: Installation, spec: RunSpec, note: Note, name: str) -> BranchInfo:
    workspace = await installation.workspace(spec.repository)
    commits = await installation.commits(spec.repository, spec.base_commit, note.commit)
    code = commits[-2][0] if note.mode == "in-tree" and len(commits) > 1 else note.commit
    return BranchInfo(name, commits, await workspace.diff(spec.base_commit, code))


def _ending(view: RunView | None) -> str:
    """The last sentence about a run that left no change to judge; empty for one that did."""
    if view is None or view.branch:
        return ""
    words = {
        "planned": "The plan is there; nothing was changed.",
        "reviewed": "The review is there; nothing was changed.",
    }
    if view.result in words or view.state == "done":
        return words.get(view.result, "")
    return f"The run {ended_how(view)}; nothing was pushed."


def _usual(installation: Installation, end: End, view: RunView | None) -> tuple[str, ...]:
    """What people do next, as it can be typed."""
    if view is None:
        return ()
    home = installation.settings.home_option
    place = shlex.quote(end.spec.repository.location)
    called = program()
    commands = []
    if view.state in ("failed", "cancelled"):
        commands.append(f"{called} resume {view.run_id}{home}")
    if view.branch:
        noted = end.note is not None and end.note.mode == "in-tree"
        commands.append(f"git -C {place} show {view.branch}{'~1' if noted else ''}")
        commands.append(f"{called} audit verify --repo {place} {view.branch}{home}")
    phase = _worth_another_model(end, view)
    if phase and end.spec.keep_days > 0:
        commands.append(
            f"{called} rerun {view.run_id} {phase} --model NAME{home}{installation.settings.policy_option}"
        )
    return tuple(commands)


def _worth_another_model(end: End, view: RunView) -> str:
    """The phase to do again: the one in which the run ended, else the one that wrote the code if it came that far."""
    if end.spec.goal != "build":
        return ""
    if view.phase in MODEL_PHASES:
        return view.phase
    return "code" if end.earlier.plan is not None else ""
