"""The workspace, the sandbox and the signer as a run hands them to its phases: every effect a durable step."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from pointsman.domain.levels import Phase
from pointsman.domain.models import EditStyle
from pointsman.domain.notes import NoteFacts, NoteReport, SignedNote
from pointsman.domain.outcome import CheckResult, Patch
from pointsman.domain.pictures import PreviewJob, Rendering
from pointsman.domain.run import Repository
from pointsman.domain.work import (
    CommitText,
    Edit,
    EditOrder,
    EditRefusal,
    FileEntry,
    Hit,
    SandboxJob,
    SandboxTier,
    Sealed,
    Source,
    Symbol,
    Toolchain,
)
from pointsman.phases.memory import MEMORY, advised
from pointsman.phases.paths import holds_secrets, is_record
from pointsman.policy.allowance import Used
from pointsman.ports.sandbox import Sandbox
from pointsman.ports.signer import Signer
from pointsman.ports.workspace import Workspace
from pointsman.runs.closed import unmoving, veiled, withheld
from pointsman.runs.journal import TEXT, durable
from pointsman.runs.metering import Meter

_EDITED: TypeAdapter[Patch | EditRefusal] = TypeAdapter(Patch | EditRefusal)
_SIGNED: TypeAdapter[SignedNote] = TypeAdapter(SignedNote)
_RENDERING: TypeAdapter[Rendering] = TypeAdapter(Rendering)
_CHECKS: TypeAdapter[tuple[CheckResult, ...]] = TypeAdapter(tuple[CheckResult, ...])


SKIP_CHECKS = "skip-checks: true"
"""The trailer that keeps GitHub from running workflows: the last one, its section after two empty lines.

GitHub documentation, Skipping workflow runs; it counts on the head of a push and of a pull request.
"""


@dataclass(frozen=True)
class CommitEnds:
    """How the messages of a run's commits end; `code` and `note` say which of them are skipped by the forge's CI."""

    run: str
    code: bool = False
    note: bool = False

    def ended(self, text: CommitText, *, skips: bool) -> CommitText:
        """The text with the run's trailers below its own."""
        # An empty trailer on top is the second of the two empty lines.
        trailers = ("", *text.trailers, self.run, SKIP_CHECKS) if skips else (*text.trailers, self.run)
        return replace(text, trailers=trailers)


@dataclass
class DurableWorkspace(Workspace):
    """Writes are steps; reads at a commit are pure functions of the commit and are simply done again.

    Files that are read here may be shown to a model. So notes are none of them: a reviewer is never told who wrote.
    """

    workspace: Workspace
    ends: CommitEnds
    hidden: Callable[[str], bool]

    async def fetch(self, repository: Repository, revision: str) -> str:
        """Which commit the revision was when the run first looked."""
        return await durable("fetch", TEXT, lambda: self.workspace.fetch(repository, revision))

    async def files(self, commit: str, *, every: bool = False) -> tuple[FileEntry, ...]:
        """The regular files at `commit`, with `every` its links and submodules as well."""
        found = await self.workspace.files(commit, every=every)
        return tuple(entry for entry in found if not is_record(entry.path))

    async def read(self, commit: str, path: str) -> Source | None:
        """The text of a file; None for a path that is more closed than the run's routes, or that holds secrets.

        Of the memory file it is what stands: what people struck out is not told to anybody.
        """
        found = None if self._unread(path) else await self.workspace.read(commit, path)
        return replace(found, text=advised(found.text)) if found is not None and path == MEMORY else found

    async def memory(self, commit: str) -> tuple[str | None, int]:
        """The memory file as it is, for the harness alone, and its size (0: there is none)."""
        entries = await self.workspace.files(commit, every=True)
        size = next((max(entry.size, 1) for entry in entries if entry.path == MEMORY), 0)
        found = await self.workspace.read(commit, MEMORY) if size else None
        return (found.text if found is not None else None), size

    async def symbols(self, commit: str, path: str) -> tuple[Symbol, ...]:
        """What a file defines; nothing of a path that the run may not read."""
        return () if self._unread(path) else await self.workspace.symbols(commit, path)

    async def search(
        self, commit: str, query: str, limit: int, *, hidden: Callable[[str], bool] | None = None
    ) -> tuple[Hit, ...]:
        """The files that fit the query best, without those that the run may not read."""

        def unread(path: str) -> bool:
            return self._unread(path) or path == MEMORY or (hidden is not None and hidden(path))

        found = await self.workspace.search(commit, query, limit, hidden=unread)
        return tuple(hit for hit in found if not unread(hit.path))

    async def propose(self, order: EditOrder, reply: str, style: EditStyle) -> Patch | EditRefusal:
        """Apply the edits of a reply, with the run's trailers."""
        return await self._edited(order, lambda ours: self.workspace.propose(ours, reply, style))

    async def apply(self, order: EditOrder, edits: tuple[Edit, ...]) -> Patch | EditRefusal:
        """Apply typed edits, with the run's trailers."""
        return await self._edited(order, lambda ours: self.workspace.apply(ours, edits))

    async def diff(self, base: str, commit: str) -> str:
        """The canonical diff."""
        return await self.workspace.diff(base, commit)

    async def sealed(self, base: str, commit: str) -> Sealed:
        """By what a note is bound to a commit."""
        return await self.workspace.sealed(base, commit)

    async def record(self, onto: str, files: Mapping[str, bytes], text: CommitText) -> str:
        """Commit our own files."""
        signed = self.ends.ended(text, skips=self.ends.note)
        return await durable("record", TEXT, lambda: self.workspace.record(onto, files, signed))

    async def hold(self, name: str, commit: str) -> None:
        """Keep a commit under a name; done again in a replay, it changes nothing."""
        await self.workspace.hold(name, commit)

    def _unread(self, path: str) -> bool:
        return self._closed(path) or is_record(path)

    def _closed(self, path: str) -> bool:
        return self.hidden(path) or holds_secrets(path)

    async def _edited(
        self, order: EditOrder, act: Callable[[EditOrder], Awaitable[Patch | EditRefusal]]
    ) -> Patch | EditRefusal:
        async def unread() -> Patch | EditRefusal:
            entries = await self.workspace.files(order.onto, every=True)
            closed = frozenset(entry.path for entry in entries if self._closed(entry.path))
            made = await act(unmoving(self._signed(order), closed))
            return veiled(made) if isinstance(made, EditRefusal) and self._closed(made.path) else made

        return await durable("edit", _EDITED, unread)

    def _signed(self, order: EditOrder) -> EditOrder:
        return replace(order, text=self.ends.ended(order.text, skips=self.ends.code))


@dataclass
class DurableSigner(Signer):
    """A signature is a step: after a change of keys a replay still gets the bytes that were committed."""

    signer: Signer

    async def sign(self, facts: NoteFacts) -> SignedNote:
        """Sign once."""
        return await durable("sign", _SIGNED, lambda: self.signer.sign(facts))

    def verify(self, notes: tuple[tuple[str, bytes], ...], trusted: tuple[bytes, ...]) -> NoteReport:
        """Check notes; nothing is kept of it."""
        return self.signer.verify(notes, trusted)


@dataclass
class DurableSandbox(Sandbox):
    """A job's results are a step: what was seen once is the evidence, and a replay does not run it again.

    Where `is_closed` finds paths in the job's tree that the run may not read, what the tests print stays in the
    sandbox, since it is told to models. Names of tests are known from `base`, which no model wrote.
    """

    sandbox: Sandbox
    base: str
    is_closed: Callable[[str], Awaitable[bool]]
    known: set[str] = field(default_factory=set)
    meter: Meter = field(default_factory=Meter)

    async def tier(self) -> SandboxTier:
        """What holds on this machine now; every result carries what held then."""
        return await durable("sandbox-tier", TypeAdapter(SandboxTier), self.sandbox.tier)

    async def toolchains(self) -> tuple[Toolchain, ...]:
        """The interpreters that jobs can use."""
        return await self.sandbox.toolchains()

    async def run(self, job: SandboxJob) -> tuple[CheckResult, ...]:
        """Run the job once."""

        bounded = replace(job, timeout_seconds=min(job.timeout_seconds, self.meter.left_for_tests()))

        async def told() -> tuple[CheckResult, ...]:
            results = await self.sandbox.run(bounded)
            closed = await self.is_closed(job.commit) or await self.is_closed(job.overlay_commit or job.commit)
            known = self.known.union(*map(_names, results)) if self._is_base(job) else self.known
            return withheld(results, known) if closed else results

        results = await durable("sandbox", _CHECKS, told, preemptible=True)
        self.meter.book(Phase.VERIFY, Used(seconds=sum(result.seconds for result in results)))
        if self._is_base(job):
            self.known.update(*map(_names, results))
        return results

    def _is_base(self, job: SandboxJob) -> bool:
        """Whether no model wrote anything of what is run."""
        return job.commit == self.base and not job.files and job.overlay_commit in ("", self.base)

    async def render(self, job: PreviewJob) -> Rendering:
        """Look once: a replay gets the digests, whether or not the pictures are still there.

        What a tree with closed paths shows is for the operator alone, and so is what its code printed.
        """

        left = self.meter.left_to_look()
        if left <= 0:
            return Rendering(job.commit, "not run", "the minutes of the run are used")
        bounded = replace(job, timeout_seconds=min(job.timeout_seconds, left))

        async def told() -> Rendering:
            found = await self.sandbox.render(bounded)
            if not await self.is_closed(job.commit):
                return found
            why = "the reason may name what this run may not read" if found.why else ""
            return replace(found, why=why, is_closed=True)

        found = await durable("preview", _RENDERING, told, preemptible=True)
        self.meter.book(Phase.VERIFY, Used(seconds=found.seconds))
        return found


def _names(result: CheckResult) -> tuple[str, ...]:
    return (*result.passed, *result.failed, *result.skipped)
