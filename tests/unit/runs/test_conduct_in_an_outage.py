"""A run whose models are out: who is asked instead, how it waits, what people read, and how it ends."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.unit.phases.phase_world import HOME, MID, REVIEWER, Line, route, routes, says
from tests.unit.runs.served_world import BLOCK, FINE, PLAN, Served, within

from pointsman.domain.breaker import OutageKind
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Model, Outage, Reply
from pointsman.domain.run import RunSpec
from pointsman.policy.waiting import MOST_WAITS

SPARE = replace(MID, name="spare", id="spare")
THIRD = replace(MID, name="third", id="third", provider=replace(HOME, name="elsewhere"))
SCRIPT: tuple[Line, ...] = (says(data=PLAN), says(BLOCK), says(data=FINE))


def out(kind: OutageKind, after: float = 0.0, *, model: str = "mid", held: bool = False) -> Outage:
    return Outage("id", model, "home", kind, "Provider home at http://10.0.0.1:1 did not answer.", after, held)


def scripted(folder: Path, *coder: Line) -> Served:
    """A run whose coder says these lines before the right one."""
    return Served(folder, [SCRIPT[0], *coder, *SCRIPT[1:]])


def routed(
    spec: RunSpec,
    *fallback: Model,
    plan: tuple[Model, ...] = (),
    review: tuple[Model, ...] = (),
    seconds: float = 3600,
) -> RunSpec:
    """The order with these fallbacks, of the coder where nothing else is said, and so many seconds for a phase."""
    limits = replace(routes()[Phase.CODE].limits, seconds=seconds)
    chains = {Phase.PLAN: (MID, plan), Phase.CODE: (MID, fallback), Phase.REVIEW: (REVIEWER, review)}
    changed = {
        phase: replace(route(phase, primary, limits=limits), fallback=others)
        for phase, (primary, others) in chains.items()
    }
    return replace(
        spec, orders={task: replace(one, routes={**one.routes, **changed}) for task, one in spec.orders.items()}
    )


def asked(world: Served, phase: Phase = Phase.CODE) -> list[str]:
    return [ask.model.name for ask in world.world.models.asks if ask.phase is phase]


def comes_to_a_change(world: Served, spec: RunSpec) -> None:
    view = world.runs(spec)
    assert view.result == "ready", view
    world.close()


def test_a_rate_limit_is_waited_out_for_as_long_as_the_provider_asks(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("rate-limit", 8.0))
    comes_to_a_change(world, routed(world.spec()))
    assert (asked(world), world.clock.slept) == (["mid", "mid"], [9.0])
    waits = [body for _, body, is_passing in world.forge.said if is_passing and "Waits for" in body]
    assert ["Waits for `mid` until 10:00:09 UTC (rate limit)." in body for body in waits] == [True]
    assert "Waits for" not in world.forge.told[-1]


def test_a_long_wait_is_told_for_sure_and_gives_the_place_to_others(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("rate-limit", 600.0))
    comes_to_a_change(world, routed(world.spec()))
    assert world.turns.log == ["taken", "given back"] * 2
    (told,) = [passing for _, body, passing in world.forge.said if "Waits for" in body]
    assert told is False


def test_a_short_wait_keeps_its_place(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("overloaded"))
    comes_to_a_change(world, routed(world.spec()))
    assert world.turns.log == ["taken", "given back"]


def test_what_stays_busy_is_asked_a_bounded_number_of_times(tmp_path: Path) -> None:
    world = scripted(tmp_path, *(out("overloaded") for _ in range(MOST_WAITS + 1)))
    view = world.runs(routed(world.spec()))
    assert (view.state, view.error_code, view.exit_code) == ("failed", "outage", 4)
    assert asked(world) == ["mid"] * (MOST_WAITS + 1)
    assert sorted(world.clock.slept) == world.clock.slept
    world.close()


def test_a_wait_that_the_phase_has_no_time_for_is_not_begun(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("rate-limit", 600.0))
    view = world.runs(routed(world.spec(), seconds=60.0))
    assert (view.error_code, world.clock.slept, asked(world)) == ("outage", [], ["mid"])
    world.close()


def test_a_provider_that_is_not_there_is_waited_for_shortly_on_a_served_forge_and_the_end_says_what_helps(
    tmp_path: Path,
) -> None:
    world = scripted(tmp_path, *(out("connection") for _ in range(20)))
    view = world.runs(routed(world.spec()))
    assert (view.state, view.error_code) == ("failed", "outage")
    assert 2 <= len(world.clock.slept) <= MOST_WAITS and sum(world.clock.slept) < 130
    (told,) = world.forge.told
    assert "`/pointsman rerun code` goes on from there" in told
    assert "`/pointsman rerun code --model NAME`" in told
    assert "`fallback`" in told
    assert "10.0.0.1" not in told and "10.0.0.1" in view.message
    world.close()


def test_a_provider_that_comes_back_within_that_while_is_asked_again_and_nobody_has_to_do_anything(
    tmp_path: Path,
) -> None:
    world = scripted(tmp_path, out("connection"), out("timeout"))
    comes_to_a_change(world, routed(world.spec()))
    assert asked(world) == ["mid"] * 3


def test_a_chain_of_three_is_gone_through_in_order_and_every_hop_is_kept(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("server"), out("timeout", model="spare"))
    view = world.runs(routed(world.spec(), SPARE, THIRD))
    assert (view.result, asked(world), world.clock.slept) == ("ready", ["mid", "spare", "third"], [])
    (facts,) = world.world.signer.signed
    hops = [(hop.kind, hop.from_model, hop.to_model, hop.why) for hop in facts.earlier.hops]
    assert hops == [
        ("fallback", "mid", "spare", "server: home did not answer"),
        ("fallback", "spare", "third", "timeout: home did not answer"),
    ]
    assert facts.earlier.authors == ("third",)
    assert "- code: `third` stood in for `mid`, which was out." in world.forge.told[-1]
    world.close()


def test_when_all_of_a_chain_are_out_the_first_is_asked_again_after_the_soonest_is_back(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("rate-limit", 50.0), out("rate-limit", 5.0, model="spare"))
    comes_to_a_change(world, routed(world.spec(), SPARE))
    assert (asked(world), world.clock.slept) == (["mid", "spare", "mid"], [6.0])
    (facts,) = world.world.signer.signed
    assert [(hop.from_model, hop.to_model) for hop in facts.earlier.hops] == [("mid", "spare"), ("spare", "mid")]
    assert "stood in for" not in world.forge.told[-1]


def test_one_model_may_stand_in_for_the_planner_and_for_the_reviewer(tmp_path: Path) -> None:
    spare = replace(SPARE, family="third")
    script = [out("server"), SCRIPT[0], SCRIPT[1], out("server", model="reviewer"), SCRIPT[2]]
    world = Served(tmp_path, script)
    comes_to_a_change(world, routed(world.spec(), plan=(spare,), review=(spare,)))
    assert (asked(world, Phase.PLAN), asked(world, Phase.REVIEW)) == (["mid", "spare"], ["reviewer", "spare"])


def test_one_that_stood_in_for_the_coder_never_stands_in_for_the_reviewer(tmp_path: Path) -> None:
    spare = replace(SPARE, family="third")
    world = scripted(tmp_path, out("server"))
    world.world.models.script[3:] = [out("server", model="reviewer")] * 20
    view = world.runs(routed(world.spec(), spare, review=(spare,)))
    assert (view.result, asked(world)) == ("needs-person", ["mid", "spare"])
    assert set(asked(world, Phase.REVIEW)) == {"reviewer"}
    assert "could not be reached" in view.message and len(world.forge.changes) == 1
    world.close()


def test_a_fallback_that_wrote_is_an_author_so_its_family_does_not_review(tmp_path: Path) -> None:
    """REVIEWER is of the family `other`; here the one that stood in for the coder is too."""
    kin = replace(SPARE, family="other")
    world = scripted(tmp_path, out("server"))
    view = world.runs(routed(world.spec(), kin))
    assert (view.state, view.error_code, asked(world, Phase.REVIEW)) == ("refused", "separation", [])
    world.close()


def test_what_is_held_off_goes_on_at_once_to_a_fallback_elsewhere(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("connection", 30.0, held=True), out("connection", 30.0, model="spare", held=True))
    comes_to_a_change(world, routed(world.spec(), SPARE, THIRD))
    assert (asked(world), world.clock.slept) == (["mid", "spare", "third"], [])
    (facts,) = world.world.signer.signed
    assert facts.earlier.hops[0].why == "connection: home was held off after earlier outages; nothing was sent"


def test_a_run_that_waits_is_cancelled_within_a_moment(tmp_path: Path) -> None:
    world = scripted(tmp_path, out("rate-limit", 600.0))

    async def story() -> None:
        await world.engine.start()
        try:
            await world.engine.submit("r-1", routed(world.spec()))
            await world.until_told("Waits for")
            await world.engine.cancel("r-1")
            for _ in range(6000):
                if await world.engine.ended("r-1"):
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("it was not cancelled")
        finally:
            await world.engine.stop()

    world.clock.stands = True
    within(story())
    assert asked(world) == ["mid"]
    world.close()


def test_each_question_of_a_phase_knows_how_long_may_be_waited_for_it(tmp_path: Path) -> None:
    seen: list[float] = []

    def coded(ask: Ask) -> Reply:
        seen.append(ask.patience)
        return says(BLOCK)

    world = Served(tmp_path, [SCRIPT[0], coded, SCRIPT[2]])
    comes_to_a_change(world, routed(world.spec()))
    assert seen == [3600.0]
