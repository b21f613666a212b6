"""Coding with tools: search, read, edit, run the tests, finish; every edit goes through the same engine."""

from dataclasses import dataclass, replace

from pointsman.domain.errors import OwnerMust, PointsmanError, Stopped, TryAgain
from pointsman.domain.loop_end import LoopEnd
from pointsman.domain.models import REFUSALS_OF_A_MODEL, Ask, Ending, Message, Reply, ToolCall
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.phases.asking import Piece, fit, temperature_of
from pointsman.phases.shown.context import joined, pieces_of
from pointsman.phases.templates import fill
from pointsman.phases.writing.coding import Made, Relief, Task, in_one_commit, no_edit, other_files, replied
from pointsman.phases.writing.tools import Hands, ToolAnswer
from pointsman.phases.writing.toolsets import TOOLSETS

_SAME_FAILURE = 3
_NUDGE = "Nothing was changed yet. Use the tools; when the change is made, call finish."
_CUT_OFF = frozenset(end.value for end in LoopEnd if end.is_cut or end is LoopEnd.RUNG_SPENT)
CLEARED = "(left out to save room; ask again if it is needed)"


async def by_tools(task: Task) -> Made:
    """Turns until one of them ends the loop, or until the turns are used up.

    What was changed by then is the patch, whatever ended the loop, a limit or an outage included: the tests decide
    what it is worth. Raises what cuts the loop off before anything was changed.
    """
    most = max(1, task.asking.limits.max_calls)
    ask, hands = question(task), Hands(task)
    end = NoPatch("budget", f"no change was made in {most} turns", task.asking.model.name)
    for _ in range(most):
        ask = _with_room(task, ask)
        try:
            turn = await _turn(hands, ask)
        except (OwnerMust, Stopped, TryAgain) as error:
            if hands.patch is None or not _cuts_off(task, error):
                raise
            break
        ask = replace(ask, messages=(*ask.messages, *turn.messages))
        if isinstance(turn.end, Relief):
            return turn.end
        if turn.end is not None:
            end = turn.end
            break
    if hands.patch is None:
        return replace(end, refusals=max(1, hands.refusals))
    patch = await in_one_commit(task, hands.patch, hands.steps)
    return replace(patch, summary=hands.summary) if isinstance(patch, Patch) else patch


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn adds to the talk, and how it ends the loop when nothing was changed; None goes on."""

    messages: tuple[Message, ...]
    end: NoPatch | Relief | None = None


def _cuts_off(task: Task, error: PointsmanError) -> bool:
    """Whether an error ends the loop with what it has. Where a person sits before it, who can start a provider and
    go on, an outage does not.
    """
    if isinstance(error, TryAgain) and task.spec.is_attended:
        return False
    return error.code in _CUT_OFF


async def _turn(hands: Hands, ask: Ask) -> _Turn:
    """One question, one reply, and every call of it carried out in its order."""
    reply = await replied(hands.task, ask)
    if not isinstance(reply, Reply):
        return _Turn((), reply)
    if not reply.calls:
        said = Message("assistant", reply.text.strip() or "(nothing)")
        return _Turn((said, Message("user", _NUDGE)), _silent(hands, ask, reply))
    answers = [await hands.use(call, reply) for call in reply.calls]
    told = (Message("tool", one.text, call_id=one.call_id) for one in answers)
    return _Turn((Message("assistant", reply.text, calls=reply.calls), *told), _ending(hands, ask, reply, answers))


def _silent(hands: Hands, ask: Ask, reply: Reply) -> NoPatch | None:
    """The end that a reply without a call makes; a model that only forgot to act is told so once."""
    nudged = any(turn.role == "user" and turn.text == _NUDGE for turn in ask.messages)
    if hands.patch is None and not nudged and reply.ending is Ending.COMPLETE:
        return None
    if reply.ending in (Ending.CUT, Ending.REFUSED) or not reply.text.strip():
        return no_edit(reply)
    return NoPatch("unchanged", "the model ended without calling a tool that changes a file", reply.model)


def _ending(hands: Hands, ask: Ask, reply: Reply, answers: list[ToolAnswer]) -> NoPatch | None:
    """The end that the calls of a reply make: finished, refused too often on one file, or going in circles."""
    if hands.finished:
        return NoPatch("unchanged", f"finished without a change: {hands.summary}", reply.model)
    if path := hands.gave_out():
        return NoPatch(
            "refused", f"{REFUSALS_OF_A_MODEL} edits of {path} were refused: {answers[-1].text}", reply.model
        )
    again = [answer for call, answer in zip(reply.calls, answers, strict=True) if _failed_before(ask, call, answer)]
    if again:
        return NoPatch("refused", f"the same call failed {_SAME_FAILURE} times: {again[-1].text}", reply.model)
    return None


def _failed_before(ask: Ask, call: ToolCall, answer: ToolAnswer) -> bool:
    """Whether the very same call was made, and answered with the same words, as often as is allowed."""
    if not answer.failed:
        return False
    same = [
        one
        for place, turn in enumerate(ask.messages)
        for one, said in zip(turn.calls, ask.messages[place + 1 :], strict=False)
        if (one.name, one.arguments) == (call.name, call.arguments) and said.text in (answer.text, CLEARED)
    ]
    return len(same) >= _SAME_FAILURE - 1


def question(task: Task) -> Ask:
    """What is asked first: the task, with the files to change and the tools of this model."""
    most = max(1, task.asking.limits.max_calls)
    pieces = (*pieces_of(task.looks, task.mark), *other_files(task, task.mark))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-tools/1",
            mark=task.mark,
            task=task.told(),
            context=joined(kept, left_out),
            feedback=task.feedback(),
            calls=str(most),
        )
        tools = TOOLSETS[task.asking.model.edits]
        return task.asking.ask(prompt, tools=tools, temperature=temperature_of(task.asking.model, task.number))

    return fit(task.asking, pieces, build)


def _with_room(task: Task, ask: Ask) -> Ask:
    """The question with as many of the oldest tool answers cleared as it takes to fit the window."""
    places = [place for place, turn in enumerate(ask.messages) if turn.role == "tool" and turn.text != CLEARED]
    for place in places[:-1]:
        if task.asking.fits(ask):
            break
        turns = list(ask.messages)
        turns[place] = replace(turns[place], text=CLEARED)
        ask = replace(ask, messages=tuple(turns))
    return ask
