"""Figures as people read them, and the table of a run: one row per phase."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import MODEL_PHASES, Phase
from pointsman.domain.outcome import CheckResult, Earlier
from pointsman.domain.run import Considered, Route, RunSpec


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """What one model did in one phase. Cost in US dollars, time in seconds."""

    phase: Phase
    model: str
    served: str
    provider: str
    perimeter: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RouteRow:
    """The route of one phase: the model asked for, its family, where it runs, and why it and no other."""

    phase: Phase
    model: str
    family: str
    perimeter: str
    why: str


def usd(amount: float) -> str:
    """US dollars: cents, or four digits for what is smaller than a cent; `0` for nothing at all."""
    if amount == 0:
        return "$0"
    return f"${amount:.4f}" if abs(amount) < 0.01 else f"${amount:.2f}"


def tokens(count: int) -> str:
    """A count with thousands set apart."""
    return f"{count:,}"


def round_tokens(count: int) -> str:
    """The same in three digits at most: `940`, `9.4k`, `140k`, `1.1M`."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            whole = count / size
            return f"{whole:.1f}{letter}" if whole < 10 else f"{whole:,.0f}{letter}"
    return str(count)


def counted(number: int, thing: str) -> str:
    """`1 run`, `2 runs`, `1,775 runs`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `5 min`, `2 h 05 min`, `2 h`: a last part that is nothing is left out."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    (high, high_unit), (low, low_unit) = _two_parts(whole)
    return f"{high} {high_unit} {low:02d} {low_unit}" if low else f"{high} {high_unit}"


def _two_parts(seconds: int) -> tuple[tuple[int, str], tuple[int, str]]:
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return (minutes // 60, "h"), (minutes % 60, "min")
    return (minutes, "min"), (rest, "s")


def run_figures(view: RunView) -> str:
    """`3 model calls, 1,775 tokens in, 118 out, $0.02`."""
    calls = counted(view.calls, "model call")
    return f"{calls}, {tokens(view.input_tokens)} tokens in, {tokens(view.output_tokens)} out, {usd(view.cost_usd)}"


def short(digest: str, length: int = 12) -> str:
    """The first digits of a commit id or digest, with `sha256:` left out."""
    return digest.removeprefix("sha256:")[:length]


def phase_rows(calls: Iterable[CallRecord]) -> tuple[PhaseRow, ...]:
    """The calls summed up for each phase and model, in the order in which they were first asked."""
    groups: dict[tuple[Phase, str, str], list[CallRecord]] = {}
    for call in calls:
        groups.setdefault((call.phase, call.model, call.provider), []).append(call)
    return tuple(_summed(group) for group in groups.values())


def _summed(group: Sequence[CallRecord]) -> PhaseRow:
    first = group[0]
    return PhaseRow(
        phase=first.phase,
        model=first.model,
        served=next((call.served for call in reversed(group) if call.served), ""),
        provider=first.provider,
        perimeter=str(first.perimeter),
        calls=len(group),
        input_tokens=sum(call.input_tokens for call in group),
        output_tokens=sum(call.output_tokens for call in group),
        cost_usd=sum(call.cost_usd for call in group),
        seconds=sum(call.seconds for call in group),
    )


def route_rows(spec: RunSpec) -> tuple[RouteRow, ...]:
    """The routes that hold for the class of task that triage found, refused ones with their reason."""
    return tuple(_route_row(spec, phase) for phase in MODEL_PHASES if phase in spec.order.routes)


def _route_row(spec: RunSpec, phase: Phase) -> RouteRow:
    route = spec.route(phase)
    if not isinstance(route, Route):
        return RouteRow(phase, "none", "", "", f"{route.reason} ({route.rule})")
    model = route.primary
    why = "; ".join(_reason(reason) for reason in route.reasons) or "named by the routing file"
    return RouteRow(phase, model.name, model.family, str(model.provider.perimeter), why)


def _reason(reason: Considered) -> str:
    return f"{reason.model} {'kept' if reason.kept else 'left out'}: {reason.why} ({reason.rule})"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One command before and after the change, each as a few words; `old` is base's tests on the changed code."""

    command: str
    before: str
    after: str
    old: str = ""


def check_rows(earlier: Earlier) -> tuple[CheckRow, ...]:
    """The commands of the evidence, with what they said of the base and of the candidate."""
    if earlier.evidence is None:
        return ()
    before = {check.command: check for check in earlier.evidence.base}
    after = {check.command: check for check in earlier.evidence.candidate}
    old = {check.command: check for check in earlier.evidence.old_tests}
    commands = list(dict.fromkeys((*before, *after)))
    return tuple(
        CheckRow(
            " ".join(command),
            check_words(before.get(command)),
            check_words(after.get(command)),
            check_words(old[command]) if command in old else "",
        )
        for command in commands
    )


def check_words(check: CheckResult | None) -> str:
    """`1 failed, 9 passed`; the exit code where the command names no tests; how it ended where it did not exit."""
    if check is None:
        return "not run"
    if check.status != "exited":
        return {"timeout": "ran out of time", "output-limit": "wrote too much"}.get(check.status, check.status)
    counted = [
        f"{len(ids)} {word}"
        for ids, word in ((check.failed, "failed"), (check.passed, "passed"), (check.skipped, "skipped"))
        if ids
    ]
    return ", ".join(counted) or f"exit code {check.exit_code}"
