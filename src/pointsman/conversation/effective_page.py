"""The effective configuration in words: what holds, where it was written, and what lost to it."""

from collections.abc import Mapping, Sequence

from pointsman.conversation.figures import duration, tokens, usd
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.conversation.tables import folded, table
from pointsman.domain.effective import Held, HeldValue, Origin, Section

HELD_HEAD = ("key", "holds", "from", "besides")
TITLES: Mapping[Section, str] = {
    "repository": "The repository",
    "routes": "The routes",
    "work": "What is asked of the work",
    "verify": "How it is proved",
    "money": "Money",
    "paths": "Paths",
    "protected": "Paths that no model edits",
}
# The whole installation's money is no business of whoever reads a repository.
_THE_OPERATORS = frozenset({"installation_day_usd", "requester_day_usd"})


def held_words(held: Held) -> tuple[str, str, str, str]:
    """A value in plain words: its key, what holds, where it was written, and what lost to it."""
    lost = "; ".join(f"{value_words(held.key, value)} in {origin_words(by)}" for value, by in held.besides)
    return held.key, value_words(held.key, held.value), origin_words(held.by), _loser(held, lost)


def origin_words(origin: Origin) -> str:
    """`routing file, line 4`; `built in` for what nobody wrote."""
    if origin.file == "built-in":
        return "built in"
    return f"{'routing file' if origin.file == 'routing' else 'policy'}, line {origin.line}"


def value_words(key: str, value: HeldValue) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return value
    written = usd if key.endswith("_usd") else duration if key.endswith("seconds") else _count
    return written(float(value))


def by_section(held: Sequence[Held]) -> Mapping[Section, list[Held]]:
    """The values under their sections, in the order of `TITLES`; empty sections are left out."""
    found = {section: [one for one in held if one.section == section] for section in TITLES}
    return {section: values for section, values in found.items() if values}


def effective_page(held: Sequence[Held]) -> str:
    """Markdown: one folded table for each section, without what is the operator's alone."""
    sections = by_section([one for one in held if one.key not in _THE_OPERATORS])
    parts = [
        Part(folded(TITLES[section], table(HELD_HEAD, map(_cells, values))), number)
        for number, (section, values) in enumerate(sections.items(), start=1)
    ]
    return fitted(parts)


def _cells(held: Held) -> tuple[str, ...]:
    key, value, origin, lost = held_words(held)
    return inline_code(key), outbound_line(value, limit=400), origin, outbound_line(lost, limit=400)


def _loser(held: Held, lost: str) -> str:
    if not lost:
        return ""
    if isinstance(held.value, tuple):
        return f"left out: {lost}"
    if isinstance(held.value, str):
        return f"higher than {lost}"
    return f"lower of both: {lost}"


def _count(number: float) -> str:
    return tokens(round(number))
