"""An installation of many repositories holds the indexes of a few of them open."""

import asyncio
from dataclasses import replace
from pathlib import Path

from pointsman.domain.run import Repository
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import MOST_WORKSPACES, Installation


def test_only_the_repositories_asked_for_last_keep_their_workspace(
    tmp_path: Path,
) -> None:
    installation = Installation(read_settings(tmp_path))
    one = Repository("local", "0", "repository-0", str(tmp_path), "main")

    async def many() -> None:
        first = await installation.workspace(one)
        assert await installation.workspace(one) is first
        for number in range(1, MOST_WORKSPACES + 1):
            await installation.workspace(replace(one, id=str(number), name=f"repository-{number}"))
        assert await installation.workspace(one) is not first
        await installation.close()

    asyncio.run(many())
