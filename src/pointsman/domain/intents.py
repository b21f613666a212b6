"""What somebody wants of us: a closed union, whatever forge or terminal it was said on."""

from dataclasses import dataclass

from pointsman.domain.levels import Phase


@dataclass(frozen=True, slots=True)
class Build:
    """Make a change for the issue. With `plan_only` the run ends once the plan is there."""

    plan_only: bool = False


@dataclass(frozen=True, slots=True)
class ReviewIt:
    """Review the branch as it is."""

    branch: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """Do one phase of a run again, with another model when one is named."""

    run_id: str
    phase: Phase
    model: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the run."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Let the run go on with the plan that has this hash."""

    run_id: str
    plan_hash: str


Intent = Build | ReviewIt | Rerun | Cancel | Approve
