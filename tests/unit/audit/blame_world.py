"""Real histories that people and a bot wrote together, the bot with a signed note for each of its runs."""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tests.unit.audit.facts import BIGGER, CODER, REVIEWER, call, digest, facts, note_files

from pointsman.audit.blaming.blame import blame
from pointsman.audit.keys.keyring import TrustedKeys, trusted_from
from pointsman.audit.signer import KeySigner
from pointsman.domain.blame import Asked, Blame, ToldLine
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase, Severity
from pointsman.domain.notes import SignedNote
from pointsman.domain.outcome import EditRecord, Finding, Patch, Proof, Review, Try
from pointsman.workspaces.blame import GitHistory
from pointsman.workspaces.patches import canonical

Files = Mapping[str, str | bytes | None]
BOT = ("Pointsman", "pointsman@localhost")
ADA = ("Ada", "ada@example.org")
MODELS = {one.name: one for one in (CODER, BIGGER, REVIEWER)}


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of a run: by which model, and as a coder, or as the reviewer whose test shows a finding."""

    files: Files
    model: str = "bigger"
    as_test: bool = False


@dataclass
class BotWorld:
    """A repository with a bot at work in it; `previous` is the head of the chain of its notes."""

    folder: Path
    signer: KeySigner
    previous: str = ""
    seconds: int = 1_767_600_000
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def made(cls, where: Path, key: KeySigner | None = None) -> "BotWorld":
        world = cls(where, key or KeySigner(where.parent / f"{where.name}-keys" / "key.pem"))
        where.mkdir(parents=True)
        world.git("init", "--quiet", "--initial-branch=main")
        return world

    def git(self, *arguments: str, who: tuple[str, str] = ADA, stdin: bytes = b"") -> str:
        self.seconds += 1
        people = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", who[0]), ("EMAIL", who[1]), ("DATE", f"@{self.seconds} +0000"))
        }
        env = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **people}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder, env=env, input=stdin, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def rev(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", "--verify", revision)

    def commit(self, files: Files, message: str = "Change things", who: tuple[str, str] = ADA) -> str:
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink()
            else:
                place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, who=who)
        return self.rev()

    def run(
        self,
        run_id: str,
        *steps: Step,
        verdict: Literal["approve", "changes"] = "approve",
        signer: KeySigner | None = None,
    ) -> SignedNote:
        """A run on what is checked out: a commit for each step, and one with the note."""
        base, calls, tries = self.rev(), list[CallRecord](), list[Try]()
        by_path: dict[str, EditRecord] = {}
        for number, step in enumerate(steps):
            kind = "Tested" if step.as_test else "Assisted"
            commit = self.commit(step.files, f"Mend it\n\n{kind}-by: Pointsman ({step.model})", who=BOT)
            made = replace(call(number, Phase.REVIEW if step.as_test else Phase.CODE, MODELS[step.model], 0.001))
            made = replace(made, call_id=f"{run_id}:{number}", sent_sha256=digest(f"{run_id} {number}"))
            calls.append(replace(made, template="review-test/1") if step.as_test else made)
            by_path |= {one.path: one for one in self._records(base, commit, step, by_path, made.call_id)}
            if not step.as_test:
                patch = Patch(base, commit, "", (), "", step.model)
                tries.append(Try(0, step.model, patch, None, "first", calls=(made.call_id,)))
        edits = tuple(by_path.values())
        reviewed = tries[-1].result.commit if isinstance(tries[-1].result, Patch) else ""
        tests = tuple(path for step in steps if step.as_test for path in step.files)
        review = Review(verdict, "", tuple(map(_finding, tests)), (), "reviewer", 1, reviewed)
        return self._noted(run_id, base, edits, tuple(calls), tuple(tries), review, signer or self.signer)

    def squash(self, branch: str, message: str = "Squash it") -> str:
        """What a forge makes of a change: one commit on main with all that the branch holds."""
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--squash", branch)
        self.git("commit", "--quiet", "-m", message)
        return self.rev()

    def forget(self, *branches: str) -> None:
        """Take branches away with all that they alone hold, as in a fresh clone."""
        for branch in branches:
            self.git("branch", "--quiet", "-D", branch)
        self.git("reflog", "expire", "--expire=now", "--all")
        self.git("gc", "--quiet", "--prune=now")

    async def trusted(self) -> TrustedKeys:
        return trusted_from((self.signer.public_key(),))

    def blame(self, path: str, revision: str = "HEAD", *, folder: Path | None = None, copies: bool = False) -> Blame:
        async def asked() -> Blame:
            history = GitHistory(str(folder or self.folder))
            commit = await history.resolve(revision)
            return await blame(history, commit, Asked(path, copies=copies), trusted=self.trusted)

        return asyncio.run(asked())

    def told(self, path: str, revision: str = "HEAD", *, folder: Path | None = None) -> list[str]:
        """A word for each line: the person, the models, or `?`."""
        return [word(line) for line in self.blame(path, revision, folder=folder).lines]

    def _records(
        self, base: str, commit: str, step: Step, known: Mapping[str, EditRecord], call_id: str
    ) -> tuple[EditRecord, ...]:
        found = asyncio.run(canonical(self.folder / ".git", base, commit))
        records = found.records(step.model, frozenset(step.files), call_id)
        old = {one.path: one for one in known.values()}
        return tuple(
            replace(one, model=one.model or old[one.path].model, calls=(*old[one.path].calls, *one.calls))
            if one.path in old
            else one
            for one in records
        )

    def _noted(
        self, run_id: str, base: str, edits: tuple[EditRecord, ...], calls: tuple[CallRecord, ...],
        tries: tuple[Try, ...], review: Review, signer: KeySigner,
    ) -> SignedNote:  # fmt: skip
        head = self.rev()
        whole = asyncio.run(canonical(self.folder / ".git", base, head))
        told, number = facts(base, head), self.numbers.setdefault(run_id, len(self.numbers))
        patch = Patch(base, head, self.rev("HEAD^{tree}"), edits, whole.digest, tries[-1].model)
        authors = tuple(dict.fromkeys(one.model for one in tries))
        earlier = replace(told.earlier, tries=tries, patch=patch, reviews=(review,), authors=authors)
        at = f"2026-11-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
        told = replace(
            told, run_id=run_id, branch=f"pointsman/{run_id}", earlier=earlier, calls=calls, tree=patch.tree,
            diff_digest=whole.digest, previous=self.previous, written_at=at,
        )  # fmt: skip
        signed = asyncio.run(signer.sign(told))
        self.previous = signed.digest
        self.commit(note_files(signed, signer), "Record how this change was made", who=BOT)
        return signed


def word(line: ToldLine) -> str:
    written = line.written
    if written.by == "unknown":
        return "?"
    return written.person if written.by == "person" else "/".join(written.models) or written.by


def numbered(*words: str) -> str:
    return "".join(f"{one}\n" for one in words)


def _finding(path: str) -> Finding:
    proof = Proof("confirmed", "it fails", path, "a test", "reviewer")
    return Finding("f-1", path, 1, "new", Severity.MAJOR, "quote", "message", fate="fixed", proof=proof)
