"""What stays of a run once its words are gone: digests, commits, labels, and the models that wrote."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from pointsman.domain.errors import UsageMust
from pointsman.domain.models import Model
from pointsman.domain.run import Goal, RunSpec
from pointsman.ports.clearing import Clearing
from pointsman.runs.course.conduct import End
from pointsman.runs.course.rounds import writers


@dataclass(frozen=True)
class Remains:
    """Just what later runs are decided by: what it was about, how closed that was, and who wrote the code.

    `is_of_change` says that it was about a change and not about an issue.
    """

    goal: Goal
    issue: str
    issue_digest: str
    labels: tuple[str, ...]
    base_commit: str
    head_commit: str
    is_of_change: bool
    authors: tuple[str, ...] = ()
    wrote: tuple[Model, ...] = ()

    @property
    def about(self) -> tuple[str, ...]:
        """What a run is about; a review is of what lies between two commits."""
        between = (self.base_commit, self.head_commit) if self.head_commit else ()
        return (self.goal, self.issue_digest, *between)


REMAINS: TypeAdapter[Remains] = TypeAdapter(Remains)
NOTHING_LEFT = Remains("build", "", "", (), "", "", is_of_change=False)


def remains_of(spec: RunSpec, end: End | None = None) -> Remains:
    """What would stay of a run by its order and, where it came to one, its end."""
    authors = end.earlier.authors if end is not None else ()
    held = end.spec if end is not None else spec
    return Remains(
        goal=held.goal,
        issue=held.issue.key,
        issue_digest=held.issue.digest,
        labels=held.issue.labels,
        base_commit=held.base_commit,
        head_commit=held.head_commit,
        is_of_change=held.change is not None,
        authors=authors,
        wrote=writers(held, authors) if end is not None else (),
    )


async def is_cleared(clearing: Clearing | None, run_id: str) -> bool:
    """Whether the words of a run are gone, or are just going."""
    return clearing is not None and await clearing.of(run_id) is not None


async def require_words(clearing: Clearing | None, run_id: str) -> None:
    """Raises UsageMust when what a run was told and answered is gone, so that nothing of it can be done again."""
    cleared = await clearing.of(run_id) if clearing is not None else None
    if cleared is None:
        return
    why = "at somebody's request" if cleared.erasure.why == "request" else "when its days were over"
    raise UsageMust(
        f"What run {run_id} was told and what came of it was erased {why}; it cannot be gone on with or done again.",
        code="cleared",
        hint="Its note and figures are still there. Start a new run for the issue.",
    )
