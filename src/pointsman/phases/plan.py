"""Plan: what will be done, in terms that a person can approve and a reviewer can check."""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from hashlib import sha256

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Shape
from pointsman.domain.outcome import Earlier, Plan
from pointsman.domain.run import Need, RunSpec
from pointsman.phases.asking import (
    Asking,
    Piece,
    Unreadable,
    ask_shaped,
    asking_of,
    fit,
    temperature_of,
    within,
)
from pointsman.phases.paths import OWN_FILES, cleaned, is_test, matches, named_in
from pointsman.phases.reading import Draft, Text, Texts, list_schema, object_schema, reader, text_schema
from pointsman.phases.shown.context import (
    Extract,
    Wanted,
    advice_on,
    advice_pieces,
    joined,
    pieces_of,
    room_of,
    survey,
)
from pointsman.phases.templates import fenced, fill, mark_of
from pointsman.ports.bundle import Ports

_MOST_QUESTIONS = 3
_MOST_PATHS = 20
_TEXTS = list_schema({"type": "string"})
_SHAPE = Shape(
    "plan",
    object_schema(
        goal=text_schema("one sentence"),
        criteria=_TEXTS,
        steps=_TEXTS,
        read=list_schema({"type": "string"}, "existing files to look at"),
        change=list_schema({"type": "string"}, "existing files to change"),
        create=list_schema({"type": "string"}, "new files"),
        tests=list_schema({"type": "string"}, "test files to add or change"),
        risks=_TEXTS,
        questions=list_schema({"type": "string"}, "only what only a person can decide; usually empty"),
    ),
)


class _PlanDraft(Draft):
    goal: Text
    criteria: Texts = ()
    steps: Texts = ()
    read: Texts = ()
    change: Texts = ()
    create: Texts = ()
    tests: Texts = ()
    risks: Texts = ()
    questions: Texts = ()


async def plan(spec: RunSpec, earlier: Earlier, ports: Ports) -> Plan:
    """The plan for the issue, or, where policy asks for none, one made of the issue itself.

    Paths that do not exist, and protected ones, are dropped and listed. Raises OwnerMust when the model gave no
    readable plan in two turns (`unreadable-answer`) or the issue does not fit its window (`context-window`),
    TryAgain when it is out, and what the door raises.
    """
    paths = tuple(entry.path for entry in await ports.workspace.files(spec.base_commit))
    if spec.order.plan is Need.SKIP:
        return _skipped(spec, paths)
    asking = asking_of(spec, ports, Phase.PLAN)
    ask = await _question(asking, paths)
    found = await ask_shaped(ports, ask, reader(_PlanDraft))
    if isinstance(found, Unreadable):
        raise OwnerMust(
            f"{found.model} gave no readable plan in two turns: {found.why}.",
            code="unreadable-answer",
            hint="Rerun the plan with another model, or name a stronger one for `plan` in the routing file.",
        )
    return _grounded(found.value, spec, paths)


def plan_digest(plan: Plan) -> str:
    """sha256 over the canonical JSON of every field but the digest itself."""
    fields = {name: value for name, value in asdict(plan).items() if name != "digest"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def _sealed(plan: Plan) -> Plan:
    return replace(plan, digest=plan_digest(plan))


def _skipped(spec: RunSpec, paths: tuple[str, ...]) -> Plan:
    named = named_in(f"{spec.issue.title}\n{spec.issue.body}", paths)
    nothing: tuple[str, ...] = ()
    goal = " ".join(spec.issue.title.split())
    return _sealed(
        Plan(
            goal=goal,
            criteria=nothing,
            steps=nothing,
            read=named[:_MOST_PATHS],
            change=nothing,
            create=nothing,
            tests=nothing,
            risks=nothing,
            questions=nothing,
            digest="",
            skipped=True,
        )
    )


async def _question(asking: Asking, paths: tuple[str, ...]) -> Ask:
    spec = asking.spec
    issue = within(f"{spec.issue.title}\n\n{spec.issue.body}", asking.input_tokens * 2 // 5)
    found = await survey(asking, spec.base_commit, Wanted(f"{spec.issue.title}\n{spec.issue.body}"))
    advice = await advice_on(asking, found.paths[: room_of(asking).whole])
    listing = _listing(found.paths, paths, room_of(asking).listed)
    texts = (*listing.texts, *(text for one in found.extracts for text in one.texts), *(one.text for one in advice))
    mark = mark_of(issue, *texts)
    pieces = (listing.piece(mark), *advice_pieces(advice, mark), *pieces_of(found.extracts, mark))

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        prompt = fill("plan/1", mark=mark, issue=fenced(mark, "issue", issue), context=joined(kept, left_out))
        return asking.ask(prompt, shape=_SHAPE, temperature=temperature_of(asking.model))

    return fit(asking, pieces, build)


def _listing(best: tuple[str, ...], paths: tuple[str, ...], most: int) -> Extract:
    """Paths by rank and then by name, as many as are of use, or a quarter of them."""
    ordered = tuple(dict.fromkeys((*best, *paths)))
    label = f"some of the {len(paths)} paths"
    forms = ((label, "\n".join(ordered[:count])) for count in (most, max(most // 4, 1)))
    return Extract("the list of paths", tuple(forms))


def _grounded(draft: _PlanDraft, spec: RunSpec, paths: tuple[str, ...]) -> Plan:
    known = frozenset(paths)
    draft = _with_clean_paths(draft)
    protected = (*OWN_FILES, *spec.protected)
    create = _unique(path for path in draft.create if path not in known)
    change = _unique(path for path in (*draft.change, *draft.create) if path in known)
    tests = _unique(path for path in draft.tests if path in known or is_test(path))
    read = _unique(path for path in draft.read if path in known)
    wanted = _unique((*draft.read, *draft.change, *draft.create, *draft.tests))
    open_to_edit = tuple(
        tuple(path for path in group if _is_inside(path) and not matches(path, protected))
        for group in (change, create, tests)
    )
    kept = {*read, *(path for group in open_to_edit for path in group)}
    questions = tuple(question for question in draft.questions if question.rstrip().endswith("?"))
    return _sealed(
        Plan(
            goal=" ".join(draft.goal.split()) or " ".join(spec.issue.title.split()),
            criteria=draft.criteria,
            steps=draft.steps,
            read=read,
            change=open_to_edit[0],
            create=open_to_edit[1],
            tests=open_to_edit[2],
            risks=draft.risks,
            questions=questions[:_MOST_QUESTIONS],
            digest="",
            dropped_paths=tuple(path for path in wanted if path not in kept),
        )
    )


def _with_clean_paths(draft: _PlanDraft) -> _PlanDraft:
    return _PlanDraft(
        goal=draft.goal,
        criteria=draft.criteria,
        steps=draft.steps,
        read=tuple(cleaned(path) for path in draft.read),
        change=tuple(cleaned(path) for path in draft.change),
        create=tuple(cleaned(path) for path in draft.create),
        tests=tuple(cleaned(path) for path in draft.tests),
        risks=draft.risks,
        questions=draft.questions,
    )


def _unique(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for path in written if path))[:_MOST_PATHS]


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/") and path.isprintable()
