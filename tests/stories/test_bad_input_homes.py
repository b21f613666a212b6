"""Homes that cannot be used, a full disk, and repositories that would like to run something."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.worlds.mishaps import told_once, undisturbed
from tests.worlds.repositories import commit, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import Said, Stage, environment, staged, usual

_FULL = 'mount -t tmpfs -o mode=700,size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def _homeless(stage: Stage) -> None:
    stage.home.write_text("a file", encoding="utf-8")


def _broken(name: str) -> Callable[[Stage], None]:
    def spoil(stage: Stage) -> None:
        stage.home.mkdir()
        (stage.home / name).write_bytes(b"no database at all " * 400)

    return spoil


def _key(mode: int) -> Callable[[Stage], None]:
    def spoil(stage: Stage) -> None:
        key = stage.home / "keys/signing.pem"
        write(stage.home, "keys/signing.pem", "no key at all")
        key.chmod(mode)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (_homeless, "home", "Name another with --home"),
        (_broken("engine.sqlite"), "engine", "Restore it from a backup, or move it away"),
        (_broken("ledger.sqlite"), "ledger", "restore it from a backup"),
        (_key(0o644), "signing-key", "can be read by others"),
        (_key(0o600), "signing-key", "is no PEM key"),
    ],
)
def test_a_home_that_cannot_be_used_is_said_before_anything_is_paid_for(
    tmp_path: Path, spoil: Callable[[Stage], None], code: str, words: str
) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        spoil(stage)
        with undisturbed(stage):
            said = stage.does("run", *stage.about(), with_policy=True)
        assert (said.code, told_once(said)) == (3, code), said
        assert words in said.told
        assert stage.asked() == []


def test_a_full_disk_is_told_and_the_repository_is_left_alone(tmp_path: Path) -> None:
    unshare = shutil.which("unshare") or "unshare"
    alone = [unshare, "--mount"] if os.geteuid() == 0 else [unshare, "--user", "--map-root-user", "--mount"]
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        stage.home.mkdir()
        for size in ("160k", "700k", "850k"):
            words = stage.command("run", *stage.about(), with_policy=True)
            argv = [*alone, "sh", "-c", _FULL, "sh", size, str(stage.home), *words]
            with undisturbed(stage):
                done = subprocess.run(
                    argv, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=240
                )
            said = Said(done.returncode, done.stdout, done.stderr)
            assert (said.code, told_once(said)) == (3, "disk-full"), (size, said)


def test_nothing_that_a_repository_names_is_started(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        ran = tmp_path / "ran"
        write(stage.repository, ".gitattributes", "* filter=evil diff=evil\n")
        commit(stage.repository, "Name programs")
        settings = {
            "core.fsmonitor": "fsmonitor",
            "core.sshCommand": "ssh",
            "filter.evil.clean": "clean",
            "filter.evil.process": "process",
            "filter.e=vil.clean": "other",
            "diff.evil.textconv": "textconv",
            "diff.evil.command": "diff",
            "gpg.program": "gpg",
        }
        for name, word in settings.items():
            stage.git("config", name, f"echo {word} >> {ran}; cat")
        stage.git("config", "filter.evil.required", "true")
        stage.git("config", "log.showSignature", "true")
        for hook in ("post-commit", "reference-transaction", "post-index-change", "update", "pre-push"):
            write(stage.repository, f".git/hooks/{hook}", f"#!/bin/sh\necho {hook} >> {ran}\n")
            (stage.repository / ".git/hooks" / hook).chmod(0o755)
        write(stage.repository, "shop/prices.py", stage.story.buggy + "# later\n")
        with undisturbed(stage):
            said = stage.does("run", *stage.about(), with_policy=True)
    assert said.code == 0, said
    assert "Not committed, so not seen by this run: shop/prices.py." in said.err
    assert not ran.exists()
