"""The findings of a review become one more commit of the change, and each is answered in its thread."""

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from pointsman.conversation.loop_ends import end_text
from pointsman.conversation.replies import fixed_in, not_fixed, review_post
from pointsman.domain.errors import OwnerMust, Stopped
from pointsman.domain.forge import Change, ChangeView, Thread
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Finding, Note, Plan, Review
from pointsman.domain.run import ChangeRef, PriorReview, RunSpec
from pointsman.phases.paths import is_test
from pointsman.phases.plan import plan_digest
from pointsman.phases.reviewing.findings import Fate, fates
from pointsman.policy.touched import approved_by_a_person
from pointsman.ports.talk import Talk
from pointsman.runs.course.authority import authorised
from pointsman.runs.course.course import Course
from pointsman.runs.course.proving import Proved, prove
from pointsman.runs.course.publish import Target, conclude, put_forward, settle_on
from pointsman.runs.course.reviewing import news
from pointsman.runs.course.rounds import failing_by, with_positions
from pointsman.runs.journal import NOTHING

_VIEW: TypeAdapter[ChangeView | None] = TypeAdapter(ChangeView | None)
_THREADS: TypeAdapter[tuple[Thread, ...]] = TypeAdapter(tuple[Thread, ...])


@dataclass(frozen=True)
class _Job:
    """What a fix is about: the change, what is open on it, and whom to tell."""

    change: ChangeRef
    prior: PriorReview
    talk: Talk


async def fix(course: Course) -> Note:
    """Code from the findings, prove it, and push it onto the change's own branch.

    Raises Stopped when the change was closed, moved on, or nothing came of it, OwnerMust for a change from a fork.
    """
    job = _job(course)
    await _prepared(course, job)
    proved = await prove(course)
    became = fates(job.prior, proved.review if proved.patch is not None else None)
    if proved.patch is None:
        await _answered(course, job, became, why=end_text(proved.end, proved.why), commit="")
    found = await with_positions(course, proved.review)
    proved = replace(proved, review=found, evidence=failing_by(proved.evidence, found))
    settle_on(course, proved)
    await authorised(course)
    await _still_ours(course, job)
    target = Target(job.change.branch, expected_head=course.spec.base_commit, number=job.change.number)
    note, change = await put_forward(course, proved, target)
    await _answered(course, job, became, why=end_text(proved.end, proved.why), commit=note.commit)
    await _remarked(course, change, proved)
    count = sum(fate == "fixed" for fate in became.values())
    said = f"{count} of {len(became)} findings fixed."
    await conclude(course, change, replace(proved, review=_whole(proved)), note, said=said)
    return note


def _job(course: Course) -> _Job:
    spec, talk_for = course.spec, course.adapters.talk_for
    if spec.change is None or spec.prior is None or talk_for is None:
        raise OwnerMust(
            "There is no review whose findings could be fixed.",
            code="nothing-to-fix",
            hint="Ask for a review first.",
        )
    return _Job(spec.change, spec.prior, talk_for(spec.repository))


async def _prepared(course: Course, job: _Job) -> None:
    """The findings are the plan; whoever wrote them, a model decides nothing about which paths are open."""
    spec = course.spec
    if spec.hinted is not None:
        course.spec = spec = replace(spec, task=spec.hinted)
    paths = tuple(dict.fromkeys(finding.path for finding in job.prior.open))
    course.require_open(paths)
    known = {entry.path for entry in await course.ports.workspace.files(spec.base_commit)}
    made = plan_from(spec, tuple(path for path in paths if path in known))
    course.learn(replace(course.earlier, plan=made))
    for phase in (Phase.CODE, Phase.REVIEW):
        course.route(phase)


def plan_from(spec: RunSpec, paths: tuple[str, ...]) -> Plan:
    """The plan that findings on these paths make. Paths whose plans a person approves are only read."""
    free = tuple(path for path in paths if not approved_by_a_person(spec, path))
    nothing: tuple[str, ...] = ()
    found = spec.prior.open if spec.prior else ()
    made = Plan(
        goal=" ".join(spec.issue.title.split()),
        criteria=tuple(_criterion(finding) for finding in found),
        steps=nothing,
        read=paths,
        change=tuple(path for path in free if not is_test(path)),
        create=nothing,
        tests=tuple(path for path in free if is_test(path)),
        risks=nothing,
        questions=nothing,
        digest="",
        skipped=True,
    )
    return replace(made, digest=plan_digest(made))


def _criterion(finding: Finding) -> str:
    return f"{finding.path}:{finding.line}: this holds no more: {finding.message.splitlines()[0]}"


async def _still_ours(course: Course, job: _Job) -> None:
    """Asked right before the push, as the forge has it then."""
    seen = await course.insist("change", _VIEW, lambda: job.talk.change(course.topic))
    number = job.change.number
    if seen is None or seen.state != "open":
        raise Stopped(f"Change {number} was closed meanwhile; nothing was pushed.", code="change-closed")
    if seen.is_fork:
        raise OwnerMust(f"Change {number} comes from a fork; forks are reviewed, never edited.", code="fork")
    if seen.head_commit != course.spec.base_commit:
        raise Stopped(
            f"Somebody pushed to change {number} meanwhile; nothing was pushed over it.",
            code="head-moved",
            hint="Ask again, and it starts from what is there now.",
        )


def _whole(proved: Proved) -> Review | None:
    """The review of the change as it is now: what the fix left open, and what its own review found."""
    if proved.review is None:
        return None
    return replace(proved.review, findings=tuple(one for one in proved.review.findings if one.fate != "fixed"))


async def _answered(course: Course, job: _Job, became: dict[str, Fate], *, why: str, commit: str) -> None:
    """Say in each thread what became of its finding; what is fixed is resolved, as far as the forge lets us."""
    threads = await course.insist("threads", _THREADS, lambda: job.talk.threads(course.topic))
    for thread in threads:
        if thread.is_resolved or thread.finding not in became:
            continue
        if became[thread.finding] == "fixed":
            await _replied(course, job, thread, fixed_in(commit))
            await _resolved(course, job, thread)
        else:
            await _replied(course, job, thread, not_fixed(why))


async def _remarked(course: Course, change: Change, proved: Proved) -> None:
    """What the review of the fix found anew gets threads of its own."""
    if proved.review is None:
        return
    post = news(course, review_post(course.run_id, proved.review, proved.evidence))
    if post is not None:
        await course.insist("review", NOTHING, lambda: course.forge.ensure_review(change, post))


async def _replied(course: Course, job: _Job, thread: Thread, body: str) -> None:
    key = f"fate-{thread.finding}-{course.run_id}"
    await course.insist("fate", NOTHING, lambda: job.talk.ensure_reply(course.topic, key, body, thread=thread.first))


async def _resolved(course: Course, job: _Job, thread: Thread) -> None:
    await course.insist("resolve", NOTHING, lambda: job.talk.resolve(course.topic, thread))
