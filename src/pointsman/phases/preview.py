"""Preview: what pages look like before and after a change; for people, and for a reviewer that takes images."""

import shlex
from dataclasses import replace

from pointsman.domain.outcome import Earlier, Evidence, Verdict
from pointsman.domain.pictures import PreviewJob, PreviewOrder, Previews, Rendering
from pointsman.domain.run import RunSpec
from pointsman.phases.proof.commands import is_allowed
from pointsman.ports.bundle import Ports


async def preview(spec: RunSpec, earlier: Earlier, ports: Ports, *, commit: str) -> Previews | None:
    """The pages of the run's base and of `commit`; None where the class of task names none.

    Base is looked at once in a run. Where it cannot be looked at, the change is all the same. Raises what the sandbox
    raises.
    """
    order = spec.order.preview
    if order is None:
        return None
    if order.command and not is_allowed(order.command, spec.verify.allowed):
        why = f"the operator's policy does not allow the command `{shlex.join(order.command)}`"
        return Previews(Rendering(spec.base_commit, "not run", why), Rendering(commit, "not run", why))
    before = next((look.before for look in earlier.looks if look.before.commit == spec.base_commit), None)
    if before is None:
        before = await ports.sandbox.render(_job(spec, order, spec.base_commit))
    after = before if commit == spec.base_commit else await ports.sandbox.render(_job(spec, order, commit))
    return Previews(before, after)


def _job(spec: RunSpec, order: PreviewOrder, commit: str) -> PreviewJob:
    return PreviewJob(commit, order, spec.verify.timeout_seconds, spec.verify.memory_mb)


def weighed(evidence: Evidence, found: Previews | None) -> Evidence:
    """Pictures prove nothing, so they never make evidence better.

    Where base can be looked at and the change cannot, passed tests do not show what was asked for either.
    """
    if found is None or not found.broke or evidence.verdict not in (Verdict.PASSED, Verdict.INCONCLUSIVE):
        return evidence
    why = f"The preview, which works on base, fails with the change: {found.after.why}. {evidence.why}"
    return replace(evidence, verdict=Verdict.INCONCLUSIVE, why=why)
