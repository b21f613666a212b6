"""The demonstration: the main job on a small repository with a real bug, with real models where there are any."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pointsman.entrypoints.cli.casting import Cast, real_cast
from pointsman.entrypoints.cli.errors import exit_code_of_run
from pointsman.entrypoints.cli.following import follow
from pointsman.entrypoints.cli.picture import picture_console, picture_of, steady
from pointsman.entrypoints.cli.render import final_report
from pointsman.entrypoints.cli.reporting import report_of
from pointsman.entrypoints.cli.running import Wish, admitted, opened
from pointsman.entrypoints.demo.world import (
    SCRIPTED_ROUTING,
    DemoWorld,
    demo_policy,
    demo_script,
    make_demo_repository,
    require_empty,
)
from pointsman.entrypoints.machine import new_id
from pointsman.entrypoints.on_disk import repository_at
from pointsman.entrypoints.settings import Settings, program, read_settings
from pointsman.entrypoints.wiring import Installation, read_policy, run_git


@dataclass(frozen=True)
class Stage:
    """How the demonstration is wanted: scripted or not, with which server, as a picture, in which folder."""

    scripted: bool
    openai_url: str
    picture: Path | None
    folder: Path | None


async def demo(stage: Stage) -> int:
    """Make the world, run the whole job in it, and show what came of it."""
    if stage.folder is not None:
        require_empty(stage.folder)
    folder = stage.folder or Path(tempfile.mkdtemp(prefix="pointsman-demo-"))
    settings = read_settings(folder / "home")
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    cast = await _cast(settings, stage)
    _say(cast.said, stage)
    policy_path = settings.home / "policy.yml"
    policy_path.write_text(cast.policy, encoding="utf-8")
    world = make_demo_repository(folder / "timetable", git=run_git, routing=cast.routing)
    _say(f"A repository with a bug, a failing test and an issue: {world.repository}", stage)
    return await _play(settings, world, stage)


async def _cast(settings: Settings, stage: Stage) -> Cast:
    found = "You asked for scripted models." if stage.scripted else await real_cast(settings, stage.openai_url)
    if isinstance(found, Cast):
        return found
    script = settings.home / "script.json"
    script.write_text(demo_script(pace=0.0 if stage.picture else 1.0), encoding="utf-8")
    said = (
        f"{found}\nThe models below are scripted: their answers were written beforehand, no model is asked. Git, the "
        "edits, the sandbox, the tests, the policy and the signature are real."
    )
    return Cast(demo_policy(script), SCRIPTED_ROUTING, said)


async def _play(settings: Settings, world: DemoWorld, stage: Stage) -> int:
    policy = read_policy(settings.home / "policy.yml", settings.home)
    interpreters = (*policy.policy.sandbox.interpreters, sys.executable)
    async with opened(Installation(settings, interpreters)) as installation:
        repository = await repository_at(world.repository)
        wish = Wish("build", world.repository, world.issue, None)
        spec = await admitted(installation, policy, repository, wish)
        run_id = new_id()
        await installation.engine.start()
        await installation.engine.submit(run_id, spec)
        view = await follow(installation, run_id, quiet=stage.picture is not None)
        commands = _next(run_id, settings.home, world.repository, view.branch)
        report = await report_of(installation, run_id, commands)
        if stage.picture is not None and report is not None:
            console = picture_console()
            final_report(console, steady(report))
            stage.picture.write_text(picture_of(console, "make demo"), encoding="utf-8")
        elif report is not None:
            final_report(Console(), report)
        if view.message:
            sys.stdout.write(view.message + "\n")
        return exit_code_of_run(view)


def _next(run_id: str, home: Path, repository: Path, branch: str) -> tuple[str, ...]:
    if not branch:
        return ()
    called = program()
    return (
        f"git -C {repository} show {branch}~1",
        f"{called} rerun {run_id} review --home {home}",
        f"{called} audit verify --repo {repository} {branch} --home {home}",
    )


def _say(text: str, stage: Stage) -> None:
    if stage.picture is None:
        sys.stderr.write(text + "\n\n")
