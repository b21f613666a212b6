"""T14: what a hostile tree leaves behind in anything that outlives its job is seen by no later one."""

import asyncio
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world
from tests.worlds import repositories
from tests.worlds.repositories import git

from pointsman.domain.run import Repository
from pointsman.domain.work import Hit, SandboxJob
from pointsman.workspaces.workspace import GitWorkspace

POISON = (
    "import os, pathlib, site, sys\n"
    "folders = [os.environ['HOME'], os.environ['TMPDIR'], '.', sys.prefix, sys.base_prefix]\n"
    "folders += [*site.getsitepackages(), '.pytest_cache', '__pycache__', '/var/tmp', '/tmp']\n"
    "folders += [folder + '/.cache/pip' for folder in folders]\n"
    "for folder in folders:\n"
    "    try:\n"
    "        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)\n"
    "        for name in ('poison.py', 'poison.pth', 'sitecustomize.py'):\n"
    "            pathlib.Path(folder, name).write_text(\"print('poisoned')\")\n"
    "        print('wrote', folder)\n"
    "    except OSError: pass\n"
)
LOOK = "import os, sys\nsys.path += [os.environ['HOME'], os.environ['TMPDIR']]\nimport poison\n"


@pytest.mark.parametrize("tier", world.TIERS)
def test_t14_what_a_job_writes_wherever_it_can_is_gone_for_the_next(tmp_path: Path, tier: str) -> None:
    made = world.repository(tmp_path)
    held = world.sandbox(made, tier)
    commit = made.commit({"hostile.py": POISON, "later.py": LOOK})

    def ran(*command: str) -> str:
        return asyncio.run(held.run(SandboxJob(commit, (command,), 30, 256)))[0].tail

    assert ran("python", "hostile.py").count("wrote") >= 3
    assert "No module named 'poison'" in ran("python", "later.py")
    assert not list(Path(world.own_toolchains()[0].root).rglob("poison.p*"))


def test_t14_the_tree_of_a_fork_does_not_poison_the_map_of_the_code(tmp_path: Path) -> None:
    """One home: a fork's commit is searched first, with files that claim the names of base's; then base, later."""
    story = repositories.buggy_package(tmp_path)
    root = story.repository
    base = git(root, "rev-parse", "HEAD")
    lie = 'POISON = "discounted price percent"\n\n\ndef discounted(price, percent):\n    """poison"""\n'
    for path in ("shop/prices.py", "shop/better.py", "README.md"):
        repositories.write(root, path, lie * 20)
    hostile = repositories.commit(root, "hostile")
    git(root, "update-ref", "refs/heads/fork", hostile)
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    expected = _found(alone, root, base)
    poisoned = _found(shared, root, "fork")
    assert any("poison" in hit.excerpt.casefold() for hit in poisoned)
    assert _found(shared, root, base) == expected
    assert not any("poison" in hit.excerpt.casefold() or "better" in hit.path for hit in expected)


def _found(home: Path, root: Path, revision: str) -> tuple[Hit, ...]:
    """What a run of its own finds in a repository."""
    repository = Repository("local", "t14", "shop", str(root), "main")

    async def search() -> tuple[Hit, ...]:
        workspace = GitWorkspace.open(home, repository)
        commit = await workspace.fetch(repository, revision)
        return await workspace.search(commit, "the discounted price takes off a percent", 5)

    return asyncio.run(search())
