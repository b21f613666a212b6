"""What follows from the world without a command: pushes to a change, its end, and pushes to the default branch."""

from dataclasses import replace

from pointsman.config.routing_file import Trigger
from pointsman.conversation.checks import check_stale
from pointsman.conversation.pages import action_required
from pointsman.domain.events import ChangeClosed, ChangePushed
from pointsman.domain.forge import Change
from pointsman.domain.intents import ReviewChange
from pointsman.domain.run import Actor
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.course.course import PAUSED
from pointsman.runs.course.remembering import LastReview, last_of
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.endings import note_end
from pointsman.runs.hearing.showing import read_routing
from pointsman.runs.hearing.starting import review
from pointsman.runs.hearing.steering import give_up_older, stop_runs
from pointsman.runs.hearing.wishes import WATCHED, remember_triggers, triggers
from pointsman.runs.journal import TEXT

NOTICE = "notice"
"""The kind of memory, of a repository, that says an issue tells its owner what to mend."""


async def change_pushed(case: Case, event: ChangePushed) -> str:
    """What was said is of an older state now; who wanted each push reviewed gets a look at what is new."""
    if event.actor.id == case.bot.id:
        return "ignored: own"
    watched = await case.recall(WATCHED)
    by_label = watched.get("why") == "label"
    label_is_on = by_label and (await triggers(case)).review in event.labels
    wanted = bool(watched) and (label_is_on or not by_label)
    if wanted and not await case.recall(PAUSED):
        asked_by = Actor(int(watched["id"]), watched["login"])
        if await case.may_write(asked_by):
            change = await case.change()
            if change is not None and change.state == "open":
                await give_up_older(case, change)
            return await review(replace(case, actor=asked_by), ReviewChange(), is_asked=False)
    return await _made_stale(case, event)


async def change_closed(case: Case, event: ChangeClosed) -> str:
    """Nothing goes on at a closed change, and what was agreed about it is forgotten.

    A webhook that comes late, or again, may tell of a change that was opened again since.
    """
    change = await case.change()
    if change is not None and change.state == "open":
        return "ignored: open again"
    await stop_runs(case, "closed")
    await note_end(case, event)
    await case.forget(PAUSED)
    await case.forget(WATCHED)
    if event.merged:
        # One that is only closed may be opened again, and is then merged as it was reviewed.
        await case.forget(LAST_REVIEW)
    return "merged" if event.merged else "closed"


async def routing_read(case: Case) -> str:
    """Read the routing file anew. While it is broken one issue says so, which is closed once the file is mended."""
    return await case.step("routing", TEXT, lambda: _routing_read(case))


async def _routing_read(case: Case) -> str:
    routing, problems, _ = await read_routing(case)
    await remember_triggers(case, routing.trigger if routing is not None else Trigger())
    memory, repository = case.parts.memory, case.repository
    if problems:
        title, body = action_required(problems)
        await memory.remember(repository.id, "", NOTICE, {"open": "yes"})
        await case.talk.ensure_notice(repository, title, body)
        return "routing file is broken"
    if await memory.recall(repository.id, "", NOTICE):
        await case.talk.ensure_notice(repository, action_required(())[0], "")
        await memory.forget(repository.id, "", NOTICE)
    return "routing file was read" if routing is not None else "no routing file"


async def _made_stale(case: Case, event: ChangePushed) -> str:
    last = last_of(await case.recall(LAST_REVIEW))
    if last is None or (last.head == event.head and not await _goes_elsewhere(case, last)):
        return "ignored: not asked for"
    made_by = next((view.run_id for view in await case.runs_here() if view.state == "done"), "")
    order = check_stale(made_by, event.head)
    change = Change(case.repository, event.branch, event.head, page="", number=event.number)
    await case.do("check-stale", lambda: case.forge.ensure_check(change, order))
    return "stale"


async def _goes_elsewhere(case: Case, last: LastReview) -> bool:
    """Whether the same head now brings other lines: it is to go into another branch than when it was reviewed."""
    change = await case.change()
    return change is not None and change.head_commit == last.head and change.base_commit != last.base
