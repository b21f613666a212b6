"""Where a repository's commits come from and go to: a folder on this disk, or a forge over https."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pointsman.domain.errors import OwnerMust
from pointsman.domain.history import NOTE_REF
from pointsman.workspaces import publish as publishing
from pointsman.workspaces.git import GitFailed, git, printed, refuse_old
from pointsman.workspaces.git_errors import has_moved, told, told_of_push, unknown
from pointsman.workspaces.mirror import copy, ensure_mirror, fetch_into, objects_below
from pointsman.workspaces.source import is_name, missing
from pointsman.workspaces.staging import remember, seen, staged
from pointsman.workspaces.transport import Bounds, Credential, Transport

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BOUNDS = Bounds()
# Asking for the refs of a repository takes none of our own.
_NOWHERE = Path("/nonexistent")


class Origin(Protocol):
    """One repository as its mirror asks it. Whatever is asked may be asked again."""

    async def fetch(self, mirror: Path, revision: str) -> str:
        """Bring the commit that `revision` names, with its whole tree, into the mirror; return its id."""

    async def publish(self, mirror: Path, commit: str, *, branch: str, expected_head: str | None) -> None:
        """Set one branch of ours to `commit` if it still stands on `expected_head` (None: if it does not exist)."""

    async def branch_head(self, branch: str) -> str | None:
        """The commit that a branch stands on, or None when there is no such branch."""

    async def publish_note(self, mirror: Path, commit: str, *, expected_head: str | None) -> None:
        """Set the ref of notes to `commit` if it still stands on `expected_head` (None: if it does not exist)."""

    async def note_head(self, mirror: Path) -> str | None:
        """Bring the commit that the ref of notes stands on into the mirror; None when there is none yet."""


@dataclass(frozen=True, slots=True)
class LocalOrigin:
    """The user's own repository on disk, at `location`."""

    location: str

    async def fetch(self, mirror: Path, revision: str) -> str:
        """See `mirror.fetch_into`."""
        return await fetch_into(mirror, self.location, revision)

    async def publish(self, mirror: Path, commit: str, *, branch: str, expected_head: str | None) -> None:
        """See `publish.publish`."""
        await publishing.publish(mirror, commit, self.location, branch=branch, expected_head=expected_head)

    async def branch_head(self, branch: str) -> str | None:
        """See `publish.branch_head`."""
        return await publishing.branch_head(self.location, branch)

    async def publish_note(self, mirror: Path, commit: str, *, expected_head: str | None) -> None:
        """See `publish.publish_note`."""
        await publishing.publish_note(mirror, commit, self.location, expected_head=expected_head)

    async def note_head(self, mirror: Path) -> str | None:
        """See `publish.note_head`."""
        head = await publishing.note_head(self.location)
        return head and await fetch_into(mirror, self.location, head)


class RemoteOrigin:
    """A repository on a forge, spoken to by git over https with a credential for each operation."""

    def __init__(self, url: str, credential: Credential, *, bounds: Bounds = _BOUNDS) -> None:
        """`url` is https://host/owner/name. Raises OperatorMust(bad-address)."""
        self._transport = Transport.to(url, credential, bounds)

    async def fetch(self, mirror: Path, revision: str) -> str:
        """Bring the head of a branch, `HEAD`, or any commit by its full id, without its history.

        A commit that is there already is asked of nobody. Raises OwnerMust(unknown-revision, empty-repository,
        repository-gone, repository-moved, hostile-tree, repository-too-large), OperatorMust(credentials, certificate,
        disk-full, git-too-old), TryAgain(unreachable).
        """
        refuse_old(printed(await git(_NOWHERE, "version")))
        is_id = _ID.fullmatch(revision) is not None
        if not is_id and not await _may_be_branch(revision):
            raise unknown(self._transport.name, revision)
        await ensure_mirror(mirror, "sha256" if is_id and len(revision) == 64 else "sha1")
        if is_id and await _is_commit(mirror, revision):
            return revision
        wanted = revision if is_id or revision == "HEAD" else f"refs/heads/{revision}"
        try:
            commit = await self._bring(mirror, wanted)
        except GitFailed as error:
            raise await self._why_not(error, revision) from error
        await remember(mirror, commit)
        return commit

    async def publish(self, mirror: Path, commit: str, *, branch: str, expected_head: str | None) -> None:
        """Push exactly `commit` to exactly `refs/heads/<branch>`, by compare-and-swap at the forge.

        Only the expected head is ever replaced. When the branch stands on `commit` already, nothing happens, so a
        push whose answer was lost may be repeated. Raises OwnerMust(branch-refused, branch-moved, branch-in-the-way,
        push-refused, repository-gone, repository-read-only), OperatorMust(credentials), TryAgain(unreachable).
        """
        await publishing.refuse_name(mirror, branch)
        await self._push(mirror, commit, f"refs/heads/{branch}", expected_head)

    async def publish_note(self, mirror: Path, commit: str, *, expected_head: str | None) -> None:
        """The same for the ref of notes."""
        await self._push(mirror, commit, NOTE_REF, expected_head)

    async def _push(self, mirror: Path, commit: str, ref: str, expected_head: str | None) -> None:
        lease = f"--force-with-lease={ref}:{expected_head or ''}"
        plain = ("--quiet", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no", "--thin")
        async with staged(mirror, (commit,)) as staging:
            try:
                pushed = (lease, "--end-of-options", self._transport.url, f"{commit}:{ref}")
                await self._transport.run(staging, "write", "push", *plain, *pushed)
            except GitFailed as error:
                # git repeats a push whose answer was lost, and is then told that the branch stands there already.
                if not has_moved(error) or await self._stands_at(mirror, ref) != commit:
                    name = ref.removeprefix("refs/heads/")
                    raise told_of_push(error, self._transport.name, name) from error
        await remember(mirror, commit)

    async def branch_head(self, branch: str) -> str | None:
        """The commit that any branch stands on at the forge. Raises as `fetch` does."""
        if not await _may_be_branch(branch):
            raise unknown(self._transport.name, branch)
        ref = f"refs/heads/{branch}"
        return (await self._branches(ref)).get(ref)

    async def note_head(self, mirror: Path) -> str | None:
        """Bring what the ref of notes stands on at the forge. Raises as `fetch` does.

        It is fetched by its name, since a forge that is asked to list it sends the refs of all changes along.
        """
        await ensure_mirror(mirror, "sha1")
        try:
            commit = await self._bring(mirror, NOTE_REF)
        except GitFailed as error:
            found = told(error, self._transport.name)
            if found.code == "unknown-revision":
                return None
            raise found from error
        await remember(mirror, commit)
        return commit

    async def _bring(self, mirror: Path, wanted: str) -> str:
        quiet = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-fetch-head")
        async with staged(mirror, await seen(mirror)) as staging:
            words = ("--depth=1", "--end-of-options", self._transport.url, f"+{wanted}:refs/fetched/it")
            await self._transport.run(staging, "read", "fetch", *quiet, *words)
            found = await git(staging, "rev-parse", "--verify", "--end-of-options", "refs/fetched/it^{commit}")
            commit = printed(found)
            if await missing(mirror, (commit,)):
                # Looked through before anything of it is in the mirror; one pack brings all of it or nothing.
                below = await objects_below(staging, commit, max_bytes=self._transport.bounds.max_bytes)
                await copy(staging, mirror, below)
        return commit

    async def _why_not(self, error: GitFailed, revision: str) -> Exception:
        found = told(error, self._transport.name)
        if found.code != "unknown-revision":
            return found
        if revision == "HEAD" and not await self._branches():
            return OwnerMust(
                f"{self._transport.name} has no commit yet.",
                code="empty-repository",
                hint="Commit something first: a change needs a commit to stand on.",
            )
        return unknown(self._transport.name, revision)

    async def _stands_at(self, mirror: Path, ref: str) -> str | None:
        return await self.note_head(mirror) if ref == NOTE_REF else (await self._branches(ref)).get(ref)

    async def _branches(self, *names: str) -> dict[str, str]:
        """Where branches stand at the forge: those of these refs, or every one."""
        try:
            # Asked for branches alone, a forge does not send the refs of thousands of changes.
            words = ("--heads", "--end-of-options", self._transport.url, *names)
            out = await self._transport.run(_NOWHERE, "read", "ls-remote", "--quiet", *words)
        except GitFailed as error:
            raise told(error, self._transport.name) from error
        rows = (line.split("\t") for line in out.decode("utf-8", "surrogateescape").splitlines())
        return {ref: commit for commit, ref in rows}


async def _may_be_branch(name: str) -> bool:
    if not is_name(name):
        return False
    try:
        await git(_NOWHERE, "check-ref-format", f"refs/heads/{name}")
    except GitFailed:
        return False
    return True


async def _is_commit(mirror: Path, commit: str) -> bool:
    try:
        await git(mirror, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitFailed:
        return False
    return True
