"""A small world for phases: models that follow a script, a sandbox that judges files."""

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.unit.phases.memory_workspace import Files, MemoryWorkspace, digest_of

from pointsman.domain.json import JsonObject
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.models import (
    Ask,
    Caps,
    EditStyle,
    Ending,
    Model,
    Outage,
    Price,
    Provider,
    ProviderKind,
    Reply,
    ToolCall,
    Usage,
)
from pointsman.domain.notes import NoteFacts, NoteReport, PersonAct, SignedNote
from pointsman.domain.outcome import CheckResult, Failure
from pointsman.domain.pictures import PreviewJob, Rendering
from pointsman.domain.run import (
    Actor,
    Digests,
    Issue,
    Limits,
    Need,
    Repository,
    ReviewOrder,
    Route,
    RunSpec,
    TaskOrder,
    VerifyOrder,
)
from pointsman.domain.work import (
    SandboxJob,
    SandboxTier,
    Toolchain,
)
from pointsman.phases.paths import is_test
from pointsman.ports.bundle import Ports
from pointsman.ports.clock import Clock
from pointsman.ports.ledger import Ledger
from pointsman.ports.models import Models
from pointsman.ports.sandbox import Sandbox
from pointsman.ports.signer import Signer

BUGGY = """def clamp(value, low, high):
    return max(low, min(value, low))


def twice(value):
    return value * 2
"""
FIXED = BUGGY.replace("min(value, low)", "min(value, high)")
TEST = "from bounds import clamp\n\n\ndef test_clamp():\n    assert clamp(5, 0, 3) == 3\n"
TREE = {"bounds.py": BUGGY, "tests/test_bounds.py": TEST, "README.md": "# Bounds\n"}
PYTEST = ("python3", "-m", "pytest")


Line = Reply | Outage | Callable[[Ask], Reply | Outage]


@dataclass
class ScriptedModels(Models):
    """Models that say the next line of a script, and remember what they were asked."""

    script: list[Line]
    asks: list[Ask] = field(default_factory=list)

    async def ask(self, ask: Ask) -> Reply | Outage:
        self.asks.append(ask)
        number = f"call {len(self.asks)}"
        line = self.script.pop(0)
        answer = line(ask) if callable(line) else line
        if isinstance(answer, Outage):
            return answer
        return replace(answer, call_id=ask.call_id or number, model=answer.model or ask.model.name)

    def estimate_tokens(self, ask: Ask) -> int:
        return said_in(ask).__len__() // 3 + 1

    async def probe(self, model: Model) -> str:
        return ""

    async def close(self) -> None:
        return None


def said_in(ask: Ask) -> str:
    """Every text of a question."""
    return "\n".join((ask.system, *(turn.text for turn in ask.messages)))


def says(
    text: str = "",
    *,
    data: JsonObject | None = None,
    calls: Sequence[tuple[str, JsonObject]] = (),
    ending: Ending = Ending.COMPLETE,
    model: str = "",
) -> Reply:
    numbered = tuple(ToolCall(f"call-{number}", name, args) for number, (name, args) in enumerate(calls))
    return Reply("id", model, model, "home", text, data, numbered, ending, Usage(10, 10), 0.0, 0.1, "a", "b")


OUT = Outage("id", "coder", "home", "timeout", "no answer", 7.0)


@dataclass
class JudgingSandbox(Sandbox):
    """A sandbox in which `judge` looks at the files and says what the tests would."""

    workspace: MemoryWorkspace
    judge: Callable[[Files], CheckResult]
    tier_name: SandboxTier = field(default_factory=lambda: SandboxTier("bubblewrap"))
    jobs: list[SandboxJob] = field(default_factory=list)
    canaries: list[SandboxJob] = field(default_factory=list)
    forges: Callable[[Files], bool] = lambda files: False

    async def tier(self) -> SandboxTier:
        return self.tier_name

    async def toolchains(self) -> tuple[Toolchain, ...]:
        return ()

    async def render(self, job: PreviewJob) -> Rendering:
        return Rendering(job.commit, "not run", "nothing is drawn here")

    async def run(self, job: SandboxJob) -> tuple[CheckResult, ...]:
        if any("/proof_" in path for path, _ in job.files):
            self.canaries.append(job)
            code = 0 if self.forges(self.workspace.commits[job.commit]) else 1
            return (CheckResult(job.commands[0], job.commit, "exited", code, (), (), (), "", 0.1),)
        self.jobs.append(job)
        files = dict(self.workspace.commits[job.commit])
        for path in job.overlay_paths:
            files.pop(path, None)
            if path in self.workspace.commits[job.overlay_commit]:
                files[path] = self.workspace.commits[job.overlay_commit][path]
        files.update(job.files)
        found = ((command, self._judged(job, command, files)) for command in job.commands)
        return tuple(replace(result, command=command, commit=job.commit) for command, result in found)

    def _judged(self, job: SandboxJob, command: tuple[str, ...], files: Files) -> CheckResult:
        """What the judge says of the tree, of the test files that the command names alone where it names any."""
        if self.tier_name.name == "none":
            return CheckResult((), job.commit, "not run", None, (), (), (), self.tier_name.why, 0.0)
        named = [path for path in files if path in command]
        return self.judge({path: files[path] for path in files if path in named or not named or not is_test(path)})


def checked(
    passed: tuple[str, ...] = (),
    failed: tuple[str, ...] = (),
    skipped: tuple[str, ...] = (),
    *,
    exit_code: int | None = None,
    tail: str = "",
    failures: tuple[Failure, ...] = (),
) -> CheckResult:
    code = (1 if failed else 0) if exit_code is None else exit_code
    return CheckResult((), "", "exited", code, passed, failed, skipped, tail, 0.5, failures=failures)


def judge(files: Files) -> CheckResult:
    """Runs the assertions of every test file against the modules of the tree, in a namespace of their own."""
    passed, failed, tail = [], list[Failure](), ""
    for path in sorted(path for path in files if path.startswith("tests/")):
        space: dict[str, object] = {}
        for name, text in sorted(files.items()):
            if "/" not in name and name.endswith(".py"):
                exec(compile(text, name, "exec"), space)
        exec(compile(re.sub(r"^(from|import) .*$", "", files[path], flags=re.MULTILINE), path, "exec"), space)
        for name in sorted(name for name in space if name.startswith("test_")):
            test = space[name]
            assert callable(test)
            try:
                test()
                passed.append(f"{path}::{name}")
            except (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError) as error:
                places = tuple(frame.filename for frame in traceback.extract_tb(error.__traceback__)[1:])
                failed.append(Failure(f"{path}::{name}", "call", type(error).__name__, places))
                said = f"E   {type(error).__name__}{f': {error}' if str(error) else ''}"
                tail = f"{path}:5: in {name}\n    assert clamp(5, 0, 3) == 3\n{said}\n1 failed in 0.12s"
    return checked(
        tuple(passed),
        tuple(one.test for one in failed),
        tail=tail or f"{len(passed)} passed in 0.12s",
        failures=tuple(failed),
    )


@dataclass
class OneKeySigner(Signer):
    """Signs with a digest."""

    signed: list[NoteFacts] = field(default_factory=list)

    async def sign(self, facts: NoteFacts) -> SignedNote:
        self.signed.append(facts)
        digest = digest_of(f"{facts.run_id}{facts.written_at}")
        return SignedNote("2026-11-21-clamp-r-1", "# Note\n", b'{"payload":""}\n', digest, "key-1", self.public_key())

    def public_key(self) -> bytes:
        return b"-----BEGIN PUBLIC KEY-----\n"

    def verify(self, notes: tuple[tuple[str, bytes], ...], trusted: tuple[bytes, ...]) -> NoteReport:
        return NoteReport((), (), (), (), "")


class NoClock(Clock):
    """A phase reads no clock."""

    def now(self) -> str:
        raise AssertionError("a phase read the clock")

    def monotonic(self) -> float:
        raise AssertionError("a phase read the clock")

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a phase slept")


HOME = Provider("home", ProviderKind.OLLAMA, "http://127.0.0.1:11434", Perimeter.LOCAL)
MID = Model("mid", HOME, "mid", "v", "f", "mid", 32_000, Price(0.0, 0.0))
SMALL = replace(
    MID, name="small", id="small", tier="small", context_window=8_000, edits=EditStyle.WHOLE, max_output=2_000
)
STRONG = replace(MID, name="strong", id="strong", tier="frontier", context_window=200_000, edits=EditStyle.TOOLS)
REVIEWER = replace(MID, name="reviewer", id="reviewer", family="other")
CAPS = Caps(1.0, 2.0, 20.0, 100.0)
LIMITS = Limits(0, 4_000, 1.0, 12, 600.0)


def route(phase: Phase, primary: Model, *escalate: Model, limits: Limits = LIMITS) -> Route:
    return Route(phase, primary, (), tuple(escalate), limits, (), "digest")


def routes(coder: Model = MID, *escalate: Model, planner: Model = MID) -> dict[Phase, Route]:
    return {
        Phase.TRIAGE: route(Phase.TRIAGE, SMALL),
        Phase.PLAN: route(Phase.PLAN, planner),
        Phase.CODE: route(Phase.CODE, coder, *escalate),
        Phase.REVIEW: route(Phase.REVIEW, REVIEWER),
    }


ISSUE = Issue(
    "issues/1.md", "clamp ignores its upper bound", "clamp(5, 0, 3) in bounds.py gives 0 instead of 3.", "digest"
)


@dataclass
class World:
    """One repository, one issue, and the ports of a run over them."""

    script: list[Line] = field(default_factory=list)
    tree: Files = field(default_factory=lambda: dict(TREE))
    judge: Callable[[Files], CheckResult] = judge
    tier: SandboxTier = field(default_factory=lambda: SandboxTier("bubblewrap"))

    def __post_init__(self) -> None:
        self.workspace = MemoryWorkspace({})
        self.base = self.workspace.keep(self.tree)
        self.models = ScriptedModels(self.script)
        self.sandbox = JudgingSandbox(self.workspace, self.judge, self.tier)
        self.signer = OneKeySigner()

    @property
    def ports(self) -> Ports:
        return Ports(self.models, self.workspace, self.sandbox, NoLedger(), self.signer, NoClock())

    def spec(
        self,
        by_phase: Mapping[Phase, Route] | None = None,
        *,
        plan: Need = Need.DO,
        issue: Issue = ISSUE,
        evidence_required: bool = True,
    ) -> RunSpec:
        order = {
            task: TaskOrder(task, by_phase or routes(), plan, evidence_required, review_required=True)
            for task in TaskClass
        }
        return RunSpec(
            goal="build",
            repository=Repository("local", "1", "bounds", "/srv/bounds", "main"),
            requester=Actor(7, "ada"),
            issue=issue,
            base_commit=self.base,
            head_commit="",
            admitted_at="2026-11-21T10:00:00Z",
            sensitivity=Sensitivity.INTERNAL,
            perimeters=tuple(Perimeter),
            orders=order,
            verify=VerifyOrder((), 60.0, 512, ("python3 -m pytest *", "npm test", "make test")),
            review=ReviewOrder("family", 2, 5, auto_fix=True),
            caps=CAPS,
            paths=(),
            protected=("infra/**",),
            digests=Digests("p", "r", "d"),
            task=TaskClass.BUGFIX,
        )


class NoLedger(Ledger):
    """A phase keeps no books."""

    async def open_call(self, record: CallRecord, caps: Caps, repository_id: str) -> CallRecord:
        raise AssertionError("a phase kept books")

    async def close_call(self, record: CallRecord, answer: Reply | None = None) -> None:
        raise AssertionError("a phase kept books")

    async def calls(self, run_id: str) -> tuple[CallRecord, ...]:
        raise AssertionError("a phase read the books")

    async def keep(self, view: RunView) -> None:
        raise AssertionError("a phase kept books")

    async def run(self, run_id: str) -> RunView | None:
        raise AssertionError("a phase read the books")

    async def runs(self, repository_id: str = "", limit: int = 50) -> tuple[RunView, ...]:
        raise AssertionError("a phase read the books")

    async def act(self, run_id: str, person: PersonAct) -> None:
        raise AssertionError("a phase kept books")

    async def acts(self, run_id: str) -> tuple[PersonAct, ...]:
        raise AssertionError("a phase read the books")
