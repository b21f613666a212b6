"""Beginning runs: what is asked for is admitted, refused with its rule, or is at work already."""

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from pointsman.conversation.pages import fix_issue
from pointsman.conversation.refusals import already_running, not_on_fork, not_open, not_ours, nothing_to_do
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.forge import ChangeView
from pointsman.domain.intents import Rerun, ReviewChange
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Model
from pointsman.domain.notes import PersonAct
from pointsman.domain.outcome import Finding
from pointsman.domain.run import Goal, PriorReview, Refuse, RunSpec
from pointsman.policy.admission import raising
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.again import Again, may_again
from pointsman.runs.clearing import left_by
from pointsman.runs.course.remembering import last_of
from pointsman.runs.hearing.case import ACTIVE, Case
from pointsman.runs.hearing.spending import refuse_capped, spent_now
from pointsman.runs.intake import Order, admit
from pointsman.runs.remains import Remains, remains_of

IGNORED = "ignored"
"""The kind of memory with the ids of findings that somebody does not want to hear of again."""


@dataclass(frozen=True)
class Begun:
    """What came of asking for a run: its id, whether it was at work before, or the rule that refused it."""

    run_id: str = ""
    is_old: bool = False
    refused: Refuse | None = None


_NO_NEWS = Refuse(
    "nothing-new",
    "nothing was pushed since the last review",
    "`/pointsman full review` looks at the whole change again",
)
_BEGUN: TypeAdapter[Begun] = TypeAdapter(Begun)
_TEXT: TypeAdapter[tuple[str, str] | None] = TypeAdapter(tuple[str, str])


async def begin(case: Case, order: Order, *, is_asked: bool = True) -> str:
    """Admit and begin a run, once, or say why not. Returns the outcome."""
    begun = await case.step("begin", _BEGUN, lambda: _begun(case, order))
    if begun.refused is not None:
        return await _refused(case, begun.refused, is_asked=is_asked)
    if begun.is_old:
        await case.reply(already_running(begun.run_id), key=f"already-{begun.run_id}")
        return f"already running: {begun.run_id}"
    return f"run: {begun.run_id}"


async def _refused(case: Case, no: Refuse, *, is_asked: bool = True) -> str:
    return await refuse_capped(case, no, is_asked=is_asked) if no.once else await case.refuse(no)


async def work(case: Case, goal: Goal, task: TaskClass | None = None) -> str:
    """Build an issue or plan it, on the very text that the person saw (A9), as the class of task that they named."""
    if await case.change() is not None:
        await case.reply(nothing_to_do("issue"))
        return "nothing to do"
    return await begin(case, replace(_order(case, goal), issue=case.number, expect=case.digest, task=task))


async def review(case: Case, intent: ReviewChange, *, is_asked: bool = True) -> str:
    """Review a change, from a fork too; what is settled is not said again, what was seen not looked at again."""
    change = await case.change()
    if change is None:
        await case.reply(nothing_to_do("change"))
        return "nothing to do"
    if change.state != "open":
        return await _closed(case, change, "full review" if intent.full else "review", is_asked=is_asked)
    prior = await prior_of(case, change, full=intent.full)
    # The same head brings other lines where it is to go into another branch.
    if prior is not None and (prior.base_commit, prior.head_commit) == (change.base_commit, change.head_commit):
        if is_asked and case.comment:
            await case.refuse(_NO_NEWS)
        return "nothing new"
    text = await _wanted(case, change)
    order = replace(_order(case, "review"), change=change, prior=prior, text=text)
    return await begin(case, order, is_asked=is_asked)


async def _wanted(case: Case, change: ChangeView) -> tuple[str, str] | None:
    """What a change of ours was made for. Its own text names the models that wrote it, which no reviewer is told."""
    if not await case.owns(change):
        return None
    key = next((view.issue for view in reversed(await case.runs_here()) if view.branch == change.branch), "")

    async def read() -> tuple[str, str]:
        try:
            issue = await case.forge.issue(case.repository, key)
        except OwnerMust:
            return change.title, ""
        return issue.title, issue.body

    return await case.step("wanted", _TEXT, read) if key else (change.title, "")


async def fix(case: Case) -> str:
    """Turn what is open of the newest review into one commit; asked for on purpose, so also after a person pushed."""
    change = await own_change(case, "fix")
    if isinstance(change, str):
        return change
    prior = await prior_of(case, change)
    if prior is None or not prior.open:
        await case.reply(nothing_to_do("findings"))
        return "nothing to do"
    text = fix_issue(prior.open)
    return await begin(case, replace(_order(case, "fix"), change=change, prior=prior, text=text))


async def answer(case: Case, question: str) -> str:
    """Answer a question, in the thread or the topic where it was asked."""
    change = await case.change()
    if change is not None and change.is_fork:
        await case.reply(not_on_fork("ask"))
        return "refused: fork"
    title = change.title if change is not None else ""
    order = replace(_order(case, "ask"), issue=case.number, change=change, text=(title, question))
    return await begin(case, replace(order, thread=case.thread))


async def rerun(case: Case, intent: Rerun) -> str:
    """Do the newest run again from a phase on, with another model when policy lets it."""
    views = [view for view in await case.runs_here() if view.run_id != case.run_id("rerun")]
    if not views:
        await case.reply(nothing_to_do("run"))
        return "nothing to do"
    if views[0].state in ACTIVE:
        await case.reply(already_running(views[0].run_id))
        return f"already running: {views[0].run_id}"
    begun = await case.step("rerun", _BEGUN, lambda: _again(case, views[0], intent))
    return await _refused(case, begun.refused) if begun.refused is not None else f"run: {begun.run_id}"


async def own_change(case: Case, command: str) -> ChangeView | str:
    """The open change of ours that a command works on; otherwise it is said why not, and the outcome returned."""
    change = await case.change()
    if change is None:
        await case.reply(nothing_to_do("change"))
        return "nothing to do"
    if change.is_fork:
        await case.reply(not_on_fork(command))
        return "refused: fork"
    if not await case.owns(change):
        await case.reply(not_ours(command))
        return "refused: own-change"
    return change if change.state == "open" else await _closed(case, change, command)


async def _closed(case: Case, change: ChangeView, command: str, *, is_asked: bool = True) -> str:
    """Nothing is done at a closed change; only who asked by a comment is told so."""
    if not is_asked or not case.comment:
        return "ignored: closed"
    await case.reply(not_open(command, change.state))
    return "refused: closed"


async def prior_of(case: Case, change: ChangeView, *, full: bool = False) -> PriorReview | None:
    """What was said of a change before, without what people settled; for a full look only what they settled."""
    last = last_of(await case.recall(LAST_REVIEW))
    settled = await settled_in(case)
    if full or last is None:
        # From the change's own base to that base: nothing was seen yet, and what is settled still holds.
        return PriorReview(change.base_commit, change.base_commit, (), settled) if settled else None
    still_open = open_of(last.review.findings, settled)
    return PriorReview(last.base, last.head, still_open, settled, last.review.unread)


async def settled_in(case: Case) -> tuple[str, ...]:
    """The ids of findings that people with write access ignored, or whose thread they resolved.

    The author of a change may resolve every thread of it on the forge, a stranger's fork included.
    """
    said = await case.recall(IGNORED)
    resolved = [thread for thread in await case.threads() if thread.is_resolved]
    may = {by: await case.may_write(by) for by in dict.fromkeys(thread.resolved_by for thread in resolved)}
    closed = (thread.finding for thread in resolved if may[thread.resolved_by])
    return tuple(dict.fromkeys((*said, *closed)))


def open_of(findings: tuple[Finding, ...], settled: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings that still want something."""
    return tuple(f for f in findings if f.fate != "fixed" and f.id not in settled)


async def decided(case: Case) -> RunSpec | Refuse:
    """What would be run here if somebody asked now; nothing is begun."""
    change = await case.change()
    order = replace(_order(case, "review" if change else "build"), issue=case.number, change=change)
    order = await _behind(case, order)
    workspace = await case.parts.workspace_for(case.repository)
    found = await admit(order, await case.law(), forge=case.forge, workspace=workspace)
    return found if isinstance(found, Refuse) else found.spec


def _order(case: Case, goal: Goal) -> Order:
    return Order(goal=goal, repository=case.repository, actor=case.actor, at=case.delivery.received_at)


async def _begun(case: Case, order: Order) -> Begun:
    run_id = case.run_id(order.goal)
    workspace = await case.parts.workspace_for(case.repository)
    order = replace(await _behind(case, order), spent=await spent_now(case))
    found = await admit(order, await case.law(), forge=case.forge, workspace=workspace)
    if isinstance(found, Refuse):
        return Begun(refused=found)
    same = await _at_work(case, found.spec, run_id)
    if same:
        return Begun(same, is_old=True)
    actor = case.actor
    act = PersonAct(actor.id, actor.login, "request", order.goal, case.delivery.received_at)
    await case.parts.ledger.act(run_id, act)
    if order.task is not None:
        await case.parts.ledger.act(run_id, replace(act, act="override", detail=f"--task {order.task}"))
    await case.engine.submit(run_id, found.spec)
    return Begun(run_id)


async def _at_work(case: Case, spec: RunSpec, run_id: str) -> str:
    """The run that meets this wish already: one goal, one text and head, and not over when the wish was uttered.

    So a thousand labels are one run (C1, W3), and a label put back after the end is another try.
    """
    if spec.goal == "ask":
        return ""
    for view in await case.runs_now():
        over = view.state not in ACTIVE
        if view.run_id == run_id or (over and view.updated_at <= case.delivery.received_at):
            continue
        other = await left_by(case.engine, case.engine.adapters.clearing, view.run_id)
        if other.about == remains_of(spec).about:
            return view.run_id
    return ""


async def _behind(case: Case, order: Order) -> Order:
    """The order with what the runs of a change of ours remember: who wrote it, and how closed its issues were."""
    change = order.change
    if change is None or change.is_fork:
        return order
    names, models, labels = list[str](), list[Model](), list[str]()
    for view in await case.runs_in_repository():
        if view.branch != change.branch:
            continue
        left = await left_by(case.engine, case.engine.adapters.clearing, view.run_id)
        labels += [*raising(left.labels), *await _raised_since(case, left)]
        names += left.authors
        models += (one for one in left.wrote if one not in models)
    return replace(order, assisted=tuple(dict.fromkeys(names)), wrote=tuple(models), labels=tuple(labels))


async def _raised_since(case: Case, left: Remains) -> tuple[str, ...]:
    """How closed people say now that the issue of a run is; nothing of one that is gone."""
    if left.is_of_change or not left.issue:
        return ()
    try:
        return raising((await case.forge.issue(case.repository, left.issue)).labels)
    except OwnerMust:
        return ()


async def _again(case: Case, view: RunView, intent: Rerun) -> Begun:
    new_id = case.run_id("rerun")
    spec = await case.engine.as_run(view.run_id)
    workspace = await case.parts.workspace_for(case.repository)
    change = await case.talk.change(case.topic)
    since = raising(change.labels) if change is not None else await _raised_since(case, remains_of(spec))
    again = Again(spec, intent.phase, intent.model, case.actor, since)
    found = await may_again(again, await case.law(), workspace, await spent_now(case))
    if isinstance(found, Refuse):
        return Begun(refused=found)
    actor = case.actor
    detail = f"{intent.phase} of {view.run_id} {intent.model}".strip()
    act = PersonAct(actor.id, actor.login, "rerun", detail, case.delivery.received_at)
    try:
        await case.engine.rerun(view.run_id, intent.phase, new_id, found)
    except UsageMust as error:
        return Begun(refused=Refuse(error.code, error.message, error.hint))
    await case.parts.ledger.act(new_id, act)
    return Begun(new_id)
