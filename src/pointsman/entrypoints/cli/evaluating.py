"""Figures of routes, taken with the golden examples: `pointsman eval`."""

import json
import sys
from dataclasses import asdict, replace

from rich.console import Console
from rich.table import Table

from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase
from pointsman.domain.run import Refuse, Route, RunSpec
from pointsman.entrypoints.cli.asked import TrialAsked
from pointsman.entrypoints.cli.running import Place, Wish, admitted, opened
from pointsman.entrypoints.cli.terminal import table_of
from pointsman.entrypoints.machine import new_id
from pointsman.entrypoints.on_disk import repository_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation, LoadedPolicy, price_of, read_policy
from pointsman.evals.examples import triage_examples
from pointsman.evals.triage import Score, Tally, TrialModels, trial, within_budget
from pointsman.policy.override import override
from pointsman.runs.course.course import refused


async def eval_triage(asked: TrialAsked) -> int:
    """Sort the golden examples, and print the share that was right and what the others were taken for."""
    place = Place(asked.home, asked.policy, asked.as_json)
    examples = triage_examples().every(asked.every)
    if asked.rules_only:
        return _told(await trial(examples, None, None), (), place, model="")
    settings = read_settings(place.home, place.policy)
    policy = read_policy(place.policy, settings.home)
    async with opened(Installation(settings)) as installation:
        repository = await repository_at(asked.repo)
        # An order for a review takes the repository's rules as they are now, and no issue.
        spec = await admitted(installation, policy, repository, Wish("review", asked.repo, None, asked.routing))
        route = _route(spec, asked.model, policy)
        spec = within_budget(spec, route, asked.budget_usd)
        run_id = new_id("e")
        ports = await installation.ports_for(spec, (route.primary,))
        ports = replace(ports, models=TrialModels(ports.models, run_id))
        score = await trial(examples, spec, ports, told=None if place.as_json else _counted)
        calls = await installation.ledger.calls(run_id)
    return _told(score, calls, place, model=route.primary.name)


def _route(spec: RunSpec, model: str, policy: LoadedPolicy) -> Route:
    """The route that sorts an issue nobody has sorted. Raises OwnerMust with the rule that refused it."""
    found = override(spec, Phase.TRIAGE, model, policy.policy, price_of) if model else spec.route(Phase.TRIAGE)
    if isinstance(found, Refuse):
        raise refused(found)
    return replace(found, fallback=())


def _counted(done: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} sorted")
        sys.stderr.flush()


def _told(score: Score, calls: tuple[CallRecord, ...], place: Place, *, model: str) -> int:
    if place.as_json:
        sys.stdout.write(json.dumps(_json(score, calls, model), indent=1) + "\n")
        return 0
    console = Console()
    for line in _lines(score, calls, model):
        console.print(line, highlight=False, markup=False)
    console.print(_table(score))
    return 0


def _lines(score: Score, calls: tuple[CallRecord, ...], model: str) -> tuple[str, ...]:
    """The one figure first, then the dangerous mistakes, then who decided and what it cost."""
    cost, seconds = sum(call.cost_usd for call in calls), sum(call.seconds for call in calls)
    spent = (
        f"Asked {model}: {len(calls)} calls, {sum(call.input_tokens for call in calls)} tokens in, "
        f"{sum(call.output_tokens for call in calls)} out, ${cost:.4f}, {seconds:.0f} s."
    )
    return (
        f"Right: {_share(score.right, score.total)}",
        f"Security taken for something laxer: {_share(score.dangerous, score.security)}",
        f"Decided by rules alone: {score.ruled} of {score.total}, {score.ruled_right} of them right.",
        f"Risk found too low: {score.under} of {score.total}.",
        spent if model else "No model was asked; what no rule knows counts as unknown.",
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "0 of 0"


def _table(score: Score) -> Table:
    counts = ("examples", "right", "by rules", "model asked")
    table = table_of("class", *counts, "wrong ones taken for", right=frozenset(counts))
    for row in score.tallies():
        table.add_row(*map(str, (row.task, row.total, row.right, row.by_rules, row.by_model)), _taken_for(row))
    return table


def _taken_for(row: Tally) -> str:
    return ", ".join(f"{task} {count}" for task, count in row.taken_for)


def _json(score: Score, calls: tuple[CallRecord, ...], model: str) -> dict[str, object]:
    return {
        "right": score.right,
        "total": score.total,
        "share_right": round(score.right / score.total, 4),
        "security": score.security,
        "dangerous": score.dangerous,
        "decided_by_rules": score.ruled,
        "right_by_rules": score.ruled_right,
        "risk_too_low": score.under,
        "model": model,
        "calls": len(calls),
        "input_tokens": sum(call.input_tokens for call in calls),
        "output_tokens": sum(call.output_tokens for call in calls),
        "cost_usd": round(sum(call.cost_usd for call in calls), 6),
        "classes": [
            {**asdict(row), "taken_for": {task.value: count for task, count in row.taken_for}}
            for row in score.tallies()
        ],
        "examples": [
            {
                "id": one.example.issue.key,
                "expected": one.example.task.value,
                "found": one.found.task.value,
                "risk": str(one.found.risk),
                "decided_by": one.found.decided_by,
                "why": one.found.why,
                "right": one.is_right,
            }
            for one in score.sorted
        ],
    }
