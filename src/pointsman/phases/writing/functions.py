"""Coding by one whole function: for a small model and a file that is too long for it to write again."""

import re

from pointsman.domain.models import Ask, EditStyle
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.domain.work import Source, Symbol
from pointsman.phases.asking import CHARS_PER_TOKEN, Piece, asked_again, fit, reply_to, temperature_of
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, shorten
from pointsman.phases.writing.coding import Task, no_edit, other_files, refused

_ECHO = 1500
_TRIES = 2
_WORD = re.compile(r"\w+")


async def function_of(task: Task) -> tuple[Source, Symbol] | None:
    """The one function that the task names in the one file to change; None when that is not certain."""
    if len(task.targets) != 1 or task.create:
        return None
    source = task.targets[0]
    words = _WORD.findall("\n".join((task.spec.issue.title, task.plan.goal, *task.plan.steps, task.spec.issue.body)))
    found = await task.ports.workspace.symbols(task.attempt.onto, source.path)
    room = task.asking.output_tokens * CHARS_PER_TOKEN
    named = [one for one in found if one.kind == "function" and one.name in words and one.end > one.line]
    fitting = [one for one in named if len(_text_of(source, one)) < room]
    return (source, fitting[0]) if len(named) == len(fitting) == 1 else None


async def by_function(task: Task, source: Source, symbol: Symbol) -> Patch | NoPatch:
    """The function written again and put where it stood; a refusal goes back once."""
    ask = _question(task, source, symbol)
    result = NoPatch("empty", "no reply held the function", task.asking.model.name)
    for number in range(1, _TRIES + 1):
        reply = await reply_to(task.ports, ask)
        if (ended := no_edit(reply)) is not None:
            return ended
        onto = task.attempt.onto
        order = task.order(onto, reply.model, reply.call_id, lone_block_path=source.path, lone_symbol=symbol)
        made = await task.ports.workspace.propose(order, reply.text, EditStyle.WHOLE)
        if isinstance(made, Patch):
            return made
        result = refused(made, reply.model, refusals=number)
        if made.kind == "unchanged":
            return result
        again = f"That could not be used: {made.message}\n\nWrite {symbol.name} again as a whole, in one code block."
        ask = asked_again(ask, shorten(reply.text, _ECHO), again, is_unreadable=made.kind == "unreadable")
    return result


def _text_of(source: Source, symbol: Symbol) -> str:
    return "\n".join(source.text.split("\n")[symbol.top - 1 : symbol.end]) + "\n"


def _question(task: Task, source: Source, symbol: Symbol) -> Ask:
    mark = task.mark
    part = fenced(mark, f"{symbol.name} in {source.path}, from line {symbol.top}", _text_of(source, symbol))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-function/1",
            mark=mark,
            task=task.told(),
            context=joined(kept, left_out),
            feedback=task.feedback(),
            part=part,
            name=symbol.name,
            path=source.path,
        )
        return task.asking.ask(prompt, temperature=temperature_of(task.asking.model, task.number))

    return fit(task.asking, other_files(task, mark), build)
