"""Changes on the forge on disk: nobody tells of a merge there, so it is looked for."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pointsman.domain.errors import OwnerMust
from pointsman.domain.marks import ChangeFacts, Landing
from pointsman.ports.marks import Marks

Find = Callable[[str, tuple[ChangeFacts, ...]], Awaitable[tuple[Landing, ...]]]
"""What the default branch of a repository at a place on disk shows of changes."""


async def note_landings(marks: Marks, find: Find, *, repository_id: str, now: str) -> None:
    """Keep what became of the changes that lie on disk; where a repository is gone, they stay as they are."""
    places: dict[str, list[ChangeFacts]] = defaultdict(list)
    for change in await marks.changes(repository_id):
        if change.made.location and not change.reverted_at:
            places[change.made.location].append(change)
    for location, changes in places.items():
        try:
            found = await find(location, tuple(changes))
        except OwnerMust:
            continue
        for change in changes:
            await _noted(marks, change, found, now)


async def _noted(marks: Marks, change: ChangeFacts, found: tuple[Landing, ...], now: str) -> None:
    for landing in found:
        if landing.key != change.made.key:
            continue
        if landing.end is not None and landing.end != change.end:
            # A commit may carry any date, and nothing is merged before it was made.
            end = replace(landing.end, at=max(landing.end.at, change.made_at))
            await marks.ended(change.repository_id, change.made.key, end)
        if landing.is_reverted:
            await marks.reverted(change.repository_id, change.made.key, now)
