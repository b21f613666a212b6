"""A review of what others wrote: nothing of it is changed, and nothing is pushed to its branch."""

from dataclasses import replace

from pointsman.conversation.previews import check_images
from pointsman.conversation.replies import Ground, check_order, for_people, review_post, review_text
from pointsman.domain.forge import Change, ReviewPost
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Note, Review
from pointsman.phases.reviewing.anchors import files_of
from pointsman.phases.verify import verify
from pointsman.policy.touched import reserved
from pointsman.runs.course.checks import change_of, give_verdict, open_check
from pointsman.runs.course.course import Course
from pointsman.runs.course.previewing import looked_at, shown_of
from pointsman.runs.course.remembering import LastReview, remember_review
from pointsman.runs.course.rounds import review_once
from pointsman.runs.course.unpushed_note import note_of_review
from pointsman.runs.journal import NOTHING

_MESSAGES = {
    "approve": "",
    "changes": "The review asks for changes.",
    "inconclusive": "The review came to no verdict.",
}


async def review_asked(course: Course) -> Note:
    """Verify and review a commit that is there already, and say on its change what was found, where there is one.

    The note of it is signed before anything is said.
    """
    change = change_of(course.spec)
    if change is not None:
        await open_check(course, change)
    by_people = for_people(reserved(course.spec, await open_paths(course)))
    await course.begin(Phase.VERIFY)
    evidence = await verify(course.spec, course.earlier, course.ports, commit=course.spec.head_commit)
    evidence = await looked_at(course, evidence, commit=course.spec.head_commit)
    course.learn(replace(course.earlier, evidence=evidence))
    await review_once(course)
    found = course.earlier.review
    clean = found is not None and found.verdict == "approve"
    note = await note_of_review(course)
    said = ""
    if found is not None and change is not None:
        await _posted(course, change, found, by_people, note)
    elif found is not None:
        said = _with(review_text(found, evidence), by_people)
    message = _MESSAGES[found.verdict] if found is not None else "Nobody reviewed it."
    await course.finish("reviewed", message=message, publicly=said, exit_code=0 if clean else 1)
    return note


async def open_paths(course: Course) -> tuple[str, ...]:
    """The paths of the change. Raises OwnerMust when one is more closed than the models of this run."""
    diff = await course.ports.workspace.diff(course.spec.base_commit, course.spec.head_commit)
    paths = tuple(file.path for file in files_of(diff))
    course.require_open(paths)
    return paths


def _with(text: str, more: str) -> str:
    return f"{text}\n\n{more}" if more else text


async def _posted(course: Course, change: Change, found: Review, by_people: str, note: Note) -> None:
    """The review on the commit that it was made of, and its check."""
    evidence = course.earlier.evidence
    whole = review_post(course.run_id, found, evidence)
    post = news(course, replace(whole, body=_with(whole.body, by_people)))
    if post is not None:
        await course.insist("review", NOTHING, lambda: course.forge.ensure_review(change, post))
    images = check_images(course.earlier.previews, await shown_of(course))
    ground = Ground(course.spec, await course.ledger.calls(course.run_id), note, images)
    await give_verdict(course, change, check_order(course.run_id, "reviewed", found, evidence, ground=ground))
    last = LastReview(course.spec.base_commit, course.spec.head_commit, found)
    await remember_review(course, change.number, last)


def news(course: Course, post: ReviewPost) -> ReviewPost | None:
    """The review without what stands in its threads already; None when a further look found nothing new."""
    prior = course.spec.prior
    if prior is None:
        return post
    known = {finding.id for finding in prior.open}
    news = tuple(remark for remark in post.remarks if remark.finding.id not in known)
    return replace(post, remarks=news) if news else None
