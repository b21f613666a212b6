"""The loop of a run on a served forge: it climbs, draws candidates, keeps the best, and hands over on every end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.unit.phases.memory_workspace import Files
from tests.unit.phases.phase_world import (
    LIMITS,
    MID,
    OUT,
    PYTEST,
    REVIEWER,
    SMALL,
    JudgingSandbox,
    Line,
    ScriptedModels,
    checked,
    says,
)
from tests.unit.phases.test_review_findings import SHOWN
from tests.unit.runs.served_world import BLOCK, FINE, PLAN, Served, review_of

from pointsman.domain.errors import Stopped
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.models import Ask, Caps, Model, Outage, Price, Reply, Usage
from pointsman.domain.outcome import CheckResult, Earlier, NoReproduction, Patch, Verdict
from pointsman.domain.pictures import Picture, PreviewJob, PreviewOrder, Previews, Rendering
from pointsman.domain.run import Allowance, Route, RunSpec
from pointsman.runs.course.previewing import seen_again

WEAK = replace(MID, name="weak", id="weak", tier="small")
STRONG = replace(MID, name="strong", id="strong")
PAID = replace(MID, name="paid", id="paid", price=Price(1.0, 1.0))
LOW, HIGH = "    return max(low, min(value, low))", "    return max(low, min(value, high))"


def block(new: str, old: str = LOW) -> Reply:
    return says(f"bounds.py\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n")


def wrong(number: int, old: str = LOW) -> Reply:
    return block(f"    return {number}", old)


def coded(spec: RunSpec, *ladder: Model, samples: int = 1, rung: Allowance | None = None) -> RunSpec:
    """The order with these models to code, and the reviewer besides."""
    first, *escalate = ladder
    code = Route(Phase.CODE, first, (), tuple(escalate), LIMITS, (), "digest", samples, rung or Allowance())
    orders = {task: replace(one, routes={**one.routes, Phase.CODE: code}) for task, one in spec.orders.items()}
    return replace(spec, orders=orders)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for world in WORLDS:
        world.close()
    WORLDS.clear()


WORLDS: list[Served] = []


def world_of(home: Path, *lines: Line) -> Served:
    WORLDS.append(Served(home, [says(data=PLAN), *lines]))
    return WORLDS[-1]


def signed(world: Served) -> Earlier:
    """What the note of the run was made from."""
    (facts,) = world.world.signer.signed
    return facts.earlier


def asked(world: Served) -> list[str]:
    return [ask.model.name for ask in world.world.models.asks][1:]


def test_a_weak_coder_fails_twice_the_next_solves_it_from_the_issue_and_the_note_tells_so(home: Path) -> None:
    world = world_of(home, wrong(1), wrong(2, "    return 1"), says(BLOCK), says(data=FINE))
    view = world.runs(coded(world.spec(), WEAK, STRONG))
    assert (view.result, asked(world)) == ("ready", ["weak", "weak", "strong", "reviewer"]), view
    earlier = signed(world)
    assert [(made.rung, made.model, made.cause) for made in earlier.tries] == [
        (0, "weak", "first"),
        (0, "weak", "tests"),
        (1, "strong", "tests"),
    ]
    (hop,) = earlier.hops
    assert (hop.kind, hop.from_model, hop.to_model) == ("escalation", "weak", "strong")
    told = world.world.models.asks[3].messages[0].text
    assert "Others tried this before you" in told and "+    return 1" in told
    assert world.world.workspace.held == {}


def test_candidates_are_drawn_until_the_first_is_green_and_equal_ones_are_tested_once(home: Path) -> None:
    world = world_of(home, wrong(1), wrong(1), says(BLOCK), says(data=FINE))
    view = world.runs(coded(world.spec(), WEAK, samples=5))
    assert (view.result, asked(world)) == ("ready", ["weak"] * 3 + ["reviewer"])
    assert [(made.sample, made.tokens) for made in signed(world).tries] == [(0, 20), (1, 20), (2, 20)]
    assert [ask.temperature for ask in world.world.models.asks[1:4]] == [0.0, 0.9, 0.9]
    assert len({job.commit for job in world.world.sandbox.jobs}) == 3  # base, the first candidate, the third


def test_when_no_candidate_is_green_the_evidence_chooses_where_the_next_round_starts(home: Path) -> None:
    breaks = block("    return max(low, min(value, low))\n\n\ndef test_more():\n    assert False")
    world = world_of(home, wrong(1), wrong(2), breaks, block(HIGH, "    return 1"), says(data=FINE))
    view = world.runs(coded(world.spec(), WEAK, samples=3))
    assert view.result == "ready", view
    assert [(made.sample, made.cause) for made in signed(world).tries][3:] == [(0, "tests")]


def test_a_model_that_costs_something_draws_one(home: Path) -> None:
    world = world_of(home, wrong(1), wrong(2, "    return 1"))
    view = world.runs(coded(world.spec(), PAID, samples=5))
    assert (view.result, [made.sample for made in signed(world).tries]) == ("needs-person", [0, 0]), view


CUTS = {"tokens": Allowance(tokens=4500), "calls": Allowance(calls=2), "time": Allowance(seconds=500.0)}


@pytest.mark.parametrize("code", CUTS)
def test_a_limit_that_is_met_on_the_way_hands_over_the_best_patch_as_a_draft(home: Path, code: str) -> None:
    world = world_of(home, wrong(1), *[replace(wrong(2, "    return 1"), seconds=1000.0)] * 9)
    view = world.runs(replace(coded(world.spec(), WEAK, STRONG), allowance=CUTS[code]))
    assert (view.state, view.result) == ("done", "needs-person"), view
    (order,) = world.forge.changes.values()
    assert "Tests: failed." in view.message and "ended before the work did." in view.message
    assert "review" in order.body and "not run" in order.body.lower()
    assert world.forge.reviews == {}


def test_the_days_money_that_ends_before_the_review_leaves_a_draft_that_needs_a_person(home: Path) -> None:
    def broke(_: Ask) -> Reply:
        raise Stopped("The budget of run r-1 does not hold this call.", code="budget")

    world = world_of(home, says(BLOCK), broke)
    view = world.runs(world.spec())
    assert (view.result, len(world.forge.changes), world.forge.reviews) == ("needs-person", 1, {})
    assert "The money ended before the work did." in view.message


def test_with_nothing_at_hand_a_limit_stops_the_run_as_before(home: Path) -> None:
    world = world_of(home)
    view = world.runs(replace(world.spec(), allowance=Allowance(calls=1)))
    assert (view.state, view.error_code, world.forge.changes) == ("stopped", "calls", {})


RUNGS = {"calls": Allowance(calls=1), "tokens": Allowance(tokens=6000), "minutes": Allowance(seconds=0.1)}


@pytest.mark.parametrize("what", RUNGS)
def test_a_rung_that_has_used_what_it_may_hands_over_to_the_next(home: Path, what: str) -> None:
    long = replace(wrong(1), usage=Usage(2000, 2000))
    world = world_of(home, long, says(BLOCK), says(data=FINE))
    view = world.runs(coded(world.spec(), WEAK, STRONG, rung=RUNGS[what]))
    assert (view.result, asked(world)) == ("ready", ["weak", "strong", "reviewer"]), view
    assert "has used what one model may use" in signed(world).hops[0].why


def test_a_stand_in_codes_in_its_own_form_and_the_third_refusal_of_it_climbs(home: Path) -> None:
    out = replace(OUT, model="mid")
    lines: list[Line] = [says("I would."), says("Truly."), out, says("Indeed."), says(BLOCK), says(data=FINE)]
    world = world_of(home, out, *lines)
    spec = coded(world.spec(), MID, STRONG)
    route = spec.orders[TaskClass.BUGFIX].routes[Phase.CODE]
    assert isinstance(route, Route)
    routes = {**spec.orders[TaskClass.BUGFIX].routes, Phase.CODE: replace(route, fallback=(SMALL,))}
    view = world.runs(replace(spec, orders={task: replace(one, routes=routes) for task, one in spec.orders.items()}))
    assert view.result == "ready", view
    told = [(ask.model.name, ask.template.split("/")[0]) for ask in world.world.models.asks[1:]]
    whole, block = ("small", "code-whole"), ("mid", "code-blocks")
    assert told == [block, whole, whole, block, whole, ("strong", "code-blocks"), ("reviewer", "review")]
    hops = [(hop.kind, hop.from_model, hop.to_model) for hop in signed(world).hops]
    assert hops == [("fallback", "mid", "small"), ("escalation", "mid", "strong")]
    assert [made.model for made in signed(world).tries] == ["small", "small", "strong"]


@dataclass
class Slow(ScriptedModels):
    """The weak one never answers."""

    async def ask(self, ask: Ask) -> Reply | Outage:
        if ask.model.name == "weak":
            await asyncio.sleep(1e6)
        return await super().ask(ask)


def test_a_call_that_outlasts_its_rung_is_cut_off_and_the_next_model_takes_over(home: Path) -> None:
    world = world_of(home, says(BLOCK), says(data=FINE))
    world.world.models = Slow(world.world.models.script)
    view = world.runs(coded(world.spec(), WEAK, STRONG, rung=Allowance(seconds=0.2)))
    assert view.result == "ready", view
    assert [made.model for made in signed(world).tries] == ["weak", "strong"]


def remark(quote: str) -> Reply:
    return review_of(
        {
            "path": "bounds.py",
            "quote": quote,
            "severity": "major",
            "kind": "bug",
            "message": "Not so.",
            "failing_input": "clamp(1, 2, 3)",
            "suggestion": "",
        }
    )


def test_a_later_try_that_does_worse_never_takes_the_place_of_a_better_one(home: Path) -> None:
    world = world_of(home, says(BLOCK), remark(HIGH), says(SHOWN), wrong(2, HIGH), wrong(4, HIGH))
    view = world.runs(world.spec())
    best = next(made.result for made in signed(world).tries if isinstance(made.result, Patch))
    assert (view.result, signed(world).patch) == ("needs-person", best), view
    assert "no other model is named to take over" in view.message


def test_the_coder_cannot_spend_the_money_of_the_review(home: Path) -> None:
    dear = replace(REVIEWER, price=Price(10.0, 10.0))
    world = world_of(home, says(BLOCK), says(data=FINE))
    spec = coded(world.spec(), PAID)
    review = Route(Phase.REVIEW, dear, (), (), LIMITS, (), "digest")
    orders = {task: replace(one, routes={**one.routes, Phase.REVIEW: review}) for task, one in spec.orders.items()}
    world.runs(replace(spec, orders=orders, caps=Caps(1.0, 0.5, 20.0, 100.0)))
    held = {ask.phase: ask.caps.held_usd for ask in world.world.models.asks}
    assert held[Phase.CODE] == pytest.approx(0.32)
    assert (held[Phase.PLAN], held[Phase.REVIEW]) == (0.0, 0.0)


def test_a_rung_too_dear_to_write_a_test_ends_no_run_and_the_next_one_codes(home: Path) -> None:
    world = world_of(home, says(BLOCK), says(data=FINE))
    world.world.judge = world.world.sandbox.judge = green
    spec = coded(world.spec(), PAID, STRONG, rung=Allowance(usd=0.0001))
    order = replace(spec.verify, commands=(PYTEST,), reproduce=True)
    view = world.runs(replace(spec, verify=order))
    earlier = signed(world)
    assert [made.model for made in earlier.tries] == ["paid", "strong"], view
    assert isinstance(earlier.reproduction, NoReproduction) and "what it may use" in earlier.reproduction.why


def green(_: Files) -> CheckResult:
    return checked(("tests/test_bounds.py::test_clamp",), tail="1 passed in 0.12s")


@dataclass
class Drawing(JudgingSandbox):
    """It draws every tree as its commit."""

    drawn: list[PreviewJob] = field(default_factory=list)

    async def render(self, job: PreviewJob) -> Rendering:
        self.drawn.append(job)
        pictures = (Picture("index.html", job.commit.ljust(64, "0"), 8, 8, 8),)
        return Rendering(job.commit, "rendered", "", pictures, seconds=20.0)


def previewed(world: Served, spec: RunSpec) -> tuple[RunSpec, Drawing]:
    drawing = Drawing(world.world.workspace, world.world.judge)
    world.world.sandbox = drawing
    order = PreviewOrder((), "index.html", "", (), 8, 8, 0)
    return replace(spec, orders={task: replace(one, preview=order) for task, one in spec.orders.items()}), drawing


def test_a_reviewers_test_that_joins_last_is_tried_with_all_the_others_and_the_pictures_stay(home: Path) -> None:
    world = world_of(home, says(BLOCK), remark(HIGH), says(SHOWN))
    spec, drawing = previewed(world, world.spec())
    world.runs(replace(spec, review=replace(spec.review, auto_fix=False)))
    earlier = signed(world)
    assert earlier.patch is not None and earlier.previews is not None and len(drawing.drawn) == 2
    assert earlier.patch.commit not in [job.commit for job in drawing.drawn], "the test is on top"
    assert earlier.previews.after.commit == earlier.patch.commit
    (proof,) = [one.proof for one in earlier.reviews[0].findings if one.proof]
    assert earlier.evidence is not None and earlier.evidence.verdict is Verdict.FAILED
    assert [result.commit for result in earlier.evidence.candidate] == [earlier.patch.commit]
    assert [name.split("::")[0] for name in earlier.evidence.candidate[0].failed] == [proof.path]
    assert f"With the reviewer's tests it fails: {proof.path}." in earlier.evidence.why


def test_pictures_stay_with_a_tree_that_was_seen_under_another_commit() -> None:
    old = Previews(Rendering("base", "rendered"), Rendering("old", "rendered"))
    earlier = seen_again(Earlier(looks=(old,)), before="old", now="new")
    assert [look.after.commit for look in earlier.looks] == ["old", "new"]
    assert seen_again(earlier, before="never", now="other") == earlier


def test_looking_at_pages_keeps_to_the_time_that_is_left_and_stops_no_run(home: Path) -> None:
    world = world_of(home, says(BLOCK), says(data=FINE))
    spec, drawing = previewed(world, world.spec())
    view = world.runs(replace(spec, allowance=Allowance(seconds=30.0)))
    assert view.result == "needs-person", "the time that was used by looking is not there for the review"
    first, second = (job.timeout_seconds for job in drawing.drawn)
    assert 10.0 < first < 30.0 and second < first - 19.0, "what the first look took is not there for the second"
    world = world_of(home / "more", says(BLOCK), says(data=FINE))
    spec, drawing = previewed(world, world.spec())
    assert world.runs(replace(spec, allowance=Allowance(seconds=60.0))).result == "ready"
