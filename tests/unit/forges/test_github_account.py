"""The App's account in its folder, its credentials, and the manifest flow that makes it."""

import json
import logging
import re
import stat
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.worlds.github.scene import ear
from tests.worlds.github_app import AppScene, app_scene, conversion_of, done

from pointsman.domain.errors import OperatorMust, OwnerMust, TryAgain
from pointsman.forges.github.account import add_secret, api_of, drop_old_secrets, load_account, save_account
from pointsman.forges.github.app import GitHubApp
from pointsman.forges.github.client import Call, Client, Credential, Steady
from pointsman.forges.github.refusals import plain
from pointsman.forges.github.setup import PERMISSIONS, convert, form_address, give_secret, manifest
from pointsman.forges.github.tokens import Tokens


@pytest.fixture(scope="module")
def scene() -> Iterator[AppScene]:
    with app_scene() as made:
        yield made


def test_an_account_is_kept_for_its_owner_alone_and_read_again_s7(scene: AppScene, tmp_path: Path) -> None:
    saved = save_account(tmp_path, conversion_of(scene.world))
    assert load_account(tmp_path) == saved
    assert stat.S_IMODE((tmp_path / "github").stat().st_mode) == 0o700
    files = list((tmp_path / "github").iterdir())
    assert {path.name for path in files} == {"app.json", "private-key.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    with pytest.raises(OperatorMust) as caught:
        save_account(tmp_path, conversion_of(scene.world))
    assert caught.value.code == "app-exists"


@pytest.mark.parametrize("name", ["", "app.json", "private-key.pem"])
def test_an_account_that_others_may_read_is_refused_s7(scene: AppScene, tmp_path: Path, name: str) -> None:
    save_account(tmp_path, conversion_of(scene.world))
    path = tmp_path / "github" / name
    path.chmod(path.stat().st_mode | stat.S_IRGRP)
    with pytest.raises(OperatorMust) as caught:
        load_account(tmp_path)
    assert caught.value.code == "credentials-open"
    assert "chmod" in caught.value.hint


def test_a_home_without_an_app_has_none_and_a_broken_file_is_told(scene: AppScene, tmp_path: Path) -> None:
    assert load_account(tmp_path) is None
    save_account(tmp_path, conversion_of(scene.world))
    (tmp_path / "github" / "app.json").write_text("{}")
    with pytest.raises(OperatorMust) as caught:
        load_account(tmp_path)
    assert caught.value.code == "app-file"


def test_two_webhook_secrets_are_taken_while_one_is_replaced_s9(scene: AppScene, tmp_path: Path) -> None:
    old = save_account(tmp_path, conversion_of(scene.world)).webhook_secrets[0]
    assert add_secret(tmp_path, "new").webhook_secrets == ("new", old)
    assert drop_old_secrets(tmp_path).webhook_secrets == ("new",)
    assert load_account(tmp_path) == drop_old_secrets(tmp_path)


def test_no_secret_stands_in_what_is_printed(scene: AppScene) -> None:
    made = conversion_of(scene.world)
    token = done(scene.app.credential(scene.repository)("read"))
    shown = f"{made!r} {scene.account!r} {Credential(token)!r}"
    assert made.webhook_secret not in shown
    assert "PRIVATE KEY" not in shown
    assert token not in shown


@pytest.mark.parametrize(
    ("web", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://github.com/", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.example:8443", "https://git.example:8443/api/v3"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v3"),
    ],
)
def test_each_github_has_its_api_somewhere(web: str, api: str) -> None:
    assert api_of(web) == api


@pytest.mark.parametrize(
    "web",
    ["http://github.com", "git.example", "https://", "ssh://git.example", "https://u:p@git.example", "https://x/y"],
)
def test_an_address_that_is_none_or_would_show_the_key_is_refused(web: str) -> None:
    with pytest.raises(OperatorMust) as caught:
        api_of(web)
    assert caught.value.code == "bad-address"


def test_tokens_are_for_one_repository_and_one_purpose_and_are_made_late_s4() -> None:
    with app_scene() as scene:
        assert scene.world.calls == []
        give = scene.app.credential(scene.repository)
        read, write = done(give("read")), done(give("write"))
        assert read == done(give("read")) != write
        minted = scene.calls("POST", "/access_tokens")
        assert [one.body["repository_ids"] for one in minted] == [[scene.shop.id], [scene.shop.id]]
        assert minted[0].body["permissions"] == {
            "contents": "read",
            "issues": "read",
            "pull_requests": "read",
            "metadata": "read",
        }
        assert minted[1].body["permissions"] == {"contents": "write", "pull_requests": "write"}
        scene.app.forget(scene.repository.id)
        assert done(give("read")) != read


def test_a_token_is_replaced_five_minutes_before_its_hour_is_over_s4() -> None:
    with app_scene() as scene:
        now = [0.0]
        tokens = Tokens(scene.account, Client(scene.account.api_url), clock=lambda: now[0])
        first = tokens.token(scene.repository, "read")
        now[0] = 3200.0
        assert tokens.token(scene.repository, "read") == first
        now[0] = 3301.0
        assert tokens.token(scene.repository, "read") != first


def test_a_token_that_is_not_taken_any_more_is_replaced_once_s4() -> None:
    with app_scene() as scene:
        number = scene.shop.issue(by=scene.ada)
        done(scene.forge.issue(scene.repository, str(number)))
        scene.world.tokens.clear()
        assert done(scene.forge.issue(scene.repository, str(number))).key == str(number)
        scene.world.faults.fail("GET */issues/*", 401, message="Bad credentials", times=2)
        with pytest.raises(OperatorMust) as caught:
            done(scene.forge.issue(scene.repository, str(number)))
        assert caught.value.code == "credentials"


def test_a_permission_that_was_not_given_is_the_owners_to_give() -> None:
    with app_scene() as scene:
        scene.installation.permissions.pop("checks")
        with pytest.raises(OwnerMust) as caught:
            scene.app.tokens.token(scene.repository, "check")
        assert caught.value.code == "permissions"


def test_a_key_that_is_none_is_told_without_showing_it(scene: AppScene, tmp_path: Path) -> None:
    broken = tmp_path / "key.pem"
    broken.write_text("not a key at all")
    app = GitHubApp(replace(scene.account, key_file=broken))
    with pytest.raises(OperatorMust) as caught:
        app.tokens.jwt()
    assert caught.value.code == "credentials"
    assert "not a key" not in str(caught.value)


def test_writes_of_one_installation_keep_their_distance_and_reads_do_not(scene: AppScene) -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    client = Client(scene.account.api_url, spacing=1.0, steady=Steady(lambda: now[0], sleep))
    path = f"/repos/acme/shop/issues/{scene.shop.issue(by=scene.ada)}"
    token = scene.app.tokens.token(scene.repository, "talk")
    for writer in ("7", "7", "8", ""):
        client.send(Call("GET", path), token)
        client.send(Call("PATCH", path, body={"body": "x"}, writer=writer), token)
        now[0] += 0.25
    assert slept == [0.75]


def test_writes_of_one_installation_do_not_overlap(scene: AppScene) -> None:
    paths = [f"/issues/{scene.shop.issue(by=scene.ada)}" for _ in range(4)]
    inside, most = [0], [0]

    def enter() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)

    def leave() -> None:
        inside[0] -= 1

    scene.world.faults.before("POST */comments", enter, times=4)
    scene.world.faults.after("POST */comments", leave, times=4)
    api = scene.app.api(scene.repository)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: api.write("POST", f"{path}/comments", {"body": "x"}), paths))
    assert most == [1]


def test_a_credential_is_never_logged_nor_told_s1_s8(scene: AppScene, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        scene.begin()
        token = done(scene.app.credential(scene.repository)("write"))
        number = scene.shop.issue(by=scene.ada)
        scene.world.faults.fail("GET */issues/*", 422, message=f"no: Bearer {token} and https://u:{token}@host/x")
        with pytest.raises(OwnerMust) as caught:
            done(scene.forge.issue(scene.repository, str(number)))
    assert token not in caplog.text
    assert "ghs_" not in caplog.text + str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_1001_eyJhbGciOi.JIUzI1NiJ9-x_y.z",
        "ghp_abcdefghijklmnopqrst",
        "github_pat_11AAA_bbb",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln",
    ],
)
def test_no_kind_of_token_is_told_s5(secret: str) -> None:
    assert secret not in plain(f"bad\n{secret} here")
    assert len(plain("x" * 5000)) <= 300


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with ear() as (elsewhere, heard), app_scene() as scene:
        done(scene.app.credential(scene.repository)("read"))
        client, credential = scene.app.client, scene.app.tokens.token(scene.repository, "read")
        for status in (301, 302, 307):
            scene.world.faults.fail("GET /repositories/*", status, headers={"Location": elsewhere})
            with pytest.raises((OwnerMust, OperatorMust, TryAgain)):
                client.send(Call("GET", f"/repositories/{scene.repository.id}"), credential)
        assert heard == []


def test_a_connection_that_is_cut_is_tried_again_later() -> None:
    with app_scene() as scene:
        scene.world.faults.lose_answer("GET /repositories/*")
        with pytest.raises(TryAgain) as caught:
            done(scene.forge.issue(scene.repository, "1"))
        assert caught.value.code == "unreachable"


def test_deliveries_are_told_with_what_became_of_them_and_come_again() -> None:
    with app_scene() as scene, ear(lambda number: 500 if number == 1 else 202) as (url, heard):
        scene.world.deliver_to(url)
        for number in range(3):
            scene.shop.issue(by=scene.ada, title=f"Issue {number}")
        scene.world.idle()
        tries = done(scene.hooks.attempts("2000-01-01T00:00:00Z"))
        assert len(tries) == len(heard) == 3
        assert [one.ok for one in tries] == [True, True, False]
        assert done(scene.hooks.attempts("2999-01-01T00:00:00Z")) == ()
        done(scene.hooks.deliver_again(tries[-1]))
        scene.world.idle()
        assert heard[3][0]["X-GitHub-Delivery"] == heard[0][0]["X-GitHub-Delivery"] == tries[-1].delivery
        done(scene.hooks.deliver_again(replace(tries[-1], id="424242")))


def test_deliveries_are_told_over_many_pages() -> None:
    with app_scene() as scene, ear() as (url, heard):
        scene.world.deliver_to(url)
        number = scene.shop.issue(by=scene.ada)
        for _ in range(120):
            scene.shop.label(number, "a", by=scene.ada)
            scene.shop.unlabel(number, "a", by=scene.ada)
        scene.world.idle()
        assert len({one.id for one in done(scene.hooks.attempts(""))}) == len(heard) == 241


def test_the_manifest_asks_for_the_least_and_the_code_becomes_an_app(scene: AppScene, tmp_path: Path) -> None:
    wanted = json.loads(manifest(name="Switch Yard", url="https://bot.example/"))
    assert wanted["public"] is False
    assert {"workflows", "administration"}.isdisjoint(wanted["default_permissions"])
    assert wanted["default_permissions"] == PERMISSIONS
    assert wanted["hook_attributes"] == {"url": "https://bot.example/hooks/github", "active": True}
    assert {"issues", "issue_comment", "pull_request", "check_run", "push"} <= set(wanted["default_events"])
    code = _pressed(form_address(scene.world.url, organization="acme", state="s1"), json.dumps(wanted))
    made = convert(scene.world.url, code, new_secret=lambda: "never")
    assert (made.slug, made.bot.login, made.has_secret) == ("switch-yard", "switch-yard[bot]", True)
    account = save_account(tmp_path, made)
    assert GitHubApp(account).as_app("GET", "/app").status == 200
    with pytest.raises(OperatorMust) as caught:
        convert(scene.world.url, code, new_secret=lambda: "never")
    assert caught.value.code == "bad-code"
    give_secret(replace(account, webhook_secrets=("fresh",)))
    assert scene.world.apps[-1].webhook_secret == "fresh"


def _pressed(action: str, text: str) -> str:
    """What a person does on GitHub's page; the code that comes back."""
    where = urllib.parse.urlsplit(action)
    connection = HTTPConnection(where.netloc, timeout=30)
    connection.request("POST", f"{where.path}?{where.query}", urllib.parse.urlencode({"manifest": text}))
    shown = connection.getresponse().read().decode()
    form = re.search(r"action=(\S+?)>", shown)
    assert form is not None, shown
    connection.request("GET", form[1])
    location = connection.getresponse().getheader("Location") or ""
    connection.close()
    return urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]
