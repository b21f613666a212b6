"""Coding by search and replace blocks in plain text."""

from pointsman.domain.models import REFUSALS_OF_A_FORM, REFUSALS_OF_A_MODEL, Ask, EditStyle, Reply
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.phases.asking import Piece, asked_again, fit, temperature_of
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, shorten
from pointsman.phases.writing.coding import Made, Task, answered, other_files, refused
from pointsman.phases.writing.functions import by_function, function_of
from pointsman.phases.writing.whole import by_whole_files, fits_whole

_ECHO = 6000


async def by_blocks(task: Task) -> Made:
    """Replies with blocks, each refusal told; after the second one whole files are asked for, or one function."""
    ask = question(task)
    while True:
        reply = await answered(task, ask)
        if not isinstance(reply, Reply):
            return reply
        order = task.order(task.attempt.onto, reply.model, reply.call_id, lone_block_path=_lone(task))
        made = await task.ports.workspace.propose(order, reply.text, EditStyle.BLOCKS)
        if isinstance(made, Patch):
            return made
        result = refused(task, made, reply.model)
        if task.refusals >= REFUSALS_OF_A_FORM:
            return await _in_another_form(task, result)
        said = shorten(reply.text, _ECHO)
        ask = asked_again(ask, said, made.message, is_unreadable=made.kind == "unreadable")


async def _in_another_form(task: Task, result: NoPatch) -> Made:
    """What whole files come to, or one function, where blocks were refused; the refusal where that is no help."""
    if task.refusals >= REFUSALS_OF_A_MODEL or result.kind not in ("unreadable", "refused"):
        return result
    if (task.targets or task.create) and fits_whole(task):
        return await by_whole_files(task)
    one = await function_of(task)
    return await by_function(task, *one) if one is not None else result


def _lone(task: Task) -> str:
    paths = (*(source.path for source in task.targets), *task.create)
    return paths[0] if len(paths) == 1 else ""


def question(task: Task) -> Ask:
    """What is asked first: the task, the files to change, and how blocks are written."""
    mark = task.mark
    files = "\n".join(fenced(mark, f"file {source.path}", source.text) for source in task.targets)
    new = "".join(f"The file {path} does not exist yet.\n" for path in task.create)

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-blocks/1",
            mark=mark,
            task=task.told(),
            files=f"{files}{new}",
            context=joined(kept, left_out),
            feedback=task.feedback(),
        )
        return task.asking.ask(prompt, temperature=temperature_of(task.asking.model, task.number))

    return fit(task.asking, other_files(task, mark), build)
