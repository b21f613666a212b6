"""Coding by whole files, one at a time: the form that small models can write."""

from pointsman.domain.models import REFUSALS_OF_A_FORM, REFUSALS_OF_A_MODEL, Ask, EditStyle, Reply
from pointsman.domain.outcome import NoPatch, Patch
from pointsman.domain.work import EditRefusal
from pointsman.phases.asking import CHARS_PER_TOKEN, Piece, asked_again, fit, temperature_of
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, shorten
from pointsman.phases.writing.coding import Made, Task, answered, in_one_commit, other_files, refused, with_calls

_ECHO = 1500
_EXPLAINED = 800
"""So many characters of an answer are left for the words before the file."""

_TRIES = REFUSALS_OF_A_FORM


def fits_whole(task: Task) -> bool:
    """Whether every file to change can be written again in one answer."""
    room = task.asking.output_tokens * CHARS_PER_TOKEN - _EXPLAINED
    return all(len(source.text) < room for source in task.targets)


async def by_whole_files(task: Task) -> Made:
    """Each file asked for by itself; all of them, or none. A file that the model leaves as it is counts as done."""
    texts = {source.path: source.text for source in task.targets}
    done: list[Patch] = []
    last: NoPatch | None = None
    for path in (*texts, *task.create):
        onto = done[-1].commit if done else task.attempt.onto
        result = await _one_file(task, onto, path, texts.get(path))
        if isinstance(result, Patch):
            done.append(with_calls(result, done[-1] if done else None))
        elif isinstance(result, NoPatch) and result.kind == "unchanged":
            last = result
        else:
            return result
    if done:
        return await in_one_commit(task, done[-1], len(done))
    return last or NoPatch("empty", "there is no file to change: the plan names none", task.asking.model.name)


async def _one_file(task: Task, onto: str, path: str, text: str | None) -> Made:
    """One file written again; a refusal goes back once, unless it is the last that this model may have."""
    ask = _question(task, path, text)
    result = NoPatch("empty", "no reply held the file", task.asking.model.name)
    for _ in range(_TRIES):
        reply = await answered(task, ask)
        if not isinstance(reply, Reply):
            return reply
        order = task.order(onto, reply.model, reply.call_id, lone_block_path=path)
        made = await task.ports.workspace.propose(order, reply.text, EditStyle.WHOLE)
        if isinstance(made, Patch):
            return made
        if made.kind == "unchanged":
            return NoPatch("unchanged", f"{path}: {made.message}", reply.model)
        result = refused(task, made, reply.model)
        if task.refusals >= REFUSALS_OF_A_MODEL:
            return result
        ask = _after_refusal(ask, reply.text, made, path)
    return result


def question(task: Task) -> Ask:
    """What is asked first: the task, and the first of the files as it stands."""
    texts = {source.path: source.text for source in task.targets}
    path = next(iter((*texts, *task.create)))
    return _question(task, path, texts.get(path))


def _question(task: Task, path: str, text: str | None) -> Ask:
    mark = task.mark
    file = f"The file {path} does not exist yet.\n" if text is None else fenced(mark, f"file {path}", text)
    others = tuple(
        Piece(one.path, fenced(mark, f"file {one.path}, changed separately", one.text))
        for one in task.targets
        if one.path != path
    )

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "code-whole/2",
            mark=mark,
            task=task.told(),
            context=joined(kept, left_out),
            file=file,
            path=path,
            feedback=task.feedback(),
        )
        return task.asking.ask(prompt, temperature=temperature_of(task.asking.model, task.number))

    return fit(task.asking, (*others, *other_files(task, mark)), build)


def _after_refusal(ask: Ask, said: str, refusal: EditRefusal, path: str) -> Ask:
    order = f"That could not be used: {refusal.message}\n\nWrite the whole file {path} again, in one code block."
    return asked_again(ask, shorten(said, _ECHO), order, is_unreadable=refusal.kind == "unreadable")
