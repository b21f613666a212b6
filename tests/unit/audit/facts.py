"""A run with everything that a note can say, and a real repository that such runs leave notes in."""

import asyncio
import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pointsman.audit.signer import KeySigner
from pointsman.domain.errors import OwnerMust
from pointsman.domain.history import KEYS, NOTES
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Perimeter, Phase, Risk, Sensitivity, Severity, TaskClass
from pointsman.domain.models import Caps, Model, Price, Provider, ProviderKind
from pointsman.domain.notes import NoteFacts, PersonAct, SignedNote
from pointsman.domain.outcome import (
    CheckResult,
    Earlier,
    EditRecord,
    Evidence,
    Finding,
    Hop,
    NoPatch,
    Patch,
    Plan,
    Review,
    Triage,
    Try,
    Verdict,
)
from pointsman.domain.run import (
    Actor,
    Considered,
    Digests,
    Issue,
    Limits,
    Need,
    Refuse,
    Repository,
    ReviewOrder,
    Route,
    RunSpec,
    TaskOrder,
    VerifyOrder,
)
from pointsman.workspaces.note_source import GitNoteSource

AT = "2026-11-21T12:00:00Z"
SECRET = "the prompt with somebody's telephone number"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def model(name: str, family: str, vendor: str) -> Model:
    provider = Provider("ollama", ProviderKind.OLLAMA, "http://127.0.0.1:11434", Perimeter.LOCAL)
    return Model(name, provider, f"{name}:1", vendor, family, "small", 8192, Price(0.1, 0.2))


CODER = model("coder", "qwen", "alibaba")
BIGGER = model("bigger", "qwen", "alibaba")
REVIEWER = model("reviewer", "llama", "meta")


def route(phase: Phase, primary: Model, *escalate: Model) -> Route:
    limits = Limits(max_input_tokens=6000, max_output_tokens=2000, budget_usd=0.5, max_calls=10, seconds=600.0)
    reasons = (Considered(primary.name, True, "named", "named by the routing file"),)
    return Route(phase, primary, (), escalate, limits, reasons, digest(phase))


def spec_of(base: str) -> RunSpec:
    routes: Mapping[Phase, Route | Refuse] = {
        Phase.TRIAGE: Refuse("not-in-catalogue", "no small model", "name one"),
        Phase.PLAN: route(Phase.PLAN, REVIEWER),
        Phase.CODE: route(Phase.CODE, CODER, BIGGER),
        Phase.REVIEW: route(Phase.REVIEW, REVIEWER),
    }
    return RunSpec(
        goal="build",
        repository=Repository("local", "local:1", "shop", "/srv/shop", "main"),
        requester=Actor(7, "ada"),
        issue=Issue("12", "Discounts take off euros", SECRET, digest("issue"), (), ("html-comment",)),
        base_commit=base,
        head_commit="",
        admitted_at=AT,
        sensitivity=Sensitivity.INTERNAL,
        perimeters=tuple(Perimeter),
        orders={TaskClass.BUGFIX: TaskOrder(TaskClass.BUGFIX, routes, Need.DO, True, True)},
        verify=VerifyOrder((("python", "-m", "pytest"),), 60.0, 512, ()),
        review=ReviewOrder("family", 2, 10, True),
        caps=Caps(1.0, 2.0, 20.0, 100.0),
        paths=(),
        protected=(),
        digests=Digests(digest("policy"), digest("routing"), digest("decision")),
        task=TaskClass.BUGFIX,
        risk=Risk.LOW,
    )


def call(number: int, phase: Phase, asked: Model, usd: float) -> CallRecord:
    return CallRecord(
        call_id=f"r-1:{phase}:{number}",
        attempt=1,
        run_id="r-1",
        phase=phase,
        model=asked.name,
        served=asked.id,
        provider="ollama",
        perimeter=Perimeter.LOCAL,
        origin="http://127.0.0.1:11434",
        template=f"{phase}/1",
        state="answered",
        sent_sha256=digest(f"sent {number}"),
        received_sha256=digest(f"received {number}"),
        input_tokens=1200,
        output_tokens=300,
        reserved_usd=usd * 2,
        cost_usd=usd,
        seconds=1.234,
        at=AT,
    )


def check(commit: str, *failed: str) -> CheckResult:
    return CheckResult(
        ("python", "-m", "pytest"), commit, "exited", int(bool(failed)), ("a", "b"), failed, (), SECRET, 0.5
    )


def facts(base: str = "b" * 40, head: str = "c" * 40) -> NoteFacts:
    finding = Finding(
        "f-1", "shop/prices.py", 6, "new", Severity.MAJOR, "return 0", "Rounds too early", fate="disputed"
    )
    patch = Patch(base, head, "d" * 40, (edit(),), digest("diff"), "bigger")
    evidence = Evidence(
        Verdict.PASSED, "a test that failed passes", (check(base, "t"),), (check(head),), (), (), "landlock"
    )
    earlier = Earlier(
        triage=Triage(TaskClass.BUGFIX, Risk.LOW, "label", "label bug"),
        plan=Plan("Mend it", ("ten percent off",), ("change",), (), (), (), (), (), (), digest("plan")),
        tries=(
            Try(0, "coder", NoPatch("unreadable", "no edit", "coder"), None, "first"),
            Try(1, "bigger", patch, evidence, "edit"),
        ),
        patch=patch,
        evidence=evidence,
        reviews=(Review("approve", "Good.", (finding,), ("no such line",), "reviewer", 1, head),),
        hops=(Hop("code", "escalation", "coder", "bigger", "no valid edit in three tries"),),
        authors=("bigger",),
    )
    return NoteFacts(
        run_id="r-1",
        branch="pointsman/12-discounts",
        spec=spec_of(base),
        earlier=earlier,
        calls=(
            call(0, Phase.PLAN, REVIEWER, 0.001),
            call(1, Phase.CODE, CODER, 0.0001),
            call(2, Phase.CODE, BIGGER, 0.002),
            call(3, Phase.REVIEW, REVIEWER, 0.001),
        ),
        people=(PersonAct(8, "grace", "approve", f"plan {digest('plan')[:12]}", AT),),
        head=head,
        tree="d" * 40,
        diff_digest=digest("diff"),
        previous="",
        written_at=AT,
        not_run=("verify: the linter was cut off",),
        result="ready",
        ended="approved",
    )


def edit(path: str = "shop/prices.py") -> EditRecord:
    return EditRecord(path, "changed", digest("hunks"), 3, 1, "bigger")


def reviewed_by(given: NoteFacts, name: str) -> NoteFacts:
    reviews = tuple(replace(review, model=name) for review in given.earlier.reviews)
    return replace(given, earlier=replace(given.earlier, reviews=reviews))


_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2026-01-05T10:00:00+00:00" for who in ("AUTHOR", "COMMITTER")},
}
_DIFF = ("diff-tree", "-p", "--full-index", "--binary", "--no-textconv", "--no-ext-diff", "--no-renames")


@dataclass(frozen=True, slots=True)
class World:
    """A real repository with a bot that leaves notes in it; also the NoteSource that reads them back."""

    folder: Path
    signer: KeySigner

    @classmethod
    def made(cls, where: Path, key: str = "key.pem") -> "World":
        world = cls(where / "shop", KeySigner(where / "keys" / key))
        world.folder.mkdir()
        world.git("init", "--quiet", "--initial-branch=main")
        world.commit({"shop.py": "one\n"}, "Sell things")
        return world

    def git(self, *arguments: str) -> bytes:
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=_ENVIRONMENT, capture_output=True)
        if done.returncode:
            raise OwnerMust(f"git {arguments[0]} said: {done.stderr.decode()}")
        return done.stdout

    def commit(self, files: Mapping[str, str | bytes | None], subject: str) -> str:
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink()
            else:
                place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.rev("HEAD")

    def rev(self, revision: str) -> str:
        return self.git("rev-parse", "--verify", revision).decode().strip()

    def note(self, run_id: str, previous: str = "", *, base: str = "") -> SignedNote:
        """A run: one commit of code and one with its note, on the branch that is checked out."""
        base = base or self.rev("HEAD")
        head = self.commit({"shop.py": f"one\n{run_id}\n"}, f"Mend by {run_id}")
        told = self.facts(base, head, run_id)
        told = replace(told, branch=f"pointsman/{run_id}", previous=previous)
        signed = asyncio.run(self.signer.sign(told))
        self.commit(note_files(signed, self.signer), f"Record {run_id}")
        return signed

    def facts(self, base: str, head: str, run_id: str = "r-1") -> NoteFacts:
        """What a run would say that made the commits between the two."""
        source = GitNoteSource(str(self.folder))
        pair = (asyncio.run(source.tree(base)), asyncio.run(source.tree(head)))
        diff = asyncio.run(source.differences([pair]))[pair]
        told = replace(facts(base, head), run_id=run_id, tree=pair[1], diff_digest=diff.whole)
        if told.earlier.patch is None:
            return told
        edits = tuple(
            EditRecord(path, "changed", hunks, 1, 1, "bigger", lines=diff.lines.get(path, ""))
            for path, hunks in diff.files.items()
        )
        return replace(told, earlier=replace(told.earlier, patch=replace(told.earlier.patch, edits=edits)))

    async def notes(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        names = self.git("ls-tree", "--name-only", revision, f"{NOTES}").decode().split()
        return tuple((Path(name).name, self.git("cat-file", "blob", f"{revision}:{name}")) for name in names)

    async def commits(self, base: str, head: str) -> tuple[str, ...]:
        return tuple(self.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}").decode().split())

    async def diff_digest(self, base: str, head: str) -> str:
        outside = (".", f":(exclude){NOTES}", f":(exclude){KEYS}")
        return hashlib.sha256(self.git(*_DIFF, base, head, "--", *outside)).hexdigest()

    async def tree(self, commit: str) -> str:
        return self.rev(f"{commit}^{{tree}}")


def note_files(signed: SignedNote, signer: KeySigner) -> dict[str, str | bytes | None]:
    return {
        f"{NOTES}{signed.name}.md": signed.page,
        f"{NOTES}{signed.name}.intoto.jsonl": signed.envelope,
        f"{KEYS}/{signed.key_id}.pem": signer.public_key(),
    }
