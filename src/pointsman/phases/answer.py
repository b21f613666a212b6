"""Answer: what a model says to a question about the code, in at most a page of plain text."""

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Ending, Reply
from pointsman.domain.run import RunSpec
from pointsman.phases.asking import (
    Answer,
    Asking,
    Piece,
    asking_of,
    fit,
    reply_to,
    temperature_of,
    within,
)
from pointsman.phases.reviewing.subject import shown
from pointsman.phases.shown.context import Wanted, joined, pieces_of, survey
from pointsman.phases.templates import fenced, fill, mark_of
from pointsman.ports.bundle import Ports

PAGE_CHARS = 6_000
_CUT = "\n\n(The answer was cut here.)"


async def answer(spec: RunSpec, ports: Ports) -> Answer[str]:
    """One call on the route of the plan: the question is the issue's body, below the title of what it is asked at.

    Shown are the files that the question is about, and the change where it is asked at one. Raises OwnerMust when the
    model gave no answer (`unreadable-answer`) or the question does not fit its window, TryAgain when it is out, and
    what the door raises.
    """
    asking = asking_of(spec, ports, Phase.PLAN)
    reply = await reply_to(ports, await _question(asking))
    said = reply.text.strip()
    if not said or reply.ending is Ending.REFUSED:
        raise OwnerMust(
            f"{reply.model} gave no answer to the question.",
            code="unreadable-answer",
            hint="Ask in other words, or name another model for `plan` in the routing file.",
        )
    return Answer(_page(said, reply), reply.model)


def _page(said: str, reply: Reply) -> str:
    """At most a page, cut at the end of a line, and saying so."""
    if len(said) <= PAGE_CHARS and reply.ending is not Ending.CUT:
        return said
    kept = said[:PAGE_CHARS]
    whole_lines = kept.rpartition("\n")[0] if len(said) > PAGE_CHARS else kept
    return (whole_lines or kept).rstrip() + _CUT


async def _question(asking: Asking) -> Ask:
    spec, workspace = asking.spec, asking.ports.workspace
    commit = spec.head_commit or spec.base_commit
    asked = within(f"{spec.issue.title}\n\n{spec.issue.body}", asking.input_tokens * 2 // 5)
    found = await survey(asking, commit, Wanted(f"{spec.issue.body}\n{spec.issue.title}"))
    whole = await shown(workspace, spec.base_commit, commit) if spec.head_commit else ()
    diff = within("".join(file.text for file in whole), asking.input_tokens * 3 // 10)
    mark = mark_of(asked, diff, *(text for one in found.extracts for text in one.texts))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill(
            "answer/1",
            mark=mark,
            question=fenced(mark, "question", asked),
            diff=fenced(mark, "the change that it is asked about", diff) if diff else "",
            context=joined(kept, left_out),
        )
        return asking.ask(prompt, temperature=temperature_of(asking.model))

    return fit(asking, pieces_of(found.extracts, mark), build)
