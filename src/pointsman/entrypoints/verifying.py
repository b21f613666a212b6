"""Notes of a repository on disk, checked with whatever else is known of them here."""

from dataclasses import dataclass
from pathlib import Path

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.checking.places import stored
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.history import NOTE_REF
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import Repository
from pointsman.entrypoints.notes_at import other_places
from pointsman.entrypoints.wiring import Installation
from pointsman.workspaces.local_repository import locate
from pointsman.workspaces.note_files import read_keys
from pointsman.workspaces.note_source import GitNoteSource

_REMOTE_HEAD = "refs/remotes/origin/HEAD"
_NAME_A_KEY = (
    "Name the public keys of the bot that signed, from a place that the change cannot write to, with --key. Keys in "
    "the repository are there for convenience; --trust-default-branch believes those on its default branch."
)


@dataclass(frozen=True)
class Verification:
    """What is to be verified, and by what.

    `revisions`: BASE..HEAD, BASE...HEAD (from where the two parted), one revision, or nothing for what is checked
    out.
    `keys`: files of trusted keys; without any those of this installation. `folders` hold more notes. `head` is the
    digest of a note that must be there, `repository_id` the forge's id of the repository. Keys in the repository came
    with the notes, so they are believed only when the caller says that its default branch is to be trusted.
    """

    location: Path
    revisions: str = ""
    keys: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    head: str = ""
    repository_id: str = ""
    must_cover: bool = False
    trusts_default_branch: bool = False


async def verify_on_disk(installation: Installation, wanted: Verification) -> NoteReport:
    """The notes of a range checked. What this installation knows of the chain is held against its own notes.

    Raises UsageMust for keys, folders and revisions that cannot be read.
    """
    own = not wanted.keys and not wanted.trusts_default_branch
    try:
        source = GitNoteSource(str(wanted.location))
        repository = await locate(str(wanted.location))
        trusted = await _trusted(installation, wanted, source, repository)
        base, head = await _range(source, repository, wanted.revisions)
        known = await installation.ledger.note_chain(repository.id) if own else ()
        places = await other_places(source, wanted.folders)
        if own:
            places = (*places, stored(await installation.notes.notes(repository.id)))
        has_ref = await source.has(NOTE_REF)
        outside = Outside(wanted.head, known or None, wanted.repository_id, places, has_ref)
        return await verify_range(source, base, head, trusted=trusted, outside=outside, must_cover=wanted.must_cover)
    except OwnerMust as error:
        raise UsageMust(error.message, code=error.code, hint=error.hint) from error


async def _trusted(
    installation: Installation, wanted: Verification, source: GitNoteSource, repository: Repository
) -> TrustedKeys:
    given = [pem for path in wanted.keys for pem in read_keys(path)]
    if wanted.trusts_default_branch:
        trunk = await _trunk(source, repository)
        given += [pem for _, pem in await source.keys(trunk)]
        if not given:
            raise UsageMust(f"There is no key on {repository.default_branch}.", code="key-file", hint=_NAME_A_KEY)
    trusted = await installation.keys.trusted(*given)
    if not trusted.keys:
        raise UsageMust(
            "There is no key to check by: this installation has never signed.", code="key-file", hint=_NAME_A_KEY
        )
    return trusted


async def _trunk(source: GitNoteSource, repository: Repository) -> str:
    """The tip of the default branch, as the remote names it where there is one.

    What is checked out is no answer in a clone: it may be the very change that is looked at, with keys of its own.
    """
    if await source.has(_REMOTE_HEAD):
        return await source.resolve(_REMOTE_HEAD)
    if await source.has("refs/remotes"):
        raise UsageMust(
            "This clone does not say which branch of its remote is the default one.",
            code="key-file",
            hint=f"`git remote set-head origin --auto` asks the remote. {_NAME_A_KEY}",
        )
    return await source.resolve(repository.default_branch)


async def _range(source: GitNoteSource, repository: Repository, revisions: str) -> tuple[str | None, str]:
    """Where to begin, and the head; None stands for before the oldest note."""
    base, dots, head = revisions.rpartition("..")
    tip = await source.resolve(head or "HEAD")
    if dots:
        start = await source.resolve(base.removesuffix(".") or "HEAD")
        return (await source.parted(tip, (start,)) or start if base.endswith(".") else start), tip
    trunk = await source.resolve(repository.default_branch)
    start = await source.parted(tip, (trunk,))
    # Where the two have nothing in common, as in a clone that was cut off, all that is here is the range: an empty
    # one would hold whatever the notes speak of.
    return (None if start == tip else start), tip
