"""What the work of models came to, summed up for people: rows of figures, and the cost per trusted change."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from pointsman.conversation.figures import counted, usd
from pointsman.domain.levels import Phase
from pointsman.domain.marks import Account, What, Worked

By = Literal["model", "phase", "task", "pair"]
"""How rows are put together; `task` is the finest: model, phase and class of task."""

PHASES = tuple(Phase)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least that share of all values does not exceed (nearest rank); None of nothing."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def rows_by(account: Account, by: By | None = None) -> tuple[Worked, ...]:
    """The work by model and phase, or as `by` says; what a row is not about is empty in it."""
    groups: dict[tuple[str, str, str], list[Worked]] = {}
    for one in account.worked:
        groups.setdefault(_name_of(one, by), []).append(one)
    rows = [_together(name, group) for name, group in groups.items()]
    return tuple(sorted(rows, key=lambda row: (row.model, PHASES.index(row.phase), row.task)))


def _name_of(one: Worked, by: By | None) -> tuple[str, str, str]:
    return (
        "" if by == "phase" else one.model,
        "" if by == "model" else one.phase.value,
        one.task if by == "task" else "",
    )


def _together(name: tuple[str, str, str], group: Iterable[Worked]) -> Worked:
    rows = tuple(group)
    seen: Counter[What] = Counter()
    for row in rows:
        seen.update(row.seen)
    return Worked(
        model=name[0],
        phase=rows[0].phase,
        task=name[2],
        calls=sum(row.calls for row in rows),
        answered=sum(row.answered for row in rows),
        outages=sum(row.outages for row in rows),
        malformed=sum(row.malformed for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost_usd=sum(row.cost_usd for row in rows),
        seconds=tuple(one for row in rows for one in row.seconds),
        seen=dict(seen),
        raised=sum(row.raised for row in rows),
        confirmed=sum(row.confirmed for row in rows),
        refuted=sum(row.refuted for row in rows),
        upheld=sum(row.upheld for row in rows),
        ignored=sum(row.ignored for row in rows),
        merged=frozenset().union(*(row.merged for row in rows)),
        trusted=frozenset().union(*(row.trusted for row in rows)),
    )


def malformed(row: Worked) -> int:
    """Answers that nobody could read: the question was asked again, or the try was lost."""
    return row.malformed + row.seen.get(What.UNREADABLE, 0)


def judged(row: Worked) -> int:
    """How many of its edits were tried in the sandbox and came to a verdict of any kind."""
    return sum(row.seen.get(what, 0) for what in (What.PASSED, What.FAILED, What.UNCLEAR))


def cost_of(account: Account) -> float:
    """US dollars for all calls of the span, of runs that failed as well."""
    return sum(row.cost_usd for row in account.worked)


def cost_per_trusted(account: Account) -> float | None:
    """US dollars of all runs over the number of trusted changes; None as long as there is none."""
    return cost_of(account) / account.trusted if account.trusted else None


def headline(account: Account, since: str) -> str:
    """The first line: what a trusted change costs, and what that is made of."""
    spent = f"{usd(cost_of(account))} in {counted(account.runs, 'run')}"
    when = f"since {since}" if since else "in all"
    each = cost_per_trusted(account)
    if each is None:
        return f"No trusted change yet: {spent} {when}."
    return f"Cost per trusted change: {usd(each)} ({spent} for {counted(account.trusted, 'trusted change')}, {when})."


def fates(account: Account) -> str:
    """The second line: what became of the changes that ended."""
    merged = f"{counted(account.merged, 'change')} merged, {account.trusted} of them trusted"
    return f"{merged}; {account.closed} closed unmerged, {account.reverted} taken back."
