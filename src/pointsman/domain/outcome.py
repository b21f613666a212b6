"""What each phase left behind: typed artefacts, the only thing that one phase hands to the next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pointsman.domain.levels import AuditMode, Risk, Severity, TaskClass
from pointsman.domain.pictures import Previews

Decider = Literal["command", "label", "text", "path", "model", "default"]
"""Who said which class of task it is: a person's command, labels, signs in the text, the paths that it names, a small
model; `default` is nobody, and the class is then `unknown`."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A class of task that rules found without asking a model, by whom, and why in a few words."""

    task: TaskClass
    by: Decider
    why: str


@dataclass(frozen=True, slots=True)
class Triage:
    """The class and risk of the work, who decided it and why."""

    task: TaskClass
    risk: Risk
    decided_by: Decider
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in terms that a person can approve and a reviewer can check.

    `digest` is sha256 over the canonical JSON of the other fields: what was approved is what is run.
    `skipped` marks a plan that policy did not ask a model for; its goal is the issue's title.
    """

    goal: str
    criteria: tuple[str, ...]
    steps: tuple[str, ...]
    read: tuple[str, ...]
    change: tuple[str, ...]
    create: tuple[str, ...]
    tests: tuple[str, ...]
    risks: tuple[str, ...]
    questions: tuple[str, ...]
    digest: str
    skipped: bool = False
    dropped_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditRecord:
    """One file that a patch touched; `digest` is sha256 of its hunks in canonical diff form.

    `lines` is sha256 of the lines that went and came, without numbers; empty where they would say too little. `model`
    is who last wrote in it; `calls` are the model calls whose answers its edits were read from, oldest first.
    """

    path: str
    kind: Literal["created", "changed", "deleted"]
    digest: str
    added: int
    removed: int
    model: str
    calls: tuple[str, ...] = ()
    lines: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """Typed edits as a commit on the base commit.

    `diff_digest` is sha256 of the canonical diff from base to commit, the same after squash or rebase.
    """

    base: str
    commit: str
    tree: str
    edits: tuple[EditRecord, ...]
    diff_digest: str
    model: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class NoPatch:
    """A try that left no change, and why; `kind` is what the ladder decides on.

    `budget` is a try that used all its calls, `spent` a model that used what one rung may use, `window` work that
    does not fit the model. `refusals` counts the answers of the try in which no valid edit was found.
    """

    kind: Literal["unreadable", "refused", "unchanged", "protected", "cut", "empty", "budget", "spent", "window"]
    why: str
    model: str
    refusals: int = 1


class Verdict(StrEnum):
    """What the evidence says; never guessed."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Failure:
    """How one test failed, as its report claims: in the test's own turn (`call`), before it, or at collection.

    `error` is the name of the exception; `places` are the repository's files that it came through, outermost first.
    """

    test: str
    stage: Literal["call", "setup", "collection"]
    error: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One command in the sandbox on one commit.

    `passed` and `failed` are ids of tests when the command gives them; `tail` is scrubbed, shortened output.
    `skipped` holds those that were expected to fail as well, which `xfailed` names; `failures` are the first ones;
    `slow` names those that took three seconds and more, with the seconds, by the command's own report.
    """

    command: tuple[str, ...]
    commit: str
    status: Literal["exited", "timeout", "output-limit", "memory", "killed", "not run"]
    exit_code: int | None
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]
    tail: str
    seconds: float
    xfailed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    slow: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Weakening:
    """Something by which a change proves less than it seems to, at a line of the new file (0: nothing is left there).

    `test`: a test checks less. `selection`: fewer tests count. `machinery`: code reaches for what judges it.
    `check`: a check of safety is switched off, or something new is to be installed. `lint`: a remark to a linter,
    which no verdict rests on.
    """

    path: str
    line: int
    what: str
    kind: Literal["test", "selection", "machinery", "check", "lint"]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A test that a model wrote before any code, so that it fails on base by the bug that the issue tells of.

    It lies in `commit`, which is base and this file. `digest` is sha256 of its text. `base` is how it did there;
    `candidate` how it does with the change, empty before that was run. `call` is the model call that wrote it.
    """

    path: str
    text: str
    digest: str
    commit: str
    model: str
    base: str
    base_tail: str
    candidate: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class NoReproduction:
    """Why no test showed the bug on base; `needed` tells whether one was wanted at all."""

    why: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was run, on base and on candidate, and what it shows.

    `changed_tests` names tests or test configuration that the candidate touched; `missing` tests that base collected
    and the candidate did not. `tier` is the sandbox that held. `old_tests` are the results of base's tests on the
    candidate's code. `disputed` tells that nothing but the reproduction speaks against the candidate.
    """

    verdict: Verdict
    why: str
    base: tuple[CheckResult, ...]
    candidate: tuple[CheckResult, ...]
    changed_tests: tuple[str, ...]
    missing: tuple[str, ...]
    tier: str
    feedback: str = ""
    old_tests: tuple[CheckResult, ...] = ()
    weakened: tuple[Weakening, ...] = ()
    reproduction: Reproduction | NoReproduction | None = None
    disputed: bool = False


ProofResult = Literal["confirmed", "refuted", "older", "unconfirmed"]
"""`confirmed`: the reviewer's test fails on the change because of it; `refuted`: its own test passes there; `older`:
base fails in the same way; `unconfirmed`: there is no test, or none that shows anything."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of the test that a reviewer wrote for its finding, as the sandbox saw it.

    `path` is where the harness put the test, `test` its text, `model` who wrote it in which `call`, `output` its
    first failure.
    """

    result: ProofResult
    why: str
    path: str = ""
    test: str = ""
    model: str = ""
    output: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of a review, anchored to a quoted line of the diff.

    `line` counts in the new file when `side` is `new`, else in the old one. `id` is stable across reviews.
    `criterion` is the sentence of the plan or the issue that it says is not met. `answer` is what the coder last had
    to say to it, where the two could not agree.
    """

    id: str
    path: str
    line: int
    side: Literal["new", "old"]
    severity: Severity
    quote: str
    message: str
    suggestion: str = ""
    fate: Literal["open", "fixed", "disputed"] = "open"
    kind: str = "other"
    criterion: str = ""
    proof: Proof | None = None
    answer: str = ""

    @property
    def is_grave(self) -> bool:
        """Whether it says that the change must not be merged as it is."""
        return self.severity.rank >= Severity.MAJOR.rank

    @property
    def is_confirmed(self) -> bool:
        """Whether a test that was run bears it out."""
        return self.proof is not None and self.proof.result == "confirmed"

    @property
    def is_doubt(self) -> bool:
        """Whether it is grave and nothing that was run says yes or no to it."""
        return self.is_grave and (self.proof is None or self.proof.result == "unconfirmed")


@dataclass(frozen=True, slots=True)
class Review:
    """What a model that did not write the change says of it.

    `dropped` counts findings without a ground in the diff, one reason each; `unread` names the paths of the change
    that no reviewer has read so far.
    """

    verdict: Literal["approve", "changes", "inconclusive"]
    summary: str
    findings: tuple[Finding, ...]
    dropped: tuple[str, ...]
    model: str
    round: int
    commit: str
    unread: tuple[str, ...] = ()


def confirmed_tests(reviews: Iterable[Review]) -> tuple[Proof, ...]:
    """The tests that the sandbox confirmed findings by, the newest one for each path."""
    found = (one.proof for review in reviews for one in review.findings if one.is_confirmed)
    return tuple({proof.path: proof for proof in found if proof is not None and proof.path}.values())


@dataclass(frozen=True, slots=True)
class Note:
    """Where the signed record of the run lies, and the digest that chains it to the next one.

    `off_ref` says why it could not be brought onto the ref of notes, where it should be besides the tree.
    """

    page_path: str
    statement_path: str
    digest: str
    previous: str
    key_id: str
    commit: str
    mode: AuditMode = "in-tree"
    off_ref: str = ""


Outcome = Triage | Plan | Patch | NoPatch | Evidence | Review | Note


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of the code phase and what the sandbox said of it; `sample` counts a round's candidates from 0.

    `undoes` says which earlier fix this one takes back, if any. `calls` are by id, `tokens` those of all of them.
    """

    rung: int
    model: str
    result: Patch | NoPatch
    evidence: Evidence | None
    cause: Literal["first", "tests", "edit", "review"]
    sample: int = 0
    undoes: str = ""
    tokens: int = 0
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """A change of model within a phase: on outage (fallback), on evidence (escalation), or by a person (override)."""

    phase: str
    kind: Literal["fallback", "escalation", "override"]
    from_model: str
    to_model: str
    why: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The outcomes so far, as a phase is given them.

    `base` is what the commands said of base, once they were run; `looks` are the previews of candidates, the newest
    last.
    """

    triage: Triage | None = None
    plan: Plan | None = None
    tries: tuple[Try, ...] = ()
    patch: Patch | None = None
    evidence: Evidence | None = None
    reviews: tuple[Review, ...] = ()
    hops: tuple[Hop, ...] = ()
    authors: tuple[str, ...] = field(default=())
    base: tuple[CheckResult, ...] = ()
    reproduction: Reproduction | NoReproduction | None = None
    looks: tuple[Previews, ...] = ()

    @property
    def shown(self) -> Reproduction | None:
        """The test that shows the bug on base, if there is one."""
        return self.reproduction if isinstance(self.reproduction, Reproduction) else None

    def start(self, base: str) -> str:
        """The commit that the first try goes onto: base, with the test that shows the bug where there is one."""
        return self.shown.commit if self.shown else base

    @property
    def review(self) -> Review | None:
        """The newest review, if there is one."""
        return self.reviews[-1] if self.reviews else None

    @property
    def previews(self) -> Previews | None:
        """What the pages look like with the patch, or with the change under review, where they were looked at."""
        looks = [look for look in self.looks if self.patch is None or look.after.commit == self.patch.commit]
        return looks[-1] if looks else None
