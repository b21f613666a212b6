"""What notes say, as far as people ask for it: one value for each note, and which of them are wanted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pointsman.domain.note_problem import NoteProblem

Verdict = Literal["approve", "changes", "inconclusive", "none"]


@dataclass(frozen=True, slots=True)
class NotedCall:
    """One model call of a note. Cost in millionths of a US dollar, time in milliseconds."""

    call_id: str
    phase: str
    model: str
    family: str
    vendor: str
    provider: str
    perimeter: str
    served: str
    state: str
    template: str
    prompt_sha256: str
    answer_sha256: str
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int
    milliseconds: int
    at: str


@dataclass(frozen=True, slots=True)
class NotedEdit:
    """One file that a run changed: lines added and removed, and the model that wrote them."""

    path: str
    kind: str
    added: int
    removed: int
    model: str
    family: str


@dataclass(frozen=True, slots=True)
class NotedReview:
    """One round of review; `disputed` findings stood open between coder and reviewer at the end."""

    model: str
    family: str
    verdict: Verdict
    findings: int
    disputed: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class NotedAct:
    """What a person did to the run."""

    actor_id: int
    login: str
    act: str
    detail: str
    at: str


@dataclass(frozen=True, slots=True)
class NotedHop:
    """A change of model within a phase: `fallback`, `escalation` or `override`."""

    phase: str
    kind: str
    from_model: str
    to_model: str
    why: str


@dataclass(frozen=True, slots=True)
class Noted:
    """One believable note. `written_at` is ISO 8601 in UTC; `digest` is its envelope's.

    `commit` is what was written or reviewed; empty when the run left nothing that its note could speak of.
    """

    name: str
    digest: str
    run: str
    repository_id: str
    repository: str
    issue: str
    branch: str
    commit: str
    written_at: str
    goal: str
    result: str
    task: str
    risk: str
    sensitivity: str
    separation: str
    policy_digest: str
    routing_digest: str
    requester_id: int
    requester: str
    authors: tuple[str, ...]
    evidence: str
    calls: tuple[NotedCall, ...]
    edits: tuple[NotedEdit, ...]
    reviews: tuple[NotedReview, ...]
    people: tuple[NotedAct, ...]
    hops: tuple[NotedHop, ...]
    not_run: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the last round of review; `none` without one."""
        return self.reviews[-1].verdict if self.reviews else "none"

    @property
    def reviewer(self) -> str:
        """The model of the last round of review, empty without one."""
        return self.reviews[-1].model if self.reviews else ""

    @property
    def cost_micro_usd(self) -> int:
        """Of all calls, in millionths of a US dollar."""
        return sum(call.cost_micro_usd for call in self.calls)

    @property
    def added(self) -> int:
        """Lines that the run's edits added."""
        return sum(edit.added for edit in self.edits)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notes are wanted: every field that is set must hold.

    `model` to `phase` must hold of one and the same call. `since` and `until` are days, both included. Costs are in
    millionths of a US dollar. `policy` is the beginning of the policy's digest. `person` is a login or a numeric id.
    """

    model: str = ""
    family: str = ""
    provider: str = ""
    perimeter: str = ""
    phase: str = ""
    person: str = ""
    verdict: str = ""
    path: str = ""
    since: str = ""
    until: str = ""
    cost_from: int | None = None
    cost_to: int | None = None
    escalated: bool | None = None
    policy: str = ""
    sensitivity: str = ""
    task: str = ""
    result: str = ""
    evidence: str = ""
    run: str = ""

    @property
    def asks_of_calls(self) -> bool:
        """Whether anything is asked of a call."""
        return any((self.model, self.family, self.provider, self.perimeter, self.phase))


def chosen(notes: Iterable[Noted], wanted: Wanted) -> tuple[Noted, ...]:
    """The notes that are wanted, in the given order; each keeps all its calls and edits."""
    return tuple(note for note in notes if _is_wanted(note, wanted))


def calls_of(note: Noted, wanted: Wanted) -> tuple[NotedCall, ...]:
    """The calls of a note that are wanted."""
    return tuple(call for call in note.calls if _fits(call, wanted))


def edits_of(note: Noted, wanted: Wanted) -> tuple[NotedEdit, ...]:
    """The edits of a note that are wanted: by path, and by the model and family that wrote them."""
    return tuple(
        edit
        for edit in note.edits
        if (not wanted.path or path_fits(edit.path, wanted.path))
        and wanted.model in ("", edit.model)
        and wanted.family in ("", edit.family)
    )


def path_fits(path: str, pattern: str) -> bool:
    """Whether a path is the named one, lies in the named folder, or fits the pattern; `*` stays in one folder."""
    if path == pattern or path.startswith(f"{pattern.rstrip('/')}/"):
        return True
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join(meant.get(part) or re.escape(part) for part in parts), path) is not None


def _fits(call: NotedCall, wanted: Wanted) -> bool:
    asked = (
        (wanted.model, call.model),
        (wanted.family, call.family),
        (wanted.provider, call.provider),
        (wanted.perimeter, call.perimeter),
        (wanted.phase, call.phase),
    )
    return _are(asked)


def _are(asked: Iterable[tuple[str, str]]) -> bool:
    """Whether each is what is wanted; whatever it is where nothing is."""
    return all(want in ("", have) for want, have in asked)


def _is_wanted(note: Noted, wanted: Wanted) -> bool:
    named = (
        (wanted.verdict, note.verdict),
        (wanted.sensitivity, note.sensitivity),
        (wanted.task, note.task),
        (wanted.result, note.result),
        (wanted.evidence, note.evidence),
        (wanted.run, note.run),
    )
    return (
        _are(named)
        and (not wanted.asks_of_calls or bool(calls_of(note, wanted)))
        and note.policy_digest.startswith(wanted.policy)
        and (not wanted.person or _has_person(note, wanted.person))
        and (not wanted.path or any(path_fits(edit.path, wanted.path) for edit in note.edits))
        and _is_in_time(note, wanted)
        and _is_in_cost(note, wanted)
        and wanted.escalated in (None, any(hop.kind == "escalation" for hop in note.hops))
    )


def _has_person(note: Noted, person: str) -> bool:
    known = {note.requester.lower(), str(note.requester_id)}
    known |= {name for act in note.people for name in (act.login.lower(), str(act.actor_id))}
    return person.removeprefix("@").lower() in known


def _is_in_time(note: Noted, wanted: Wanted) -> bool:
    day = note.written_at[:10]
    return (not wanted.since or day >= wanted.since) and (not wanted.until or day <= wanted.until)


def _is_in_cost(note: Noted, wanted: Wanted) -> bool:
    low, high, cost = wanted.cost_from, wanted.cost_to, note.cost_micro_usd
    return (low is None or cost >= low) and (high is None or cost <= high)


@dataclass(frozen=True, slots=True)
class Believed:
    """The notes that can be believed, oldest first, and what is wrong with the others."""

    notes: tuple[Noted, ...]
    problems: tuple[NoteProblem, ...]
