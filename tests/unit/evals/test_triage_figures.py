"""The golden examples of triage: what they cover, what rules alone make of them, and how a trial is counted."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import OUT, World, says

from pointsman.domain.errors import Stopped, TryAgain
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.models import Ask, Outage, Reply
from pointsman.domain.run import Route
from pointsman.evals.examples import triage_examples
from pointsman.evals.triage import Score, TrialModels, trial, within_budget

FOUND = triage_examples()


def ruled() -> Score:
    return asyncio.run(trial(FOUND, None, None))


def answered(task: TaskClass) -> Score:
    """A trial in which the model gives one answer to everything."""

    def same(_: Ask) -> Reply:
        return says(data={"task": task.value, "why": "so"})

    world = World([same] * len(FOUND.examples))
    return asyncio.run(trial(FOUND, world.spec(), world.ports))


def test_there_are_enough_examples_of_every_class() -> None:
    count = Counter(example.task for example in FOUND.examples)
    assert len(FOUND.examples) >= 60
    assert set(count) == set(TaskClass) and min(count.values()) >= 5
    assert len({example.issue.key for example in FOUND.examples}) == len(FOUND.examples)


def test_the_figure_of_the_rules_alone() -> None:
    score = ruled()
    assert (score.total, score.right, score.ruled, score.ruled_right) == (74, 37, 33, 33)
    assert (score.security, score.dangerous) == (12, 0)
    assert not any(one.is_under for one in score.sorted if one.found.decided_by != "default")


def test_what_the_rules_decide_is_decided_by_every_kind_of_rule() -> None:
    deciders = Counter(one.found.decided_by for one in ruled().sorted)
    assert deciders == {"label": 15, "path": 9, "text": 7, "command": 2, "default": 41}


@pytest.mark.parametrize("task", [TaskClass.DOCS, TaskClass.QUESTION, TaskClass.BOILERPLATE])
def test_a_model_that_calls_everything_harmless_does_harm_only_where_no_word_speaks_of_it(task: TaskClass) -> None:
    score = answered(task)
    careless = [one.example.issue.key for one in score.sorted if one.is_dangerous]
    assert careless == ["sec-quiet", "sec-hash"]


def test_a_model_that_does_not_know_is_right_only_where_nobody_could_know() -> None:
    score = answered(TaskClass.UNKNOWN)
    assert (score.right, score.dangerous) == (ruled().right, 0)
    docs = score.tallies()[0]
    assert (docs.task, docs.total, docs.by_rules, docs.by_model) == (TaskClass.DOCS, 9, 7, 2)
    assert docs.taken_for == ((TaskClass.UNKNOWN, 2),)


def test_a_trial_asks_under_one_run_and_stops_at_an_outage() -> None:
    world = World([says(data={"task": "docs"}), OUT])
    models = TrialModels(world.models, "e-1")
    with pytest.raises(TryAgain) as caught:
        asyncio.run(trial(FOUND, world.spec(), replace(world.ports, models=models)))
    assert caught.value.code == "no-answer" and "--rules-only" in caught.value.hint
    assert [(ask.run_id, ask.call_id) for ask in world.models.asks] == [("e-1", "e-1:1"), ("e-1", "e-1:2")]


def test_when_the_money_of_a_trial_is_gone_the_rest_is_unknown_and_says_so() -> None:
    def over(_: Ask) -> Reply | Outage:
        raise Stopped("The budget does not hold this call.", code="budget")

    world = World([over] * len(FOUND.examples))
    score = asyncio.run(trial(FOUND, world.spec(), world.ports))
    assert score.right == ruled().right
    assert {one.found.why for one in score.sorted if one.asked} == {
        "the budget did not hold the call that would have sorted this"
    }


def test_the_money_of_a_trial_stays_within_the_caps_of_the_day() -> None:
    spec = World().spec()
    route = spec.route(Phase.TRIAGE)
    assert isinstance(route, Route)
    small, large = within_budget(spec, route, 0.1), within_budget(spec, route, 1000.0)
    assert (small.caps.run_usd, large.caps.run_usd) == (0.1, spec.caps.repository_day_usd)
    limited = small.route(Phase.TRIAGE)
    assert isinstance(limited, Route) and limited.limits.budget_usd == 0.1
