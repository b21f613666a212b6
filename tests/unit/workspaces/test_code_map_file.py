"""The file of the code map: read once, exact for each commit, private, and never a reason for an error."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.work import Hit
from pointsman.workspaces.code_map.index import CodeMap, map_file
from pointsman.workspaces.code_map.store import KEPT_COMMITS, VIEWS, Store
from pointsman.workspaces.code_map.texts import Key, Row
from pointsman.workspaces.tree import entries

FILES: dict[str, str | bytes] = {
    "shop/prices.py": "def apply_discount(price, percent):\n    return price - percent\n",
    "shop/cart.py": "from shop.prices import apply_discount\n\nclass ShoppingCart:\n    total = 0\n",
    "copies/cart.py": "from shop.prices import apply_discount\n\nclass ShoppingCart:\n    total = 0\n",
    "web/cart.rb": "class ShoppingCart\nend\n",
}
QUERY = "the discount of the shopping cart, see apply_discount"


def _open(path: str) -> bool:
    return False


def found(
    world: World,
    commit: str,
    *,
    query: str = QUERY,
    code_map: CodeMap | None = None,
    hidden: Callable[[str], bool] = _open,
) -> tuple[Hit, ...]:
    """What a map finds at a commit; without a map that is open already, one that is closed again."""

    async def look() -> tuple[Hit, ...]:
        used = code_map or CodeMap(world.root / ".git")
        try:
            files = await entries(world.root / ".git", commit)
            return await used.find(commit, files, query, limit=10, hidden=hidden)
        finally:
            if code_map is None:
                await used.close()

    return asyncio.run(look())


def file_of(world: World) -> Path:
    return map_file(world.root / ".git")


def anew(world: World, commit: str) -> tuple[Hit, ...]:
    """What a map finds that has seen nothing else."""
    kept = file_of(world).rename(file_of(world).with_suffix(".kept"))
    try:
        return found(world, commit)
    finally:
        file_of(world).unlink()
        kept.rename(file_of(world))


def test_what_was_read_once_is_not_read_from_git_again(world: World) -> None:
    first = world.commit(FILES)
    before = found(world, first)
    second = world.commit({"new.py": FILES["shop/prices.py"], "shop/cart.py": "x = 1\n"})
    found(world, second)
    trees = asyncio.run(entries(world.root / ".git", first))
    # With nothing left in the repository, only what the map holds can be found.
    (world.root / ".git").rename(world.root / "gone")
    (world.root / ".git").mkdir()
    code_map = CodeMap(world.root / ".git")
    for name in (first, "a commit of the same files"):
        again = asyncio.run(code_map.find(name, trees, QUERY, limit=10, hidden=_open))
        assert again == before
    asyncio.run(code_map.close())


def test_one_text_at_two_paths_is_found_at_both_and_kept_once(world: World) -> None:
    commit = world.commit(FILES)
    paths = [hit.path for hit in found(world, commit, query="ShoppingCart")]
    assert sorted(paths) == ["copies/cart.py", "shop/cart.py", "web/cart.rb"]
    with sqlite3.connect(file_of(world)) as base:
        assert base.execute("SELECT count(*) FROM blob").fetchone() == (3,)


def test_a_commit_has_the_same_hits_whatever_other_commits_were_read_before_and_by_whom(world: World) -> None:
    commits = [world.commit(FILES)]
    commits.append(world.commit({"shop/prices.py": "def other():\n    pass\n"}))
    # Far away from all the others, so that it takes a view of its own.
    for branch in range(VIEWS + 1):
        world.git("checkout", "-q", "--orphan", f"branch-{branch}")
        world.git("rm", "-rqf", ".")
        words = {f"b{branch}/{n}.py": f"def discount_{n}():\n    cart = {branch}\n" for n in range(20)}
        commits.append(world.commit({**words, "shop/prices.py": FILES["shop/prices.py"]}))
    fresh = {}
    found(world, commits[0])
    for commit in commits:
        fresh[commit] = anew(world, commit)
    two = (CodeMap(world.root / ".git"), CodeMap(world.root / ".git"))
    for number, commit in enumerate([*commits, *reversed(commits), commits[0], commits[2], commits[1]]):
        assert found(world, commit, code_map=two[number % 2]) == fresh[commit]
    for code_map in two:
        asyncio.run(code_map.close())


def test_the_file_can_be_read_by_its_owner_alone(world: World) -> None:
    commit = world.commit(FILES)
    file_of(world).write_bytes(b"")
    file_of(world).chmod(0o666)
    code_map = CodeMap(world.root / ".git")
    assert found(world, commit, code_map=code_map)
    beside = sorted(file_of(world).parent.glob(f"{file_of(world).name}*"))
    assert len(beside) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in beside} == {0o600}
    asyncio.run(code_map.close())


def test_a_search_that_is_cancelled_half_way_leaves_the_file_to_the_next(world: World) -> None:
    commit = world.commit(FILES)
    begun, go = threading.Event(), threading.Event()

    def slow(_path: str) -> bool:
        begun.set()
        return not go.wait(60)

    async def cancelled() -> tuple[Hit, ...]:
        code_map = CodeMap(world.root / ".git")
        files = await entries(world.root / ".git", commit)
        first = asyncio.create_task(code_map.find(commit, files, QUERY, limit=10, hidden=slow))
        await asyncio.to_thread(begun.wait, 60)
        first.cancel()
        second = asyncio.create_task(code_map.find(commit, files, QUERY, limit=10, hidden=_open))
        await asyncio.wait({first, second}, timeout=0.2)
        go.set()
        hits = await second
        await code_map.close()
        return hits

    expected = found(world, commit)
    with file_of(world).open("rb") as before:
        assert asyncio.run(cancelled()) == expected
        assert os.fstat(before.fileno()).st_nlink == 1


def test_what_is_forgotten_makes_room_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "map"
    store = Store(file)
    large = [(Key(f"{number:040}", "text"), Row("", "", f"word{number} " * 20_000)) for number in range(20)]
    for turn in range(KEPT_COMMITS + 20):
        texts = large if turn == 0 else [(Key(f"small{turn}", "text"), Row("", "x", "x"))]
        store.add(texts)
        store.show(f"commit{turn}", {key.blob: key for key, _ in texts})
    store.close()
    assert file.stat().st_size < sum(len(row.body) for _, row in large) / 3


def test_opening_a_map_anew_takes_no_lock_from_another_that_is_open(world: World) -> None:
    commit = world.commit(FILES)
    first, second = CodeMap(world.root / ".git"), CodeMap(world.root / ".git")
    assert found(world, commit, code_map=first)
    held = [line for line in _locks(file_of(world)) if line]
    assert found(world, commit, code_map=second)
    assert held and set(held) <= set(_locks(file_of(world)))
    for code_map in (first, second):
        asyncio.run(code_map.close())


def _locks(file: Path) -> list[str]:
    """The locks that this process holds on a file, as the kernel lists them without their numbers."""
    node, own = f":{file.stat().st_ino}", str(os.getpid())
    rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return sorted(" ".join(row[1:]) for row in rows if own in row and any(part.endswith(node) for part in row))


def _garbage(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


def _cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _torn(file: Path) -> None:
    with file.open("r+b") as handle:
        for place in range(5000, file.stat().st_size, 2000):
            handle.seek(place)
            handle.write(b"\xff" * 40)


def _of_another_program(file: Path) -> None:
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA user_version = 7")


def _without_a_table(file: Path) -> None:
    with sqlite3.connect(file) as base:
        base.execute("DROP TABLE text_0")


@pytest.mark.parametrize("harm", [_garbage, _cut_off, _torn, _of_another_program, _without_a_table])
def test_a_file_that_is_of_no_use_is_made_anew_without_a_word(world: World, harm: Callable[[Path], None]) -> None:
    commit = world.commit(FILES)
    expected = found(world, commit)
    harm(file_of(world))
    assert found(world, commit) == expected
    with sqlite3.connect(file_of(world)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("SELECT commit_id FROM view").fetchone() == (commit,)
    assert found(world, commit) == expected


def _a_folder(file: Path) -> None:
    file.mkdir()


def _a_link(file: Path) -> None:
    file.symlink_to(file.with_name("elsewhere"))


@pytest.mark.parametrize("obstacle", [_a_folder, _a_link])
def test_where_no_file_can_be_had_the_map_lives_in_memory(world: World, obstacle: Callable[[Path], None]) -> None:
    commit = world.commit(FILES)
    obstacle(file_of(world))
    assert found(world, commit)[0].path == "shop/prices.py"
    assert not file_of(world).with_name("elsewhere").exists()


FULL = """
import asyncio, sys
from pathlib import Path
from tests.unit.workspaces.git_world import World
from tests.unit.workspaces.test_code_map_file import found
print([hit.path for hit in found(World(Path(sys.argv[1])), sys.argv[2])])
"""


def test_a_full_disk_is_no_reason_to_find_nothing(world: World) -> None:
    commit = world.commit({**FILES, "noise.txt": " ".join(f"word{number}" for number in range(40_000))})
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(world.root), commit],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert "shop/prices.py" in done.stdout, done.stderr


def test_a_kill_in_the_middle_of_writing_costs_nothing_but_the_work(world: World) -> None:
    commit = world.commit(FILES)
    killed = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pointsman.workspaces.code_map.store import Store\n"
        "from pointsman.workspaces.code_map.texts import Key, Row\n"
        "store = Store(Path(sys.argv[1])); key = Key('0' * 40, 'text')\n"
        "store.add([(key, Row('', 'left behind', 'left behind'))])\n"
        "with store._writing():\n"
        "    store.base.execute('INSERT INTO member (view, path, blob) VALUES (0, ?, 1)', ('half',))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(file_of(world))], check=False)
    assert done.returncode == -signal.SIGKILL
    assert found(world, commit) == anew(world, commit)


def test_texts_that_no_late_commit_holds_are_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "map.sqlite")
    for number in range(KEPT_COMMITS + 30):
        key = Key(f"{number:040}", "text")
        store.add([(key, Row("", f"text {number}", f"text {number}"))])
        store.show(f"commit {number}", {"always.py": Key(f"{0:040}", "text"), "a.py": key, "b.py": key, "c.py": None})
    kept = {int(oid) for (oid,) in store.base.execute("SELECT oid FROM blob")}
    assert {0, *range(30, KEPT_COMMITS + 30)} <= kept
    assert len(kept) < KEPT_COMMITS + 30
    store.close()


def test_hidden_paths_neither_come_nor_take_the_place_of_others(world: World) -> None:
    commit = world.commit({**FILES, **{f"secret/{n}.py": "def apply_discount(): ...\n" for n in range(30)}})
    hits = found(world, commit, hidden=lambda path: path.startswith("secret/"))
    assert {hit.path for hit in hits} == {"shop/prices.py", "shop/cart.py", "copies/cart.py", "web/cart.rb"}
