"""Whether a run waits for models that are out: how long, how often, and when it gives up."""

from dataclasses import replace

import pytest

from pointsman.domain.breaker import OutageKind
from pointsman.domain.models import Outage
from pointsman.policy.waiting import FIRST_WAIT, MOST_WAITS, SHORT, Patience, pause_after

LOCAL = Patience(3600.0, 0.0, 0, is_served=False, key="r-1:code:0")
SERVED = replace(LOCAL, is_served=True)


def out(kind: OutageKind, after: float = 0.0, *, model: str = "coder", held: bool = False) -> Outage:
    return Outage("r-1:code:0", model, "home", kind, "No.", after, held)


@pytest.mark.parametrize("patience", [LOCAL, SERVED])
def test_what_a_provider_asks_for_is_waited_to_the_second(patience: Patience) -> None:
    pause = pause_after([out("rate-limit", 17.0)], patience)
    assert pause is not None
    assert (pause.seconds, pause.model, pause.kind) == (17.0, "coder", "rate-limit")


def test_of_several_models_the_soonest_is_waited_for() -> None:
    pause = pause_after([out("rate-limit", 900.0), out("server", 40.0, model="spare")], LOCAL)
    assert pause is not None
    assert (pause.seconds, pause.model) == (40.0, "spare")


@pytest.mark.parametrize("kind", ["rate-limit", "overloaded"])
def test_without_a_word_from_the_provider_each_wait_is_about_twice_as_long(kind: OutageKind) -> None:
    for waits in range(MOST_WAITS):
        pause = pause_after([out(kind)], replace(LOCAL, waits=waits))
        assert pause is not None
        assert 0.75 <= pause.seconds / (FIRST_WAIT * 2**waits) <= 1.25


def test_two_runs_that_meet_the_same_outage_do_not_come_back_at_the_same_moment_but_a_replay_does() -> None:
    drawn = [pause_after([out("overloaded")], replace(LOCAL, key=f"r-{n}:code:0")) for n in range(20)]
    assert len(set(drawn)) > 10
    assert pause_after([out("overloaded")], LOCAL) == pause_after([out("overloaded")], LOCAL)


def test_after_so_many_waits_for_one_question_it_is_given_up() -> None:
    assert pause_after([out("rate-limit", 1.0)], replace(LOCAL, waits=MOST_WAITS)) is None


def test_no_wait_goes_beyond_the_time_of_the_phase() -> None:
    assert pause_after([out("rate-limit", 100.0)], replace(LOCAL, waited=3500.0)) is not None
    assert pause_after([out("rate-limit", 101.0)], replace(LOCAL, waited=3500.0)) is None


@pytest.mark.parametrize("kind", ["connection", "timeout", "server"])
def test_a_provider_that_is_not_there_is_waited_for_shortly_where_nobody_could_start_it(kind: OutageKind) -> None:
    assert pause_after([out(kind)], LOCAL) is None
    assert pause_after([out(kind, 20.0, held=True)], LOCAL) is None
    assert pause_after([out(kind)], SERVED) is not None
    assert pause_after([out(kind, 20.0, held=True)], replace(SERVED, waited=SHORT - 20)) is not None
    assert pause_after([out(kind, 20.0, held=True)], replace(SERVED, waited=SHORT - 19)) is None
