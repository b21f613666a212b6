"""The tree that a sandbox is given."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.errors import OwnerMust
from pointsman.workspaces.tree_export import export


def _export(world: World, commit: str, folder: Path, max_bytes: int = 1_000_000) -> None:
    asyncio.run(export(world.root / ".git", commit, folder, max_bytes=max_bytes))


def test_an_export_holds_the_bytes_of_the_objects_whatever_the_attributes_say(world: World, tmp_path: Path) -> None:
    world.git("config", "filter.evil.smudge", f"touch {tmp_path}/executed; cat")
    attributes = "*.txt filter=evil export-subst eol=crlf\nsecret.txt export-ignore\n"
    files: dict[str, str | bytes] = {
        ".gitattributes": attributes,
        "a.txt": "$Format:%H$\n",
        "secret.txt": "s\n",
        "raw.bin": b"\0\1\r\n",
    }
    _export(world, world.commit(files), tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_bytes() == b"$Format:%H$\n"
    assert (tmp_path / "out/secret.txt").exists()
    assert (tmp_path / "out/raw.bin").read_bytes() == b"\0\1\r\n"
    assert not (tmp_path / "executed").exists()
    assert not (tmp_path / "out/.git").exists()


def test_links_that_leave_the_tree_become_files_that_hold_their_text(world: World, tmp_path: Path) -> None:
    world.commit({"pkg/real.py": "x = 1\n"})
    links = {
        "pkg/near": "real.py", "up": "pkg/../pkg/real.py", "etc": "/etc/passwd", "pkg/out": "../../outside",
        "folder": "pkg", "over": "folder/../../x", "dotgit": ".git/config",
    }  # fmt: skip
    for name, text in links.items():
        (world.root / name).symlink_to(text)
    _export(world, world.commit({}), tmp_path / "out")
    out = tmp_path / "out"
    assert {name for name in links if (out / name).is_symlink()} == {"pkg/near", "up", "folder"}
    assert (out / "pkg/near").read_text() == "x = 1\n"
    assert (out / "etc").read_text() == "/etc/passwd"
    assert (out / "over").read_text() == "folder/../../x"


def test_a_submodule_is_an_empty_folder_and_modes_are_kept(world: World, tmp_path: Path) -> None:
    (world.root / "run.sh").write_text("#!/bin/sh\n")
    (world.root / "run.sh").chmod(0o755)
    head = world.commit({"plain": "x"})
    world.git("update-index", "--add", "--cacheinfo", f"160000,{head},vendor/lib")
    world.git("commit", "-q", "-m", "submodule")
    _export(world, world.git("rev-parse", "HEAD"), tmp_path / "out")
    assert list((tmp_path / "out/vendor/lib").iterdir()) == []
    assert (tmp_path / "out/run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out/plain").stat().st_mode & 0o777 == 0o644


def test_a_tree_over_the_limit_is_refused_before_anything_is_written(world: World, tmp_path: Path) -> None:
    commit = world.commit({"big": "x" * 2000})
    with pytest.raises(OwnerMust) as refused:
        _export(world, commit, tmp_path / "out", max_bytes=1000)
    assert refused.value.code == "tree-too-large"
    assert not (tmp_path / "out").exists()
