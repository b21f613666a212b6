"""Coding with tools: search, read, edit, run the tests, finish; every edit goes through the same engine."""

import json
from dataclasses import replace

from pointsman.domain.models import Ask, Ending, Message, Reply, ToolCall
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.phases.asking import Piece, fit, reply_to, temperature_of
from pointsman.phases.coding import Task, in_one_commit, other_files
from pointsman.phases.context import extract_of, joined, pieces_of, room_of, words_in
from pointsman.phases.templates import fill
from pointsman.phases.tools import TOOLS, Hands

_SAME_FAILURE = 3
_NUDGE = "Nothing was changed yet. Use the tools; when the change is made, call finish."
_CLEARED = "(left out to save room; ask again if it is needed)"


async def by_tools(task: Task) -> Patch | NoPatch:
    """Turns until the model calls finish, repeats one failing call three times, or has used its turns.

    What was changed by then is the patch, whatever ended the loop: the tests decide what it is worth.
    """
    most = max(1, task.asking.limits.max_calls)
    ask = _question(task, most)
    hands = Hands(task)
    failures: dict[str, int] = {}
    ending = NoPatch("budget", f"no change was made in {most} turns", task.asking.model.name)
    nudged = False
    for _ in range(most):
        reply = await reply_to(task.ports, _with_room(task, ask))
        if not reply.calls:
            ending = _no_change(reply)
            if hands.patch is not None or nudged or reply.ending is not Ending.COMPLETE:
                break
            nudged = True
            ask = _further(ask, Message("assistant", reply.text.strip() or "(nothing)"), Message("user", _NUDGE))
            continue
        answers = [await hands.use(call, reply.model) for call in reply.calls]
        ask = _further(ask, _spoken(reply), *(Message("tool", one.text, call_id=one.call_id) for one in answers))
        if hands.finished:
            ending = NoPatch("unchanged", f"finished without a change: {hands.summary}", reply.model)
            break
        if _is_stuck(failures, reply.calls, tuple(one.failed for one in answers)):
            ending = NoPatch(
                "refused", f"the same call failed {_SAME_FAILURE} times: {answers[-1].text}", reply.model
            )
            break
    if hands.patch is None:
        return ending
    patch = await in_one_commit(task, hands.patch, hands.steps)
    return replace(patch, summary=hands.summary)


def _question(task: Task, most: int) -> Ask:
    room, words = room_of(task.asking), words_in(f"{task.spec.issue.title} {task.spec.issue.body} {task.plan.goal}")
    shown = (extract_of(source, words, 0, room.file_chars) for source in task.targets)
    targets = pieces_of((one for one in shown if one is not None), task.mark)
    pieces = (*targets, *other_files(task, task.mark))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-tools/1",
            mark=task.mark,
            task=task.told(),
            context=joined(kept, left_out),
            feedback=task.feedback(),
            calls=str(most),
        )
        return task.asking.ask(prompt, tools=TOOLS, temperature=temperature_of(task.asking.model, task.number))

    return fit(task.asking, pieces, build)


def _further(ask: Ask, *turns: Message) -> Ask:
    return replace(ask, messages=(*ask.messages, *turns))


def _spoken(reply: Reply) -> Message:
    return Message("assistant", reply.text, calls=reply.calls)


def _with_room(task: Task, ask: Ask) -> Ask:
    """The question with as many of the oldest tool answers cleared as it takes to fit the window."""
    places = [place for place, turn in enumerate(ask.messages) if turn.role == "tool" and turn.text != _CLEARED]
    for place in places[:-1]:
        if task.asking.fits(ask):
            break
        turns = list(ask.messages)
        turns[place] = replace(turns[place], text=_CLEARED)
        ask = replace(ask, messages=tuple(turns))
    return ask


def _is_stuck(failures: dict[str, int], calls: tuple[ToolCall, ...], failed: tuple[bool, ...]) -> bool:
    for call, bad in zip(calls, failed, strict=True):
        key = f"{call.name} {json.dumps(dict(call.arguments), sort_keys=True, default=str)}"
        failures[key] = failures.get(key, 0) + 1 if bad else 0
    return any(count >= _SAME_FAILURE for count in failures.values())


def _no_change(reply: Reply) -> NoPatch:
    if reply.ending is Ending.CUT:
        return NoPatch("cut", "the reply was cut off at the length limit", reply.model)
    if reply.ending is Ending.REFUSED:
        return NoPatch("refused", "the model declined to answer", reply.model)
    if not reply.text.strip():
        return NoPatch("empty", "the reply was empty", reply.model)
    return NoPatch("unchanged", "the model ended without calling a tool that changes a file", reply.model)
