"""A round of review, by a model that shares no line of separation with anybody who wrote the change."""

from dataclasses import replace

from pointsman.domain.levels import Phase
from pointsman.domain.models import Model
from pointsman.domain.outcome import EditRecord, Evidence, Finding, Patch, Review, Try, Verdict, confirmed_tests
from pointsman.domain.run import Refuse, Route, RunSpec
from pointsman.phases.review import review
from pointsman.phases.reviewing.anchors import files_of
from pointsman.phases.writing.joining import credited, with_tests
from pointsman.policy.separation import reviewers
from pointsman.policy.touched import unapproved, weigh
from pointsman.runs.course.course import Course, refused
from pointsman.runs.course.previewing import seen_again

_LONGEST_ANSWER = 2_000


async def review_once(course: Course) -> None:
    """One round of review by a model that shares no line of separation with any author.

    The tests that bear its findings out join a change of ours: what stands then is what was reviewed.
    """
    await course.begin(Phase.REVIEW)
    may = reviewers(course.route(Phase.REVIEW), author_models(course), course.spec.review.separation)
    if isinstance(may, Refuse):
        raise refused(may)
    number = len(course.earlier.reviews) + 1
    found = await review(course.spec, course.earlier, course.ports, reviewers=may, round=number)
    if course.earlier.patch is not None:
        found = await _joined(course, course.earlier.patch, found)
    course.saw(Phase.REVIEW, found)
    course.learn(replace(course.earlier, reviews=(*course.earlier.reviews, found)))


async def _joined(course: Course, patch: Patch, found: Review) -> Review:
    """The review as one of the patch with its tests on top, which takes the place of the patch without them."""

    def may(path: str) -> bool:
        wanted = (path,)
        return weigh(course.spec, wanted) is None and unapproved(course.spec, course.earlier.plan, wanted) is None

    whole = await with_tests(course.spec, course.ports.workspace, patch, found, may=may)
    if whole.commit == patch.commit:
        return found
    tries = tuple(_with(made, patch, whole) for made in course.earlier.tries)
    with_looks = seen_again(course.earlier, before=patch.commit, now=whole.commit)
    course.learn(replace(with_looks, patch=whole, tries=tries))
    await course.ports.workspace.hold(course.run_id, whole.commit)
    return replace(found, commit=whole.commit)


def _with(made: Try, patch: Patch, whole: Patch) -> Try:
    is_it = isinstance(made.result, Patch) and made.result.commit == patch.commit
    return replace(made, result=whole) if is_it else made


def failing_by(evidence: Evidence | None, found: Review | None) -> Evidence | None:
    """The evidence as people are told it: a change that holds a failing test of its reviewer has not passed.

    The tries keep what their own tests showed, since it is by that that they are weighed.
    """
    tests = [one.proof.path for one in found.findings if one.proof and _fails_by(one)] if found else []
    if evidence is None or evidence.verdict not in (Verdict.PASSED, Verdict.FAILED) or not tests:
        return evidence
    said = f"{evidence.why} With the reviewer's tests it fails: {', '.join(dict.fromkeys(tests))}."
    return replace(evidence, verdict=Verdict.FAILED, why=said)


def _fails_by(finding: Finding) -> bool:
    return finding.is_confirmed and finding.fate in ("open", "disputed")


def with_authors(course: Course, patch: Patch) -> Patch:
    """A new patch with the authors of the files that it took over, those of the harness's own tests among them."""
    shown = course.earlier.shown
    by = {shown.path: (shown.model, shown.call)} if shown is not None else {}
    by |= {proof.path: (proof.model, proof.call) for proof in confirmed_tests(course.earlier.reviews)}
    known = credited(patch, course.earlier.patch)
    return replace(known, edits=tuple(_written_by(edit, *by.get(edit.path, ("", ""))) for edit in known.edits))


def _written_by(edit: EditRecord, model: str, call: str) -> EditRecord:
    """The edit as that of a model whose test it is; no coder writes in those."""
    return replace(edit, model=model or edit.model, calls=(call,) if call else edit.calls)


async def with_positions(course: Course, found: Review | None) -> Review | None:
    """The review with what the coder had to say to each finding that is confirmed and still open, if it was asked.

    People get both positions: the test with how it fails, and what the coder last did about it or why it did nothing.
    """
    if found is None or not any(one.is_confirmed and one.fate == "open" for one in found.findings):
        return found
    commits = [made.result.commit if isinstance(made.result, Patch) else "" for made in course.earlier.tries]
    since = course.earlier.tries[commits.index(found.commit) + 1 :] if found.commit in commits else ()
    if not since:
        return found
    told = {one.path: await _answer(course, found, since[-1], one.path) for one in found.findings}
    findings = tuple(
        replace(one, fate="disputed", answer=told[one.path]) if one.is_confirmed and one.fate == "open" else one
        for one in found.findings
    )
    whole = replace(found, findings=findings)
    reviews = tuple(whole if one is found else one for one in course.earlier.reviews)
    course.learn(replace(course.earlier, reviews=reviews))
    return whole


async def _answer(course: Course, found: Review, last: Try, path: str) -> str:
    """What the last try made of a file since it was reviewed, in canonical form, or why it made nothing."""
    if not isinstance(last.result, Patch):
        return f"{last.result.model} left no change: {last.result.why}"[:_LONGEST_ANSWER]
    diff = await course.ports.workspace.diff(found.commit, last.result.commit)
    hunks = next((file.text.partition("\n@@ ") for file in files_of(diff) if file.path == path), None)
    if hunks is None or not hunks[2]:
        return f"{last.result.model} left {path} as it was."
    return f"@@ {hunks[2]}"[:_LONGEST_ANSWER]


def back_to_code(found: Review) -> str:
    """What a coder is told of a review: the findings that a test bears out, with that test and how it fails."""
    return "\n\n".join(
        f"{one.path}:{one.line} `{one.quote.strip()}`\n{one.message}\n"
        f"The test {one.proof.path} shows it and must pass; do not change it:\n{one.proof.test.strip()}\n"
        f"It fails now:\n{one.proof.output}"
        for one in found.findings
        if one.proof is not None and one.is_confirmed and one.fate == "open"
    )


def author_models(course: Course) -> tuple[Model, ...]:
    """Everybody whose edits are in the change, those that answered in an outage or after an override included."""
    return writers(course.spec, course.earlier.authors)


def writers(spec: RunSpec, names: tuple[str, ...]) -> tuple[Model, ...]:
    """The models that wrote before a run, and those of its own that are named, as its order knows them."""
    routes = (spec.route(Phase.CODE), *(order.routes.get(Phase.CODE) for order in spec.orders.values()))
    # A route that a person chose goes before what it stands for.
    known: dict[str, Model] = {}
    for route in reversed(routes):
        known |= {model.name: model for model in route.models} if isinstance(route, Route) else {}
    return (*spec.authors, *(known[name] for name in names))
