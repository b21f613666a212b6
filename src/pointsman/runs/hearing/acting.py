"""What is done about each intent of somebody who may ask for it: one small function for each."""

from pointsman.conversation.refusals import misread
from pointsman.domain.intents import (
    Approve,
    Build,
    Cancel,
    Fix,
    Handover,
    Ignore,
    Intent,
    MakePlan,
    Misread,
    Pause,
    Question,
    Rerun,
    Resume,
    ReviewChange,
    RunCi,
    Show,
)
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.ci import run_ci
from pointsman.runs.hearing.showing import hand_over, show
from pointsman.runs.hearing.starting import answer, fix, rerun, review, work
from pointsman.runs.hearing.steering import approve, cancel, ignore, note_fixed, pause, resume
from pointsman.runs.hearing.wishes import Fixed


async def act(case: Case, intent: Intent | Fixed) -> str:
    """Do what is wanted and answer once. Returns a word on what came of it; raises what stands in the way."""
    match intent:
        case Build() | MakePlan() | ReviewChange() | Fix() | Question() | Rerun():
            return await _started(case, intent)
        case Approve() | Pause() | Resume() | Ignore() | Cancel() | Fixed():
            return await _steered(case, intent)
        case Show():
            return await show(case, intent)
        case Handover():
            return await hand_over(case, intent)
        case RunCi():
            return await run_ci(case)
        case Misread():
            await case.reply(misread(intent, case.bot.login))
            return "misread"


async def _started(case: Case, intent: Build | MakePlan | ReviewChange | Fix | Question | Rerun) -> str:
    match intent:
        case Build(task=task):
            return await work(case, "build", task)
        case MakePlan(task=task):
            return await work(case, "plan", task)
        case ReviewChange():
            return await review(case, intent)
        case Fix():
            return await fix(case)
        case Question():
            return await answer(case, intent.text)
        case Rerun():
            return await rerun(case, intent)


async def _steered(case: Case, intent: Approve | Pause | Resume | Ignore | Cancel | Fixed) -> str:
    match intent:
        case Approve():
            return await approve(case, intent.plan_hash)
        case Pause():
            return await pause(case)
        case Resume():
            return await resume(case)
        case Ignore():
            return await ignore(case, intent.finding)
        case Cancel():
            return await cancel(case)
        case Fixed():
            return await note_fixed(case)
