"""The end of a run: the note, the branch, the page, the review and the check; all found again by their marker.

The rule of the chain: a note takes its place in the chain before anybody can see it, and by compare-and-set.

* The ledger's head is moved from the note that ours names as the one before it to ours, in a step of its own, and
  only then is the branch pushed. Whoever comes second finds the head moved and signs anew behind it; so no two notes
  that people see follow the same one, whichever runs end at once.
* After a crash the journal gives the same place and the same bytes again, and the push goes on with them.
* When the branch cannot be made, the place is given back, so that the next note follows the last one that is seen.
  A resumed run then asks for access again and signs anew. Should another have followed in that moment, our digest
  stays known in the ledger, which is what verification asks about a note that lies on no branch here.
* A note that goes onto `refs/pointsman/audit` is there before the branch is: a branch that people see has its note.
  Nothing is ever taken from that ref, so its place is not given back then, and a resumed run pushes with that note.
  Where the note is in the tree as well, a ref that cannot be written keeps no branch back; see `note_ref`.
* When the requester may not write any more at the push itself, the place stays: an earlier try of the same push may
  have made the branch already, and a note that people see has its place. So it does when the forge takes the branch
  and makes no change of it.
* When the branch was made and something after it failed, the place stays, and a resumed run goes on with its note.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from pointsman.conversation.change_page import PageFacts, change_page, change_title
from pointsman.conversation.loop_ends import end_text
from pointsman.conversation.note_texts import change_trailers, note_in_full, note_part
from pointsman.conversation.previews import check_images
from pointsman.conversation.replies import Ground, check_order, issue_line, review_post
from pointsman.domain.errors import OwnerMust, Stopped
from pointsman.domain.forge import Change, ChangeOrder, Topic
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Note, Verdict
from pointsman.domain.run import LOCAL, RunSpec
from pointsman.phases.learning import Learned
from pointsman.phases.record import Closing, Recorded
from pointsman.phases.shown.guidance import advised_at, guidance
from pointsman.policy.touched import owed
from pointsman.runs.course.authority import NO_ACCESS, authorised, require_access
from pointsman.runs.course.course import Course
from pointsman.runs.course.learning import learned_by
from pointsman.runs.course.note_ref import on_the_ref
from pointsman.runs.course.noting import chained, give_back, people_of
from pointsman.runs.course.previewing import shown_of
from pointsman.runs.course.proving import Proved
from pointsman.runs.course.remembering import LastReview, remember_review
from pointsman.runs.course.rounds import failing_by, with_positions
from pointsman.runs.journal import NOTHING, TEXT, durable

_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
_MOVED = "branch-moved"
_MAY_BE_SEEN = frozenset({NO_ACCESS, "change-refused"})
"""Refusals behind which the branch, and the note on it, may be there."""


GIVEN_BACK = "note-given-back"
"""The step that gives the place in the chain back."""


@dataclass(frozen=True)
class Target:
    """Where a note and its commits go: a new branch, or that of a change, which stands on `expected_head`."""

    branch: str
    expected_head: str = ""
    number: str = ""


async def publish(course: Course, proved: Proved) -> Note:
    """Record and publish what was proved, or the best there is with what is missing said plainly.

    Raises Stopped (`no-change`) when no try left a patch, OwnerMust when the requester may no longer write.
    """
    found = await with_positions(course, proved.review)
    proved = replace(proved, review=found, evidence=failing_by(proved.evidence, found))
    settle_on(course, proved)
    spec = course.spec
    branch = await course.insist(
        "branch", TEXT, lambda: course.forge.branch_for(course.run_id, spec.repository, wish(course))
    )
    await authorised(course)
    note, change = await put_forward(course, proved, Target(branch))
    if proved.review is not None:
        post = review_post(course.run_id, proved.review, proved.evidence)
        await course.insist("review", NOTHING, lambda: course.forge.ensure_review(change, post))
    await conclude(course, change, proved, note)
    return note


def settle_on(course: Course, proved: Proved) -> None:
    """Make what was proved the outcome of the run. Raises Stopped (`no-change`) when there is nothing to publish."""
    if proved.patch is None:
        said = end_text(proved.end, proved.why)
        raise Stopped(f"No change came of this run. {said}", code="no-change", hint=_next_model(course))
    others = tuple(review for review in course.earlier.reviews if review is not proved.review)
    reviews = (*others, proved.review) if proved.review else ()
    course.learn(replace(course.earlier, patch=proved.patch, evidence=proved.evidence, reviews=reviews))


async def put_forward(course: Course, proved: Proved, target: Target) -> tuple[Note, Change]:
    """Sign the note at its place in the chain and push. The place is given back when the push is refused."""
    spec = course.spec
    await course.begin(Phase.RECORD)
    known = await learned_by(course)
    made = await chained(course, lambda: _closing(course, proved, target.branch, known))
    may_be_out = False
    try:
        made, may_be_out = await on_the_ref(course, made, must=spec.audit_mode == "ref")
        change = await _pushed(course, made, target, proved, known)
    except (OwnerMust, Stopped) as error:
        if not may_be_out and error.code not in _MAY_BE_SEEN:
            await durable(GIVEN_BACK, NOTHING, lambda: give_back(course, made.note))
            course.has_note = False
        raise
    course.change = change
    await _told_below(course, made, change, target)
    return made.note, change


async def _told_below(course: Course, made: Recorded, change: Change, target: Target) -> None:
    """Where notes are kept in the text of a change whose page is left alone, a comment of its own holds this one."""
    talk_for, spec = course.adapters.talk_for, course.spec
    if spec.audit_mode != "comment-only" or not target.number or talk_for is None:
        return
    talk, topic = talk_for(spec.repository), Topic(spec.repository, change.number)
    said = "\n\n".join((note_part(made.note), note_in_full(made.signed, course.run_id)))
    await course.insist("note-told", NOTHING, lambda: talk.ensure_reply(topic, f"note-{course.run_id}", said))


def wish(course: Course) -> str:
    """The branch that a run would like: the bot's own prefix, the issue's key and a few words of its title."""
    issue = course.spec.issue
    slug = re.sub(r"[^a-z0-9]+", "-", issue.title.lower()).strip("-")[:40].rstrip("-")
    return f"pointsman/{issue.key}-{slug}" if slug else f"pointsman/{issue.key}"


def _next_model(course: Course) -> str:
    if course.spec.repository.forge != LOCAL:
        return "Another model may do better: `/pointsman rerun code --model NAME` keeps the plan."
    return f"Another model may do better: pointsman rerun {course.run_id} code --model NAME keeps the plan."


def result_of(course: Course, proved: Proved) -> Literal["ready", "needs-person"]:
    """Ready means: proved by the tests and approved by the review, as far as policy asks for either.

    What was cut off is never ready: a review that was on its way had no say.
    """
    if proved.end.is_cut:
        return "needs-person"
    touched = tuple(edit.path for edit in proved.patch.edits) if proved.patch is not None else ()
    evidence_owed, review_owed = owed(course.spec, touched)
    evident = proved.evidence is not None and proved.evidence.verdict is Verdict.PASSED
    approved = proved.review is not None and proved.review.verdict == "approve"
    if (evident or not evidence_owed) and (approved or not review_owed):
        return "ready"
    return "needs-person"


async def _closing(course: Course, proved: Proved, branch: str, known: Learned) -> Closing:
    patch = proved.patch
    if patch is None:
        raise Stopped("There is no patch to record.", code="no-change")
    repository = course.spec.repository.id
    return Closing(
        run_id=course.run_id,
        branch=branch,
        calls=await course.ledger.calls(course.run_id),
        people=await people_of(course),
        head=patch.commit,
        tree=patch.tree,
        diff_digest=patch.diff_digest,
        previous=await course.ledger.note_head(repository),
        not_run=_not_run(course, proved, known),
        result=result_of(course, proved),
        memory=known.text,
        ended=proved.end.value,
        ended_why=proved.why,
    )


def _not_run(course: Course, proved: Proved, known: Learned) -> tuple[str, ...]:
    missing: list[str] = []
    if proved.evidence is None or proved.evidence.verdict is Verdict.NOT_RUN:
        missing.append(f"verify: {proved.evidence.why if proved.evidence else 'no candidate came so far'}")
    if proved.review is None:
        missing.append(f"review: {end_text(proved.end, proved.why) or 'not asked for by policy'}")
    if course.earlier.plan is not None and course.earlier.plan.skipped:
        fixes = course.spec.goal == "fix"
        missing.append(
            "plan: the findings of the review took its place"
            if fixes
            else "plan: skipped by policy for this class of task"
        )
    if known.why:
        missing.append(f"memory: {known.why}")
    return tuple(missing)


async def _pushed(course: Course, made: Recorded, target: Target, proved: Proved, known: Learned) -> Change:
    spec = course.spec
    facts = PageFacts(
        run_id=course.run_id,
        issue_line=_issue_line(spec),
        spec=spec,
        earlier=course.earlier,
        calls=await course.ledger.calls(course.run_id),
        note=made.note,
        signed=made.signed if spec.audit_mode == "comment-only" else None,
        not_run=_not_run(course, proved, known),
        learned=known.new,
        unseen=await _unseen(course),
        shown=await shown_of(course),
    )
    order = ChangeOrder(
        run_id=course.run_id,
        repository=spec.repository,
        branch=target.branch,
        expected_head=target.expected_head,
        base_commit=spec.base_commit,
        head_commit=made.note.commit,
        title=change_title(spec),
        body=change_page(facts),
        number=target.number,
        trailers=change_trailers(course.earlier, course.run_id),
    )

    async def push() -> Change:
        await require_access(course)
        return await course.forge.ensure_change(order)

    try:
        return await course.insist("publish", _CHANGE, push)
    except OwnerMust as error:
        if error.code == _MOVED and spec.repository.forge != LOCAL:
            raise _hands_off(target) from error
        raise


async def _unseen(course: Course) -> tuple[str, ...]:
    """Which guidance held text that people do not see, as it was taken out before a model read it."""
    spec, patch = course.spec, course.earlier.patch
    touched = tuple(edit.path for edit in patch.edits) if patch else ()
    found = await guidance(course.ports.workspace, advised_at(spec), touched)
    return tuple(f"{one.path}: {', '.join(one.hidden)}" for one in found if one.hidden)


def _hands_off(target: Target) -> Stopped:
    if target.number:
        return Stopped(
            f"Somebody pushed to {target.branch} meanwhile; nothing was pushed over it.",
            code="head-moved",
            hint="Ask again, and it starts from what is there now.",
        )
    return Stopped(
        f"The branch {target.branch} holds commits that are not of this run; nothing was pushed over them.",
        code="hands-off",
        hint="Rename or delete that branch and start the run again.",
    )


def _issue_line(spec: RunSpec) -> str:
    line = issue_line(spec.repository.forge, spec.issue.key)
    return f"{line}: {change_title(spec)}" if spec.repository.forge == LOCAL else line


async def conclude(course: Course, change: Change, proved: Proved, note: Note, *, said: str = "") -> None:
    """The check on what was pushed, the review remembered for the next push, and the end of the run."""
    result = result_of(course, proved)
    images = check_images(course.earlier.previews, await shown_of(course))
    ground = Ground(course.spec, await course.ledger.calls(course.run_id), note, images)
    order = check_order(course.run_id, result, proved.review, proved.evidence, ground=ground)
    await course.insist("check", NOTHING, lambda: course.forge.ensure_check(change, order))
    if proved.review is not None:
        prior = course.spec.prior
        base = prior.base_commit if prior is not None else course.spec.base_commit
        await remember_review(course, change.number, LastReview(base, change.head_commit, proved.review))
    course.view = replace(course.view, branch=change.branch, change=change.number or course.view.change)
    ready = result == "ready"
    told = "\n".join(part for part in (said, "" if ready else _needs(proved)) if part)
    await course.finish(result, message=told, exit_code=0 if ready else 1)


def _needs(proved: Proved) -> str:
    parts = []
    if proved.evidence is not None and proved.evidence.verdict is not Verdict.PASSED:
        parts.append(f"Tests: {proved.evidence.verdict}. {proved.evidence.why}")
    if proved.review is not None and proved.review.verdict != "approve":
        parts.append(f"Review: {proved.review.verdict}. {proved.review.summary}")
    said = end_text(proved.end, proved.why)
    return "\n".join((*parts, said) if said else parts)
