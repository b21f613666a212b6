"""What a verified note says, as the value that questions are asked of."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from pointsman.audit.checking.inspection import in_order
from pointsman.audit.checking.opening import OpenedNote, open_notes
from pointsman.audit.checking.past import NoteSource
from pointsman.audit.checking.places import foreign
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.audit.note.predicate import ModelPart, Predicate
from pointsman.domain.levels import OF_COMMITS
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.noted import Believed, Noted, NotedAct, NotedCall, NotedEdit, NotedHop, NotedReview


def noted_of(note: OpenedNote) -> Noted:
    """The note as a value; what its catalogue does not describe has an empty family."""
    told = note.predicate
    order, models = told.order, {model.name: model for model in told.models}
    return Noted(
        name=note.name,
        digest=note.digest,
        run=told.run,
        repository_id=order.repository.id,
        repository=order.repository.name,
        issue=order.issue.key,
        branch=told.branch,
        commit=note.statement.subject_digest("commit") if told.result in OF_COMMITS else "",
        written_at=told.written_at,
        goal=order.goal,
        result=told.result,
        task=order.task,
        risk=order.risk,
        sensitivity=order.sensitivity,
        separation=order.separation,
        policy_digest=order.policy_digest,
        routing_digest=order.routing_digest,
        requester_id=order.requester_id,
        requester=order.requester_login,
        authors=told.authors,
        evidence=told.evidence.verdict if told.evidence else "not run",
        calls=_calls(told, models),
        edits=tuple(
            NotedEdit(it.path, it.kind, it.added, it.removed, it.model, _family(models, it.model))
            for it in told.edits
        ),
        reviews=_reviews(told, models),
        people=tuple(NotedAct(it.actor_id, it.login, it.act, it.detail, it.at) for it in told.people),
        hops=tuple(NotedHop(it.phase, it.kind, it.from_model, it.to_model, it.why) for it in told.hops),
        not_run=told.not_run,
    )


def _family(models: dict[str, ModelPart], name: str) -> str:
    return models[name].family if name in models else ""


def _calls(told: Predicate, models: dict[str, ModelPart]) -> tuple[NotedCall, ...]:
    return tuple(
        NotedCall(
            call_id=it.call_id,
            phase=it.phase,
            model=it.model,
            family=_family(models, it.model),
            vendor=models[it.model].vendor if it.model in models else "",
            provider=it.provider,
            perimeter=it.perimeter,
            served=it.served,
            state=it.state,
            template=it.template,
            prompt_sha256=it.prompt_sha256,
            answer_sha256=it.answer_sha256,
            input_tokens=it.input_tokens,
            output_tokens=it.output_tokens,
            cost_micro_usd=it.cost_micro_usd,
            milliseconds=it.milliseconds,
            at=it.at,
        )
        for it in told.calls
    )


def _reviews(told: Predicate, models: dict[str, ModelPart]) -> tuple[NotedReview, ...]:
    return tuple(
        NotedReview(
            model=it.model,
            family=_family(models, it.model),
            verdict=it.verdict,
            findings=len(it.findings),
            disputed=sum(one.fate == "disputed" for one in it.findings),
            confirmed=sum(one.proof is not None and one.proof.result == "confirmed" for one in it.findings),
        )
        for it in told.reviews
    )


def believed(files: Iterable[tuple[str, bytes]], trusted: TrustedKeys, repository_id: str) -> Believed:
    """The notes of one repository among files (name, bytes) whose signatures hold with a trusted key, in chain order.

    That a link of the chain is not here is no fault of a note: it may lie on a branch that is not merged.
    """
    opened, problems = open_notes(sorted(files), trusted)
    return _of_one_repository(in_order(opened), (), repository_id, problems)


async def believed_in(
    source: NoteSource, files: Iterable[tuple[str, bytes]], trusted: TrustedKeys, repository_id: str = ""
) -> Believed:
    """The same for a clone, which tells by its commits where nobody says whose the notes should be."""
    opened, problems = open_notes(sorted(files), trusted)
    here = await source.trees(sorted({note.predicate.order.base_commit for note in opened}))
    return _of_one_repository(in_order(opened), here, repository_id, problems)


def _of_one_repository(
    notes: list[OpenedNote], here: Collection[str], repository_id: str, problems: list[NoteProblem]
) -> Believed:
    others = foreign(notes, here, repository_id)
    names = {problem.note for problem in others}
    found = [note for note in notes if note.name not in names]
    return Believed(_each_call_once(found), (*problems, *others))


def _each_call_once(notes: list[OpenedNote]) -> tuple[Noted, ...]:
    """A run that was resumed after its end has a note of each; what a later one tells again counts there alone."""
    told: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    found = []
    for note in reversed(notes):
        one, later = noted_of(note), told[note.predicate.run]
        tried = [(call.call_id, call.attempt) for call in note.predicate.calls]
        calls = tuple(call for key, call in zip(tried, one.calls, strict=True) if key not in later)
        if calls or not later:
            found.append(replace(one, calls=calls))
        later.update(tried)
    return tuple(reversed(found))
