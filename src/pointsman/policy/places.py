"""Where two pairs of files are compared: at each level, and where paths or repositories changed theirs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.domain.levels import Sensitivity, highest
from pointsman.domain.run import PathRule
from pointsman.policy.admission import Rulebook, level_of, path_rules, raised
from pointsman.policy.globs import matches


@dataclass(frozen=True, slots=True)
class Place:
    """A level, and what it is in either pair of files; `about` names the paths or repositories it is special to."""

    level: Sensitivity | None
    old: Sensitivity
    new: Sensitivity
    about: str = ""
    approved_then: bool = False
    approved_now: bool = False


def places_of(old: Rulebook, new: Rulebook, repository: str) -> Iterator[Place]:
    """Every level that can hold, then what is special; for one repository only what holds for its name."""
    levels = _levels(old, new, repository)
    for level in levels:
        yield Place(level, raised(level, old.routing), raised(level, new.routing))
    named = [repository] if repository else _names(old, new)
    for name in named:
        then, now = (raised(level_of(_example(name), book.policy), book.routing) for book in (old, new))
        if then is not now and level_of(_example(name), old.policy) is not level_of(_example(name), new.policy):
            yield Place(None, then, now, name)
    yield from _paths(old, new, levels)


def _levels(old: Rulebook, new: Rulebook, repository: str) -> tuple[Sensitivity, ...]:
    """The declared ones; of one repository those that it has now or may be raised to."""
    declared = {*old.policy.sensitivities, *new.policy.sensitivities}
    if repository:
        own = [level_of(repository, book.policy) for book in (old, new)]
        least = min(level.rank for level in own)
        declared = {level for level in {*declared, *own} if level.rank >= least}
    return tuple(sorted(declared, key=lambda level: level.rank))


def _names(old: Rulebook, new: Rulebook) -> list[str]:
    rules = (*old.policy.repositories, *new.policy.repositories)
    return list(dict.fromkeys(rule.match for rule in rules))


def _paths(old: Rulebook, new: Rulebook, levels: tuple[Sensitivity, ...]) -> Iterator[Place]:
    rules_then, rules_now = (path_rules(book.policy, book.routing) for book in (old, new))
    if rules_then == rules_now and old.routing.sensitivity is new.routing.sensitivity:
        return
    for pattern in dict.fromkeys(rule.pattern for rule in (*rules_then, *rules_now)):
        path = _example(pattern)
        then, now = _of_path(rules_then, path), _of_path(rules_now, path)
        approved = any(rule.approve_plan for rule in then), any(rule.approve_plan for rule in now)
        own = {rule.sensitivity for rule in then} != {rule.sensitivity for rule in now}
        for level in levels:
            before, after = (
                highest(raised(level, book.routing), *(rule.sensitivity for rule in rules))
                for book, rules in ((old, then), (new, now))
            )
            if approved[0] != approved[1] or (own and before is not after):
                yield Place(level, before, after, pattern, *approved)


def _of_path(rules: tuple[PathRule, ...], path: str) -> list[PathRule]:
    return [rule for rule in rules if matches(rule.pattern, path, fold=True)]


def _example(pattern: str) -> str:
    """A path or name that the pattern fits, to be weighed by all the others."""
    inside = re.sub(r"\[[!^]?(.)[^\]]*\]", r"\1", pattern.strip("/"))
    return re.sub(r"\*+|\?", "x", inside) + ("/x" if pattern.endswith("/") else "")
