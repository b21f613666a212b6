"""Plain `git blame` and `pointsman audit blame` in turns, on a file of 5,000 lines with 500 signed notes.

`python -m benchmarks.blame --folder FOLDER` makes the repository there once (some minutes) and takes the times.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.unit.audit.blame_world import ADA, BotWorld, Step

from benchmarks.measured import Cost, measure
from pointsman.audit.keys.signing import load_or_make_key
from pointsman.entrypoints.blame_at import Target, blame_at
from pointsman.entrypoints.settings import read_settings

RUNS, LINES = 500, 5_000
_WORDS = ("order", "price", "stock", "total", "items", "count", "state", "user", "name", "value", "list", "check")


def main() -> int:
    """Make the repository if it is not there, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    if not (folder / "ready").exists():
        made = history(folder / "shop")
        (folder / "ready").write_text(made, encoding="utf-8")
    path = (folder / "ready").read_text(encoding="utf-8")
    key = folder / "public.pem"
    key.write_bytes(load_or_make_key(folder / "shop-keys" / "key.pem").public_pem)
    taken(folder / "shop", path, key, asked.rounds)
    return 0


def history(where: Path) -> str:
    """People and a bot work on one file, which is renamed twice; the path that it has in the end."""
    chance = random.Random(7)
    world, path = BotWorld.made(where), "shop.py"
    lines = [_line(chance) for _ in range(LINES - 2 * RUNS)]
    world.commit({path: _text(lines), ".gitattributes": "* -text\n"})
    for number in range(RUNS):
        world.git("checkout", "--quiet", "-b", f"work-{number}")
        lines = _changed(lines, chance, grows=2)
        world.run(f"r-{number:03}", Step({path: _text(lines)}, chance.choice(("coder", "bigger"))))
        world.git("checkout", "--quiet", "main")
        world.git("merge", "--quiet", "--no-ff", "-m", f"Merge change {number}", f"work-{number}")
        world.git("branch", "--quiet", "-D", f"work-{number}")
        if number % 2:
            lines = _changed(lines, chance, grows=0)
            world.commit({path: _text(lines)}, who=chance.choice((ADA, ("Bob", "bob@example.org"))))
        if number in (RUNS // 3, 2 * RUNS // 3):
            path, old = f"shop_{number}.py", path
            world.git("mv", old, path)
            world.commit({}, "Call it by another name")
    world.git("gc", "--quiet")
    return path


def _line(chance: random.Random) -> str:
    return f"{'    ' * chance.randrange(4)}{' '.join(chance.choices(_WORDS, k=5))}  {chance.randrange(10**6)}"


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _changed(lines: list[str], chance: random.Random, *, grows: int) -> list[str]:
    """Three places changed, a few lines each, as a change of a person or a model is."""
    lines = list(lines)
    for place in range(3):
        at, size = chance.randrange(len(lines)), chance.randrange(1, 6)
        more = grows if place == 0 else 0
        lines[at : at + size] = [_line(chance) for _ in range(size + more)]
    return lines[:LINES]


def taken(repository: Path, path: str, key: Path, rounds: int) -> None:
    """Take both in turns after one round that is not counted, and print the medians, and how they compare."""
    plain = ["git", "-C", str(repository), "blame", "--porcelain", "main", "--", path]
    bot = [str(Path(sys.executable).parent / "pointsman"), "audit", "blame", path, "--rev", "main"]
    bot += ["--repo", str(repository), "--key", str(key), "--format", "lines"]
    costs: dict[str, list[Cost]] = {"git blame": [], "pointsman audit blame": []}
    inside: list[float] = []
    settings = read_settings(key.parent / "home")
    for number in range(rounds + 1):
        for name, command in zip(costs, (plain, bot), strict=True):
            measured = measure(command, cwd=repository, env={"PATH": os.environ["PATH"], "HOME": str(key.parent)})
            if measured.cost.exit_code:
                raise SystemExit(measured.errors)
            costs[name] += [measured.cost] if number else []
        spent = _timed(lambda: asyncio.run(blame_at(Target(repository, path, "main"), (key,), lambda: settings)))
        inside += [spent] if number else []
    walls = {name: [cost.wall_seconds for cost in found] for name, found in costs.items()}
    walls["the same, program already started"] = inside
    for name, found in walls.items():
        processor = [cost.processor_seconds for cost in costs.get(name, ())]
        own = f"  processor {statistics.median(processor):.2f} s" if processor else ""
        times = [one / git for one, git in zip(found, walls["git blame"], strict=True)]
        told = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        print(f"{name:34} wall {statistics.median(found):.2f} s{own}  times git's wall in the same round: {told}")


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
