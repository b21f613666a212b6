"""How often one model is asked in one try, in which form, and what becomes of the try when another one stands in."""

import asyncio
from dataclasses import replace

from tests.unit.phases.phase_world import FIXED, LIMITS, MID, SMALL, STRONG, World, routes, says
from tests.unit.phases.test_coding_tries import BLOCK, PLAN, WHOLE, WRONG_BLOCK, attempt, text_of, tried

from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Ending, Model, Reply
from pointsman.domain.outcome import Earlier, NoPatch, Patch
from pointsman.domain.run import Route
from pointsman.phases.code import code


def test_the_third_refusal_in_all_ends_the_try_whatever_the_form() -> None:
    world = World([says(WRONG_BLOCK), says("I would change min."), says("Like so."), says(WHOLE)])
    result = tried(world, MID)
    assert isinstance(result, NoPatch) and (result.kind, result.refusals) == ("unreadable", 3)
    assert [ask.template for ask in world.models.asks] == ["code-blocks/1", "code-blocks/1", "code-whole/2"]
    world = World([says(WRONG_BLOCK), says("```python\ndef", ending=Ending.CUT)])
    result = tried(world, MID)
    assert isinstance(result, NoPatch) and (result.kind, result.refusals) == ("cut", 2), "a cut answer is one as well"


def test_a_model_that_was_refused_twice_before_is_asked_once_more_in_another_form() -> None:
    for coder, template in ((MID, "code-whole/2"), (SMALL, "code-whole/2")):
        world = World([says("Hello!"), says(WHOLE)])
        last = replace(attempt(world, cause="edit", feedback="no edit"), refusals={coder.name: 2})
        result = asyncio.run(code(world.spec(routes(coder)), Earlier(plan=PLAN), world.ports, attempt=last))
        assert isinstance(result, NoPatch) and result.refusals == 1
        assert [ask.template for ask in world.models.asks] == [template]


def test_refusals_of_several_files_are_those_of_one_try() -> None:
    plan = replace(PLAN, create=("limits.py",))
    world = World([says("Well."), says(WHOLE), says("Hm."), says("Hm."), says("Hm.")])
    result = tried(world, SMALL, plan)
    assert isinstance(result, NoPatch) and result.refusals == 3 and len(world.models.asks) == 4


def test_whole_files_keep_to_the_calls_of_the_phase() -> None:
    plan = replace(PLAN, create=("limits.py", "more.py"))
    world = World([says(WHOLE), says("```python\nLOW = 0\n```"), says("```python\nMORE = 0\n```")])
    by_phase = routes(SMALL)
    by_phase[Phase.CODE] = replace(by_phase[Phase.CODE], limits=replace(LIMITS, max_calls=2))
    result = asyncio.run(code(world.spec(by_phase), Earlier(plan=plan), world.ports, attempt=attempt(world)))
    assert isinstance(result, NoPatch) and result.kind == "budget" and "2 calls" in result.why
    assert len(world.models.asks) == 2


def standing_in(primary: Model, *others: Model) -> dict[Phase, Route]:
    by_phase = routes(primary)
    return by_phase | {Phase.CODE: replace(by_phase[Phase.CODE], fallback=others)}


def test_whoever_stands_in_is_asked_in_its_own_form_within_its_own_window() -> None:
    """What the run does in an outage is done by hand here: it puts the question that is the stand-in's own."""

    def relieved(ask: Ask) -> Reply:
        own = ask.put_to(SMALL)
        assert (own.template, own.model, own.fallback, own.temperature) == ("code-whole/2", SMALL, (), 0.0)
        assert own.max_output_tokens == SMALL.max_output < ask.max_output_tokens and not own.tools
        assert ask.fallback == (SMALL,) and ask.unfit == ("tiny",)
        return says("Hello!", model="small")

    tiny = replace(SMALL, name="tiny", context_window=300, max_output=100)
    for primary in (STRONG, MID):
        world = World([relieved, says(WHOLE)])
        spec = world.spec(standing_in(primary, tiny, SMALL))
        patch = asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
        assert text_of(world, patch) == FIXED
        assert isinstance(patch, Patch) and patch.model == "small"
        first, second = world.models.asks
        assert (first.model, second.model, second.template) == (primary, SMALL, "code-whole/2 repair")
        assert [turn.text for turn in second.messages][1] == "Hello!", "its own answer is what it is told of"


def test_a_small_models_strong_stand_in_has_its_tools_and_one_that_is_alike_goes_on_with_the_question() -> None:
    edit = {"path": "bounds.py", "search": "min(value, low)", "replace": "min(value, high)"}
    world = World([says(calls=[("edit", edit)], model="strong"), says(calls=[("finish", {})])])
    spec = world.spec(standing_in(SMALL, STRONG))
    patch = asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    assert text_of(world, patch) == FIXED and world.models.asks[1].model is STRONG
    assert world.models.asks[0].own[0].tools and not world.models.asks[0].tools
    twin = replace(MID, name="twin", id="twin")
    world = World([says(WRONG_BLOCK, model="twin"), says(BLOCK)])
    patch = asyncio.run(
        code(world.spec(standing_in(MID, twin)), Earlier(plan=PLAN), world.ports, attempt=attempt(world))
    )
    assert text_of(world, patch) == FIXED
    assert [ask.model for ask in world.models.asks] == [MID, MID] and world.models.asks[0].own == ()
