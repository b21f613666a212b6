"""Record: the signed note of who did what, as the last commit of the branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from pointsman.domain.history import ENVELOPE_SUFFIX, KEYS, NOTES, PAGE_SUFFIX
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import WITH_CHANGE, AuditMode, NoteResult
from pointsman.domain.notes import NoteFacts, PersonAct, SignedNote
from pointsman.domain.outcome import Earlier, Note
from pointsman.domain.run import RunSpec
from pointsman.domain.work import CommitText
from pointsman.phases.memory import MEMORY
from pointsman.ports.bundle import Ports


@dataclass(frozen=True, slots=True)
class Closing:
    """What the run knows at its end beside its outcomes; the fields are those of `NoteFacts`.

    `memory` is the text of the memory file as it should be, empty when it stays as it is.
    """

    run_id: str
    branch: str
    calls: tuple[CallRecord, ...]
    people: tuple[PersonAct, ...]
    head: str
    tree: str
    diff_digest: str
    previous: str
    not_run: tuple[str, ...]
    result: NoteResult
    memory: str = ""
    ended: str = ""
    ended_why: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the note lies, and the note itself; `files` are those that are committed where the mode says so."""

    note: Note
    signed: SignedNote
    result: NoteResult
    written_at: str
    files: Mapping[str, bytes]
    words: CommitText


async def record(spec: RunSpec, earlier: Earlier, ports: Ports, *, closing: Closing) -> Recorded:
    """Sign the facts and commit page, statement, public key and what was learned onto the head.

    In other modes than in-tree nothing is committed here, and the note's commit is the head; so it is with the note
    of a run without a change, which goes onto nobody's branch. `written_at` is the time of the last act that the note
    speaks of, not the clock's, so that a repeated step signs the same bytes. Raises OperatorMust when the key cannot
    be used: without a signature there is no note.
    """
    facts = _facts(spec, earlier, closing)
    signed = await ports.signer.sign(facts)
    page, statement = NOTES + signed.name + PAGE_SUFFIX, NOTES + signed.name + ENVELOPE_SUFFIX
    files = {
        page: signed.page.encode("utf-8"),
        statement: signed.envelope,
        f"{KEYS}{signed.key_id}.pem": signed.public_key,
    }
    commit, words = closing.head, note_words(signed.digest, at=spec.admitted_at)
    mode = mode_of(spec, closing.result)
    if mode == "in-tree":
        learned = {MEMORY: closing.memory.encode("utf-8")} if closing.memory else {}
        commit = await ports.workspace.record(closing.head, {**files, **learned}, words)
    note = Note(page, statement, signed.digest, closing.previous, signed.key_id, commit, mode)
    return Recorded(note, signed, closing.result, facts.written_at, files, words)


def mode_of(spec: RunSpec, result: NoteResult) -> AuditMode:
    """Where a note is kept first of all: the tree of a branch of ours, the ref, or the text of the change."""
    return "ref" if spec.audit_mode == "in-tree" and result not in WITH_CHANGE else spec.audit_mode


def _facts(spec: RunSpec, earlier: Earlier, closing: Closing) -> NoteFacts:
    times = (spec.admitted_at, *(call.at for call in closing.calls), *(person.at for person in closing.people))
    return NoteFacts(
        run_id=closing.run_id,
        branch=closing.branch,
        spec=spec,
        earlier=earlier,
        calls=closing.calls,
        people=closing.people,
        head=closing.head,
        tree=closing.tree,
        diff_digest=closing.diff_digest,
        previous=closing.previous,
        written_at=max(times),
        not_run=closing.not_run,
        result=closing.result,
        memory=sha256(closing.memory.encode("utf-8")).hexdigest() if closing.memory else "",
        ended=closing.ended,
        ended_why=closing.ended_why,
    )


def note_words(digest: str, *, at: str) -> CommitText:
    """The message of the commit that brings a note, without trailers; `at` is ISO 8601 in UTC."""
    return CommitText(
        subject="Record how this change was made",
        body=f"The signed note of the run; its digest is {digest}.",
        trailers=(),
        at=at,
    )
