"""Whose turn it is."""

import asyncio

from pointsman.runs.turns import Turns


async def _worker(turns: Turns, repository: str, log: list[str], name: str) -> None:
    async with turns.place(repository):
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
        turns = Turns(at_once=1)
        noisy = [_worker(turns, "noisy", log, f"n{n}") for n in range(5)]
        await asyncio.gather(*noisy, _worker(turns, "calm", log, "calm"))
        return log

    assert asyncio.run(story()).index("+calm") <= 4


def test_no_more_than_so_many_work_at_once() -> None:
    async def story() -> int:
        turns, most, now = Turns(at_once=2), 0, 0

        async def work(name: str) -> None:
            nonlocal most, now
            async with turns.place(name):
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
            async with turns.place("shop"):
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
        async with turns.place("shop"):
            log.append("free")
        return log

    log = asyncio.run(story())
    assert "+a" not in log and log[-3:] == ["+c", "-c", "free"]
