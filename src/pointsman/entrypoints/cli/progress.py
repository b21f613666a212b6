"""A run while it goes on: one row per phase on a terminal, one plain line per change everywhere else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pointsman.conversation.figures import counted, duration, tokens, usd
from pointsman.domain.ledger import ENDED, CallRecord, RunView
from pointsman.domain.levels import Phase
from pointsman.entrypoints.cli.before import Before

_REPLAY_SECONDS = 3.0
_UNANSWERED = {"outage": "no answer", "refused": "refused"}


@dataclass(slots=True)
class _Row:
    """What is known of one phase; `since` is monotonic, `took` is set once the phase is over."""

    model: str
    since: float
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    took: float | None = None
    told: int = 0  # calls that the plain line of an end has spoken of
    begun: int = 0
    keys: set[tuple[str, int]] = field(default_factory=set)
    unsaid: list[CallRecord] = field(default_factory=list)  # finished, and without a plain line of their own
    said: set[tuple[str, int]] = field(default_factory=set)

    def figures(self) -> str:
        """Calls, tokens and cost in a few words; empty where no model is asked."""
        if not self.calls:
            return ""
        calls = counted(self.calls, "call")
        return f"{calls}, {tokens(self.input_tokens)} in, {tokens(self.output_tokens)} out, {usd(self.cost_usd)}"


class LiveProgress:
    """Draws successive views of a run. Use it as a context manager; `monotonic` gives seconds.

    What was `before` is not told again as if it happened now.
    """

    def __init__(
        self,
        console: Console,
        *,
        monotonic: Callable[[], float],
        plain: bool | None = None,
        before: Before | None = None,
    ) -> None:
        self._console = console
        self._monotonic = monotonic
        self._plain = (not console.is_terminal or console.is_dumb_terminal) if plain is None else plain
        self._rows: dict[Phase, _Row] = {}
        self._current: Phase | None = None
        self._state = ""
        self._waits = ""
        self._spinner = Spinner("dots", style="cyan")
        self._before = {_key(call) for call in before.calls} if before else set[tuple[str, int]]()
        self._replaying = before is not None
        self._passing: Phase | None = None
        self._passing_since = 0.0
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        if not self._plain:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish_current()
        if not self._plain:
            self._live.stop()

    def update(self, view: RunView, calls: tuple[CallRecord, ...]) -> None:
        """Show the newest view of the run and its calls so far. Cheap when nothing changed."""
        self._count(tuple(call for call in calls if call.run_id == view.run_id))
        phase = None if self._replays(view) else _phase_named(view.phase)
        over = view.state in ENDED
        if phase is not None and (phase is not self._current) and not over:
            self._finish_current("not passed" if self._sent_back(phase) else "")
            self._say_missed(before=phase)
            self._begin(phase, view.model)
        if self._current is not None and view.model:
            self._rows[self._current].model = view.model
            self._say_calls(self._current)
        if over:
            self._finish_current()
            self._say_missed(before=None)
        if view.state != self._state:
            self._state = view.state
            self._say_state(view)
        self._tell_wait("" if over or self._replaying else view.message)

    def _replays(self, view: RunView) -> bool:
        """Whether a run that was taken up again still passes, in no time, through what it had done before.

        That is over with its first new call, or when it stays in a phase that asks no model.
        """
        phase = _phase_named(view.phase)
        row = self._rows.get(phase) if phase is not None else None
        if row is not None and row.keys - self._before:
            self._replaying = False
        if phase is not self._passing:
            self._passing, self._passing_since = phase, self._monotonic()
        if self._replaying and phase is not None and self._monotonic() - self._passing_since > _REPLAY_SECONDS:
            self._replaying = False
        return self._replaying

    def _count(self, calls: tuple[CallRecord, ...]) -> None:
        for phase in {call.phase for call in calls}:
            mine = [call for call in calls if call.phase is phase]
            new_row = phase not in self._rows
            row = self._rows.setdefault(phase, _Row(mine[-1].model, self._monotonic()))
            row.calls = len(mine)
            row.input_tokens = sum(call.input_tokens for call in mine)
            row.output_tokens = sum(call.output_tokens for call in mine)
            row.cost_usd = sum(call.cost_usd for call in mine)
            row.model = mine[-1].served or mine[-1].model
            row.keys = {_key(call) for call in mine}
            if new_row:
                row.said = {_key(call) for call in mine if _is_over(call)} & self._before
                row.told = len(row.said)
            row.unsaid = [call for call in mine if _is_over(call) and _key(call) not in row.said]
            if phase is not self._current and row.took is None:
                row.took = sum(call.seconds for call in mine)

    def _begin(self, phase: Phase, model: str) -> None:
        """A phase may come again: code after a failed test. Then its time goes on from what it had taken."""
        row = self._rows.setdefault(phase, _Row(model, self._monotonic()))
        row.since = self._monotonic() - (row.took or 0.0)
        row.took = None
        row.begun += 1
        self._current = phase
        again = " again" if row.begun > 1 else ""
        self._say(phase, f"started{again}{f' with {model}' if model else ''}")

    def _sent_back(self, to: Phase) -> bool:
        """Whether the tests are why the code is written once more; else a review was between."""
        review = self._rows.get(Phase.REVIEW)
        reviewed = review is not None and review.calls > review.told
        return self._current is Phase.VERIFY and to is Phase.CODE and not reviewed

    def _finish_current(self, how: str = "") -> None:
        if self._current is None:
            return
        row = self._rows[self._current]
        row.took = self._monotonic() - row.since
        self._say_ended(self._current, row, how)
        self._current = None

    def _say_missed(self, before: Phase | None) -> None:
        """A phase may begin and end between two looks at the run; its calls tell that it was there."""
        for phase in Phase:
            if phase is before:
                return
            row = self._rows.get(phase)
            if row is not None and row.calls > row.told:
                self._say_ended(phase, row)

    def _say_ended(self, phase: Phase, row: _Row, how: str = "") -> None:
        self._say_calls(phase)
        row.told = row.calls
        words = ", ".join(part for part in (how, row.model, row.figures(), duration(row.took or 0.0)) if part)
        self._say(phase, f"ended: {words}")

    def _say_calls(self, phase: Phase) -> None:
        """One line for each model call that has come to its end since the last look."""
        row = self._rows[phase]
        for call in row.unsaid:
            row.said.add(_key(call))
            self._say(phase, f"call {len(row.said)}: {_call_words(call)}")
        row.unsaid = []

    def _say(self, phase: Phase, words: str) -> None:
        if self._plain:
            self._console.print(Text(f"{phase.value:<8} {words}"), soft_wrap=True)

    def _say_state(self, view: RunView) -> None:
        if self._plain and view.state not in {"running", "done"}:
            self._console.print(Text(f"run {view.run_id}: {view.state}"))

    def _tell_wait(self, words: str) -> None:
        """For what a run that is at work waits; it says so in its row for as long as it does."""
        waits = words if self._state == "running" else ""
        if waits and waits != self._waits and self._current is not None:
            self._say(self._current, waits.replace("`", "").rstrip(".").replace("Waits", "waits"))
        self._waits = waits

    def _table(self) -> Table:
        table = Table(
            caption=Text(self._waits.replace("`", ""), style="yellow") if self._waits else None,
            box=None,
            padding=(0, 2, 0, 0),
            header_style="dim",
        )
        for name in ("", "phase", "model", "calls", "in", "out", "cost", "elapsed"):
            table.add_column(name, justify="right" if name in {"calls", "in", "out", "cost", "elapsed"} else "left")
        for phase in Phase:
            self._add_row(table, phase)
        return table

    def _add_row(self, table: Table, phase: Phase) -> None:
        row = self._rows.get(phase)
        if row is None:
            table.add_row(Text("·", style="dim"), Text(phase.value, style="dim"))
            return
        current = phase is self._current
        mark = self._spinner if current else Text("✓", style="green")
        took = self._monotonic() - row.since if row.took is None else row.took
        figures = (
            (str(row.calls), tokens(row.input_tokens), tokens(row.output_tokens), usd(row.cost_usd))
            if row.calls
            else ("", "", "", "")
        )
        table.add_row(mark, Text(phase.value, style="bold" if current else ""), row.model, *figures, duration(took))


def _key(call: CallRecord) -> tuple[str, int]:
    return call.call_id, call.attempt


def _is_over(call: CallRecord) -> bool:
    return call.state != "sent"


def _call_words(call: CallRecord) -> str:
    used = f"{tokens(call.input_tokens)} in, {tokens(call.output_tokens)} out, {usd(call.cost_usd)}"
    parts = (call.served or call.model, _UNANSWERED.get(call.state, ""), used, duration(call.seconds))
    return ", ".join(part for part in parts if part)


def _phase_named(name: str) -> Phase | None:
    return next((phase for phase in Phase if phase.value == name), None)
