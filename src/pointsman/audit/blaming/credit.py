"""What one believable note says of one file of one commit: who wrote it, by which calls, and who reviewed it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pointsman.audit.checking.opening import OpenedNote
from pointsman.audit.note.predicate import CallPart, EditPart, Predicate, TryPart
from pointsman.domain.blame import Binding, CommitSeen, Reviewed, Written
from pointsman.domain.history import noted_path
from pointsman.domain.trailers import runs_named

BOT_MAIL = "pointsman@localhost"
"""The address that the bot's own commits carry. It proves nothing: whoever commits may write it."""

_MODEL = re.compile(r"^[ \t]*(?:Assisted|Tested)-by: Pointsman \((?P<model>[^\n]*)\)[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pointers:
    """What a commit says of runs and models: a hint where to look, which anybody can write, and never a proof."""

    runs: frozenset[str]
    models: frozenset[str]
    is_author: bool
    is_helper: bool

    def __bool__(self) -> bool:
        return bool(self.runs or self.models or self.is_author or self.is_helper)


def pointers_of(seen: CommitSeen) -> Pointers:
    """The hints in a commit; every line counts, since a squash puts trailers into its middle."""
    return Pointers(
        frozenset(runs_named(seen.message)),
        frozenset(found["model"] for found in _MODEL.finditer(seen.message)),
        seen.mail == BOT_MAIL,
        f"<{BOT_MAIL}>" in seen.message,
    )


def person(seen: CommitSeen) -> Written:
    """Whoever the commit names as its author, for a line that no note speaks of."""
    if "[bot]" in seen.author or "[bot]" in seen.mail:
        return unknown(f"the commit's author is another program: {seen.author}")
    return Written("person", person=seen.author, mail=seen.mail)


def unknown(why: str, note: str = "", believed: bool | None = None) -> Written:
    """Nobody knows, and why."""
    return Written("unknown", why=why, note=note, believed=believed)


def credit(
    note: OpenedNote, path: str, *, binding: Binding, commit: str = "", chain: tuple[str, ...] = ()
) -> Written:
    """Who wrote what a run brought to a file. `commit` is the one of the run, where it is known, and `chain` all of
    the run's commits, newest first.
    """
    told = note.predicate
    attempt = next((one for one in told.tries if commit and one.commit == commit), None)
    edit = next((one for one in told.edits if one.path == noted_path(path)), None)
    made = _by_try(told, attempt, edit) if attempt else _by_test(told, edit) or _by_file(told, edit)
    reviews = () if made.by == "reviewer" else _reviews(note, commit, chain)
    return replace(made, run=told.run, reviews=reviews, note=note.name, believed=True, binding=binding)


def reviews_of(
    notes: Iterable[OpenedNote], commit: str, chains: Mapping[str, tuple[str, ...]]
) -> tuple[Reviewed, ...]:
    """What reviews of several notes said of a commit, each once."""
    found = (one for note in notes for one in _reviews(note, commit, chains.get(note.digest, ())))
    return tuple(dict.fromkeys(found))


def record(note: OpenedNote) -> Written:
    """The files that a run writes along with its note."""
    return Written("record", run=note.predicate.run, phase="record", note=note.name, believed=True, binding="note")


def _by_try(told: Predicate, attempt: TryPart, edit: EditPart | None) -> Written:
    """The calls of a try, of which the note may say which of them this file was read from."""
    calls = _answered(told, attempt.calls)
    own = tuple(call for call in calls if edit is not None and call.call_id in edit.calls) or calls
    return _written(_models(own) or (attempt.model,), own)


def _by_test(told: Predicate, edit: EditPart | None) -> Written | None:
    """The author of a test that showed a finding, or the bug before any code was written."""
    if edit is None:
        return None
    proofs = [one.proof for review in told.reviews for one in review.findings if one.proof is not None]
    if any((one.result, one.path, one.model) == ("confirmed", edit.path, edit.model) for one in proofs):
        own = _of(told, edit, "review-test/")
        return Written("reviewer", (edit.model,), phase="review", prompts=_prompts(own))
    shown = told.evidence.reproduction if told.evidence is not None else None
    if shown is None or not shown.path or (shown.path, shown.model) != (edit.path, edit.model):
        return None
    return _written((edit.model,), _of(told, edit, "reproduce/"))


def _of(told: Predicate, edit: EditPart, template: str) -> tuple[CallPart, ...]:
    """The calls of a file's author with a template, or those that the note names where it names any."""
    found = tuple(call for call in _answered(told) if call.model == edit.model and call.template.startswith(template))
    return tuple(call for call in found if call.call_id in edit.calls) or found


def _by_file(told: Predicate, edit: EditPart | None) -> Written:
    """Who wrote a file: by the calls that the note names for it, else whoever may have."""
    named = _answered(told, edit.calls) if edit is not None and edit.calls else ()
    if named:
        return _written(_models(named), named)
    left = [name for one in told.tries if one.commit for name in _by_try(told, one, None).models]
    models = tuple(dict.fromkeys(left)) or told.authors
    if len(told.authors) == 1:
        models = (edit.model,) if edit and edit.model else told.authors
    calls = (call for call in _answered(told) if call.phase == "code" and call.model in models)
    return _written(models, tuple(call for call in calls if not call.template.startswith("reproduce/")))


def _written(models: tuple[str, ...], calls: tuple[CallPart, ...]) -> Written:
    why = "the note does not say which of the models wrote this line" if len(models) > 1 else ""
    return Written("model", models, phase="code", prompts=_prompts(calls), why=why)


def _answered(told: Predicate, ids: tuple[str, ...] | None = None) -> tuple[CallPart, ...]:
    """The calls that were answered, all of them or those with these ids."""
    return tuple(call for call in told.calls if call.state == "answered" and (ids is None or call.call_id in ids))


def _models(calls: Iterable[CallPart]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.model for call in calls))


def _prompts(calls: Iterable[CallPart]) -> tuple[str, ...]:
    return tuple(call.prompt_sha256 for call in calls)


def _reviews(note: OpenedNote, commit: str, chain: tuple[str, ...]) -> tuple[Reviewed, ...]:
    """The reviews that saw the line: of its commit, or of one that came after it in the run."""
    told = note.predicate
    if commit in chain:
        later = set(chain[: chain.index(commit) + 1])
    else:
        last = [one.commit for one in told.tries if one.commit][-1:]
        later = {note.statement.subject_digest("commit"), *last}
    return tuple(Reviewed(one.model, one.round, one.verdict) for one in told.reviews if one.commit in later)
