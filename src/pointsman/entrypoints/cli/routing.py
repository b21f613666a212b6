"""The command `route`: who would do what, and what an edit would move; nothing is asked and nothing written."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.conversation.routing_words import routes_in_words
from pointsman.domain.errors import UsageMust
from pointsman.domain.levels import Sensitivity, TaskClass
from pointsman.domain.moves import Move
from pointsman.domain.outcome import Hint
from pointsman.domain.preview import Preview
from pointsman.domain.run import Issue, Refuse, TaskOrder
from pointsman.entrypoints.cli.asked import RouteAsked
from pointsman.entrypoints.cli.errors import DONE, REFUSED
from pointsman.entrypoints.on_disk import measured, price_of, read_issue
from pointsman.entrypoints.policies import read_policy
from pointsman.entrypoints.routing_files import AnyFile, Ground, any_file, ground_of, routing_of
from pointsman.entrypoints.settings import read_settings
from pointsman.policy.admission import Rulebook, closed_by, level_of
from pointsman.policy.moves import moves
from pointsman.policy.previewing import preview
from pointsman.runs.sorting import hint_of


async def route(asked: RouteAsked) -> int:
    """Print the routes. Exit code 1 when a phase is refused, or when an edit guards less or leaves a phase undone."""
    ground = await ground_of(asked.repo, asked.name)
    if asked.diff is not None:
        return await _moves(asked, ground, *asked.diff)
    book = await _book(asked, ground)
    issue = _issue(asked)
    hint = hint_of(issue, asked.task)
    previews = [
        preview(book, level, tuple(asked.paths or ())) for level in _levels(asked, ground, book, issue.labels)
    ]
    shown = [(each, _classes(asked, each, hint)) for each in previews]
    if asked.as_json:
        _print({"levels": [_preview_json(each, classes) for each, classes in shown]})
    else:
        from pointsman.entrypoints.cli.route_pages import show_preview

        for each, classes in shown:
            show_preview(each, classes, hint.why if hint is not None and not asked.every else "")
    return REFUSED if any(_is_refused(order) for each, classes in shown for order in classes.values()) else DONE


def _issue(asked: RouteAsked) -> Issue:
    """The issue that was named, or one without a word, with the labels that were given besides."""
    issue = read_issue(asked.issue) if asked.issue else Issue(key="", title="", body="", digest="")
    return replace(issue, labels=(*issue.labels, *(asked.labels or ())))


async def _book(asked: RouteAsked, ground: Ground) -> Rulebook:
    home = read_settings(asked.home).home
    routing = (await routing_of(ground, asked.routing)).content
    law = read_policy(asked.policy, home)
    return Rulebook(law.policy, "", routing, "", price_of, await measured(home, routing))


def _levels(asked: RouteAsked, ground: Ground, book: Rulebook, labels: tuple[str, ...]) -> list[Sensitivity]:
    if asked.sensitivity == "all":
        return sorted(book.policy.sensitivities, key=lambda level: level.rank)
    own = Sensitivity(asked.sensitivity) if asked.sensitivity else level_of(ground.name, book.policy)
    return [closed_by(labels, own)]


def _classes(asked: RouteAsked, shown: Preview, hint: Hint | None) -> Mapping[TaskClass, TaskOrder]:
    """Every class that was asked for; else the one that a run would begin with, before a model sorts the work."""
    if asked.every:
        return shown.orders
    task = hint.task if hint is not None else TaskClass.UNKNOWN
    return {task: shown.orders[task]}


def _is_refused(order: TaskOrder) -> bool:
    return any(words.rule and not words.is_skipped for words in routes_in_words(order))


async def _moves(asked: RouteAsked, ground: Ground, old: str, new: str) -> int:
    then, now = await any_file(ground, old), await any_file(ground, new)
    found = moves(*await _books(asked, ground, then, now), repository=asked.name)
    if asked.as_json:
        _print({"moves": [_move_json(move) for move in found]})
    else:
        from pointsman.entrypoints.cli.route_pages import show_moves

        show_moves(found)
    return REFUSED if any(move.kind.is_grave for move in found) else DONE


async def _books(asked: RouteAsked, ground: Ground, old: AnyFile, new: AnyFile) -> tuple[Rulebook, Rulebook]:
    """Both pairs of files: what was given twice, and beside it what holds now."""
    home = read_settings(asked.home).home
    if isinstance(old.content, RoutingFile) and isinstance(new.content, RoutingFile):
        law, then, now = read_policy(asked.policy, home).policy, old.content, new.content
        figures = await measured(home, then, now)
        return Rulebook(law, "", then, "", price_of, figures), Rulebook(law, "", now, "", price_of, figures)
    if isinstance(old.content, PolicyFile) and isinstance(new.content, PolicyFile):
        routing = (await routing_of(ground, asked.routing)).content
        figures = await measured(home, routing)
        before = Rulebook(old.content, "", routing, "", price_of, figures)
        return before, replace(before, policy=new.content)
    raise UsageMust(
        f"{old.source.file} and {new.source.file} are not of one kind: a routing file and a policy.",
        code="two-kinds",
        hint="Compare two routing files, or two policies.",
    )


def _preview_json(shown: Preview, classes: Mapping[TaskClass, TaskOrder]) -> dict[str, object]:
    return {
        "sensitivity": str(shown.sensitivity),
        "separation": shown.separation,
        "paths": [{**asdict(view), "sensitivity": str(view.sensitivity)} for view in shown.paths],
        "tasks": [_order_json(order) for order in classes.values()],
    }


def _order_json(order: TaskOrder) -> dict[str, object]:
    return {
        "task": order.task.value,
        "plan": order.plan.value,
        "evidence_required": order.evidence_required,
        "review_required": order.review_required,
        "phases": list(_phases_json(order)),
    }


def _phases_json(order: TaskOrder) -> Iterator[dict[str, object]]:
    for phase, found in order.routes.items():
        if isinstance(found, Refuse):
            yield {"phase": phase.value, "model": None, "refused": asdict(found)}
            continue
        yield {
            "phase": phase.value,
            "model": found.primary.name,
            "perimeter": str(found.primary.provider.perimeter),
            "fallback": [model.name for model in found.fallback],
            "escalate": [model.name for model in found.escalate],
            "limits": asdict(found.limits),
            "reasons": [asdict(reason) for reason in found.reasons],
        }


def _move_json(move: Move) -> dict[str, object]:
    return {
        "kind": move.kind.value,
        "grave": move.kind.is_grave,
        "phase": move.phase.value if move.phase else None,
        "about": move.about,
        "place": move.place,
        "before": move.before,
        "after": move.after,
        "tasks": [task.value for task in move.tasks],
        "levels": [str(level) for level in move.levels],
    }


def _print(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=1) + "\n")
