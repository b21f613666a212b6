"""Figures counted from the ledger's tables: of a span of time for people, of the newest calls for decisions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import fmean, median
from typing import NamedTuple, TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Integer, Select, Table, and_, case, func, select

from pointsman.audit.ledger.mark_tables import change_marks, change_of, finding_marks, marks
from pointsman.audit.ledger.tables import NANO, calls, runs
from pointsman.domain.figures import Figures, Measured
from pointsman.domain.levels import Phase
from pointsman.domain.marks import MEASURE, REPAIR, Account, ChangeFacts, PairMark, Span, What, Worked

NEWEST = 1_000
"""So many answered calls of each model are looked at for a decision."""

LEAST = 5
"""So many answered calls make a figure; fewer say nothing."""

_Key = tuple[str, str, str]
_Columns = TypeVarTuple("_Columns")


def figures_since(connection: Connection, since: str) -> Figures:
    """The median time and the mean tokens of the newest answered calls, by model and phase."""
    place = func.row_number().over(partition_by=calls.c.model, order_by=calls.c.seq.desc()).label("place")
    real = (calls.c.template != MEASURE).label("real")
    what = (calls.c.model, calls.c.phase, real, calls.c.seconds, calls.c.input_tokens, calls.c.output_tokens)
    answered = select(*what, place).where(calls.c.state == "answered", calls.c.day >= since).subquery()
    groups: dict[tuple[str, str], list[_Timed]] = defaultdict(list)
    for model, phase, *told, _ in connection.execute(select(answered).where(answered.c.place <= NEWEST)):
        groups[model, phase].append(_Timed(*told))
    found: dict[str, dict[Phase, Measured]] = {}
    for (model, phase), group in sorted(groups.items()):
        if len(group) >= LEAST:
            found.setdefault(model, {})[Phase(phase)] = _measured(group)
    return Figures(found)


class _Timed(NamedTuple):
    real: bool
    seconds: float
    asked: int
    said: int


def _measured(group: list[_Timed]) -> Measured:
    """Of real calls, as soon as there are enough of them; else of all, which then tell of times alone."""
    real = [one for one in group if one.real]
    if len(real) < LEAST:
        return Measured(len(group), round(median(one.seconds for one in group) * 1000))
    asked, said = fmean(one.asked for one in real), fmean(one.said for one in real)
    return Measured(len(real), round(median(one.seconds for one in real) * 1000), round(asked), round(said))


def account_of(connection: Connection, span: Span) -> Account:
    """Everything that was counted in a span of time."""
    ended = _changes(connection, span)
    merged = {_name(one) for one in ended if one.end.state == "merged"}
    trusted = {_name(one) for one in ended if one.is_trusted}
    begun = select(func.count()).select_from(runs).where(_within(runs, runs.c.started_at, span))
    rows = _sums(connection, span)
    _add_times(rows, connection, span)
    _add_marks(rows, connection, span)
    _add_findings(rows, connection, span)
    _add_shares(rows, connection, merged=merged, trusted=trusted)
    return Account(
        worked=tuple(rows[key] for key in sorted(rows)),
        pairs=_pairs(connection, span),
        runs=connection.scalar(begun) or 0,
        merged=len(merged),
        trusted=len(trusted),
        closed=sum(one.end.state == "closed" for one in ended),
        reverted=sum(bool(one.reverted_at) for one in ended),
    )


def _within(table: Table, day: ColumnElement[str], span: Span) -> ColumnElement[bool]:
    """Days and times compare as texts: all of them are in UTC and begin with the day."""
    since = day >= span.since
    return and_(since, table.c.repository_id == span.repository_id) if span.repository_id else since


def _sum(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((holds, 1), else_=0), type_=Integer)


def _tasked(chosen: Select[*_Columns], span: Span) -> Select[*_Columns]:
    """Calls beside the class of task of their run; a measured call belongs to no run and has none."""
    real = and_(_within(calls, calls.c.day, span), ~and_(calls.c.state == "sent", calls.c.superseded))
    return chosen.join_from(calls, runs, calls.c.run_id == runs.c.run_id, isouter=True).where(real)


_TASK = func.coalesce(runs.c.task, "").label("task")


def _sums(connection: Connection, span: Span) -> dict[_Key, Worked]:
    asked_again = and_(calls.c.template.like(f"%{REPAIR}"), calls.c.state != "outage")
    columns = select(
        calls.c.model,
        calls.c.phase,
        _TASK,
        func.count(calls.c.seq),
        _sum(calls.c.state == "answered"),
        _sum(calls.c.state == "outage"),
        _sum(asked_again),
        func.sum(calls.c.input_tokens),
        func.sum(calls.c.output_tokens),
        func.sum(calls.c.cost_nano),
    )
    query = _tasked(columns, span).group_by(calls.c.model, calls.c.phase, _TASK)
    found = {}
    for model, phase, task, *sums in connection.execute(query):
        number = [int(one or 0) for one in sums]
        found[model, phase, task] = Worked(
            model,
            Phase(phase),
            task,
            calls=number[0],
            answered=number[1],
            outages=number[2],
            malformed=number[3],
            input_tokens=number[4],
            output_tokens=number[5],
            cost_usd=number[6] / NANO,
        )
    return found


def _add_times(rows: dict[_Key, Worked], connection: Connection, span: Span) -> None:
    times: dict[_Key, list[float]] = defaultdict(list)
    columns = select(calls.c.model, calls.c.phase, _TASK, calls.c.seconds)
    query = _tasked(columns, span).where(calls.c.state == "answered")
    for model, phase, task, seconds in connection.execute(query):
        times[model, phase, task].append(seconds)
    for key, found in times.items():
        rows[key] = replace(rows[key], seconds=tuple(found))


def _row(rows: dict[_Key, Worked], key: _Key) -> Worked:
    """Work of a run that called nobody in the span, since its calls were made before, has a row as well."""
    return rows.get(key) or Worked(key[0], Phase(key[1]), key[2])


def _add_marks(rows: dict[_Key, Worked], connection: Connection, span: Span) -> None:
    what = (marks.c.model, marks.c.phase, marks.c.task, marks.c.what)
    query = select(*what, func.sum(marks.c.count)).where(_within(marks, marks.c.day, span)).group_by(*what)
    for model, phase, task, seen, count in connection.execute(query):
        row = _row(rows, (model, phase, task))
        rows[model, phase, task] = replace(row, seen={**row.seen, What(seen): int(count)})


_FATES = ("upheld", "ignored", "disputed")
_PROOFS = ("confirmed", "refuted", "older", "unconfirmed")


def _fates() -> tuple[ColumnElement[int], ...]:
    return (
        func.count(),
        *(_sum(finding_marks.c.fate == fate) for fate in _FATES),
        *(_sum(finding_marks.c.proof == proof) for proof in _PROOFS),
    )


def _named(sums: Iterable[int]) -> dict[str, int]:
    return dict(zip(("raised", *_FATES, *_PROOFS), map(int, sums), strict=True))


def _add_findings(rows: dict[_Key, Worked], connection: Connection, span: Span) -> None:
    who = (finding_marks.c.reviewer, finding_marks.c.task)
    query = select(*who, *_fates()).where(_within(finding_marks, finding_marks.c.day, span)).group_by(*who)
    for reviewer, task, *sums in connection.execute(query):
        key, found = (reviewer, Phase.REVIEW.value, task), _named(sums)
        rows[key] = replace(
            _row(rows, key),
            raised=found["raised"],
            confirmed=found["confirmed"],
            refuted=found["refuted"],
            upheld=found["upheld"],
            ignored=found["ignored"],
        )


def _pairs(connection: Connection, span: Span) -> tuple[PairMark, ...]:
    who = (finding_marks.c.coder, finding_marks.c.reviewer)
    query = select(*who, *_fates()).where(_within(finding_marks, finding_marks.c.day, span)).group_by(*who)
    found = connection.execute(query.order_by(*who))
    return tuple(PairMark(coder, reviewer, **_named(sums)) for coder, reviewer, *sums in found)


def _changes(connection: Connection, span: Span) -> tuple[ChangeFacts, ...]:
    """The changes that ended in the span."""
    over = and_(_within(change_marks, change_marks.c.ended_at, span), change_marks.c.state != "open")
    return tuple(change_of(row) for row in connection.execute(select(change_marks).where(over)).mappings())


def _name(change: ChangeFacts) -> str:
    return f"{change.repository_id} {change.made.key}"


def _add_shares(
    rows: dict[_Key, Worked], connection: Connection, *, merged: Iterable[str], trusted: Iterable[str]
) -> None:
    """Who had a share in the changes that were merged, whenever that was; filed under the task of the change."""
    made = and_(marks.c.repository_id == change_marks.c.repository_id, marks.c.change == change_marks.c.change)
    who = (marks.c.model, marks.c.phase, change_marks.c.task, marks.c.repository_id, marks.c.change)
    shared = and_(marks.c.what == What.SHARED.value, change_marks.c.state == "merged")
    query = select(*who).join_from(marks, change_marks, made).where(shared).distinct()
    kept = {"merged": frozenset(merged), "trusted": frozenset(trusted)}
    shares: Mapping[_Key, set[str]] = defaultdict(set)
    for model, phase, task, repository, change in connection.execute(query):
        if f"{repository} {change}" in kept["merged"]:
            shares[model, phase, task].add(f"{repository} {change}")
    for key, names in shares.items():
        mine = frozenset(names)
        rows[key] = replace(_row(rows, key), merged=mine, trusted=mine & kept["trusted"])
