"""Steering what goes on: agreeing to a plan, pausing, going on, cancelling, and settling findings."""

from dataclasses import replace
from functools import partial

from pointsman.conversation.refusals import nothing_to_do, wrong_hash
from pointsman.conversation.replies import (
    Ender,
    approved,
    cancelled,
    ignored_finding,
    noted_fixed,
    paused,
    resumed,
)
from pointsman.domain.forge import ChangeView
from pointsman.domain.ledger import RunView
from pointsman.domain.notes import PersonAct
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.course.checks import cancel_check
from pointsman.runs.course.course import PAUSED, topic_of
from pointsman.runs.course.remembering import last_of
from pointsman.runs.hearing.case import ACTIVE, Case
from pointsman.runs.hearing.endings import note_fates
from pointsman.runs.hearing.standing import settled_check
from pointsman.runs.hearing.starting import IGNORED
from pointsman.runs.journal import FLAG

_WHY: dict[Ender, str] = {
    "person": "Cancelled by a person.",
    "newer": "The change moved on before the review was made.",
    "closed": "The change was closed.",
}


async def approve(case: Case, plan_hash: str) -> str:
    """Let the waiting run here go on, if it waits for just this plan."""
    waiting = [view for view in await case.runs_here() if view.state == "waiting" and view.plan_hash]
    found = next((view for view in waiting if view.plan_hash.startswith(plan_hash.lower())), None)
    if found is None:
        await case.reply(wrong_hash(plan_hash, waiting[0].plan_hash if waiting else ""))
        return "refused: plan-hash"
    await case.do("approve", partial(_agree, case, found))
    await case.reply(approved(found.plan_hash, case.actor.login))
    return f"approved: {found.run_id}"


async def pause(case: Case) -> str:
    """Do nothing here by itself; a run at work holds before its next phase."""
    await case.remember(PAUSED, {"by": case.actor.login})
    held = _newest_active(await case.runs_here())
    await case.reply(paused(case.actor.login, held))
    return "paused"


async def resume(case: Case) -> str:
    """Go on, with the run that held as well."""
    if not await case.recall(PAUSED):
        await case.reply(nothing_to_do("pause"))
        return "nothing to do"
    await case.forget(PAUSED)
    views = await case.runs_here()
    for view in views:
        if view.state in ACTIVE:
            await case.do("look-again", partial(case.engine.look_again, view.run_id))
    await case.reply(resumed(case.actor.login, _newest_active(views)))
    return "resumed"


async def cancel(case: Case) -> str:
    """Stop every run here; what was finished stays."""
    stopped = await stop_runs(case)
    if not stopped:
        await case.reply(nothing_to_do("run"))
        return "nothing to do"
    return f"cancelled: {' '.join(view.run_id for view in stopped)}"


async def stop_runs(case: Case, by: Ender = "person") -> tuple[RunView, ...]:
    """Cancel the runs at work here, and say so where people read about each. Returns them."""
    stopped = tuple(view for view in await case.runs_here() if view.state in ACTIVE)
    for view in stopped:
        await case.do("cancel", partial(_stop, case, view, by))
        await case.do("tell-cancelled", partial(_tell_stopped, case, view, by))
    return stopped


async def give_up_older(case: Case, change: ChangeView) -> None:
    """End the reviews here of older states of the change: whoever pushes on and on has one of them made, not each.

    A review that waited for its turn had said nothing yet, and says nothing now.
    """
    for view in await case.runs_here():
        if view.state not in ACTIVE:
            continue
        if await case.step("is-older", FLAG, partial(_is_older, case, view, change)):
            await case.do("cancel", partial(_stop, case, view, "newer"))
            if view.phase:
                await case.do("tell-cancelled", partial(_tell_stopped, case, view, "newer"))


async def _is_older(case: Case, view: RunView, change: ChangeView) -> bool:
    spec = await case.engine.spec_of(view.run_id)
    now = (change.base_commit, change.head_commit)
    return spec.goal == "review" and (spec.base_commit, spec.head_commit) != now


async def ignore(case: Case, finding: str) -> str:
    """Never raise a finding again: named by its id, or the one whose thread was answered."""
    threads = await case.threads()
    last = last_of(await case.recall(LAST_REVIEW))
    wanted = finding or next((thread.finding for thread in threads if thread.first == case.thread), "")
    known = {thread.finding for thread in threads} | {f.id for f in (last.review.findings if last else ())}
    if not wanted or wanted not in known:
        await case.reply(nothing_to_do("findings"))
        return "nothing to do"
    await case.remember(IGNORED, {wanted: case.actor.login})
    await note_fates(case, {wanted: "ignored"})
    await case.reply(ignored_finding(wanted))
    for thread in threads:
        if thread.finding == wanted and not thread.is_resolved:
            await case.do("resolve", partial(case.talk.resolve, case.topic, thread))
    if last is not None:
        await settled_check(case, last, wanted)
    return f"ignored: {wanted}"


async def note_fixed(case: Case) -> str:
    """Somebody says in its thread that a finding is fixed: the next review looks for itself."""
    threads = await case.threads()
    finding = next((thread.finding for thread in threads if thread.first == case.thread), "")
    if not finding:
        return "ignored: no finding of ours"
    await note_fates(case, {finding: "upheld"})
    await case.reply(noted_fixed(finding))
    return f"noted: {finding}"


def _newest_active(views: tuple[RunView, ...]) -> str:
    return next((view.run_id for view in views if view.state in ACTIVE), "")


async def _agree(case: Case, view: RunView) -> None:
    actor = case.actor
    act = PersonAct(actor.id, actor.login, "approve", view.plan_hash, case.delivery.received_at)
    await case.parts.ledger.act(view.run_id, act)
    await case.engine.approve(view.run_id, view.plan_hash)


async def _stop(case: Case, view: RunView, by: Ender) -> None:
    """The row is written last, so that a run that was at its end meanwhile keeps what it came to."""
    await case.engine.cancel(view.run_id)
    now = await case.parts.ledger.run(view.run_id) or view
    if now.state in ACTIVE:
        at = case.parts.clock.now()
        gone = replace(now, state="cancelled", message=_WHY[by], exit_code=1, updated_at=at)
        await case.parts.ledger.keep(gone)


async def _tell_stopped(case: Case, view: RunView, by: Ender) -> None:
    now = await case.parts.ledger.run(view.run_id) or view
    if now.state != "cancelled":
        return
    spec = await case.engine.spec_of(view.run_id)
    await case.forge.ensure_status(topic_of(spec), view.run_id, cancelled(view.run_id, now.branch, by))
    await cancel_check(case.engine.adapters, view.run_id, spec, by)
