"""Fetching from a forge and pushing to it over HTTP, with every way in which that can end."""

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.worlds import repositories
from tests.worlds.git_http import GitServer, Held, Trouble, failing, hanging_up, redirecting
from tests.worlds.hub import READ, WRITE, Hub, running_hub
from tests.worlds.repositories import git

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, TryAgain
from pointsman.domain.work import CommitText, EditOrder, EditRefusal, EditRules, Write
from pointsman.workspaces.git import GitFailed
from pointsman.workspaces.git_errors import told_of_push
from pointsman.workspaces.note_source import GitNoteSource
from pointsman.workspaces.origin import RemoteOrigin
from pointsman.workspaces.transport import Operation
from pointsman.workspaces.workspace import GitWorkspace

TEXT = CommitText("Change", "", (), "2026-11-21T10:00:00Z")


async def _token(operation: Operation) -> str:
    return operation


async def _never_asked(operation: Operation) -> str:
    raise AssertionError(operation)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as found:
        yield found


def test_a_whole_change_goes_from_the_forge_and_back_by_way_of_the_workspace(hub: Hub) -> None:
    workspace = GitWorkspace.open(hub.home, hub.repository, hub.origin())

    async def change() -> tuple[str, str]:
        base = await workspace.fetch(hub.repository, "main")
        order = EditOrder(base, base, "m", EditRules(), TEXT)
        patch = await workspace.apply(order, (Write("new.py", "x = 1\n"),))
        assert not isinstance(patch, EditRefusal)
        noted = await workspace.record(patch.commit, {".pointsman/audit/1.json": b"{}"}, TEXT)
        await workspace.publish(noted, hub.repository.location, "pointsman/1-x", None)
        assert await workspace.branch_head(hub.repository.location, "pointsman/1-x") == noted
        return base, noted

    base, noted = asyncio.run(change())
    assert base == git(hub.bare, "rev-parse", "main")
    assert git(hub.bare, "log", "--format=%H", "pointsman/1-x").split()[0] == noted
    assert git(hub.bare, "diff", "--name-only", "main", "pointsman/1-x").split() == [
        ".pointsman/audit/1.json",
        "new.py",
    ]
    git(hub.bare, "fsck", "--strict")
    assert hub.operations == ["read", "write", "read"]


def test_a_branch_head_or_any_commit_by_its_id_is_fetched_without_its_history(hub: Hub) -> None:
    first = git(hub.mine, "rev-parse", "HEAD")
    second = hub.push("a.py", "a = 1\n")
    side = hub.push("b.py", "b = 1\n", ref="refs/heads/side/deep")
    pull = hub.push("c.py", "c = 1\n", ref="refs/pull/7/head")
    for revision, commit in (("main", second), ("HEAD", second), ("side/deep", side), (pull, pull)):
        assert hub.fetch(revision) == commit
    with pytest.raises(OwnerMust):
        asyncio.run(GitNoteSource.of_mirror(hub.mirror).resolve(first))
    assert hub.fetch(first) == first


def test_a_commit_that_is_there_is_asked_of_nobody(hub: Hub) -> None:
    head = hub.fetch()
    asked, operations = len(hub.server.asked), list(hub.operations)
    assert hub.fetch(head) == head
    assert (len(hub.server.asked), hub.operations) == (asked, operations)


def test_only_what_is_new_is_sent_and_two_shallow_commits_can_be_compared(hub: Hub) -> None:
    hub.push("large.bin", hashlib.shake_256(b"large").digest(300_000))
    base = hub.fetch()
    sent = hub.server.git.sent_bytes
    hub.push("between.py", "y = 1\n")
    head = hub.push("shop/prices.py", repositories.FIXED)
    assert hub.fetch() == head
    assert hub.server.git.sent_bytes - sent < 5_000 < sent
    workspace = GitWorkspace(hub.mirror, hub.repository)
    diff = asyncio.run(workspace.diff(base, head))
    assert "+y = 1" in diff
    assert "large.bin" not in diff


def test_a_push_is_as_small_as_its_change_though_the_base_has_moved_on(hub: Hub) -> None:
    hub.push("large.bin", hashlib.shake_256(b"large").digest(300_000))
    base = hub.fetch()
    hub.push("later.py", "z = 1\n")
    received = hub.server.git.received_bytes
    hub.publish(hub.grow(base))
    assert hub.server.git.received_bytes - received < 5_000
    assert git(hub.bare, "merge-base", "main", "pointsman/1") == base
    git(hub.bare, "fsck", "--strict")


def test_several_may_fetch_and_push_through_the_same_mirror_at_once(hub: Hub) -> None:
    commits = [hub.push(f"{number}.py", f"x = {number}\n") for number in range(4)]
    base = hub.fetch(commits[0])
    grown = hub.grow(base)
    origin = hub.origin()

    async def all_at_once() -> list[str]:
        push = origin.publish(hub.mirror, grown, branch="pointsman/1", expected_head=None)
        found = await asyncio.gather(*(origin.fetch(hub.mirror, each) for each in commits * 2), push)
        return [each for each in found if each is not None]

    assert asyncio.run(all_at_once()) == commits * 2
    assert hub.head() == grown
    assert [path.name for path in hub.mirror.parent.iterdir() if path.is_dir()] == ["m.git"]
    for number, commit in enumerate(commits):
        assert git(hub.mirror, "cat-file", "blob", f"{commit}:{number}.py") == f"x = {number}"


@pytest.mark.parametrize(
    ("trouble", "family", "code", "after"),
    [
        (failing(401, text="Bad credentials"), OperatorMust, "credentials", 0),
        (failing(403, text="Write access to repository not granted."), OperatorMust, "credentials", 0),
        (failing(403, when="/git-upload-pack"), OperatorMust, "credentials", 0),
        (failing(404), OwnerMust, "repository-gone", 0),
        (failing(429), TryAgain, "unreachable", 60),
        (failing(500), TryAgain, "unreachable", 30),
        (failing(503, when="/git-upload-pack"), TryAgain, "unreachable", 30),
        (failing(200, text="<html>\n<p>We are down for maintenance.\n"), TryAgain, "unreachable", 30),
        (failing(418), OperatorMust, "git-failed", 0),
        (hanging_up(), TryAgain, "unreachable", 30),
        (hanging_up(when="/git-upload-pack"), TryAgain, "unreachable", 30),
        (redirecting("http://127.0.0.1:9", status=301), OwnerMust, "repository-moved", 0),
    ],
)
def test_what_the_server_says_is_told_by_who_can_mend_it(
    hub: Hub, trouble: Trouble, family: type[PointsmanError], code: str, after: float
) -> None:
    hub.server.trouble = trouble
    for call in (hub.fetch, hub.head):
        with pytest.raises(family) as refused:
            call()
        assert refused.value.code == code
        if isinstance(refused.value, TryAgain):
            assert refused.value.after == after
    hub.server.trouble = None
    assert hub.fetch() == git(hub.bare, "rev-parse", "main")


def test_a_server_that_is_not_there_is_asked_again_later(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    with hub.server.running():
        origin = hub.origin()
    with pytest.raises(TryAgain) as refused:
        asyncio.run(origin.fetch(hub.mirror, "main"))
    assert (refused.value.code, refused.value.after) == ("unreachable", 30)


def test_an_unknown_branch_an_empty_and_a_missing_repository_are_told_apart(hub: Hub) -> None:
    git(hub.where, "init", "--quiet", "--bare", "served/acme/void.git")
    cases = (
        ("acme/shop", "nowhere", "unknown-revision"),
        ("acme/shop", "f" * 40, "unknown-revision"),
        ("acme/shop", "", "unknown-revision"),
        ("acme/void", "HEAD", "empty-repository"),
        ("acme/void", "main", "unknown-revision"),
        ("acme/none", "main", "repository-gone"),
    )
    for path, revision, code in cases:
        with pytest.raises(OwnerMust) as refused:
            asyncio.run(hub.origin(path=path).fetch(hub.where / f"home/{path}.git", revision))
        assert (refused.value.code, bool(refused.value.hint)) == (code, True), (path, revision)
    assert hub.head("nowhere") is None
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(hub.origin(path="acme/none").branch_head("main"))
    assert refused.value.code == "repository-gone"


def test_a_push_may_be_repeated_and_replaces_nothing_but_the_expected_head(hub: Hub) -> None:
    base = hub.fetch()
    first, second = hub.grow(base, "first"), hub.grow(base, "second")
    hub.publish(first)
    hub.publish(first)
    for expected in (None, second, base):
        with pytest.raises(OwnerMust) as refused:
            hub.publish(second, expected=expected)
        assert refused.value.code == "branch-moved"
    assert hub.head() == first
    grown = hub.grow(first, "onto")
    hub.publish(grown, expected=first)
    assert hub.head() == grown
    hub.publish(second, expected=grown)
    assert hub.head() == second


def test_a_push_whose_answer_was_lost_is_found_when_it_is_repeated(hub: Hub) -> None:
    grown = hub.grow(hub.fetch())
    hub.server.lose_answers = True
    with pytest.raises(TryAgain) as refused:
        hub.publish(grown)
    assert refused.value.code == "unreachable"
    assert hub.head() == grown
    hub.publish(grown)
    posts = [asked for asked in hub.server.asked if asked.method == "POST" and "receive" in asked.path]
    assert len(posts) == 1


@pytest.mark.parametrize(
    ("trouble", "family", "code"),
    [
        (failing(401), OperatorMust, "credentials"),
        (failing(403, text="Permission to acme/shop.git denied to bot."), OperatorMust, "credentials"),
        (failing(403, text="This repository was archived so it is read-only."), OwnerMust, "repository-read-only"),
        (failing(403, when="/git-receive-pack"), OperatorMust, "credentials"),
        (failing(404), OwnerMust, "repository-gone"),
        (failing(502, when="/git-receive-pack"), TryAgain, "unreachable"),
        (hanging_up(when="/git-receive-pack"), TryAgain, "unreachable"),
    ],
)
def test_a_push_that_fails_is_told_by_who_can_mend_it(
    hub: Hub, trouble: Trouble, family: type[PointsmanError], code: str
) -> None:
    grown = hub.grow(hub.fetch())
    hub.server.trouble = trouble
    with pytest.raises(family) as refused:
        hub.publish(grown)
    assert refused.value.code == code
    hub.server.trouble = None
    assert hub.head() is None


def test_a_rule_of_the_forge_is_told_in_its_own_words_without_mentions_and_markup(hub: Hub) -> None:
    grown = hub.grow(hub.fetch())
    hub.refuse_pushes("error: GH013: Repository rule violations, ask @acme/owners <b>now</b>\033[31m\n\nlong story")
    with pytest.raises(OwnerMust) as refused:
        hub.publish(grown)
    assert refused.value.code == "push-refused"
    assert "pre-receive hook declined; GH013: Repository rule violations, ask acme/owners bnow/b" in str(
        refused.value
    )
    assert "long story" not in str(refused.value)


def test_a_branch_in_the_way_on_the_forge_is_told_by_name(hub: Hub) -> None:
    grown = hub.grow(hub.fetch())
    hub.publish(grown, "pointsman/open")
    with pytest.raises(OwnerMust) as refused:
        hub.publish(grown, "pointsman/open/deeper")
    assert refused.value.code == "branch-in-the-way"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "remote: error: GH006: Protected branch update failed for refs/heads/pointsman/1.\n"
            "remote: error: Changes must be made through a pull request.\n"
            "To https://github.com/acme/shop\n"
            " ! [remote rejected] abc -> pointsman/1 (protected branch hook declined)\n",
            "protected branch hook declined; GH006: Protected branch update failed for refs/heads/pointsman/1.; "
            "Changes must be made through a pull request.",
        ),
        (
            " ! [remote rejected] abc -> pointsman/1 (refusing to allow a GitHub App to create or update workflow "
            "`.github/workflows/ci.yml` without `workflows` permission)\n",
            "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without "
            "`workflows` permission",
        ),
        (f" ! [remote rejected] a -> b ({'x' * 900})\n", f"{'x' * 299}…"),
    ],
)
def test_the_reasons_that_github_gives_reach_people_whole_and_short(said: str, reason: str) -> None:
    error = told_of_push(GitFailed("`git push` failed", stderr=said), "acme/shop", "pointsman/1")
    assert isinstance(error, OwnerMust)
    assert error.message == f"The forge refused pointsman/1: {reason}"


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/shop", "http://10.0.0.1/acme/shop", "http://localhost/acme/shop", "https://github.com",
        "https://github.com/", "https://u:secret-p@github.com/acme/shop", "https://github.com/acme/shop?x=1",
        "https://github.com/acme/shop#x", "https://github.com/acme/../etc", "https://github.com/acme/shop\n",
        "https://github.com/a b", "ssh://git@github.com/acme/shop", "git@github.com:acme/shop", "file:///etc",
        "ext::sh", "--upload-pack=x", "https://git%68ub.com/acme/shop", "https://github.com:99999/acme/shop",
        "/acme/shop", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plain_https_is_refused_and_not_told_back(url: str) -> None:
    with pytest.raises(OperatorMust) as refused:
        RemoteOrigin(url, _never_asked)
    assert refused.value.code == "bad-address"
    assert "secret-p" not in str(refused.value)


def test_https_anywhere_and_http_on_this_machine_are_taken() -> None:
    for url in ("https://github.com/acme/shop.git", "https://ghe.example:8443/a/b", "http://[::1]:8080/a/b"):
        RemoteOrigin(url, _never_asked)


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    with GitServer(tmp_path, tls=_self_signed(tmp_path)).running() as server:
        origin = RemoteOrigin(f"{server.url}/acme/shop", _token)
        with pytest.raises(OperatorMust) as refused:
            asyncio.run(origin.fetch(tmp_path / "home/m.git", "main"))
        assert refused.value.code == "certificate"
        assert server.asked == []


def _self_signed(where: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 7, day, day + timedelta(days=36_500))
    pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    pem += key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (where / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(where / "both.pem")
    return context


def test_a_fetch_that_is_cancelled_leaves_the_mirror_ready_for_the_next(hub: Hub) -> None:
    hub.server.trouble = held = Held(when="/git-upload-pack")

    async def begin_and_stop() -> None:
        work = asyncio.create_task(hub.origin().fetch(hub.mirror, "main"))
        assert await asyncio.to_thread(held.begun.wait, 30)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(begin_and_stop())
    held.release.set()
    assert [path.name for path in hub.mirror.parent.iterdir() if path.is_dir()] == ["m.git"]
    assert hub.fetch() == git(hub.bare, "rev-parse", "main")


def test_notes_are_read_from_the_mirror_and_a_gap_in_its_history_is_refused(hub: Hub) -> None:
    hub.push(".pointsman/audit/0001.json", '{"n": 1}')
    base = hub.fetch()
    grown = hub.grow(base)
    hub.push("between.py", "x = 1\n")
    far = hub.push("far.py", "x = 1\n")
    hub.fetch(far)
    source = GitNoteSource.of_mirror(hub.mirror, "acme/shop")
    assert asyncio.run(source.notes(base)) == (("0001.json", b'{"n": 1}'),)
    assert asyncio.run(source.keys(grown)) == ()
    assert asyncio.run(source.commits(base, grown)) == (grown,)
    assert asyncio.run(source.tree(grown)) == asyncio.run(source.tree(base))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(source.commits(base, far))
    assert refused.value.code == "unknown-revision"
    assert str(hub.mirror) not in str(refused.value)


def test_each_operation_asks_for_its_own_credential(hub: Hub) -> None:
    hub.publish(hub.grow(hub.fetch()))
    assert hub.operations == ["read", "write"]
    assert {asked.token for asked in hub.server.asked if "receive" in asked.path} == {WRITE}
    assert hub.server.asked[0].token == READ
