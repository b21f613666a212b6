"""What came into a branch: one value for each commit of its own line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Landed:
    """One commit of a branch's first-parent line, counted against its first parent. `at` is ISO 8601.

    `runs` are what its trailers claim, which is no proof. `notes` are the file names of notes that came with it;
    `brought` are the ids of the commits that came in by it, its own among them.
    """

    commit: str
    at: str
    author: str
    runs: tuple[str, ...]
    added: int
    removed: int
    notes: tuple[str, ...]
    brought: frozenset[str]
