"""Verify: the repository's own tests in the sandbox, on base and on candidate, and what they show."""

from pointsman.domain.outcome import CheckResult, Earlier, Evidence, Verdict
from pointsman.domain.run import RunSpec
from pointsman.domain.work import SandboxJob
from pointsman.phases.commands import Command, commands_for
from pointsman.phases.feedback import feedback_on
from pointsman.phases.paths import is_test, is_test_config
from pointsman.phases.weighing import Weighed, ids_failed, weigh
from pointsman.ports.bundle import Ports

_SELF_MODIFIED = "The change touches its own tests or their configuration"


async def verify(spec: RunSpec, earlier: Earlier, ports: Ports, *, commit: str) -> Evidence:
    """Evidence for `commit` beside the run's base commit.

    When the candidate touches tests or their configuration, base's version of them is run on the candidate's code as
    well, and must pass too. Raises what the sandbox raises.
    """
    tier = (await ports.sandbox.tier()).name
    changed = await _changed_tests(spec, ports, commit)
    commands, why_none = await commands_for(spec, ports.workspace)
    if not commands:
        return _not_run(f"Nothing was run: {why_none}.", (), (), changed, tier)
    base = _base_again(spec, earlier, commands)
    if not base:
        base = await ports.sandbox.run(_job(spec, spec.base_commit, commands))
    if any(result.status == "not run" for result in base):
        return _not_run(weigh((), base).why, base, (), changed, tier)
    candidate = base
    if commit != spec.base_commit:
        candidate = await ports.sandbox.run(_job(spec, commit, commands))
    weighed = weigh(base, candidate)
    feedback = "" if weighed.verdict is Verdict.PASSED else feedback_on(base, candidate) or weighed.why
    if changed and weighed.verdict is Verdict.PASSED:
        old_tests = await ports.sandbox.run(_job(spec, commit, commands, overlay=(spec.base_commit, changed)))
        weighed = _with_old_tests(weighed, weigh(base, old_tests), old_tests, _named_tests(earlier))
        if weighed.verdict is not Verdict.PASSED:
            feedback = (
                f"With the tests as they were before the change:\n{feedback_on(base, old_tests) or weighed.why}"
            )
    said = f" {_SELF_MODIFIED}: {', '.join(changed[:5])}." if changed else ""
    return Evidence(
        weighed.verdict, f"{weighed.why}{said}", base, candidate, changed, weighed.missing, tier, feedback
    )


def _job(
    spec: RunSpec, commit: str, commands: tuple[Command, ...], overlay: tuple[str, tuple[str, ...]] = ("", ())
) -> SandboxJob:
    order = spec.verify
    return SandboxJob(commit, commands, order.timeout_seconds, order.memory_mb, overlay[0], overlay[1])


def _not_run(
    why: str,
    base: tuple[CheckResult, ...],
    candidate: tuple[CheckResult, ...],
    changed: tuple[str, ...],
    tier: str,
) -> Evidence:
    return Evidence(Verdict.NOT_RUN, why, base, candidate, changed, (), tier)


def _base_again(spec: RunSpec, earlier: Earlier, commands: tuple[Command, ...]) -> tuple[CheckResult, ...]:
    """What base showed in an earlier try of this run, if the same commands were run on it."""
    base = earlier.evidence.base if earlier.evidence else ()
    same = all(result.commit == spec.base_commit for result in base)
    return base if same and tuple(result.command for result in base) == commands else ()


async def _changed_tests(spec: RunSpec, ports: Ports, commit: str) -> tuple[str, ...]:
    before = {entry.path: entry.blob for entry in await ports.workspace.files(spec.base_commit)}
    after = {entry.path: entry.blob for entry in await ports.workspace.files(commit)}
    touched = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return tuple(path for path in touched if is_test(path) or is_test_config(path))


def _named_tests(earlier: Earlier) -> tuple[str, ...]:
    return earlier.plan.tests if earlier.plan else ()


def _with_old_tests(new: Weighed, old: Weighed, results: tuple[CheckResult, ...], named: tuple[str, ...]) -> Weighed:
    """The verdict when base's tests were run on the new code: they must pass too.

    Where only tests fail that the plan wanted changed, nobody but a person can say which version is right.
    """
    if old.verdict is Verdict.PASSED:
        return Weighed(Verdict.PASSED, f"{new.why} So do the tests as they were on base.", new.missing)
    wanted = bool(named) and all(name.startswith(named) for name in ids_failed(results))
    if old.verdict is Verdict.FAILED and ids_failed(results) and not wanted:
        return Weighed(
            Verdict.FAILED, f"The candidate's own tests pass, those of base do not: {old.why}", new.missing
        )
    return Weighed(
        Verdict.INCONCLUSIVE, f"The candidate's own tests pass, those of base show otherwise: {old.why}", new.missing
    )
