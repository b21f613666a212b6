"""Triage: which class of task an issue is, where rules could not tell: a small model with a closed set is asked."""

from dataclasses import replace

from pointsman.domain.errors import Stopped, TryAgain
from pointsman.domain.levels import Phase, Risk, TaskClass
from pointsman.domain.models import Shape
from pointsman.domain.outcome import Earlier, Triage
from pointsman.domain.run import Refuse, RunSpec
from pointsman.phases.asking import CHARS_PER_TOKEN, Unreadable, ask_shaped, asking_of, temperature_of
from pointsman.phases.reading import Draft, Text, choice_schema, object_schema, reader, text_schema
from pointsman.phases.templates import fenced, fill, mark_of, shorten
from pointsman.ports.bundle import Ports

_MEANINGS = {
    TaskClass.DOCS: "only documentation or comments",
    TaskClass.TESTS: "only tests",
    TaskClass.BOILERPLATE: "mechanical work: renames, configuration, scaffolding",
    TaskClass.BUGFIX: "something gives a wrong result, crashes or fails a test",
    TaskClass.FEATURE: "something new that users can do",
    TaskClass.REFACTOR: "better structure, same behaviour",
    TaskClass.SECURITY: "a hole, secrets, permissions, cryptography",
    TaskClass.VISUAL: "looks: layout, style sheets, images",
    TaskClass.QUESTION: "somebody asks something, nothing is to be changed",
    TaskClass.UNKNOWN: "none of these clearly",
}
_ISSUE_CHARS = 3000
_WHY_CHARS = 200


class _Sorted(Draft):
    task: TaskClass
    why: Text = ""


async def triage(spec: RunSpec, earlier: Earlier, ports: Ports) -> Triage:
    """The class of the issue; the risk is left at medium, rules raise it.

    Whatever keeps the model from saying it in time makes the class `unknown`, which takes the strict route: no model
    may, none can be reached, the money for it is spent, or the answer cannot be read. Raises what else the door
    raises, such as for a wrong key.
    """
    route = spec.route(Phase.TRIAGE)
    if isinstance(route, Refuse):
        return _unknown(f"no model may sort this: {route.reason}")
    try:
        return await _asked(spec, ports)
    except TryAgain as error:
        if error.code != "outage":
            raise
        return _unknown("no model could be reached to sort this")
    except Stopped as error:
        if error.code != "budget":
            raise
        return _unknown("the budget did not hold the call that would have sorted this")


def _unknown(why: str) -> Triage:
    return Triage(TaskClass.UNKNOWN, Risk.MEDIUM, "default", why[:_WHY_CHARS])


async def _asked(spec: RunSpec, ports: Ports) -> Triage:
    asking = asking_of(spec, ports, Phase.TRIAGE)
    limit = min(_ISSUE_CHARS, asking.input_tokens * CHARS_PER_TOKEN // 2)
    issue = shorten(f"{spec.issue.title}\n\n{spec.issue.body}", limit)
    mark = mark_of(issue)
    classes = tuple(task for task in TaskClass if task in spec.orders or task is TaskClass.UNKNOWN)
    prompt = fill(
        "triage/1",
        mark=mark,
        classes="\n".join(f"- {task}: {_MEANINGS[task]}" for task in classes),
        issue=fenced(mark, "issue", issue),
    )
    schema = object_schema(task=choice_schema(*classes), why=text_schema("at most twelve words"))
    ask = asking.ask(prompt, shape=Shape("triage", schema), temperature=temperature_of(asking.model))
    # The run goes on without an answer, by the strict route, so none is waited for.
    found = await ask_shaped(ports, replace(ask, patience=0.0), reader(_Sorted))
    if isinstance(found, Unreadable):
        return _unknown(f"{found.model} gave no class: {found.why}")
    task = found.value.task if found.value.task in classes else TaskClass.UNKNOWN
    return Triage(task, Risk.MEDIUM, "model", found.value.why[:_WHY_CHARS] or f"{found.model} says {task}")
