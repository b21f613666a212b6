"""The signed data of a note, version 1: its shape, from which the published JSON Schema is made."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pointsman.domain.levels import NoteResult

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://pointsman.dev/audit/v1"

Whole = Annotated[int, Field(ge=0, le=2**53 - 1, description="a whole number that JSON carries exactly")]
Micro = Annotated[int, Field(ge=0, le=2**53 - 1, description="millionths of a US dollar")]
Milliseconds = Annotated[int, Field(ge=0, le=2**53 - 1, description="milliseconds")]
PersonId = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1, description="the forge's numeric id of a user")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$", description="lower-case hexadecimal")]
Chained = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$", description="sha256, empty before the first note")]

Written = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$", description="sha256, empty when nothing was written")]


class Part(BaseModel):
    """Everything in a note is known by name; what is not is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RepositoryPart(Part):
    """The repository by the forge's stable id; the name is for people."""

    forge: str
    id: str
    name: str
    default_branch: str


class IssuePart(Part):
    """The issue by its digest: sha256 over title, NUL, body. Its text is not in the note."""

    key: str
    digest: str
    flags: tuple[str, ...]


class OrderPart(Part):
    """The order as it was admitted, with the digests of the files that it was decided from.

    `change` is the number of the change that it is about, if any, and `authors_before` the models that wrote in it
    before. `perimeters` are where its text might go, `run_micro_usd` what the whole run might cost.
    """

    goal: Literal["build", "plan", "review", "fix", "ask"]
    repository: RepositoryPart
    requester_id: PersonId
    requester_login: str
    issue: IssuePart
    base_commit: Digest
    admitted_at: str
    sensitivity: str
    task: str
    risk: str
    separation: Literal["model", "family", "vendor"]
    audit_mode: str
    policy_digest: str
    routing_digest: str
    decision_digest: str
    change: str = ""
    authors_before: tuple[str, ...] = ()
    perimeters: tuple[str, ...] = ()
    run_micro_usd: Micro = 0


class ModelPart(Part):
    """One model that the run could meet, as the catalogue had it."""

    name: str
    id: str
    vendor: str
    family: str
    tier: str
    provider: str
    perimeter: str


class ReasonPart(Part):
    """One candidate of a route: kept or dropped, by which rule, and why."""

    model: str
    kept: bool
    rule: str
    why: str


class RoutePart(Part):
    """The route of one phase; a refused phase has no primary but the rule that refused."""

    phase: str
    primary: str = ""
    fallback: tuple[str, ...] = ()
    escalate: tuple[str, ...] = ()
    max_input_tokens: Whole = 0
    max_output_tokens: Whole = 0
    max_calls: Whole = 0
    budget_micro_usd: Micro = 0
    reasons: tuple[ReasonPart, ...] = ()
    digest: str = ""
    refused_by: str = ""


class TriagePart(Part):
    """Who first said which class of work and risk it is, and why; a model's own words for it are left out."""

    task: str
    risk: str
    decided_by: Literal["command", "label", "text", "path", "model", "default"]
    why: str


class PlanPart(Part):
    """The plan by its digest, which is what was approved.

    `questions` counts what it left open; `dropped_paths` are those that it named and nobody knows.
    """

    digest: str
    skipped: bool
    questions: Whole = 0
    dropped_paths: tuple[str, ...] = ()


class CallPart(Part):
    """One model call as it went over the wire; prompt and answer by the sha256 of their exact bytes.

    `region` and `via` are where the provider said that the answer was made; empty when it did not say.
    """

    call_id: str
    attempt: Whole
    run: str
    phase: str
    model: str
    served: str
    provider: str
    perimeter: str
    origin: str
    template: str
    state: Literal["sent", "answered", "outage", "refused"]
    prompt_sha256: str
    answer_sha256: str
    input_tokens: Whole
    output_tokens: Whole
    cost_micro_usd: Micro
    milliseconds: Milliseconds
    at: str
    why: str
    region: str = ""
    via: str = ""


class EditPart(Part):
    """One file of the change: sha256 of its hunks in canonical diff form, and the model that last wrote in it.

    `calls` are the ids of the model calls whose answers its edits were read from, oldest first. `lines_sha256` is of
    the lines that went and came with their neighbours, without numbers; empty where they would say too little.
    """

    path: str
    kind: Literal["created", "changed", "deleted"]
    hunks_sha256: str
    added: Whole
    removed: Whole
    model: str
    calls: tuple[str, ...] = ()
    lines_sha256: Written = ""


class CheckPart(Part):
    """One command in the sandbox on one commit; its output by sha256 of the shortened text."""

    command: tuple[str, ...]
    commit: str
    status: str
    exit_code: int | None
    passed: Whole
    failed: tuple[str, ...]
    skipped: Whole
    output_sha256: str
    milliseconds: Milliseconds


class WeakeningPart(Part):
    """Something by which the change proves less than it seems to; line 0 where nothing is left of it."""

    path: str
    line: Whole
    what: str
    kind: Literal["test", "selection", "machinery", "check", "lint"]


class ReproductionPart(Part):
    """A test that was written to fail on base by the bug: by sha256 of its text, with how it did on both sides.

    Where there is none, `why` says so, and everything else is empty.
    """

    path: str = ""
    sha256: str = ""
    model: str = ""
    base: str = ""
    candidate: str = ""
    why: str = ""


class EvidencePart(Part):
    """What was run on base and candidate, and what it shows; `old_tests` are base's tests on the candidate's code."""

    verdict: Literal["passed", "failed", "inconclusive", "not run"]
    why: str
    tier: str
    base: tuple[CheckPart, ...]
    candidate: tuple[CheckPart, ...]
    changed_tests: tuple[str, ...]
    missing_tests: tuple[str, ...]
    old_tests: tuple[CheckPart, ...] = ()
    weakened: tuple[WeakeningPart, ...] = ()
    reproduction: ReproductionPart | None = None


class PicturePart(Part):
    """One picture of a page, by the sha256 of its PNG; the file itself is kept for some days where the bot runs."""

    page: str
    side: Literal["before", "after"]
    sha256: Digest
    width: Whole
    height: Whole
    bytes: Whole


class PreviewPart(Part):
    """What came of looking at the pages before and after the change."""

    before: Literal["rendered", "failed", "not run"]
    after: Literal["rendered", "failed", "not run"]
    why: str
    pictures: tuple[PicturePart, ...]


class TryPart(Part):
    """One attempt of the code phase: the rung of the ladder, the cause, and how it ended.

    `sample` counts the candidates of one round from 0; `tokens` are those of its calls, which `calls` names.
    `commit` is what it was committed as, empty when it left no change; `refusals` counts the answers in which no edit
    could be used. `undoes` tells which earlier fix it takes back.
    """

    rung: Whole
    model: str
    cause: str
    ending: str
    evidence: str
    sample: Whole = 0
    tokens: Whole = 0
    commit: str = ""
    calls: tuple[str, ...] = ()
    refusals: Whole = 0
    undoes: str = ""


class ProofPart(Part):
    """What came of the test that a reviewer wrote for its finding; the test by sha256 of its text, empty without one.

    A test with the result `confirmed` stands in the change under its path; its author is no author of the code.
    """

    result: Literal["confirmed", "refuted", "older", "unconfirmed"]
    why: str
    path: str = ""
    model: str = ""
    test_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class FindingPart(Part):
    """One remark of a review, by digests of its text, with what became of it."""

    id: str
    path: str
    line: Whole
    side: Literal["new", "old"]
    severity: str
    quote_sha256: str
    message_sha256: str
    fate: Literal["open", "fixed", "disputed"]
    proof: ProofPart | None = None


class ReviewPart(Part):
    """One round of review; `dropped` counts findings without a ground in the diff, `unread` are paths nobody read."""

    model: str
    round: Whole
    commit: str
    verdict: Literal["approve", "changes", "inconclusive"]
    summary_sha256: str
    findings: tuple[FindingPart, ...]
    dropped: Whole
    unread: tuple[str, ...] = ()


class HopPart(Part):
    """A change of model within a phase, and why."""

    phase: str
    kind: Literal["fallback", "escalation", "override"]
    from_model: str
    to_model: str
    why: str


class PersonPart(Part):
    """What a person did to the run."""

    actor_id: PersonId
    login: str
    act: Literal["request", "approve", "override", "rerun"]
    detail: str
    at: str


class Predicate(Part):
    """Everything that one run did, as integers, digests and names; `previous` chains it to the note before it.

    `ended` is how code, tests and review ended, by name, such as `approved` or `budget`; `release` that of the bot.
    """

    run: str
    branch: str
    written_at: str
    result: NoteResult
    order: OrderPart
    models: tuple[ModelPart, ...]
    routes: tuple[RoutePart, ...]
    plan: PlanPart | None
    calls: tuple[CallPart, ...]
    tries: tuple[TryPart, ...]
    edits: tuple[EditPart, ...]
    authors: tuple[str, ...]
    evidence: EvidencePart | None
    reviews: tuple[ReviewPart, ...]
    hops: tuple[HopPart, ...]
    people: tuple[PersonPart, ...]
    not_run: tuple[str, ...]
    page_sha256: Digest
    previous: Chained
    preview: PreviewPart | None = None
    memory_sha256: Written = ""
    triage: TriagePart | None = None
    ended: str = ""
    ended_why: str = ""
    release: str = ""


class Subject(Part):
    """What the note speaks of, by digest: a commit, its tree, or the canonical diff from the base."""

    name: Literal["commit", "tree", "diff"]
    digest: dict[Literal["gitCommit", "gitTree", "sha256"], Digest]


class Statement(Part):
    """An in-toto Statement v1 (in-toto Attestation Framework) with our predicate."""

    statement_type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...]
    predicate_type: Literal["https://pointsman.dev/audit/v1"] = Field(alias="predicateType")
    predicate: Predicate

    def subject_digest(self, name: Literal["commit", "tree", "diff"]) -> str:
        """The digest of one subject, empty when the statement lacks it."""
        return next((value for part in self.subject if part.name == name for value in part.digest.values()), "")
