"""Tables as people read them in comments: who would do what, what it cost, how the runs stand."""

from collections.abc import Iterable, Sequence

from pointsman.conversation import figures
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.conversation.routing_words import (
    ROUTE_HEAD,
    RouteWords,
    kept_or_not,
    order_in_words,
    route_in_words,
    routes_in_words,
)
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import MODEL_PHASES, Phase, TaskClass
from pointsman.domain.run import Considered, Need, Refuse, Route, RunSpec, TaskOrder

MOST_RUNS = 30


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are already safe."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    lines.extend(f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows)
    return "\n".join(lines)


def folded(title: str, text: str) -> str:
    """A text behind a title that opens it; `text` holds no HTML of others."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def route_table(spec: RunSpec) -> str:
    """Phases, models, fallbacks and limits of an order, why these models, and where other classes of task differ."""
    task = spec.hinted or spec.task
    order = spec.orders.get(task) or spec.order
    known = f"Class of task: {task}." if task is not TaskClass.UNKNOWN else "Class of task: not known before triage."
    opening = (
        f"{known} Sensitivity: {spec.sensitivity}. "
        f"The reviewer never shares a {spec.review.separation} with an author."
    )
    rows = [_route_cells(spec, order, phase) for phase in MODEL_PHASES if phase in order.routes]
    parts = (
        Part(opening),
        Part(table(ROUTE_HEAD, rows)),
        Part(order_in_words(order), 1),
        Part(_other_classes(spec, task), 2),
        Part(reasons_part(spec, order), 3),
    )
    return fitted(parts)


def order_table(order: TaskOrder) -> str:
    """Phases, models, fallbacks and limits of an order that nobody has given yet."""
    return table(ROUTE_HEAD, [_cells(words) for words in routes_in_words(order)])


def reasons_part(spec: RunSpec, order: TaskOrder) -> str:
    """Why these models and no others, one line for each candidate, folded; empty when nothing was weighed."""
    lines: list[str] = []
    for phase in MODEL_PHASES:
        route = _route(spec, order, phase)
        if isinstance(route, Route):
            lines.extend(f"- {phase}: {_reason(reason)}" for reason in route.reasons)
        elif isinstance(route, Refuse):
            lines.append(f"- {phase}: nobody. {outbound_line(route.reason)} (`{route.rule}`)")
    return folded("Why these models, and no others", "\n".join(lines)) if lines else ""


def spending_table(calls: Iterable[CallRecord]) -> str:
    """What each model did in each phase, summed up, with a last row for all; empty without calls."""
    rows = figures.phase_rows(calls)
    if not rows:
        return ""
    head = ("phase", "model", "calls", "tokens in", "tokens out", "cost", "time")
    return table(head, [*(_spent_cells(row) for row in rows), _sum_cells(rows)])


def cost_table(views: Sequence[RunView], calls: Sequence[CallRecord] = ()) -> str:
    """What the runs of an issue or change cost, newest first, and which model in which phase."""
    if not views:
        return "Nothing was spent: there is no run here."
    shown = views[:MOST_RUNS]
    rows = [
        (
            f"`{view.run_id}`",
            state_words(view),
            str(view.calls),
            figures.tokens(view.input_tokens),
            figures.tokens(view.output_tokens),
            figures.usd(view.cost_usd),
        )
        for view in shown
    ]
    total = figures.usd(sum(view.cost_usd for view in views))
    older = f" The newest {MOST_RUNS} are shown." if len(views) > len(shown) else ""
    spent = spending_table(calls)
    runs = figures.counted(len(views), "run")
    return fitted(
        (
            Part(f"**{total}** for {runs}.{older}"),
            Part(table(("run", "state", "calls", "tokens in", "tokens out", "cost"), rows), 1),
            Part(f"By phase and model:\n\n{spent}" if spent else "", 2),
        )
    )


def status_list(views: Sequence[RunView]) -> str:
    """The runs of an issue or change, newest first."""
    if not views:
        return "There is no run here."
    rows = [
        (
            f"`{view.run_id}`",
            state_words(view),
            view.phase,
            inline_code(view.model) if view.model else "",
            figures.usd(view.cost_usd),
            view.started_at,
        )
        for view in views[:MOST_RUNS]
    ]
    return table(("run", "state", "phase", "model", "cost", "since"), rows)


def state_words(view: RunView) -> str:
    """The state of a run in one or two words; what it came to, once it is done."""
    results = {"needs-person": "needs a person"}
    if view.state == "done":
        return results.get(view.result, view.result) or "done"
    return {"waiting": "waits for a person"}.get(view.state, view.state)


def _route(spec: RunSpec, order: TaskOrder, phase: Phase) -> Route | Refuse | None:
    overrides = spec.overrides or {}
    return overrides.get(phase) or order.routes.get(phase)


def _route_cells(spec: RunSpec, order: TaskOrder, phase: Phase) -> tuple[str, ...]:
    route = _route(spec, order, phase)
    if route is None:
        return (phase.value, "nobody", "", "", "", "", "")
    return _cells(route_in_words(phase, route, is_skipped=phase is Phase.PLAN and order.plan is Need.SKIP))


def _cells(said: RouteWords) -> tuple[str, ...]:
    phase = said.phase
    if said.rule and not said.is_skipped:
        return (phase.value, f"nobody: {outbound_line(said.nobody)} (`{said.rule}`)", "", "", "", "", "")
    if said.is_skipped:
        return (phase.value, "skipped", "", "", "", "", "")
    return (
        phase.value,
        inline_code(said.model),
        outbound_line(said.family),
        said.runs_at,
        _names(said.on_outage),
        _names(said.when_stuck),
        said.limits,
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(inline_code(name) for name in names)


def _other_classes(spec: RunSpec, task: TaskClass) -> str:
    own = _asked(spec.orders[task]) if task in spec.orders else ()
    lines = [
        f"- {other}: {', '.join(f'{phase} {name}' for phase, name in _asked(order))}"
        for other, order in spec.orders.items()
        if other is not task and _asked(order) != own
    ]
    return folded("Classes of task that go elsewhere", "\n".join(lines)) if lines else ""


def _asked(order: TaskOrder) -> tuple[tuple[str, str], ...]:
    return tuple((phase.value, _asked_of(order, phase)) for phase in MODEL_PHASES if phase in order.routes)


def _asked_of(order: TaskOrder, phase: Phase) -> str:
    route = order.routes[phase]
    if phase is Phase.PLAN and order.plan is Need.SKIP:
        return "skipped"
    return inline_code(route.primary.name) if isinstance(route, Route) else f"nobody (`{route.rule}`)"


def _reason(reason: Considered) -> str:
    return (
        f"{inline_code(reason.model)} {kept_or_not(reason)}: {outbound_line(reason.why, limit=500)} (`{reason.rule}`)"
    )


def _spent_cells(row: figures.PhaseRow) -> tuple[str, ...]:
    return (
        row.phase.value,
        outbound_line(row.served or row.model),
        str(row.calls),
        figures.tokens(row.input_tokens),
        figures.tokens(row.output_tokens),
        figures.usd(row.cost_usd),
        figures.duration(row.seconds),
    )


def _sum_cells(rows: Sequence[figures.PhaseRow]) -> tuple[str, ...]:
    return (
        "**all**",
        "",
        str(sum(row.calls for row in rows)),
        figures.tokens(sum(row.input_tokens for row in rows)),
        figures.tokens(sum(row.output_tokens for row in rows)),
        figures.usd(sum(row.cost_usd for row in rows)),
        figures.duration(sum(row.seconds for row in rows)),
    )
