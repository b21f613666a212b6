"""What can be told without asking a model: the route, the cost, the runs, the configuration, the notes, help."""

from pointsman.config.policy_file import read_policy_text
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTING_FILE, RoutingFile, idle_keys, load_routing
from pointsman.config.routing_file import read_routing as load_written
from pointsman.config.written import Written
from pointsman.conversation.command_page import help_text
from pointsman.conversation.pages import audit_page, config_page, handover_text
from pointsman.conversation.refusals import nothing_to_do, refusal
from pointsman.conversation.tables import cost_table, route_table, status_list
from pointsman.domain.effective import Held
from pointsman.domain.intents import Handover, Show
from pointsman.domain.ledger import CallRecord
from pointsman.domain.run import Issue, Refuse
from pointsman.policy.admission import Rulebook
from pointsman.policy.effective import Both, effective
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.starting import decided
from pointsman.runs.intake import digest_of_bytes
from pointsman.runs.journal import TEXT
from pointsman.runs.routing import committed_routing

_SHOWN_RUNS = 20


async def show(case: Case, wish: Show) -> str:
    """Tell what was asked for, in one comment. Raises OwnerMust for what is wrong in the repository."""
    makers = {
        "route": _route,
        "cost": _cost,
        "status": _status,
        "config": _config,
        "audit": _audit,
        "help": _help,
    }
    make = makers[wish.what]
    await case.reply(await case.step(wish.what, TEXT, lambda: make(case)))
    return f"shown: {wish.what}"


async def hand_over(case: Case, wish: Handover) -> str:
    """The work as a text for somebody else's agent, with the newest plan that there is."""
    if await case.change() is not None:
        await case.reply(nothing_to_do("issue"))
        return "nothing to do"

    async def made() -> str:
        issue: Issue = await case.forge.issue(case.repository, case.number)
        for view in await case.runs_now():
            end = await case.engine.end_of(view.run_id)
            if end is not None and end.earlier.plan is not None:
                return handover_text(wish.to, issue, end.earlier.plan, end.earlier)
        return handover_text(wish.to, issue)

    await case.reply(await case.step("handover", TEXT, made))
    return f"handed over: {wish.to}"


async def read_routing(case: Case) -> tuple[RoutingFile | None, tuple[ConfigProblem, ...], bytes]:
    """The routing file of the default branch as it is now: read, absent, or with its mistakes."""
    workspace = await case.parts.workspace_for(case.repository)
    trunk = await workspace.fetch(case.repository, case.repository.default_branch)
    data = await committed_routing(workspace, trunk)
    if data is None or isinstance(data, ConfigProblem):
        return None, (data,) if data else (), b""
    found = load_routing(data, ROUTING_FILE)
    return (found, (), data) if isinstance(found, RoutingFile) else (None, found, data)


async def _route(case: Case) -> str:
    found = await decided(case)
    return refusal(found.rule, found.reason, found.mend) if isinstance(found, Refuse) else route_table(found)


async def _cost(case: Case) -> str:
    views = await case.runs_now()
    calls: list[CallRecord] = []
    for view in views[:_SHOWN_RUNS]:
        calls.extend(call for call in await case.parts.ledger.calls(view.run_id) if call.run_id == view.run_id)
    return cost_table(views, calls)


async def _status(case: Case) -> str:
    return status_list(await case.runs_now())


async def _config(case: Case) -> str:
    routing, problems, data = await read_routing(case)
    idle = idle_keys(routing) if routing is not None else ()
    return config_page(routing, problems, digest_of_bytes(data) if data else "", idle, await _held(case, data))


async def _held(case: Case, data: bytes) -> tuple[Held, ...]:
    """What the policy makes of a routing file that is right."""
    law = await case.law()
    routing, policy = load_written(data, ROUTING_FILE), read_policy_text(law.policy_bytes, "policy")
    if not isinstance(routing, Written) or not isinstance(policy, Written):
        return ()
    book = Rulebook(law.policy, "", routing.content, "", law.price_of, law.figures)
    return effective(Both(routing, policy, case.repository.name), book)


async def _audit(case: Case) -> str:
    change = await case.talk.change(case.topic)
    if change is None:
        return nothing_to_do("change")
    report = await case.parts.verified(case.repository, change.base_commit, change.head_commit)
    return audit_page(report)


async def _help(case: Case) -> str:
    return help_text(case.bot.login)
