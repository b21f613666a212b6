"""What the two files come to at a level, decided as for a run and begun by nobody."""

from pointsman.domain.levels import Sensitivity, highest
from pointsman.domain.preview import PathView, Preview
from pointsman.policy.admission import Rulebook, path_rules, protected_patterns, raised, setting_of
from pointsman.policy.globs import first_match, matches
from pointsman.policy.orders import orders_for_all


def preview(book: Rulebook, level: Sensitivity, paths: tuple[str, ...] = ()) -> Preview:
    """The routes at `level`, or at the one that `paths` need: a run at a lower one would stop at them."""
    views = tuple(_view(book, level, path) for path in paths)
    needed = highest(level, *(view.sensitivity for view in views))
    setting = setting_of(book, needed)
    return Preview(setting.sensitivity, book.policy.separation, orders_for_all(setting), views)


def _view(book: Rulebook, level: Sensitivity, path: str) -> PathView:
    rules = [rule for rule in path_rules(book.policy, book.routing) if matches(rule.pattern, path, fold=True)]
    return PathView(
        path=path,
        sensitivity=highest(raised(level, book.routing), *(rule.sensitivity for rule in rules)),
        approved_by=next((rule.pattern for rule in rules if rule.approve_plan), ""),
        protected_by=first_match(protected_patterns(book.policy, book.routing), path, fold=True),
    )
