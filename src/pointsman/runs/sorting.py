"""Triage from end to end: rules first, free of charge, then the small model, and what of its answer is believed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pointsman.conversation.labels import classes_in
from pointsman.domain.levels import Risk, TaskClass
from pointsman.domain.outcome import Earlier, Hint, Triage
from pointsman.domain.run import Issue, RunSpec
from pointsman.phases.paths import named_in
from pointsman.phases.triage import triage
from pointsman.policy.risk import risk_of
from pointsman.policy.sorting import Signs, hinted, within
from pointsman.ports.bundle import Ports


@dataclass(frozen=True, slots=True)
class Named:
    """The paths of a commit that an issue's text names; `has_closed` when some of them may not be read."""

    paths: tuple[str, ...] = ()
    has_closed: bool = False


def named_by(issue: Issue, paths: Iterable[str], is_closed: Callable[[str], bool]) -> Named:
    """The paths that the issue names, as the plan finds them too."""
    found = named_in(f"{issue.title}\n{issue.body}", paths)
    return Named(found, any(is_closed(path) for path in found))


def hint_of(issue: Issue, asked: TaskClass | None = None, named: Named | None = None) -> Hint | None:
    """The class of task by rules alone; without `named`, by those that need no path."""
    said, here = classes_in(issue.labels), named or Named()
    signs = Signs(
        title=issue.title,
        body=issue.body,
        asked=asked,
        ordered=said.ordered,
        labelled=said.named,
        named=here.paths,
        has_closed=here.has_closed,
    )
    return hinted(signs)


async def sort(spec: RunSpec, ports: Ports, named: Named) -> Triage:
    """The class and risk of an issue: what was known at admission, else what its paths say, else the small model.

    Raises what the door raises for a wrong key, model or price.
    """
    hint = spec.hint or hint_of(spec.issue, None, named)
    if hint is not None:
        found = Triage(hint.task, Risk.MEDIUM, hint.by, hint.why)
    else:
        found = believed(await triage(spec, Earlier(), ports), spec.issue)
    return replace(found, risk=risk_at_first(found.task, spec.issue, named))


def believed(found: Triage, issue: Issue) -> Triage:
    """What a model said, or `unknown` where the text lets nobody but a person say so."""
    no = within(found.task, f"{issue.title}\n{issue.body}")
    return Triage(TaskClass.UNKNOWN, found.risk, "text", no) if no else found


def risk_at_first(task: TaskClass, issue: Issue, named: Named) -> Risk:
    """The risk before anything is planned, by class, named paths, labels and the size of the text."""
    return risk_of(task, named.paths, issue.labels, len(issue.title) + len(issue.body))
