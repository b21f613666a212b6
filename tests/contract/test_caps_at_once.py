"""Caps under a crowd: real doors, a real HTTP server, a real ledger; in one process, in several, and after a kill."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from tests.contract.ledger_world import CAPS, PYTHONPATH, answered, call, fits
from tests.unit.models.models_world import Seen, Sent, WallClock, as_json, ask, model, provider, saying, serving

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import Stopped
from pointsman.domain.ledger import Spent
from pointsman.domain.models import Ask, Caps, Model, Outage, Price, ProviderKind, Reply
from pointsman.models.door import Door

WIDE = Caps(100.0, 100.0, 100.0, 100.0)
# Only the answer costs, and it is as long as it may be: a call costs just what is reserved for it.
CALL_USD = 0.008
FOR_THREE = 3 * CALL_USD
ANSWER = saying(ProviderKind.OLLAMA, "Yes.", usage=(50, 1000))


def scarce(origin: str) -> Model:
    """A model at this address whose calls cost the same each time."""
    return model(provider(ProviderKind.OLLAMA, origin), price=Price(0.0, 8.0))


def question(which: Model, number: int, caps: Caps, *, run: str = "") -> Ask:
    run_id = run or f"r-{number}"
    asked = ask(which, call_id=f"{run_id}:plan:{number}", run_id=run_id, caps=caps, requester="github:7")
    return replace(asked, repository_id="repo-1")


def doors(url: str, which: Model) -> tuple[Door, SqlLedger]:
    ledger = SqlLedger(url)
    return Door({which.provider.name: which.provider}, ledger, WallClock(), lambda _: None), ledger


@dataclass
class SlowHouse:
    """Answers nobody until it is told that the crowd has been seen to."""

    go: threading.Event = field(default_factory=threading.Event)

    def answer(self, _: Seen) -> Sent:
        self.go.wait(30)
        return ANSWER


@pytest.mark.parametrize(
    "caps",
    [
        replace(WIDE, run_usd=FOR_THREE),
        replace(WIDE, phase_usd=FOR_THREE),
        replace(WIDE, repository_day_usd=FOR_THREE),
        replace(WIDE, requester_day_usd=FOR_THREE),
        replace(WIDE, installation_day_usd=FOR_THREE),
    ],
    ids=["run", "phase", "repository", "requester", "installation"],
)
def test_c2_of_a_hundred_calls_at_once_on_a_budget_for_three_three_reach_the_provider(url: str, caps: Caps) -> None:
    house = SlowHouse()
    refused: list[Stopped] = []

    async def one(door: Door, call: Ask) -> Reply | Outage | None:
        try:
            return await door.ask(call)
        except Stopped as stopped:
            refused.append(stopped)
            if len(refused) == 97:
                house.go.set()
            return None

    async def story() -> list[Reply | Outage | None]:
        door, ledger = doors(url, which)
        try:
            return await asyncio.gather(*(one(door, question(which, n, caps, run=run)) for n in range(100)))
        finally:
            await door.close()
            ledger.close()

    # A run has one budget; the caps of the day are met by a hundred runs.
    run = "r-1" if min(caps.run_usd, caps.phase_usd) == FOR_THREE else ""
    with serving(house.answer) as server:
        which = scarce(server.origin)
        results = asyncio.run(story())
        assert len(server.seen) == 3
    assert sum(isinstance(result, Reply) for result in results) == 3
    assert ({stopped.code for stopped in refused}, len(refused)) == ({"budget"}, 97)
    assert _spent(url) == pytest.approx(FOR_THREE)


_CROWD = """
import asyncio, sys
from tests.contract.test_caps_at_once import FOR_THREE, WIDE, doors, question, scarce
from dataclasses import replace
from pointsman.domain.errors import Stopped

async def story():
    which = scarce(sys.argv[2])
    door, _ = doors(sys.argv[1], which)
    calls = [question(which, int(n), replace(WIDE, repository_day_usd=FOR_THREE)) for n in sys.argv[3:]]
    results = await asyncio.gather(*(door.ask(call) for call in calls), return_exceptions=True)
    assert all(isinstance(one, Stopped) or one.text for one in results), results
    print(sum(not isinstance(one, Stopped) for one in results))

asyncio.run(story())
"""


def _crowd(url: str, origin: str, numbers: range) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _CROWD, url, origin, *map(str, numbers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": PYTHONPATH}, text=True)


def test_two_processes_on_one_ledger_share_one_budget(url: str) -> None:
    with serving(lambda _: ANSWER) as server:
        crowds = [_crowd(url, server.origin, range(start, start + 50)) for start in (0, 50)]
        admitted = [int(crowd.communicate(timeout=240)[0]) for crowd in crowds]
        assert (sum(admitted), len(server.seen)) == (3, 3)
    assert _spent(url) == pytest.approx(FOR_THREE)


def test_c8_what_a_killed_process_reserved_counts_until_it_is_asked_again_and_then_once(url: str) -> None:
    """The caps hold over the kill: dead calls hold their money, their repeats take it over, and no call more fits."""
    with serving(lambda _: replace(as_json({}), hang=60.0)) as server:
        crowd = _crowd(url, server.origin, range(3))
        _until(lambda: len(server.seen) == 3)
        crowd.kill()
        crowd.communicate(timeout=240)
        server.answer = lambda _: ANSWER
        which, caps = scarce(server.origin), replace(WIDE, repository_day_usd=FOR_THREE)
        door, ledger = doors(url, which)

        async def story() -> list[bool]:
            fits = []
            for number in (3, 0, 4, 1, 2, 5):
                try:
                    await door.ask(question(which, number, caps))
                except Stopped:
                    fits.append(False)
                else:
                    fits.append(True)
            await door.close()
            return fits

        assert asyncio.run(story()) == [False, True, False, True, True, False]
        kept = [asyncio.run(ledger.calls(f"r-{number}")) for number in range(3)]
        assert [(call.attempt, call.state) for (call,) in kept] == [(2, "answered")] * 3
        ledger.close()
    assert _spent(url) == pytest.approx(FOR_THREE)


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    made = SqlLedger(url)
    yield made
    made.close()


def test_a_requester_has_one_budget_in_all_repositories_and_nobody_elses(ledger: SqlLedger) -> None:
    caps = replace(CAPS, requester_day_usd=0.2)
    ann, bob = "github:7", "github:8"
    assert fits(ledger, replace(call("a", usd=0.15), requester=ann), caps)
    assert not fits(ledger, replace(call("b", run_id="r-2"), requester=ann), caps, "local:2")
    assert fits(ledger, replace(call("c", run_id="r-2"), requester=bob), caps, "local:2")
    assert fits(ledger, replace(call("d", run_id="r-3"), requester="gitlab:7"), caps, "local:2")
    assert fits(ledger, replace(call("e", run_id="r-4", usd=5.0), requester=ann), CAPS)


def test_what_is_paid_in_a_day_is_summed_for_whom_it_counts_and_reservations_are_not_in_it(ledger: SqlLedger) -> None:
    async def story() -> None:
        for number, (repository, requester) in enumerate([("one", "a"), ("one", "b"), ("two", "a")]):
            opened = await ledger.open_call(replace(call(f"c{number}"), requester=requester), CAPS, repository)
            await ledger.close_call(answered(opened, 0.01 * 10**number))
        await ledger.open_call(replace(call("on its way"), requester="a"), CAPS, "one")
        await ledger.open_call(replace(call("tomorrow", at="2026-11-22T00:00:00Z"), requester="a"), CAPS, "one")
        assert await ledger.spent("one", "a", "2026-11-21T23:59:59Z") == Spent("2026-11-21", 0.11, 1.01, 1.11)
        assert await ledger.spent("one", "a", "2026-11-22T00:00:00Z") == Spent("2026-11-22", 0.0, 0.0, 0.0)

    asyncio.run(story())


def _until(happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def _spent(url: str) -> float:
    """What the whole installation paid today."""
    ledger = SqlLedger(url)
    try:
        return asyncio.run(ledger.spent("", "", WallClock().now())).installation_usd
    finally:
        ledger.close()
