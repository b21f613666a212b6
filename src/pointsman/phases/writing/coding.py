"""What every way of coding shares: the task as it is told, the rules for edits, the commit's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Ask, Ending, Reply
from pointsman.domain.outcome import Earlier, NoPatch, Patch, Plan
from pointsman.domain.run import Need, RunSpec
from pointsman.domain.trailers import assisted_trailer, run_trailer
from pointsman.domain.work import CommitText, Delete, Edit, EditOrder, EditRefusal, EditRules, Source, Symbol, Write
from pointsman.phases.asking import Asking, Piece, reply_to, within
from pointsman.phases.paths import is_guarded
from pointsman.phases.shown.context import Extract, advice_pieces, pieces_of
from pointsman.phases.shown.guidance import Advice
from pointsman.phases.templates import bullets, fenced, mark_of, shorten
from pointsman.ports.bundle import Ports

_SUBJECT = 72
_LATE = 9
_LEFT_CHARS = {"small": 2000, "mid": 8000, "frontier": 24_000}
_SHOWN_CHARS = {"small": 2000, "mid": 6000, "frontier": 12_000}
_FEEDBACK_CHARS = {"small": 1200, "mid": 4000, "frontier": 8000}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_SKIP_CI = re.compile(r"\[(skip[ -]ci|ci[ -]skip|no[ -]ci|skip actions|actions skip)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Left:
    """What the models on lower rungs left for the next: their best diff, and what was wrong with it."""

    diff: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one rung of the ladder (0 is the route's primary, then its escalations).

    `onto` is the commit that edits go onto; `feedback` is what was wrong before, empty on the first try. `left` is
    what lower rungs came to. Above 0, `sample` is a further candidate of one round, for which nothing else differs.
    `refusals` counts, by model, the answers on this rung in which no valid edit was found since its last patch.
    """

    rung: int
    cause: Literal["first", "tests", "edit", "review"]
    feedback: str
    onto: str
    left: Left | None = None
    sample: int = 0
    refusals: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Tally:
    """What a try has been answered so far, over all of its forms: calls, and answers without a valid edit.

    `given` is an answer that came before its question was asked here.
    """

    calls: int = 0
    refusals: int = 0
    given: Reply | None = None


@dataclass(frozen=True, slots=True)
class Relief:
    """A model that stands in has answered the question of its own form: from here on the try is its own."""

    reply: Reply


Made = Patch | NoPatch | Relief
"""What a form comes to."""


@dataclass(frozen=True, slots=True)
class Task:
    """Everything one try knows: files to change and to make, further ones by rank, and the repository's advice.

    `looks` are the files to change in the forms that fit a window, for a coder who can read on by itself. `own` are
    the first questions of those that stand in with another form; the question of those that are `unfit` fits nowhere.
    """

    asking: Asking
    earlier: Earlier
    plan: Plan
    attempt: Attempt
    targets: tuple[Source, ...]
    create: tuple[str, ...]
    further: tuple[Extract, ...]
    rules: EditRules
    advice: tuple[Advice, ...] = ()
    looks: tuple[Extract, ...] = ()
    own: tuple[Ask, ...] = ()
    unfit: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally)

    @property
    def refusals(self) -> int:
        """How many answers of this model in a row held no valid edit, those of earlier tries included."""
        return self.attempt.refusals.get(self.asking.model.name, 0) + self.tally.refusals

    @property
    def spec(self) -> RunSpec:
        """The order of the run."""
        return self.asking.spec

    @property
    def ports(self) -> Ports:
        """What may be asked of the world."""
        return self.asking.ports

    @property
    def number(self) -> int:
        """How many rounds of tries this rung has had; a further candidate of a round counts as a late one, so that
        it is drawn with more freedom.
        """
        if self.attempt.sample:
            return _LATE
        return sum(1 for one in self.earlier.tries if one.rung == self.attempt.rung and not one.sample)

    @property
    def start(self) -> str:
        """Where the first try goes onto."""
        return self.earlier.start(self.spec.base_commit)

    @property
    def mark(self) -> str:
        """The delimiter of this try's data."""
        texts = [source.text for source in self.targets]
        texts += [text for one in (*self.looks, *self.further) for text in one.texts]
        texts += [one.text for one in self.advice]
        texts += [self.attempt.left.diff, self.attempt.left.wrong] if self.attempt.left else []
        texts += [self.earlier.shown.text] if self.earlier.shown else []
        return mark_of(self.spec.issue.title, self.spec.issue.body, self.attempt.feedback, *texts)

    def told(self) -> str:
        """The task in words: the issue as data, then what the plan made of it."""
        issue = f"{self.spec.issue.title}\n\n{self.spec.issue.body}"
        shown = within(issue, self.asking.input_tokens * 3 // 10)
        parts = [fenced(self.mark, "issue", shown)]
        if not self.plan.skipped:
            parts.append(f"Goal: {self.plan.goal}\n")
            parts += [f"Steps:\n{bullets(self.plan.steps)}\n"] if self.plan.steps else []
            parts += [f"It is done when:\n{bullets(self.plan.criteria)}\n"] if self.plan.criteria else []
        return "\n".join((*parts, *self._shown()))

    def _shown(self) -> tuple[str, ...]:
        """The test that shows the bug, which is in the tree already."""
        shown = self.earlier.shown
        if shown is None:
            return ()
        limit = _SHOWN_CHARS[self.asking.model.tier]
        test = fenced(self.mark, f"file {shown.path}, a test that fails by the bug", shorten(shown.text, limit))
        said = f"{shown.path} is in the repository already. It has to pass in the end, and it cannot be changed."
        return (f"{test}{said}\n",)

    def feedback(self) -> str:
        """What was wrong with the try before, as data; of another model's, the best that it came to as well."""
        if self.attempt.left is not None:
            return self._of_others(self.attempt.left)
        if not self.attempt.feedback.strip():
            return ""
        where = "is not in the files any more" if self.attempt.onto == self.start else "is in the files"
        heading = {
            "tests": f"An earlier try {where}. The tests said of it:",
            "review": f"An earlier try {where}. A reviewer said of it:",
        }.get(self.attempt.cause, "An earlier try was not usable:")
        limit = _FEEDBACK_CHARS[self.asking.model.tier]
        said = fenced(self.mark, "what was wrong", shorten(self.attempt.feedback, limit))
        return f"{heading}\n{said}The tests are right; change the code."

    def _of_others(self, left: Left) -> str:
        tier = self.asking.model.tier
        diff = fenced(self.mark, "their best change", shorten(left.diff, _LEFT_CHARS[tier]))
        wrong = fenced(self.mark, "what was wrong with it", shorten(left.wrong, _FEEDBACK_CHARS[tier]))
        said = "Others tried this before you and did not get it right. Nothing of theirs is in the files."
        return f"{said}\n{diff}{wrong}The tests are right; change the code. Start from the issue."

    def order(
        self, onto: str, model: str, call: str = "", *, lone_block_path: str = "", lone_symbol: Symbol | None = None
    ) -> EditOrder:
        """Where edits of `model` go that it gave in `call`, and with which words they are committed."""
        rules = replace(self.rules, lone_block_path=lone_block_path, lone_symbol=lone_symbol)
        return EditOrder(onto, self.spec.base_commit, model, rules, commit_text(self.spec, self.plan, model), call)


def commit_text(spec: RunSpec, plan: Plan, model: str) -> CommitText:
    """The words of a commit; its date is the admission's, so that a repeated step makes the same commit."""
    return CommitText(
        subject=one_line(plan.goal, _SUBJECT) or "Change the code as the issue asks",
        body=f"For issue {one_line(spec.issue.key, 200)}.",
        trailers=trailers(model),
        at=spec.admitted_at,
    )


def trailers(model: str, run_id: str = "") -> tuple[str, ...]:
    """The pointers at a commit's end: which model helped, and the run, where its id is known."""
    assisted = (assisted_trailer(one_line(model, 100)),)
    return (*assisted, run_trailer(run_id)) if run_id else assisted


def one_line(text: str, limit: int) -> str:
    """A text without control characters and CI switches, on one line of at most `limit` characters."""
    line = " ".join(_SKIP_CI.sub(" ", _CONTROL.sub(" ", text)).split()).rstrip(".")
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def rules_for(spec: RunSpec, plan: Plan, tier: str, paths: tuple[str, ...]) -> EditRules:
    """Where a coder may write.

    An approved plan, and the plan of a small model, bind to their paths: what was approved is what is done, and a
    small model that strays is lost. Other coders may touch what is not protected; existing tests, their
    configuration, CI and lock files are open to them only when the plan names them, or when tests are the task.
    """
    named = tuple(dict.fromkeys((*plan.change, *plan.create, *plan.tests)))
    if named and not plan.skipped and (tier == "small" or spec.order.plan is Need.APPROVE):
        return EditRules(allowed=named, protected=spec.protected)
    if spec.task is TaskClass.TESTS:
        return EditRules(protected=spec.protected)
    guarded = tuple(path for path in paths if path not in named and is_guarded(path))
    return EditRules(protected=(*spec.protected, *guarded))


def no_edit(reply: Reply) -> NoPatch | None:
    """Why a reply cannot hold a usable edit, None when it may."""
    if reply.ending is Ending.CUT:
        return NoPatch("cut", "the reply was cut off at the length limit", reply.model)
    if reply.ending is Ending.REFUSED:
        return NoPatch("refused", "the model declined to answer", reply.model)
    if reply.ending is Ending.EMPTY or not reply.text.strip():
        return NoPatch("empty", "the reply was empty", reply.model)
    return None


async def replied(task: Task, ask: Ask) -> Reply | NoPatch | Relief:
    """One answer within the calls of the phase; or that they are used up, or that another model stands in."""
    tally, most = task.tally, max(1, task.asking.limits.max_calls)
    if tally.calls >= most:
        return NoPatch(
            "budget", f"the change was not whole after {most} calls", task.asking.model.name, tally.refusals
        )
    tally.calls += 1
    given, tally.given = tally.given, None
    reply = given or await reply_to(task.ports, replace(ask, own=task.own, unfit=task.unfit))
    return Relief(reply) if any(one.model.name == reply.model for one in task.own) else reply


async def answered(task: Task, ask: Ask) -> Reply | NoPatch | Relief:
    """The same for an answer that is to hold an edit in plain text; one that cannot hold any counts as refused."""
    reply = await replied(task, ask)
    ended = no_edit(reply) if isinstance(reply, Reply) else None
    if ended is None:
        return reply
    task.tally.refusals += 1
    return replace(ended, refusals=task.tally.refusals)


def refused(task: Task, refusal: EditRefusal, model: str) -> NoPatch:
    """A refusal of the edit engine as the ladder knows it, counted with those before it in the whole try."""
    task.tally.refusals += 1
    refusals = task.tally.refusals
    where = f"{refusal.path}: " if refusal.path else ""
    why = f"{where}{refusal.message}"
    if refusal.kind == "unreadable":
        return NoPatch("unreadable", why, model, refusals)
    if refusal.kind == "unchanged":
        return NoPatch("unchanged", why, model, refusals)
    if refusal.kind == "protected":
        return NoPatch("protected", why, model, refusals)
    return NoPatch("refused", f"{refusal.kind}: {why}", model, refusals)


def other_files(task: Task, mark: str) -> tuple[Piece, ...]:
    """What helps to understand and is not changed: the repository's advice, then files by rank."""
    return (*advice_pieces(task.advice, mark), *pieces_of(task.further, mark, ", to look at only"))


async def in_one_commit(task: Task, patch: Patch, steps: int) -> Patch | NoPatch:
    """The same tree as one commit, when it was reached in several; no patch when they led back to its start."""
    onto = task.attempt.onto
    if steps < 2:
        return patch
    before = {entry.path: entry.blob for entry in await task.ports.workspace.files(onto)}
    after = await task.ports.workspace.files(patch.commit)
    changed = [entry.path for entry in after if before.get(entry.path) != entry.blob]
    texts = [await task.ports.workspace.read(patch.commit, path) for path in changed]
    written = (Write(source.path, source.text) for source in texts if source is not None)
    kept = frozenset(entry.path for entry in after)
    gone = tuple(path for path in before if path not in kept)
    edits: tuple[Edit, ...] = (*written, *(Delete(path) for path in gone))
    if not changed and not gone:
        return NoPatch("unchanged", "everything that was changed was taken back", patch.model)
    whole = await task.ports.workspace.apply(task.order(onto, patch.model), edits)
    return with_calls(whole, patch) if isinstance(whole, Patch) and whole.tree == patch.tree else patch


def with_calls(patch: Patch, before: Patch | None) -> Patch:
    """The patch with the calls behind each file in `before`, the state that it was made on, ahead of its own."""
    known = {edit.path: edit.calls for edit in before.edits} if before is not None else {}
    edits = tuple(
        replace(edit, calls=tuple(dict.fromkeys((*known.get(edit.path, ()), *edit.calls)))) for edit in patch.edits
    )
    return replace(patch, edits=edits)
