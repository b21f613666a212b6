"""The command that shows figures: the cost per trusted change first, then what each model came to."""

import json
import sys
from dataclasses import asdict
from datetime import date

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pointsman.conversation.figures import round_tokens, usd
from pointsman.conversation.statistics import (
    By,
    cost_of,
    cost_per_trusted,
    fates,
    headline,
    judged,
    malformed,
    percentile,
    rows_by,
)
from pointsman.domain.errors import UsageMust
from pointsman.domain.figures import days_before
from pointsman.domain.marks import Account, PairMark, Span, What, Worked
from pointsman.entrypoints.cli.figuring_asked import StatsAsked
from pointsman.entrypoints.cli.terminal import table_of
from pointsman.entrypoints.on_disk import repository_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation

_MOST_DAYS = 100_000


async def stats(asked: StatsAsked) -> int:
    """Show the figures of a span of time; changes on disk are looked for first."""
    installation = Installation(read_settings(asked.home))
    try:
        since = first_day(asked.since, installation.clock.now())
        repository = (await repository_at(asked.repo)).id if asked.repo else ""
        await installation.look_for_landings(repository)
        account = await installation.marks.account(Span(since, repository))
    finally:
        await installation.close()
    if asked.as_json:
        sys.stdout.write(json.dumps(_as_json(account, since, repository, asked.by), indent=1) + "\n")
    else:
        _print(Console(), account, since, asked.by)
    return 0


def first_day(since: str, now: str) -> str:
    """The first day of the span; empty for all of it. Raises UsageMust for what is neither a number nor a day."""
    if since == "all":
        return ""
    if since.isascii() and since.isdigit() and int(since) <= _MOST_DAYS:
        return days_before(now, int(since))
    try:
        return date.fromisoformat(since).isoformat()
    except ValueError as error:
        raise UsageMust(
            f"{since!r} is no span of time.",
            code="since",
            hint="Write a number of days (--since 30), a day (--since 2026-11-01), or `all`.",
        ) from error


def _print(console: Console, account: Account, since: str, by: By | None) -> None:
    console.print(Text(headline(account, since), style="bold"))
    if account.merged or account.closed or account.reverted:
        console.print(Text(fates(account)))
    if not account.worked:
        console.print(Text("No model was asked in this time. `pointsman run` starts a run."))
        return
    if by != "pair":
        rows = rows_by(account, by)
        console.print()
        console.print(_calls_table(rows, by))
        console.print()
        console.print(_work_table(rows, by))
    console.print()
    if not account.pairs:
        console.print(Text("No finding was raised."))
        return
    console.print(_pairs_table(account.pairs, "raised", "confirmed", "refuted", "older", "unconfirmed"))
    console.print()
    console.print(_pairs_table(account.pairs, "upheld", "disputed", "ignored"))


def _calls_table(rows: tuple[Worked, ...], by: By | None) -> Table:
    table = _table(_names(by), "calls", "outages", "malformed", "in", "out", "cost", "p50", "p95")
    for row in rows:
        table.add_row(
            *_named(row, by),
            f"{row.calls:,}",
            _count(row.outages),
            _count(malformed(row)),
            round_tokens(row.input_tokens),
            round_tokens(row.output_tokens),
            usd(row.cost_usd),
            _time(row, 0.5),
            _time(row, 0.95),
        )
    return table


def _work_table(rows: tuple[Worked, ...], by: By | None) -> Table:
    table = _table(_names(by), "applied", "passed", "raised", "upheld", "ignored", "merged", "trusted")
    for row in rows:
        table.add_row(
            *_named(row, by),
            _of(row.seen.get(What.APPLIED, 0), row.seen.get(What.TRIED, 0)),
            _of(row.seen.get(What.PASSED, 0), judged(row)),
            _count(row.raised),
            _count(row.upheld),
            _count(row.ignored),
            _count(len(row.merged)),
            _count(len(row.trusted)),
        )
    return table


def _pairs_table(pairs: tuple[PairMark, ...], *shown: str) -> Table:
    """What became of findings: what their tests came to, or what coders and people made of them."""
    table = _table(("code by", "review by"), *shown)
    for pair in pairs:
        counts = (_count(getattr(pair, name)) for name in shown)
        table.add_row(pair.coder, pair.reviewer, *counts)
    return table


def _table(names: tuple[str, ...], *figures: str) -> Table:
    return table_of(*names, *figures, right=frozenset(figures), gap=1)


def _names(by: By | None) -> tuple[str, ...]:
    return {"model": ("model",), "phase": ("phase",), "task": ("model", "phase", "task")}.get(
        by or "", ("model", "phase")
    )


def _named(row: Worked, by: By | None) -> tuple[str, ...]:
    told = {"model": row.model, "phase": row.phase.value, "task": row.task or "none"}
    return tuple(told[name] for name in _names(by))


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _of(part: int, whole: int) -> str:
    return f"{part:,}/{whole:,}" if whole else "-"


def _time(row: Worked, share: float) -> str:
    found = percentile(row.seconds, share)
    return "-" if found is None else f"{found:.1f} s" if found < 10 else f"{found:,.0f} s"


def _as_json(account: Account, since: str, repository: str, by: By | None) -> dict[str, object]:
    each = cost_per_trusted(account)
    return {
        "since": since or None,
        "repository": repository or None,
        "cost_per_trusted_change_usd": None if each is None else round(each, 6),
        "cost_usd": round(cost_of(account), 6),
        "trusted": account.trusted,
        "merged": account.merged,
        "closed": account.closed,
        "reverted": account.reverted,
        "runs": account.runs,
        "rows": [] if by == "pair" else [_row_json(row, by) for row in rows_by(account, by)],
        "pairs": [asdict(pair) for pair in account.pairs],
    }


def _row_json(row: Worked, by: By | None) -> dict[str, object]:
    seen = {what.name.lower(): row.seen.get(what, 0) for what in What if what is not What.SHARED}
    return {
        **dict(zip(_names(by), _named(row, by), strict=True)),
        "calls": row.calls,
        "answered": row.answered,
        "outages": row.outages,
        "malformed": malformed(row),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cost_usd": round(row.cost_usd, 6),
        "p50_seconds": percentile(row.seconds, 0.5),
        "p95_seconds": percentile(row.seconds, 0.95),
        **seen,
        "tests_run": judged(row),
        "raised": row.raised,
        "confirmed": row.confirmed,
        "refuted": row.refuted,
        "upheld": row.upheld,
        "ignored": row.ignored,
        "merged": len(row.merged),
        "trusted": len(row.trusted),
    }
