"""Verify: the repository's own tests in the sandbox, on base and on candidate, and what they show."""

from dataclasses import dataclass, replace

from pointsman.domain.outcome import (
    CheckResult,
    Earlier,
    Evidence,
    Reproduction,
    Verdict,
    Weakening,
    confirmed_tests,
)
from pointsman.domain.run import RunSpec
from pointsman.phases.paths import is_ci, is_code, is_test, is_test_config
from pointsman.phases.proof.canary import canary_job, is_forged
from pointsman.phases.proof.commands import Command, commands_for, one_test_at, programs_of
from pointsman.phases.proof.feedback import feedback_on
from pointsman.phases.proof.jobs import NOTHING, job_of
from pointsman.phases.proof.showing import judged
from pointsman.phases.proof.supply import brings
from pointsman.phases.proof.weakening import Pair, weakenings
from pointsman.phases.proof.weighing import Weighed, disputed, doubted, weigh, with_old_tests
from pointsman.ports.bundle import Ports

_SELF_MODIFIED = "The change touches its own tests or their configuration"
_MOST_READ = 100


@dataclass(frozen=True, slots=True)
class _Case:
    """What is proved: the commit, the paths in which it differs from base, and how it is run."""

    spec: RunSpec
    earlier: Earlier
    ports: Ports
    commit: str
    tier: str
    touched: tuple[str, ...]
    paths: tuple[str, ...]
    weakened: tuple[Weakening, ...]
    kept: Reproduction | None
    ours: tuple[str, ...]
    commands: tuple[Command, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The tests and their configuration that the candidate touches; what the harness put there is not its own."""
        own = (path for path in self.touched if path not in self.ours)
        programs = programs_of(self.commands)
        return tuple(path for path in own if is_test(path) or is_test_config(path) or path in programs)

    @property
    def judging(self) -> tuple[str, ...]:
        """All of the candidate that could sway its other tests; what the harness put there a model wrote as well."""
        return (*self.changed, *self.ours)

    async def run(
        self, commit: str, commands: tuple[Command, ...], overlay: tuple[str, tuple[str, ...]] = NOTHING
    ) -> tuple[CheckResult, ...]:
        return await self.ports.sandbox.run(job_of(self.spec, commit, commands, overlay=overlay))

    def evidence(
        self, weighed: Weighed, base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...], feedback: str = ""
    ) -> Evidence:
        """The evidence as far as it has come."""
        return Evidence(
            weighed.verdict,
            weighed.why,
            base,
            candidate,
            self.changed,
            weighed.missing,
            self.tier,
            feedback,
            weakened=self.weakened,
            reproduction=self.kept or self.earlier.reproduction,
        )


async def verify(spec: RunSpec, earlier: Earlier, ports: Ports, *, commit: str) -> Evidence:
    """Evidence for `commit` beside the run's base commit.

    When the candidate holds other tests than base, or another configuration of them, base's version of them is run on
    the candidate's code as well, and must pass too. What passes is doubted once more: by what the diff takes out of
    tests, and by a test that has to fail. Raises what the sandbox raises.
    """
    case = await _case(spec, earlier, ports, commit)
    commands, why_none = await commands_for(spec, ports.workspace)
    if not commands:
        return case.evidence(Weighed(Verdict.NOT_RUN, f"Nothing was run: {why_none}."), (), ())
    case = replace(case, commands=commands)
    base = await base_results(spec, earlier, ports, commands)
    if any(result.status == "not run" for result in base):
        return case.evidence(weigh((), base), base, ())
    evidence = await _beside_base(case, base)
    if evidence.verdict is Verdict.PASSED and case.judging:
        evidence = await _by_old_tests(case, evidence)
    if evidence.verdict is Verdict.PASSED:
        evidence = await _doubted(case, evidence)
    said = f" {_SELF_MODIFIED}: {', '.join(case.changed[:5])}." if case.changed else ""
    return replace(evidence, why=f"{evidence.why}{said}")


async def base_results(
    spec: RunSpec, earlier: Earlier, ports: Ports, commands: tuple[Command, ...]
) -> tuple[CheckResult, ...]:
    """What the commands say of base: what they said before in this run, where the same ones were run on it."""
    for known in (earlier.base, earlier.evidence.base if earlier.evidence else ()):
        same = all(result.commit == spec.base_commit for result in known)
        if known and same and tuple(result.command for result in known) == commands:
            return known
    return await ports.sandbox.run(job_of(spec, spec.base_commit, commands))


async def _case(spec: RunSpec, earlier: Earlier, ports: Ports, commit: str) -> _Case:
    before = {entry.path: entry.blob for entry in await ports.workspace.files(spec.base_commit)}
    after = {entry.path: entry.blob for entry in await ports.workspace.files(commit)}
    touched = tuple(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)))
    shown = earlier.shown
    kept = shown if shown and await _stands(ports, commit, shown.path, shown.text) else None
    files: dict[str, Pair] = {}
    weighed = [path for path in touched if _can_weaken(path)]
    for path in weighed[:_MOST_READ]:
        files[path] = (
            await _text(ports, spec.base_commit, path) if path in before else None,
            await _text(ports, commit, path) if path in after else None,
        )
    weakened = weakenings(files, ours=kept.path if kept else "")
    for path in weighed[_MOST_READ : _MOST_READ + 1]:
        more = f"this and {len(weighed) - _MOST_READ - 1} more files were not looked at, since too many are touched"
        weakened = (Weakening(path, 0, more, "machinery"), *weakened)
    if earlier.shown and not kept:
        changed = Weakening(earlier.shown.path, 0, "the test that shows the bug was changed", "test")
        weakened = (changed, *weakened)
    tier = (await ports.sandbox.tier()).name
    ours = (*((kept.path,) if kept else ()), *await _joined(ports, earlier, commit))
    return _Case(spec, earlier, ports, commit, tier, touched, tuple(after), weakened, kept, ours)


async def _joined(ports: Ports, earlier: Earlier, commit: str) -> tuple[str, ...]:
    """The tests that reviewers showed their findings by, where they stand in the candidate as they were written."""
    proofs = confirmed_tests(earlier.reviews)
    return tuple([one.path for one in proofs if await _stands(ports, commit, one.path, one.test)])


async def _stands(ports: Ports, commit: str, path: str, text: str) -> bool:
    """Whether a test that the harness put there stands in the candidate as it was written."""
    source = await ports.workspace.read(commit, path)
    return source is not None and source.text == text


def _can_weaken(path: str) -> bool:
    return is_test(path) or is_test_config(path) or is_ci(path) or is_code(path) or brings(path)


async def _text(ports: Ports, commit: str, path: str) -> str:
    source = await ports.workspace.read(commit, path)
    return source.text if source is not None else ""


async def _beside_base(case: _Case, base: tuple[CheckResult, ...]) -> Evidence:
    """The candidate's results beside those of base, with the test that shows the bug run by itself."""
    alone = await _alone(case)
    results = base
    if case.commit != case.spec.base_commit:
        results = await case.run(case.commit, (*case.commands, *alone))
    candidate, shown = results[: len(case.commands)], results[len(case.commands) :]
    weighed = weigh(base, candidate)
    if case.kept is not None and shown:
        how = judged(shown[0], case.kept.path).failed_by
        case = replace(case, kept=replace(case.kept, candidate=how))
        if how != "passed" and weighed.verdict in (Verdict.PASSED, Verdict.FAILED):
            return await _against_the_reproduction(case, base, candidate, shown)
    feedback = "" if weighed.verdict is Verdict.PASSED else feedback_on(base, candidate) or weighed.why
    return case.evidence(weighed, base, candidate, feedback)


async def _alone(case: _Case) -> tuple[Command, ...]:
    if case.kept is None:
        return ()
    base, path = case.spec.base_commit, case.kept.path
    command = await one_test_at(case.ports.workspace, base, case.commands, path)
    return (command,) if command is not None else ()


async def _against_the_reproduction(
    case: _Case, base: tuple[CheckResult, ...], candidate: tuple[CheckResult, ...], shown: tuple[CheckResult, ...]
) -> Evidence:
    """The test that shows the bug still fails. Whether anything else does is seen by running without it."""
    assert case.kept is not None
    without = await case.run(case.commit, case.commands, (case.spec.base_commit, (case.kept.path,)))
    feedback = feedback_on((), shown)
    if (rest := weigh(base, without)).verdict is not Verdict.PASSED:
        whole = weigh(base, candidate)
        # With the test that still fails, nothing has passed, wherever the commands look for tests.
        weighed = rest if whole.verdict is Verdict.PASSED else whole
        return case.evidence(weighed, base, candidate, feedback_on(base, candidate) or feedback)
    return replace(case.evidence(disputed(case.kept.path), base, candidate, feedback), disputed=True)


async def _by_old_tests(case: _Case, evidence: Evidence) -> Evidence:
    """The verdict once base's version of the changed tests was run on the candidate's code."""
    old = await case.run(case.commit, case.commands, (case.spec.base_commit, case.judging))
    named = case.earlier.plan.tests if case.earlier.plan else ()
    new = Weighed(evidence.verdict, evidence.why, evidence.missing)
    weighed = with_old_tests(new, weigh(evidence.base, old), old, named)
    feedback = ""
    if weighed.verdict is not Verdict.PASSED:
        feedback = f"With the tests as they were before the change:\n{feedback_on(evidence.base, old) or weighed.why}"
    return replace(evidence, verdict=weighed.verdict, why=weighed.why, feedback=feedback, old_tests=old)


async def _doubted(case: _Case, evidence: Evidence) -> Evidence:
    """What passed, doubted: by what the diff weakens, and by a test that has to fail beside the new code."""
    weighed = doubted(case.spec, case.earlier.plan, Weighed(evidence.verdict, evidence.why), case.weakened)
    job = canary_job(case.spec, case.commands, case.commit, touched=case.touched, paths=case.paths)
    if job is not None and is_forged(await case.ports.sandbox.run(job)):
        why = "A test that fails was told as a success beside this code, so what its tests tell cannot be believed."
        weighed = Weighed(Verdict.INCONCLUSIVE, why)
    feedback = evidence.feedback if weighed.verdict is Verdict.PASSED else weighed.why
    return replace(evidence, verdict=weighed.verdict, why=weighed.why, feedback=feedback)
