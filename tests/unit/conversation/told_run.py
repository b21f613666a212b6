"""One finished run as values, with texts that its models wrote: what pages, reports and pictures are made from."""

from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import MODEL_PHASES, Perimeter, Phase, Risk, Sensitivity, Severity, TaskClass
from pointsman.domain.models import Caps, Model, Price, Provider, ProviderKind
from pointsman.domain.notes import SignedNote
from pointsman.domain.outcome import (
    CheckResult,
    Earlier,
    EditRecord,
    Evidence,
    Finding,
    Hop,
    Note,
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
    Repository,
    ReviewOrder,
    Route,
    RunSpec,
    TaskOrder,
    VerifyOrder,
)

RUN_ID = "20261121-7f3a"
BASE, FIRST, SECOND, NOTED = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
TEST = ("python", "-m", "pytest", "-q")

LOCAL = Provider("here", ProviderKind.SCRIPTED, "scripted:here", Perimeter.LOCAL)


def model(name: str, family: str) -> Model:
    """A model of the given family on own hardware."""
    return Model(name, LOCAL, name, family, family, "small", 32_000, Price(1.0, 5.0))


PLANNER, CODER, REVIEWER = model("planner", "alpha"), model("coder", "beta"), model("reviewer", "gamma")
_BY_PHASE = {Phase.TRIAGE: PLANNER, Phase.PLAN: PLANNER, Phase.CODE: CODER, Phase.REVIEW: REVIEWER}


def route(phase: Phase) -> Route:
    """The route of a phase, with one candidate left out."""
    primary = _BY_PHASE[phase]
    reasons = (
        Considered(
            "elsewhere", False, "perimeter", "the repository is internal and this model is at a public vendor"
        ),
        Considered(primary.name, True, "routing-file", "named for this phase"),
    )
    return Route(phase, primary, (), (), Limits(8_000, 2_000, 0.5, 6, 600), reasons, "e" * 64)


def spec(*, flags: tuple[str, ...] = ()) -> RunSpec:
    """The order of a bug fix."""
    order = TaskOrder(TaskClass.BUGFIX, {phase: route(phase) for phase in MODEL_PHASES}, Need.DO, True, True)
    body = "At 07:30 the board shows the 07:50."
    return RunSpec(
        goal="build",
        repository=Repository("local", "local:1", "timetable", "/srv/timetable", "main"),
        requester=Actor(1, "ada"),
        issue=Issue("12", "The board skips the bus that stands at the stop", body, "f" * 64, ("bug",), flags),
        base_commit=BASE,
        head_commit="",
        admitted_at="2026-11-21T10:00:00Z",
        sensitivity=Sensitivity.INTERNAL,
        perimeters=tuple(Perimeter),
        orders={TaskClass.BUGFIX: order},
        verify=VerifyOrder((TEST,), 60.0, 512, ()),
        review=ReviewOrder("family", 2, 10, True),
        caps=Caps(1.0, 2.0, 20.0, 200.0),
        paths=(),
        protected=(),
        digests=Digests("1" * 64, "2" * 64, "3" * 64),
        task=TaskClass.BUGFIX,
        risk=Risk.MEDIUM,
    )


def check(commit: str, passed: int, failed: tuple[str, ...], tail: str = "") -> CheckResult:
    """The tests on one commit."""
    ids = tuple(f"tests/test_line.py::test_{number}" for number in range(passed))
    return CheckResult(TEST, commit, "exited", 1 if failed else 0, ids, failed, (), tail, 0.4)


PLAN = Plan(
    goal="`next_departure` gives a bus that leaves at the very minute. Thanks @somebody, fixes #12.",
    criteria=("At 07:30 the next departure is 07:30.",),
    steps=("Search for the first departure at or after `now`.",),
    read=("timetable/line.py",),
    change=("timetable/line.py",),
    create=(),
    tests=(),
    risks=('The board then says "in 0 min".',),
    questions=(),
    digest="4" * 64,
)
EVIDENCE = Evidence(
    Verdict.PASSED,
    "one test failed before and passes now",
    (check(BASE, 7, ("tests/test_line.py::test_now",)),),
    (check(SECOND, 8, ()),),
    (),
    (),
    "bubblewrap",
)
FAILED = Evidence(
    Verdict.FAILED,
    "two tests fail",
    EVIDENCE.base,
    (check(FIRST, 6, ("tests/test_line.py::test_now", "tests/test_line.py::test_first"), "E  assert 390 == 450"),),
    (),
    (),
    "bubblewrap",
)
FINDING = Finding(
    "f-01",
    "timetable/line.py",
    18,
    "new",
    Severity.MINOR,
    "        place = bisect_left(self.departures, now)",
    'The board now reads "in 0 min" <img src="https://evil.example/?q=1">; "now" is clearer.',
)
REVIEW = Review("approve", "Both criteria are met.", (FINDING,), ("quote not in the diff",), "reviewer", 1, SECOND)
NOTE = Note(
    ".pointsman/audit/2026-11-21-12-20261121-7f3a.md",
    ".pointsman/audit/2026-11-21-12-20261121-7f3a.intoto.jsonl",
    "5" * 64,
    "",
    "6" * 16,
    NOTED,
)


SIGNED = SignedNote(
    "2026-11-21-12-20261121-7f3a",
    "# Run `20261121-7f3a`: ready for people to look at\n\n* Issue `12`: `</details> @ada`\n",
    b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}\n',
    NOTE.digest,
    NOTE.key_id,
    b"",
)


def patch(commit: str) -> Patch:
    """A one-line change of one file."""
    edit = EditRecord("timetable/line.py", "changed", "7" * 64, 2, 2, "coder")
    return Patch(BASE, commit, "8" * 40, (edit,), "9" * 64, "coder")


def earlier() -> Earlier:
    """Two tries of the code, one review, one hop."""
    return Earlier(
        triage=Triage(TaskClass.BUGFIX, Risk.MEDIUM, "label", "a label says bugfix"),
        plan=PLAN,
        tries=(
            Try(0, "coder", patch(FIRST), FAILED, "first"),
            Try(0, "coder", patch(SECOND), EVIDENCE, "tests"),
        ),
        patch=patch(SECOND),
        evidence=EVIDENCE,
        reviews=(REVIEW,),
        hops=(Hop("plan", "fallback", "big-planner", "planner", "the provider did not answer in 30 seconds"),),
        authors=("beta",),
    )


def call(number: int, phase: Phase, *, seconds: float = 0.5) -> CallRecord:
    """One answered call of a phase."""
    asked = _BY_PHASE[phase].name
    return CallRecord(
        call_id=f"{RUN_ID}/{number}",
        attempt=1,
        run_id=RUN_ID,
        phase=phase,
        model=asked,
        served=asked,
        provider="here",
        perimeter=Perimeter.LOCAL,
        origin="scripted:here",
        template=f"{phase.value}/1",
        state="answered",
        sent_sha256="0" * 64,
        received_sha256="1" * 64,
        input_tokens=1_200 + number,
        output_tokens=100,
        reserved_usd=0.01,
        cost_usd=0.0017,
        seconds=seconds,
        at="2026-11-21T10:00:01Z",
    )


def calls() -> tuple[CallRecord, ...]:
    """Five calls: the coder needed two."""
    phases = (Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.CODE, Phase.REVIEW)
    return tuple(call(number, phase) for number, phase in enumerate(phases))


RUNNING = RunView(
    run_id=RUN_ID,
    repository_id="local:1",
    repository="timetable",
    issue="12",
    title="The board skips the bus that stands at the stop",
    state="running",
    phase="code",
    model="coder",
    started_at="2026-11-21T10:00:00Z",
    updated_at="2026-11-21T10:00:05Z",
    input_tokens=3_603,
    output_tokens=300,
    cost_usd=0.0051,
    calls=3,
)
