"""Jobs for the sandbox, within the limits that a run has for its tests."""

from pointsman.domain.run import RunSpec
from pointsman.domain.work import SandboxJob
from pointsman.phases.proof.commands import Command

NOTHING: tuple[str, tuple[str, ...]] = ("", ())
"""No file of another commit."""


def job_of(
    spec: RunSpec,
    commit: str,
    commands: tuple[Command, ...],
    *,
    overlay: tuple[str, tuple[str, ...]] = NOTHING,
    files: tuple[tuple[str, str], ...] = (),
    seconds: float | None = None,
) -> SandboxJob:
    """Commands on a commit, where `overlay` are paths as another commit has them, and `files` are written over all.

    `seconds` bounds it where that is less than the run's own limit.
    """
    order = spec.verify
    limit = order.timeout_seconds if seconds is None else min(seconds, order.timeout_seconds)
    return SandboxJob(commit, commands, limit, order.memory_mb, *overlay, files)
