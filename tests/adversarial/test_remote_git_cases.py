"""Hostile servers, repositories and refs over HTTP: G1, G4 to G8, G10 and G12 as they concern a forge."""

import asyncio
import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.worlds.git_http import GitServer, Held, redirecting
from tests.worlds.hub import READ, WRITE, Hub, command_lines, running_hub
from tests.worlds.repositories import git

from pointsman.domain.errors import OwnerMust, PointsmanError, TryAgain


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as found:
        yield found


def _plant(hub: Hub, *rows: bytes) -> None:
    """Put entries (mode, blank, name) into the tree of the server's main branch that git itself would not."""
    blob = git(hub.bare, "rev-parse", "main:README.md")
    raw = b"".join(row + b"\0" + bytes.fromhex(blob) for row in sorted(rows))
    made = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        cwd=hub.bare, input=raw, capture_output=True, check=True,
    )  # fmt: skip
    commit = git(hub.bare, "commit-tree", made.stdout.decode().strip(), "-p", "main", "-m", "hostile")
    git(hub.bare, "update-ref", "refs/heads/main", commit)


def test_g1_submodules_are_never_followed_and_hostile_ones_are_refused(hub: Hub) -> None:
    sign = hub.where / "executed"
    head = git(hub.mine, "rev-parse", "HEAD")
    git(hub.mine, "update-index", "--add", "--cacheinfo", f"160000,{head},x")
    hub.push(".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = {hub.server.url}/acme/other\n')
    hub.fetch()
    assert not any("other" in asked.path for asked in hub.server.asked)
    hub.push(
        ".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% {sign}\n\tupdate = !touch {sign}\n'
    )
    with pytest.raises(OwnerMust) as refused:
        hub.fetch()
    assert refused.value.code == "hostile-tree"
    assert not sign.exists()


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".g\u200cit", "..", ".git::$INDEX_ALLOCATION", ".git "])
def test_g4_a_hostile_tree_never_reaches_the_mirror(hub: Hub, name: str) -> None:
    hub.fetch()
    _plant(hub, b"100644 README.md", b"100644 " + name.encode())
    commit = git(hub.bare, "rev-parse", "main")
    with pytest.raises(OwnerMust) as refused:
        hub.fetch()
    assert refused.value.code == "hostile-tree"
    assert commit not in git(hub.mirror, "cat-file", "--batch-check", "--batch-all-objects")


def test_g4_an_old_mistake_in_a_tree_that_harms_nobody_stops_nobody(hub: Hub) -> None:
    _plant(hub, b"0100644 README.md")
    assert hub.fetch() == git(hub.bare, "rev-parse", "main")


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=touch x",
        "-h",
        "a\nb",
        "HEAD@{1}",
        "a..b",
        "x" * 301,
        "main:README.md",
        "",
        "a b",
        "*",
        "a?",
        "^x",
    ],
)
def test_g5_a_name_that_is_no_name_never_reaches_the_forge(hub: Hub, name: str) -> None:
    base = hub.fetch()
    asked = len(hub.server.asked)
    for call in (hub.fetch, hub.head):
        with pytest.raises(OwnerMust) as refused:
            call(name)
        assert refused.value.code == "unknown-revision"
    with pytest.raises(OwnerMust) as refused:
        hub.publish(base, f"pointsman/{name}")
    assert refused.value.code == "branch-refused"
    assert len(hub.server.asked) == asked


def test_g6_a_redirect_is_not_followed_and_the_credential_is_not_sent_there(hub: Hub) -> None:
    grown = hub.grow(hub.fetch())
    calls: tuple[Callable[[], object], ...] = (
        lambda: asyncio.run(hub.origin().fetch(hub.mirror, "HEAD")), hub.head, lambda: hub.publish(grown),
    )  # fmt: skip
    with GitServer(hub.where / "served").running() as elsewhere:
        for status in (301, 302, 307, 308):
            hub.server.trouble = redirecting(elsewhere.url, status=status)
            for call in calls:
                with pytest.raises(OwnerMust) as refused:
                    call()
                assert refused.value.code == "repository-moved"
        assert elsewhere.asked == []


def test_g6_a_redirect_in_the_middle_of_an_operation_is_not_followed_either(hub: Hub) -> None:
    with GitServer(hub.where / "served").running() as elsewhere:
        away = redirecting(elsewhere.url, status=307)
        hub.server.trouble = lambda request: request.command == "POST" and away(request)
        with pytest.raises(PointsmanError):
            hub.fetch()
        assert elsewhere.asked == []


def test_g7_proxies_and_rewrites_of_the_machine_have_no_say(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with GitServer(hub.where / "served").running() as elsewhere:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.url)
        home = hub.where / "person"
        home.mkdir()
        (home / ".gitconfig").write_text(f'[url "{elsewhere.url}/"]\n\tinsteadOf = {hub.server.url}/\n')
        (home / ".netrc").write_text("machine 127.0.0.1 login x password y\n")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        hub.publish(hub.grow(hub.fetch()))
        assert elsewhere.asked == []
    assert {asked.token for asked in hub.server.asked} <= {READ, WRITE}


def test_g7_a_mirror_that_was_tampered_with_does_not_lead_elsewhere(hub: Hub) -> None:
    hub.fetch()
    sign = hub.where / "executed"
    with GitServer(hub.where / "served").running() as elsewhere:
        git(hub.mirror, "config", f"url.{elsewhere.url}/.insteadOf", f"{hub.server.url}/")
        git(hub.mirror, "config", "core.sshCommand", f"touch {sign}")
        git(hub.mirror, "config", "credential.helper", f"!touch {sign}")
        git(hub.mirror, "config", "http.proxy", elsewhere.url)
        hub.push("more.py", "x = 1\n")
        hub.publish(hub.grow(hub.fetch()))
        assert elsewhere.asked == []
    assert not sign.exists()


def test_g8_a_repository_over_the_limit_is_aborted_cleanly(hub: Hub) -> None:
    hub.push("noise.bin", hashlib.shake_256(b"noise").digest(3_000_000))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(hub.origin(max_bytes=500_000).fetch(hub.mirror, "main"))
    assert refused.value.code == "repository-too-large"
    assert [path.name for path in hub.mirror.parent.iterdir() if path.is_dir()] == ["m.git"]
    assert git(hub.mirror, "cat-file", "--batch-check", "--batch-all-objects") == ""
    hub.fetch()


def test_g8_a_small_pack_that_unpacks_to_much_is_refused(hub: Hub) -> None:
    hub.push("zeros.bin", bytes(40_000_000))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(hub.origin(max_bytes=10_000_000).fetch(hub.mirror, "main"))
    assert refused.value.code == "repository-too-large"
    assert git(hub.mirror, "cat-file", "--batch-check", "--batch-all-objects") == ""


def test_g8_a_tree_that_holds_itself_over_and_over_is_given_up(hub: Hub) -> None:
    row = b"100644 a\0" + bytes.fromhex(git(hub.bare, "rev-parse", "main:README.md"))
    tree = ""
    for _ in range(6):
        made = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin"],
            cwd=hub.bare,
            input=row,
            capture_output=True,
            check=True,
        )
        tree = made.stdout.decode().strip()
        row = b"".join(b"40000 d%02d\0" % number + bytes.fromhex(tree) for number in range(60))
    commit = git(hub.bare, "commit-tree", tree, "-m", "bomb")
    git(hub.bare, "update-ref", "refs/heads/main", commit)
    with pytest.raises(PointsmanError) as refused:
        hub.fetch()
    assert refused.value.code == "repository-too-large"
    assert git(hub.mirror, "cat-file", "--batch-check", "--batch-all-objects") == ""


def test_g8_a_server_that_never_ends_is_left_after_the_time(hub: Hub) -> None:
    hub.server.trouble = held = Held("/git-upload-pack")
    with pytest.raises(TryAgain) as refused:
        asyncio.run(hub.origin(seconds=0.4).fetch(hub.mirror, "main"))
    held.release.set()
    assert refused.value.code == "unreachable"
    # What was killed may take a moment to be gone.
    for _ in range(3000):
        if not any(hub.url.encode() in line for line in command_lines().values()):
            return
        time.sleep(0.02)
    raise AssertionError("git is still there")


def test_g8_ten_thousand_refs_of_others_are_not_sent(hub: Hub) -> None:
    head = git(hub.bare, "rev-parse", "main")
    rows = "".join(f"create refs/pull/{number}/head {head}\n" for number in range(10_000))
    subprocess.run(["git", "update-ref", "--stdin"], cwd=hub.bare, input=rows.encode(), check=True)
    assert hub.fetch() == head
    assert hub.head("main") == head
    assert hub.server.git.sent_bytes < 20_000


def test_g10_a_base_that_was_rewritten_or_is_gone_stops_the_push(hub: Hub) -> None:
    first = git(hub.bare, "rev-parse", "main")
    hub.push("second.py", "x = 1\n")
    grown = hub.grow(hub.fetch())
    git(hub.bare, "update-ref", "refs/heads/main", first)
    before = hub.refs()
    with pytest.raises(OwnerMust) as refused:
        hub.publish(grown)
    assert refused.value.code == "unrelated-commit"
    assert hub.refs() == before
    git(hub.bare, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(OwnerMust) as refused:
        hub.fetch()
    assert refused.value.code == "unknown-revision"


def test_g10_a_branch_that_moves_between_the_look_and_the_push_is_left_alone(hub: Hub) -> None:
    base = hub.fetch()
    grown = hub.grow(base)
    theirs = git(hub.bare, "commit-tree", "main^{tree}", "-p", "main", "-m", "theirs")
    for expected in (None, base):
        if expected:
            git(hub.bare, "update-ref", "refs/heads/pointsman/1", expected)
        ended = hub.while_held(
            "/git-receive-pack",
            partial(hub.publish, grown, expected=expected),
            partial(git, hub.bare, "update-ref", "refs/heads/pointsman/1", theirs),
        )  # fmt: skip
        assert isinstance(ended, OwnerMust)
        assert ended.code == "branch-moved"
        assert hub.head() == theirs
        git(hub.bare, "update-ref", "-d", "refs/heads/pointsman/1")


@pytest.mark.parametrize(
    "branch",
    [
        "main", "release", "refs/heads/main", "pointsman", "pointsman/", "Pointsman/x", "x/pointsman/y",
        "pointsman/../main", "pointsman/a.lock", "pointsman//x", "pointsman/x/", "+pointsman/x", "pointsman/x:main",
    ],
)  # fmt: skip
def test_g12_only_branches_of_ours_are_ever_pushed(hub: Hub, branch: str) -> None:
    base = hub.fetch()
    before, asked = hub.refs(), len(hub.server.asked)
    with pytest.raises(OwnerMust) as refused:
        hub.publish(base, branch, base)
    assert refused.value.code == "branch-refused"
    assert (hub.refs(), len(hub.server.asked)) == (before, asked)


def test_g12_a_push_adds_one_branch_and_nothing_else(hub: Hub) -> None:
    base = hub.fetch()
    grown = hub.grow(base)
    git(hub.mirror, "tag", "v1", grown)
    git(hub.mirror, "update-ref", "refs/heads/main", grown)
    git(hub.mirror, "config", "push.followTags", "true")
    git(hub.mirror, "config", "remote.origin.push", "+refs/heads/*:refs/heads/*")
    before = hub.refs()
    hub.publish(grown)
    assert hub.refs() - before == {f"refs/heads/pointsman/1 {grown}"}
    assert before <= hub.refs()
