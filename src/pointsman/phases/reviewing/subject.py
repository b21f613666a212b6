"""What one round of review is about: the lines that are new to the reviewer, and what was said before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pointsman.domain.outcome import Earlier, Finding, Review
from pointsman.domain.run import PriorReview, RunSpec
from pointsman.phases.memory import MEMORY
from pointsman.phases.paths import is_record
from pointsman.phases.reviewing.anchors import FileDiff, files_of
from pointsman.phases.reviewing.findings import found_again, standing
from pointsman.phases.reviewing.news import news
from pointsman.ports.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Subject:
    """The commit, what of its diff is shown under which name, and the findings of the look before.

    `whole` is the diff of the change; `stand` are the open findings of `before` whose line is still there, each where
    it stands now, and `texts` their files. `unread` names what this round will not show although nobody has read it.
    """

    commit: str
    round: int
    label: str
    files: tuple[FileDiff, ...]
    whole: tuple[FileDiff, ...]
    before: tuple[Finding, ...]
    stand: tuple[Finding, ...]
    texts: Mapping[str, str]
    unread: tuple[str, ...]


async def shown(workspace: Workspace, base: str, commit: str) -> tuple[FileDiff, ...]:
    """The diff between two commits as models are shown it: without our notes, which say who wrote, and our memory."""
    files = files_of(await workspace.diff(base, commit))
    return tuple(file for file in files if not is_record(file.path) and file.path != MEMORY)


async def subject_of(spec: RunSpec, earlier: Earlier, workspace: Workspace, *, round: int) -> Subject:
    """What this round has to look at, given the rounds before it and the review before this run."""
    commit = earlier.patch.commit if earlier.patch else spec.head_commit
    last = earlier.review if round > 1 else None
    whole = await shown(workspace, parted(spec), commit)
    label, fresh = await _fresh(spec, workspace, last, commit, whole)
    unread = [path for path in await _unread(spec, workspace, last) if path in _paths(whole)]
    if spec.goal != "fix":
        # The paths of a fix alone were weighed against the models of its run; what else is unread stays so.
        fresh = _with(fresh, whole, unread)
        unread = []
    before = last.findings if last else _open_in(spec.prior)
    if spec.prior is None:
        return Subject(commit, round, label, fresh, whole, before, found_again(before, whole), {}, ())
    texts = await _texts(spec, workspace, commit, before, whole)
    stand = standing(before, whole, texts)
    return Subject(commit, round, label, fresh, whole, before, stand, texts, tuple(unread))


def parted(spec: RunSpec) -> str:
    """Where the change began: a fix works on the head of its change, and the change is older than that."""
    return spec.prior.base_commit if spec.prior and spec.goal == "fix" else spec.base_commit


def _open_in(prior: PriorReview | None) -> tuple[Finding, ...]:
    """What people have not settled; what review and coder could not agree on is looked at anew."""
    still = (one for one in prior.open if one.id not in prior.settled) if prior else ()
    return tuple(replace(one, fate="open", answer="") for one in still)


async def _fresh(
    spec: RunSpec, workspace: Workspace, last: Review | None, commit: str, whole: tuple[FileDiff, ...]
) -> tuple[str, tuple[FileDiff, ...]]:
    """What was not looked at before, and what to call it."""
    if last is not None:
        return "what was changed since the last round", await shown(workspace, last.commit, commit)
    prior = spec.prior
    if prior is None:
        return "the change", whole
    if spec.goal == "fix":
        fixed = await shown(workspace, spec.base_commit, commit)
        return "what was changed since the last review", fixed
    fresh = news(whole, await shown(workspace, prior.base_commit, prior.head_commit))
    return "the change" if fresh == whole else "what is new in the change since the last review", fresh


async def _unread(spec: RunSpec, workspace: Workspace, last: Review | None) -> tuple[str, ...]:
    """The paths that no reviewer has read so far, those included that people pushed between a review and its fix."""
    if last is not None:
        return last.unread
    prior = spec.prior
    if prior is None:
        return ()
    if spec.goal != "fix":
        return prior.unread
    pushed = await shown(workspace, prior.head_commit, spec.base_commit)
    return tuple(dict.fromkeys((*prior.unread, *_paths(pushed))))


def _with(fresh: tuple[FileDiff, ...], whole: tuple[FileDiff, ...], unread: list[str]) -> tuple[FileDiff, ...]:
    """The fresh files, and all of those that nobody has read."""
    if not unread:
        return fresh
    rest = tuple(file for file in fresh if file.path not in unread)
    return (*rest, *(file for file in whole if file.path in unread))


async def _texts(
    spec: RunSpec, workspace: Workspace, commit: str, before: tuple[Finding, ...], whole: tuple[FileDiff, ...]
) -> dict[str, str]:
    """The files of earlier findings, as far as they were weighed for this run's models."""
    known = dict.fromkeys(one.path for one in before if one.fate == "open")
    weighed = known if spec.goal == "fix" else [path for path in known if path in _paths(whole)]
    found = [await workspace.read(commit, path) for path in weighed]
    return {source.path: source.text for source in found if source is not None}


def _paths(files: Iterable[FileDiff]) -> tuple[str, ...]:
    return tuple(file.path for file in files)
