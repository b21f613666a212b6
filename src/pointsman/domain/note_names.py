"""The names of the files of a note, apart from what is in them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from pointsman.domain.levels import OF_COMMITS, NoteResult


class Tried(Protocol):
    """A model call, which was made so many times."""

    @property
    def attempt(self) -> int:
        """The number of the newest try, from 1."""


def note_name(
    written_at: str, branch: str, run_id: str, *, result: NoteResult = "ready", calls: Iterable[Tried] = ()
) -> str:
    """The file name of a note without folder and suffix: `<date>-<branch-slug>-<run>`.

    A run may end without a change more than once. So then the end takes the branch's place.
    """
    day = datetime.fromisoformat(written_at).date().isoformat()
    about = _slug(branch)[:40].strip("-") if result in OF_COMMITS else name_of_end(result, calls)
    return f"{day}-{about or 'change'}-{_slug(run_id) or 'run'}"


def name_of_end(result: NoteResult, calls: Iterable[Tried]) -> str:
    """How a run ended, and how often a model had been asked by then, each try of a call counted."""
    return f"{_slug(result)}-after-{sum(call.attempt for call in calls)}"


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)
