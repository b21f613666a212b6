"""What a model is shown: as much as its real window holds, by rank, and nothing that the run may not read."""

import asyncio
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.phases.phase_world import BUGGY, HOME, ISSUE, LIMITS, MID, SMALL, TREE, World, routes, said_in, says
from tests.unit.phases.test_coding_tries import BLOCK, PLAN, WHOLE, attempt
from tests.unit.phases.test_triage_and_plan import DRAFT

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Perimeter, Phase
from pointsman.domain.models import Ask, Model, Outage, Provider, ProviderKind, Reply
from pointsman.domain.outcome import Earlier, NoPatch
from pointsman.domain.run import Issue, Route
from pointsman.phases.asking import Asking, Piece, asking_of, fit
from pointsman.phases.code import code
from pointsman.phases.plan import plan
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import Prompt

_names = st.text(string.ascii_lowercase, min_size=1, max_size=6)
_lines = st.sampled_from(["def clamp():\n", "    return 1\n", "x = 'é漢字'\n", "# clamp bounds\n", "\n"])
_trees = st.dictionaries(
    _names.map(lambda name: f"{name}.py"),
    st.tuples(st.lists(_lines, max_size=6), st.integers(0, 80)).map(lambda it: "".join(it[0]) * it[1]),
    max_size=9,
)


def asking(model: Model) -> Asking:
    world = World()
    return asking_of(world.spec(routes(planner=model)), world.ports, Phase.PLAN)


def asked(one: Asking, pieces: tuple[Piece, ...]) -> tuple[str, Ask]:
    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        return one.ask(Prompt("plan/1", "", joined(kept, left_out)))

    ask = fit(one, pieces, build)
    return said_in(ask), ask


@settings(max_examples=60)
@given(_trees, st.integers(min_value=200, max_value=6_000), st.text(max_size=3_000))
def test_a_question_fits_the_window_or_is_refused_before_anything_is_asked(
    tree: dict[str, str], window: int, body: str
) -> None:
    narrow = replace(MID, context_window=window, max_output=window // 3)
    world = World([says(data=DRAFT)], tree={**TREE, **tree, "AGENTS.md": "Be kind. " * 40})
    spec = world.spec(routes(planner=narrow), issue=Issue("i", "clamp is wrong", f"bounds.py {body}", "d"))
    try:
        asyncio.run(plan(spec, Earlier(), world.ports))
    except OwnerMust as error:
        assert error.code == "context-window" and world.models.asks == []
        return
    ask = world.models.asks[0]
    assert world.models.estimate_tokens(ask) + ask.max_output_tokens <= window


@settings(max_examples=60)
@given(st.lists(st.integers(min_value=1, max_value=900), max_size=8), st.integers(min_value=150, max_value=900))
def test_a_later_part_is_never_shown_at_the_cost_of_an_earlier_one(sizes: list[int], window: int) -> None:
    one = asking(replace(MID, context_window=window, max_output=60))
    pieces = tuple(
        Piece(f"part-{place}", f"<{place}:" + "x" * size + ">", (f"<{place}:s>",)) for place, size in enumerate(sizes)
    )
    try:
        text, ask = asked(one, pieces)
    except OwnerMust:
        return
    assert one.fits(ask)
    for place, piece in enumerate(pieces):
        if piece.text in text:
            continue
        # Had this one been taken whole, with all before it as they are shown, it would not have fitted.
        before = tuple(
            Piece(p.name, p.text if p.text in text else p.smaller[0])
            for p in pieces[:place]
            if p.text in text or p.smaller[0] in text
        )
        gone = tuple(p.name for p in pieces[:place] if p.name not in [kept.name for kept in before])
        rest = tuple(p.name for p in pieces[place + 1 :])
        whole = one.ask(Prompt("plan/1", "", joined((*before, piece), (*gone, *rest))))
        assert not one.fits(whole)
        assert piece.smaller[0] in text or piece.name in text


def test_a_part_is_shown_shorter_before_it_is_left_out_and_room_goes_to_the_next_one() -> None:
    one = asking(replace(MID, context_window=260, max_output=100))
    text, _ = asked(
        one, (Piece("long", "L" * 900, ("l" * 90,)), Piece("longer", "M" * 900), Piece("short", "S" * 60))
    )
    assert "l" * 90 in text and "L" * 900 not in text and "S" * 60 in text
    assert "Left out, because the window is small: longer." in text


def test_the_window_of_an_ollama_model_is_what_its_server_is_told_to_hold() -> None:
    held = replace(MID, num_ctx=2_048)
    assert (MID.window, held.window) == (32_000, 2_048)
    assert replace(held, num_ctx=64_000).window == 32_000
    elsewhere = Provider("cloud", ProviderKind.OPENAI, "https://api.example.org", Perimeter.PUBLIC)
    assert replace(held, provider=elsewhere).window == 32_000
    world = World([says(data=DRAFT)], tree={**TREE, **{f"clamp_{n}.py": BUGGY * 40 for n in range(9)}})
    asyncio.run(plan(world.spec(routes(planner=replace(held, max_output=500))), Earlier(), world.ports))
    ask = world.models.asks[0]
    assert world.models.estimate_tokens(ask) + ask.max_output_tokens <= 2_048


def test_a_large_file_is_shown_in_outline_with_the_function_that_the_issue_names() -> None:
    many = "".join(f"def other_{number}(value):\n    return value + {number}\n\n\n" for number in range(400))
    world = World([says(data=DRAFT)], tree={**TREE, "bounds.py": many + BUGGY})
    tight = replace(MID, context_window=4_000, max_output=1_000)
    asyncio.run(plan(world.spec(routes(planner=tight)), Earlier(), world.ports))
    text = said_in(world.models.asks[0])
    assert "parts of bounds.py, with line numbers" in text
    assert "1601: def clamp(value, low, high):\n1602:     return max(low, min(value, low))" in text
    assert "return value + 7\n" not in text


def test_a_small_coder_sees_its_one_file_the_test_of_it_and_a_glance_at_the_rest() -> None:
    tree = {
        **TREE,
        "tests/test_other.py": "def test_other():\n    assert True\n",
        "clampers.py": "def clamp_all(values):\n    return values\n" * 3,
        "more_bounds.py": "class Bounds:\n    pass\n",
    }
    world = World([says(WHOLE)], tree=tree)
    asyncio.run(code(world.spec(routes(SMALL)), Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    text = said_in(world.models.asks[0])
    assert "file tests/test_bounds.py, to look at only" in text and "def test_clamp" in text
    assert "a glance at other files, to look at only" in text and "clampers.py: clamp_all" in text
    assert "return values" not in text


def test_the_test_that_failed_is_shown_before_any_other() -> None:
    tree = {**TREE, "tests/test_deep.py": "def test_deep():\n    assert False\n"}
    world = World([says(WHOLE)], tree=tree)
    failed = attempt(world, feedback="tests/test_deep.py::test_deep failed", cause="tests")
    asyncio.run(code(world.spec(routes(SMALL)), Earlier(plan=PLAN), world.ports, attempt=failed))
    text = said_in(world.models.asks[0])
    assert "file tests/test_deep.py" in text and "file tests/test_bounds.py" not in text


def test_a_file_too_long_for_the_window_is_no_patch_and_says_what_helps() -> None:
    world = World([], tree={**TREE, "bounds.py": BUGGY + "# remark\n" * 9_000})
    spec = world.spec(routes(SMALL))
    made = asyncio.run(
        code(
            spec,
            Earlier(plan=replace(PLAN, goal="clamp and twice honour their bounds")),
            world.ports,
            attempt=attempt(world),
        )
    )
    assert isinstance(made, NoPatch) and made.kind == "window" and world.models.asks == []
    assert (
        "does not fit small" in made.why and "bounds.py, with 9007 lines" in made.why and "larger window" in made.why
    )


def test_a_fallback_that_cannot_hold_the_question_is_passed_over_and_named() -> None:
    world = World([says(data=DRAFT)])
    tiny, wide = replace(MID, name="tiny", context_window=700), replace(MID, name="wide")
    planned = Route(Phase.PLAN, MID, (tiny, wide), (), LIMITS, (), "digest")
    spec = world.spec({**routes(), Phase.PLAN: planned})
    asyncio.run(plan(spec, Earlier(), world.ports))
    ask = world.models.asks[0]
    assert [model.name for model in ask.fallback] == ["wide"] and ask.unfit == ("tiny",)


def test_a_fallback_that_held_the_first_question_is_passed_over_once_the_repair_turn_is_too_long() -> None:
    lengths: list[int] = []

    def rambling(ask: Ask) -> Reply | Outage:
        lengths.append(said_in(ask).__len__() // 3 + 1)
        return says("I think " * 300)

    world = World([rambling, rambling])
    first = World([says(data=DRAFT)])
    asyncio.run(plan(first.spec(), Earlier(), first.ports))
    just = first.models.estimate_tokens(first.models.asks[0]) + 4_000
    snug = replace(MID, name="snug", context_window=just)
    planned = Route(Phase.PLAN, MID, (snug,), (), LIMITS, (), "digest")
    with pytest.raises(OwnerMust):
        asyncio.run(plan(world.spec({**routes(), Phase.PLAN: planned}), Earlier(), world.ports))
    assert [len(ask.fallback) for ask in world.models.asks] == [1, 0] and world.models.asks[1].unfit == ("snug",)


def test_an_issue_in_another_script_is_shortened_by_what_it_takes() -> None:
    issue = Issue("i", ISSUE.title, "漢字" * 9_000, "d")
    world = World([says(data=DRAFT)])
    asyncio.run(plan(world.spec(issue=issue), Earlier(), world.ports))
    text = said_in(world.models.asks[0])
    assert "characters left out" in text and text.count("漢") < 9_000


def test_the_coder_is_given_the_advice_that_lies_nearest_to_the_files() -> None:
    tree = {**TREE, "AGENTS.md": "Root advice.\n", "infra2/AGENTS.md": "Not here.\n"}
    world = World([says(BLOCK)], tree=tree)
    asyncio.run(code(world.spec(routes(MID)), Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    text = said_in(world.models.asks[0])
    assert "Root advice." in text and "Not here." not in text and "Root advice." not in world.models.asks[0].system
    assert HOME.name == "home"
