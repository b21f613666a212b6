"""Whose turn it is."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine

from hypothesis import given
from hypothesis import strategies as st

from pointsman.domain.levels import Lane
from pointsman.runs.adapters import SORTING, Queue
from pointsman.runs.turns import PASSED_OVER, PLACES, Turns


async def _worker(turns: Turns, repository: str, log: list[str], name: str, queue: Queue = Lane.BACKGROUND) -> None:
    async with turns.place(repository, queue):
        log.append(f"+{name}")
        await asyncio.sleep(0)
        log.append(f"-{name}")


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_one_run_at_a_time_works_in_a_repository_in_the_order_of_asking() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        turns = Turns()
        await asyncio.gather(*(_worker(turns, "shop", log, str(n)) for n in range(3)))
        return log

    assert asyncio.run(story()) == ["+0", "-0", "+1", "-1", "+2", "-2"]


def test_a_noisy_repository_starves_no_other() -> None:
    """C7."""

    async def story() -> list[str]:
        log: list[str] = []
        turns = Turns({Lane.BACKGROUND: 1})
        noisy = [_worker(turns, "noisy", log, f"n{n}") for n in range(5)]
        await asyncio.gather(*noisy, _worker(turns, "calm", log, "calm"))
        return log

    assert asyncio.run(story()).index("+calm") <= 4


def test_no_more_than_so_many_work_at_once() -> None:
    async def story() -> int:
        turns, most, now = Turns({Lane.BACKGROUND: 2}), 0, 0

        async def work(name: str) -> None:
            nonlocal most, now
            async with turns.place(name, Lane.BACKGROUND):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*(work(str(n)) for n in range(7)))
        return most

    assert asyncio.run(story()) == 2


def test_who_stops_waiting_leaves_the_line_and_who_was_just_called_passes_the_turn_on() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        turns = Turns()
        holding = asyncio.Event()

        async def hold() -> None:
            async with turns.place("shop", Lane.BACKGROUND):
                await holding.wait()

        holder = asyncio.create_task(hold())
        waiting = [asyncio.create_task(_worker(turns, "shop", log, name)) for name in ("a", "b", "c")]
        await _settle()
        waiting[0].cancel()
        await _settle()
        holding.set()
        await holder
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with turns.place("shop", Lane.BACKGROUND):
            log.append("free")
        return log

    log = asyncio.run(story())
    assert "+a" not in log and log[-3:] == ["+c", "-c", "free"]


def test_who_gives_up_in_the_moment_of_being_called_takes_nobodys_turn_away() -> None:
    async def story() -> int:
        turns, now, most = Turns(), 0, 0

        async def work(steps: int) -> None:
            nonlocal now, most
            async with turns.place("shop", Lane.BACKGROUND):
                now += 1
                most = max(most, now)
                for _ in range(steps):
                    await asyncio.sleep(0)
                now -= 1

        tasks = [asyncio.create_task(work(steps)) for steps in (1, 0, 1, 0)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return most

    assert asyncio.run(story()) == 1


def _held(story: Callable[[Turns, list[str]], Coroutine[object, object, object]]) -> list[str]:
    """What a story logs while every place of `background` is held by runs that never end."""

    async def told() -> list[str]:
        log: list[str] = []
        turns, never = Turns(), asyncio.Event()

        async def stuck(name: str) -> None:
            async with turns.place(name, Lane.BACKGROUND):
                await never.wait()

        holders = [asyncio.create_task(stuck(f"stuck-{n}")) for n in range(PLACES[Lane.BACKGROUND] + 3)]
        await _settle()
        doing = asyncio.create_task(story(turns, log))
        await _settle()
        for task in (*holders, doing):
            task.cancel()
        await asyncio.gather(*holders, doing, return_exceptions=True)
        return log

    return asyncio.run(told())


def test_short_work_does_not_wait_behind_background_builds_of_its_own_repository_or_of_others() -> None:
    async def story(turns: Turns, log: list[str]) -> None:
        short: tuple[Queue, ...] = (SORTING, Lane.FAST, Lane.INTERACTIVE)
        await asyncio.gather(
            *(_worker(turns, "stuck-0", log, str(queue), queue) for queue in short),
            _worker(turns, "calm", log, "behind"),
        )

    log = _held(story)
    assert log == ["+sorting", "+fast", "+interactive", "-sorting", "-fast", "-interactive"]


def test_batch_work_begins_only_when_nobody_else_waits() -> None:
    async def story(turns: Turns, log: list[str]) -> None:
        await _worker(turns, "night", log, "batch", Lane.BATCH)

    assert _held(story) == []
    log: list[str] = []
    asyncio.run(_worker(Turns(), "night", log, "batch", Lane.BATCH))
    assert log == ["+batch", "-batch"]


def test_batch_work_is_not_passed_over_for_ever() -> None:
    async def story() -> list[str]:
        log: list[str] = []
        turns = Turns()
        busy = [_worker(turns, f"shop-{n}", log, f"b{n}") for n in range(60)]
        await asyncio.gather(*busy[:10], _worker(turns, "night", log, "batch", Lane.BATCH), *busy[10:])
        return log

    begun = [entry for entry in asyncio.run(story()) if entry.startswith("+")]
    assert PASSED_OVER <= begun.index("+batch") <= PASSED_OVER + 10


_RUNS = st.lists(
    st.tuples(st.sampled_from([f"shop-{n}" for n in range(6)]), st.sampled_from([SORTING, *Lane]), st.integers(0, 4)),
    max_size=60,
)


@given(_RUNS, st.lists(st.integers(0, 59), max_size=8))
def test_everybody_comes_to_work_no_lane_holds_more_than_its_places_and_a_repository_one(
    runs: list[tuple[str, Queue, int]], given_up: list[int]
) -> None:
    async def story() -> int:
        turns, now, done = Turns(), Counter[tuple[Queue, str]](), 0

        async def work(repository: str, queue: Queue, steps: int) -> None:
            nonlocal done
            async with turns.place(repository, queue):
                now[queue, repository] += 1
                assert now[queue, repository] == 1
                assert sum(count for (lane, _), count in now.items() if lane == queue) <= PLACES[queue]
                try:
                    for _ in range(steps):
                        await asyncio.sleep(0)
                finally:
                    now[queue, repository] -= 1
            done += 1

        tasks = [asyncio.create_task(work(*run)) for run in runs]
        await asyncio.sleep(0)
        for number in given_up:
            if number < len(tasks):
                tasks[number].cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        return done + sum(task.cancelled() for task in tasks)

    assert asyncio.run(story()) == len(runs)


_SHORT: tuple[Queue, ...] = (SORTING, Lane.FAST, Lane.INTERACTIVE, Lane.BACKGROUND)


@given(st.sampled_from(_SHORT), st.integers(1, 12))
def test_no_lane_waits_for_another_however_full_that_is(lane: Queue, crowd: int) -> None:
    """Every place of all the other lanes is held for ever, and as many wait for one; this lane works all the same."""

    async def story() -> list[str]:
        log: list[str] = []
        turns, never = Turns(), asyncio.Event()

        async def stuck(name: str, queue: Queue) -> None:
            async with turns.place(name, queue):
                await never.wait()

        others = [queue for queue in PLACES if queue != lane]
        holders = [asyncio.create_task(stuck(f"stuck-{n}", queue)) for queue in others for n in range(crowd + 4)]
        await _settle()
        await asyncio.wait_for(asyncio.gather(*(_worker(turns, f"s{n}", log, "", lane) for n in range(crowd))), 10)
        for task in holders:
            task.cancel()
        await asyncio.gather(*holders, return_exceptions=True)
        return log

    assert len(asyncio.run(story())) == 2 * crowd
