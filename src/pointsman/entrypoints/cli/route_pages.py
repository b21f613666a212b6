"""Routes and moves on a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pointsman.conversation.routing_words import (
    ROUTE_HEAD,
    RouteWords,
    kept_or_not,
    order_in_words,
    reasons_of,
    routes_in_words,
)
from pointsman.conversation.simulation import HEAD, move_words, moves_title
from pointsman.domain.levels import TaskClass, classes_in_words
from pointsman.domain.moves import Move
from pointsman.domain.preview import PathView, Preview
from pointsman.domain.run import TaskOrder
from pointsman.entrypoints.cli.terminal import plain, table_of

_RULES = "Each word in the last column is a rule: docs/rules.md"


def show_preview(shown: Preview, classes: Mapping[TaskClass, TaskOrder], hint: str = "") -> None:
    """The routes at one level: each group of classes that go alike, with why, and what is special about paths.

    `hint` says why the work is taken for this class.
    """
    console = Console()
    opening = f"Sensitivity: {shown.sensitivity}. The reviewer never shares a {shown.separation} with an author."
    console.print(Text(opening, style="bold"))
    for view in shown.paths:
        console.print(plain(_path_words(view)))
    for alike, order in _alike(classes):
        console.print()
        why = f" ({hint})" if hint else ""
        console.print(Text.assemble((classes_in_words(alike).capitalize(), "bold cyan"), plain(why)))
        console.print(_routes(order))
        console.print(_limits(order))
        if words := order_in_words(order):
            console.print(Text(words))
        console.print(_reasons(order))
    console.print(Text(_RULES, style="dim"))


def show_moves(moves: Sequence[Move]) -> None:
    """Each difference on a line, those that a person should look at first in red."""
    console = Console()
    console.print(Text(moves_title(moves), style="bold"))
    if not moves:
        return
    table = table_of(*HEAD)
    for words in map(move_words, moves):
        table.add_row(*map(plain, words.cells), style="red" if words.is_grave else "")
    console.print(table)


def _alike(classes: Mapping[TaskClass, TaskOrder]) -> list[tuple[tuple[TaskClass, ...], TaskOrder]]:
    """Classes of task whose every phase goes the same way, told once."""
    groups: dict[tuple[object, ...], list[TaskClass]] = {}
    for task, order in classes.items():
        same = (routes_in_words(order), order_in_words(order), tuple(reasons_of(order)))
        groups.setdefault(same, []).append(task)
    return [(tuple(tasks), classes[tasks[0]]) for tasks in groups.values()]


def _routes(order: TaskOrder) -> Table:
    """Who does what; the limits stand below in a table of their own, since both do not fit into eighty columns."""
    table = table_of(*ROUTE_HEAD[:-1])
    for words in routes_in_words(order):
        table.add_row(*_cells(words))
    return table


def _limits(order: TaskOrder) -> Table:
    table = table_of("phase", ROUTE_HEAD[-1])
    for words in routes_in_words(order):
        if words.limits and not words.is_skipped:
            table.add_row(words.phase.value, words.limits)
    return table


def _cells(words: RouteWords) -> Iterable[Text]:
    first = Text(words.phase.value)
    if words.is_skipped:
        return first, Text("skipped", style="dim")
    if words.rule:
        return first, Text("nobody", style="red")
    rest = (words.family, words.runs_at, ", ".join(words.on_outage), ", ".join(words.when_stuck))
    return first, Text(words.model, style="bold"), *map(plain, rest)


def _reasons(order: TaskOrder) -> Table:
    table = table_of("phase", "candidate", "", "why", "rule")
    for words in routes_in_words(order):
        if words.rule and not words.is_skipped:
            table.add_row(words.phase.value, "", Text("nobody", style="red"), plain(words.nobody), words.rule)
    for phase, reason in reasons_of(order):
        style = "" if reason.kept else "yellow"
        table.add_row(phase.value, reason.model, kept_or_not(reason), plain(reason.why), reason.rule, style=style)
    return table


def _path_words(view: PathView) -> str:
    special = [f"{view.sensitivity}"]
    if view.approved_by:
        special.append(f"a person approves a plan that touches it ({view.approved_by})")
    if view.protected_by:
        special.append(f"no model edits it ({view.protected_by})")
    return f"{view.path}: {', '.join(special)}"
