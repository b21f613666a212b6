"""Coding by one whole function: for a small model and a file that is too long for it to write again."""

import re

from pointsman.domain.models import REFUSALS_OF_A_FORM, REFUSALS_OF_A_MODEL, Ask, EditStyle, Reply
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.domain.work import Source, Symbol
from pointsman.phases.asking import CHARS_PER_TOKEN, Piece, asked_again, fit, temperature_of
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, shorten
from pointsman.phases.writing.coding import Made, Task, answered, other_files, refused

_ECHO = 1500
_TRIES = REFUSALS_OF_A_FORM
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


async def by_function(task: Task, source: Source, symbol: Symbol) -> Made:
    """The function written again and put where it stood; a refusal goes back once."""
    ask = question(task, source, symbol)
    result = NoPatch("empty", "no reply held the function", task.asking.model.name)
    for _ in range(_TRIES):
        reply = await answered(task, ask)
        if not isinstance(reply, Reply):
            return reply
        onto = task.attempt.onto
        order = task.order(onto, reply.model, reply.call_id, lone_block_path=source.path, lone_symbol=symbol)
        made = await task.ports.workspace.propose(order, reply.text, EditStyle.WHOLE)
        if isinstance(made, Patch):
            return made
        result = refused(task, made, reply.model)
        if made.kind == "unchanged" or task.refusals >= REFUSALS_OF_A_MODEL:
            return result
        again = f"That could not be used: {made.message}\n\nWrite {symbol.name} again as a whole, in one code block."
        ask = asked_again(ask, shorten(reply.text, _ECHO), again, is_unreadable=made.kind == "unreadable")
    return result


def _text_of(source: Source, symbol: Symbol) -> str:
    return "\n".join(source.text.split("\n")[symbol.top - 1 : symbol.end]) + "\n"


def question(task: Task, source: Source, symbol: Symbol) -> Ask:
    """What is asked first: the task, and the one function as it stands."""
    mark = task.mark
    part = fenced(mark, f"{symbol.name} in {source.path}, from line {symbol.top}", _text_of(source, symbol))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-function/2",
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
