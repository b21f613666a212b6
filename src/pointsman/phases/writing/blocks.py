"""Coding by search and replace blocks in plain text."""

from pointsman.domain.models import Ask, EditStyle
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.phases.asking import Piece, asked_again, fit, reply_to, temperature_of
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, shorten
from pointsman.phases.writing.coding import Task, no_edit, other_files, refused
from pointsman.phases.writing.functions import by_function, function_of
from pointsman.phases.writing.whole import by_whole_files, fits_whole

_TRIES = 2
_ECHO = 6000


async def by_blocks(task: Task) -> Patch | NoPatch:
    """One reply with blocks; a refusal goes back once, and after the second one whole files are asked for."""
    ask = _question(task)
    result: NoPatch | None = None
    for number in range(1, _TRIES + 1):
        reply = await reply_to(task.ports, ask)
        if (ended := no_edit(reply)) is not None:
            return ended
        order = task.order(task.attempt.onto, reply.model, reply.call_id, lone_block_path=_lone(task))
        made = await task.ports.workspace.propose(order, reply.text, EditStyle.BLOCKS)
        if isinstance(made, Patch):
            return made
        result = refused(made, reply.model, refusals=number)
        said = shorten(reply.text, _ECHO)
        ask = asked_again(ask, said, made.message, is_unreadable=made.kind == "unreadable")
    can_be_whole = bool(task.targets or task.create) and fits_whole(task)
    if result is not None and result.kind in ("unreadable", "refused"):
        if can_be_whole:
            return await by_whole_files(task)
        if (one := await function_of(task)) is not None:
            return await by_function(task, *one)
    return result or NoPatch("empty", "no reply held an edit", task.asking.model.name)


def _lone(task: Task) -> str:
    paths = (*(source.path for source in task.targets), *task.create)
    return paths[0] if len(paths) == 1 else ""


def _question(task: Task) -> Ask:
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
