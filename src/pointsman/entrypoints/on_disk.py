"""What commands that only look at files are handed; apart from `wiring`, whose adapters load slowly."""

from pathlib import Path

from pointsman.config.routing_file import ROUTING_FILE, RoutingFile
from pointsman.domain.errors import UsageMust
from pointsman.domain.figures import NOTHING_MEASURED, Figures, days_before
from pointsman.domain.run import Repository
from pointsman.entrypoints.machine import SystemClock
from pointsman.forges.local.issues import read_issue
from pointsman.forges.local.pages import pages_of
from pointsman.models.prices import price_of
from pointsman.workspaces.local_repository import file_at, locate, merge_base, oddity_at, uncommitted

__all__ = [
    "committed",
    "is_folder",
    "is_there",
    "measured",
    "not_committed",
    "odd_routing",
    "pages_of",
    "parting",
    "price_of",
    "read_file",
    "read_issue",
    "repository_at",
]


def read_file(path: Path) -> tuple[bytes, bool]:
    """A file of the user's, and whether it is a link to one. Raises UsageMust(no-file)."""
    try:
        return path.read_bytes(), path.is_symlink()
    except OSError as error:
        raise UsageMust(
            f"The file {path} cannot be read: {error.strerror}.", code="no-file", hint="Name one that is there."
        ) from error


def is_there(name: str) -> bool:
    """Whether a file of that name lies on disk."""
    return Path(name).is_file()


def is_folder(name: str) -> bool:
    """Whether a folder of that name lies on disk."""
    return Path(name).is_dir()


async def repository_at(location: Path) -> Repository:
    """The repository at a place on disk. Raises OwnerMust(not-a-repository)."""
    return await locate(str(location))


async def not_committed(repository: Repository) -> tuple[str, ...]:
    """What a run will not see, because it is not committed."""
    return await uncommitted(repository.location)


async def parting(repository: Repository, base: str, branch: str) -> str:
    """The commit that a branch under review is compared with."""
    return await merge_base(repository.location, base or repository.default_branch, branch or "HEAD")


async def measured(home: Path, *files: RoutingFile) -> Figures:
    """What this installation has measured lately, where one of the routing files leaves a choice to it.

    The ledger is read where there is one; its packages load slowly, so nothing is loaded for files that name models.
    """
    ledger = home / "ledger.sqlite"
    if not ledger.is_file() or not any(file.leaves_a_choice for file in files):
        return NOTHING_MEASURED
    from pointsman.audit.ledger.marks import SqlMarks

    marks = SqlMarks(f"sqlite:///{ledger}")
    try:
        return await marks.figures(days_before(SystemClock().now()))
    finally:
        marks.close()


async def committed(repository: Repository, revision: str = "", path: str = ROUTING_FILE) -> bytes | None:
    """A file as it was committed, at the tip of the default branch unless a revision is named; None without one."""
    return await file_at(repository.location, revision or repository.default_branch, path)


async def odd_routing(repository: Repository) -> str:
    """What stands on the default branch in place of a routing file, empty when nothing does."""
    return await oddity_at(repository.location, repository.default_branch, ROUTING_FILE)
