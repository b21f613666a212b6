"""What breakers promise: in memory, on SQLite, and on a real PostgreSQL of this module's own."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
from tests.contract.breakers_world import BreakersInMemory, SetClock, trying
from tests.contract.ledger_world import Postgres

from pointsman.audit.ledger.breakers import SqlBreakers
from pointsman.domain.breaker import IN_A_ROW, Failed, HeldOff, Trying
from pointsman.ports.breakers import Breakers

T = TypeVar("T")
DOWN = Failed("connection")


@dataclass
class Place:
    """Breakers of one kind, and the same ones as another process sees them."""

    breakers: Breakers
    other: Breakers
    clock: SetClock

    def held(self, call: Trying) -> HeldOff | None:
        return _now(self.breakers.admit(call))

    def fails(self, call: Trying, end: Failed = DOWN, times: int = 1) -> None:
        for _ in range(times):
            _now(self.breakers.tell(call, end))

    def seconds(self, call: Trying) -> float:
        """How long the call is held off. Fails when it is not."""
        held = self.held(call)
        assert held is not None
        return held.seconds


def _now(coroutine: Coroutine[object, object, T]) -> T:
    return asyncio.run(coroutine)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    clock = SetClock()
    if request.param == "memory":
        shared = BreakersInMemory(clock)
        yield Place(shared, shared, clock)
        return
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        assert isinstance(server, Postgres)
        url = server.url()
    one, two = SqlBreakers(url, clock), SqlBreakers(url, clock)
    yield Place(one, two, clock)
    one.close()
    two.close()


def test_outages_in_a_row_hold_off_every_model_of_the_provider_in_every_process(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW - 1)
    assert place.held(trying()) is None
    place.fails(trying())
    for breakers in (place.breakers, place.other):
        held = _now(breakers.admit(trying("r-2:plan:0", "another")))
        assert held is not None
        assert (held.seconds, held.breaker.kind, held.breaker.since) == (30.0, "connection", "2026-11-21T12:00:00Z")
        assert held.breaker.until == "2026-11-21T12:00:30Z"
    (open_one,) = _now(place.other.standing())
    assert (open_one.provider, open_one.model, open_one.in_a_row) == ("home", "", IN_A_ROW)


def test_a_provider_at_another_address_is_another_one(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    assert place.held(trying(origin="http://127.0.0.1:2")) is None


def test_an_answer_between_two_outages_starts_the_count_anew(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW - 1)
    _now(place.breakers.tell(trying(), "answered"))
    place.fails(trying(), times=IN_A_ROW - 1)
    assert place.held(trying()) is None


def test_what_is_said_of_one_model_leaves_the_others_of_the_provider_alone(place: Place) -> None:
    place.fails(trying(), Failed("overloaded"), times=IN_A_ROW)
    assert place.seconds(trying()) == 30.0
    assert place.held(trying(model="another")) is None


def test_retry_after_holds_off_at_once_and_for_exactly_as_long_but_never_more_than_an_hour(place: Place) -> None:
    place.fails(trying(), Failed("rate-limit", 17.5))
    assert place.seconds(trying()) == 17.5
    place.fails(trying(model="greedy"), Failed("rate-limit", 86_400.0))
    assert place.seconds(trying(model="greedy")) == 3600.0


def test_the_cool_down_doubles_with_each_trial_that_fails_and_has_a_bound(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    seen = []
    for number in range(8):
        seen.append(place.seconds(trying()))
        place.clock.passes(seen[-1])
        assert place.held(trying(f"trial-{number}")) is None
        place.fails(trying(f"trial-{number}"))
    assert seen == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0, 900.0]


def test_only_one_of_many_calls_in_two_processes_is_the_trial(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    place.clock.passes(30)

    async def many() -> list[HeldOff | None]:
        calls = ((place.breakers if n % 2 else place.other).admit(trying(f"r-{n}:code:0")) for n in range(30))
        return await asyncio.gather(*calls)

    found = asyncio.run(many())
    assert found.count(None) == 1
    assert {held.seconds for held in found if held} == {0.0}


def test_an_answer_to_the_trial_closes_and_the_next_outage_starts_from_the_first_cool_down(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    place.clock.passes(30)
    assert place.held(trying("trial")) is None
    _now(place.breakers.tell(trying("trial"), "answered"))
    assert (place.held(trying()), _now(place.breakers.standing())) == (None, ())
    place.fails(trying(), times=IN_A_ROW)
    assert place.seconds(trying()) == 30.0


def test_a_trial_whose_process_died_is_taken_up_by_its_repeat_at_once_and_by_others_after_its_time(
    place: Place,
) -> None:
    place.fails(trying(), times=IN_A_ROW)
    place.clock.passes(30)
    assert place.held(trying("trial")) is None
    assert _now(place.other.admit(trying("trial"))) is None
    assert place.held(trying("another")) is not None
    place.clock.passes(60)
    assert place.held(trying("another")) is None


def test_a_trial_that_ended_without_a_word_leaves_the_next_call_to_be_one(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    place.clock.passes(30)
    assert place.held(trying("cancelled")) is None
    _now(place.breakers.tell(trying("cancelled"), "untold"))
    assert place.held(trying("next")) is None
    assert place.held(trying("third")) is not None


def test_a_provider_that_refuses_is_there_though_its_model_is_still_held_off(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    place.fails(trying("r-1:code:1"), Failed("rate-limit", 600.0))
    assert place.held(trying(model="another")) is None, "a rate limit was said by somebody who is there"
    place.fails(trying(), times=IN_A_ROW)
    _now(place.breakers.tell(trying("late"), "reached"))
    assert place.held(trying(model="another")) is None
    assert place.seconds(trying()) == 600.0


def test_a_person_who_presses_gets_a_trial_before_the_time_but_no_second_one_beside_it(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW)
    assert place.held(trying("by-hand", pressing=True)) is None
    assert place.held(trying("another", pressing=True)) is not None


def test_outages_of_calls_that_were_on_their_way_do_not_make_the_cool_down_longer(place: Place) -> None:
    place.fails(trying(), times=IN_A_ROW + 5)
    assert place.seconds(trying()) == 30.0


def test_outages_that_are_hours_apart_are_not_in_a_row(place: Place) -> None:
    for _ in range(5):
        place.fails(trying())
        place.clock.passes(3601)
    assert place.held(trying()) is None


@pytest.mark.parametrize("back", [-1, -3600, -864_000])
def test_a_clock_that_is_set_back_locks_nobody_out(place: Place, back: float) -> None:
    place.fails(trying(), Failed("rate-limit", 3600.0))
    place.clock.passes(back)
    assert place.held(trying("first")) is None
    assert place.held(trying("second")) is not None, "still one at a time"
    place.fails(trying("first"), Failed("rate-limit", 20.0))
    assert place.seconds(trying()) == 20.0
    place.clock.passes(20)
    assert place.held(trying()) is None


def test_what_is_told_of_a_provider_that_answers_leaves_nothing_behind(place: Place) -> None:
    for end in ("answered", "reached", "untold"):
        _now(place.breakers.tell(replace(trying(), call_id=end), end))
    assert (place.held(trying()), _now(place.breakers.standing())) == (None, ())
