"""Pictures of pages: how they are ordered, and what came of it. The bytes lie outside git, known by their sha256."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

MOST_PAGES = 4
"""Pages of one order."""


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """How the pages of a tree are looked at.

    Either `command` builds and `page` is a file of what was built, whose folder is the site; or `command` serves and
    `url` is where it answers on the sandbox's own loopback. `pages` are further ones, as links on the first.
    Sizes in pixels; after a page has loaded it gets `settle_ms` of its own time before the picture is taken.
    """

    command: tuple[str, ...]
    page: str
    url: str
    pages: tuple[str, ...]
    width: int
    height: int
    settle_ms: int


@dataclass(frozen=True, slots=True)
class PreviewJob:
    """Look at the pages of `commit`, with no network but the sandbox's own loopback."""

    commit: str
    order: PreviewOrder
    timeout_seconds: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of one page: PNG, by the sha256 of its bytes; size in bytes."""

    page: str
    sha256: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """What came of looking at one commit. Without `rendered` there are no pictures, and `why` says so.

    `failed` means that the tree itself gave nothing to look at; `not run` that nothing was tried, or that it was
    stopped for a reason that says nothing of the tree. `is_closed` marks pictures of a tree with paths that are more
    closed than the run: they are for the operator alone. `seconds` is how long looking took.
    """

    commit: str
    status: Literal["rendered", "failed", "not run"]
    why: str = ""
    pictures: tuple[Picture, ...] = ()
    is_closed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Previews:
    """The pages before and after a change."""

    before: Rendering
    after: Rendering

    def seen_at(self, commit: str) -> "Previews":
        """The same pictures as those of another commit, whose pages are the same."""
        return replace(self, after=replace(self.after, commit=commit))

    @property
    def broke(self) -> bool:
        """Whether base could be looked at and the change cannot."""
        return self.before.status == "rendered" and self.after.status == "failed"

    @property
    def is_closed(self) -> bool:
        """Whether a picture shows more than the run's models and readers may see."""
        return self.before.is_closed or self.after.is_closed

    @property
    def pairs(self) -> tuple[tuple[Picture | None, Picture | None], ...]:
        """The two pictures of each page, in the order of the pages; None where a side has none."""
        pages = dict.fromkeys(one.page for one in (*self.before.pictures, *self.after.pictures))
        before = {one.page: one for one in self.before.pictures}
        after = {one.page: one for one in self.after.pictures}
        return tuple((before.get(page), after.get(page)) for page in pages)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All of them, those before the change first."""
        return (*self.before.pictures, *self.after.pictures)


@dataclass(frozen=True, slots=True)
class Shown:
    """Where people find pictures: by sha256 the file on the bot's machine, or a link where `page` shows all of them.

    Empty where there is no link that may be made.
    """

    page: str = ""
    places: Mapping[str, str] = field(default_factory=dict)


NOWHERE = Shown()
