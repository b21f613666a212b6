"""What a forge is given to work in a repository with: its workspace, opened when first needed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.work import FileEntry, Source


class _Workspace(Protocol):
    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None: ...

    async def branch_head(self, location: str, branch: str) -> str | None: ...

    async def files(self, commit: str) -> tuple[FileEntry, ...]: ...

    async def read(self, commit: str, path: str) -> Source | None: ...


@dataclass(frozen=True)
class Hands:
    """Moves branches and reads files of a repository through its workspace."""

    workspace: Callable[[], Awaitable[_Workspace]]

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        """Set a branch, if it stands where it is expected."""
        await (await self.workspace()).publish(commit, location, branch, expected_head)

    async def branch_head(self, location: str, branch: str) -> str | None:
        """The commit that a branch points to."""
        return await (await self.workspace()).branch_head(location, branch)

    async def files(self, commit: str) -> tuple[FileEntry, ...]:
        """The regular files of a commit."""
        return await (await self.workspace()).files(commit)

    async def read(self, commit: str, path: str) -> Source | None:
        """The text of a file."""
        return await (await self.workspace()).read(commit, path)
