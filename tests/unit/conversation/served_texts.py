"""What the bot says on a served forge, as texts to compare with their snapshots."""

from collections.abc import Callable
from dataclasses import replace

from tests.unit.conversation import told_run as told

from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import RoutingFile, load_routing
from pointsman.conversation import replies
from pointsman.conversation.simulation import Simulated, routing_check
from pointsman.domain.effective import BUILT_IN, Held, Origin
from pointsman.domain.intents import Misread
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.moves import Kind, Move
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import Refuse, RunSpec, TaskOrder

BOT = "pointsman-acme[bot]"
ROUTING = "plan: planner\ncode: coder\nqa: reviewer\n"
PROBLEMS = (
    ConfigProblem(".pointsman.yml", 2, 7, 'unknown key "coder"', 'did you mean "code"?'),
    ConfigProblem(".pointsman.yml", 5, 1, 'key "qa" is missing'),
)
REPORT = NoteReport(
    (told.NOTE.statement_path,),
    (told.SECOND,),
    (told.FIRST,),
    (NoteProblem(told.NOTE.statement_path, "chain", "the note before it is not here"),),
    told.NOTE.digest,
)


def served_spec() -> RunSpec:
    """The order of the told run, on GitHub, where documentation could not be reviewed."""
    spec = told.spec()
    bugfix = spec.orders[TaskClass.BUGFIX]
    refused = Refuse("separation", "reviewer and coder are of one family")
    routes = {phase: refused if phase.value == "review" else route for phase, route in bugfix.routes.items()}
    docs = replace(bugfix, task=TaskClass.DOCS, routes=routes)
    orders: dict[TaskClass, TaskOrder] = {TaskClass.BUGFIX: bugfix, TaskClass.DOCS: docs}
    return replace(spec, orders=orders, repository=replace(spec.repository, forge="github"), hinted=TaskClass.BUGFIX)


def routing() -> RoutingFile:
    """A routing file of three lines."""
    found = load_routing(ROUTING.encode())
    assert isinstance(found, RoutingFile)
    return found


WAITING = replace(told.RUNNING, state="waiting", phase="plan", plan_hash=told.PLAN.digest, message="It waits.")
ENDED = replace(told.RUNNING, state="done", result="ready", branch="pointsman/12-board", change="14")
GROUND = replace(replies.Ground(), spec=served_spec(), calls=told.calls(), note=told.NOTE)
CHECK = replies.check_order(told.RUN_ID, "ready", told.REVIEW, told.EVIDENCE, ground=GROUND)


def _check() -> str:
    return f"# {CHECK.title} ({CHECK.state})\n\n{CHECK.summary}\n\n{CHECK.text}"


def _small_checks() -> str:
    checks = (
        replies.check_running(told.RUN_ID),
        replies.check_stale(told.RUN_ID, told.SECOND),
        replies.check_fault(told.RUN_ID, "bad-key"),
        replies.check_cancelled(told.RUN_ID),
        replies.check_cancelled(told.RUN_ID, "newer"),
        replies.check_cancelled(told.RUN_ID, "closed"),
    )
    return "\n\n".join(f"# {check.title} ({check.state})\n\n{check.summary}" for check in checks)


def _refusals() -> str:
    said = (
        replies.refusal("separation", "reviewer and coder are of one family", "name another qa model"),
        replies.refusal("forge", "the policy lets it be worked on from gitlab, not from github"),
        replies.stranger("eve", "read"),
        replies.stranger("eve", "none"),
        replies.misread(Misread("bulid", "there is no such command", "build"), BOT),
        replies.misread(Misread("zzz", "there is no such command"), BOT),
        replies.misread(Misread("approve", "`approve` wants the hash of the plan"), ""),
        replies.misread(Misread("", "a command is wanted after the name", "help"), BOT),
        replies.text_changed("f" * 64, "0" * 64),
        replies.text_changed(),
        replies.already_running(told.RUN_ID),
        *(replies.nothing_to_do(what) for what in ("run", "findings", "change", "issue", "plan", "notes", "pause")),
        replies.not_on_fork("fix"),
        replies.not_on_fork(),
        replies.not_ours("fix"),
        replies.not_open("fix"),
        replies.not_open("review", "merged"),
        replies.wrong_hash("4f1c09ab", told.PLAN.digest),
        replies.wrong_hash("4f1c09ab"),
        replies.in_the_way("disk-full", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    )
    return "\n\n---\n\n".join(said)


def _short_replies() -> str:
    said = (
        replies.approved(told.PLAN.digest, "ada"),
        replies.cancelled(told.RUN_ID, by="newer"),
        replies.cancelled(told.RUN_ID, "pointsman/12-board", by="closed"),
        replies.paused("ada", told.RUN_ID),
        replies.resumed("ada"),
        replies.ignored_finding("3f9c0a1b2c4d"),
        replies.noted_fixed("3f9c0a1b2c4d"),
        replies.noted_fixed(),
        replies.fixed_in(told.SECOND),
        replies.not_fixed("the test still fails"),
        replies.not_fixed(""),
        replies.ci_started(told.SECOND),
        replies.answered("Departures are sorted in `line.py`.", "planner", 0.0017),
    )
    return "\n\n---\n\n".join(said)


def _titled(text: tuple[str, str]) -> str:
    return f"# {text[0]}\n\n{text[1]}"


MOVES = (
    Move(
        Kind.CROSSING,
        "local",
        "public",
        Phase.CODE,
        "claude-haiku",
        tasks=(TaskClass.DOCS, TaskClass.TESTS),
        levels=(Sensitivity.INTERNAL,),
    ),
    Move(Kind.APPROVAL_LOST, "asked for", "not asked for", place="src/auth/**", levels=(Sensitivity.INTERNAL,)),
    Move(Kind.MODEL, "qwen", "claude-haiku", Phase.CODE, tasks=(TaskClass.DOCS, TaskClass.TESTS)),
    Move(Kind.LIMIT, "2", "0.5", Phase.CODE, "budget_usd", tasks=tuple(TaskClass)),
)


HELD = (
    Held("repository", "sensitivity", "restricted", Origin("routing", 4), (("internal", Origin("policy", 23)),)),
    Held("routes", "code.model", "coder", Origin("routing", 2)),
    Held("routes", "code.escalate", ("senior",), Origin("routing", 2), ((("reviewer",), Origin("routing", 2)),)),
    Held("routes", "code.budget_usd", 0.5, Origin("routing", 3), ((2.0, Origin("policy", 28)),)),
    Held("routes", "code.seconds", 7200.0, BUILT_IN),
    Held("work", "passed tests", True, Origin("policy", 26)),
    Held("money", "installation_day_usd", 50.0, Origin("policy", 28)),
    Held("paths", "src/auth/**", ("restricted", "a person approves the plan"), Origin("policy", 31)),
    Held("protected", "infra/", True, Origin("routing", 9)),
)


def _routing_checks() -> str:
    """The check of an edit of the routing file: what moves, nothing, mistakes, a first file, one taken away."""
    found = (
        Simulated("a" * 40, moves=MOVES),
        Simulated("a" * 40, warnings=PROBLEMS[:1]),
        Simulated("a" * 40, PROBLEMS),
        Simulated("a" * 40, first=served_spec().order),
        Simulated("a" * 40, is_gone=True),
    )
    orders = [routing_check("routing-7", each) for each in found]
    return "\n\n---\n\n".join(f"**{one.title}** ({one.state})\n\n{one.summary}\n\n{one.text}" for one in orders)


def _served_page() -> str:
    facts = replies.PageFacts(
        told.RUN_ID,
        replies.issue_line("github", "12"),
        replace(served_spec(), ci="on-request"),
        told.earlier(),
        told.calls(),
        told.NOTE,
    )
    return replies.change_page(facts)


TEXTS: dict[str, Callable[[], str]] = {
    "served-action-required": lambda: _titled(replies.action_required(PROBLEMS)),
    "served-audit": lambda: replies.audit_page(REPORT),
    "served-change-page": _served_page,
    "served-check": _check,
    "served-checks": _small_checks,
    "served-config": lambda: replies.config_page(routing(), (), "a" * 64, ("verify.prepare",), HELD),
    "served-config-broken": lambda: replies.config_page(None, PROBLEMS),
    "served-cost": lambda: replies.cost_table((ENDED, told.RUNNING), told.calls()),
    "served-fix-issue": lambda: _titled(replies.fix_issue((told.FINDING,))),
    "served-handover": lambda: replies.handover_text("copilot", served_spec().issue, told.PLAN, told.earlier()),
    "served-help": lambda: replies.help_text(BOT),
    "served-onboarding": lambda: replies.onboarding_page("acme/shop", ROUTING, replies.route_table(served_spec())),
    "served-refusals": _refusals,
    "served-routing-checks": _routing_checks,
    "served-route": lambda: replies.route_table(served_spec()),
    "served-short-replies": _short_replies,
    "served-status-ended": lambda: replies.status_text(ENDED, told.calls(), forge="github"),
    "served-status-waiting": lambda: replies.status_text(WAITING, forge="github"),
    "served-statuses": lambda: replies.status_list((ENDED, WAITING, told.RUNNING)),
}
