"""The commands that set GitHub up without a browser on the machine, against a GitHub that checks what it is told."""

import asyncio
import html
import json
import re
import stat
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.worlds.github import GitHubWorld

from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.entrypoints.cli import installing
from pointsman.entrypoints.fresh import Fresh


def _pressed(form: str) -> str:
    """The code that comes back when somebody presses the button of the form, and then GitHub's."""
    action, manifest = (
        html.unescape(found[1])
        for pattern in (r'action="([^"]+)"', r'name="manifest" value="([^"]+)"')
        if (found := re.search(pattern, form)) is not None
    )
    data = urllib.parse.urlencode({"manifest": manifest}).encode()
    with urllib.request.urlopen(action, data) as answer:
        code = re.search(r"/settings/apps/manifest/([0-9a-f]+)", answer.read().decode())
    assert code is not None
    return code[1]


def _kept(home: Path) -> dict[str, object]:
    found: object = json.loads((home / "github" / "app.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_a_form_for_any_browser_and_the_code_from_its_address_make_the_app(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with GitHubWorld(tmp_path / "world") as github:
        asyncio.run(installing.begin(installing.Asked("https://bot.example", "acme", github.url), home))
        path = home / installing.FORM
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert f"pointsman setup github --code CODE --web {github.url} --home {home}" in capsys.readouterr().out
        code = _pressed(path.read_text(encoding="utf-8"))
        asyncio.run(installing.exchange(code, github.url, home))
        assert "/installations/new" in capsys.readouterr().out
        assert not path.exists()
        assert {stat.S_IMODE(each.stat().st_mode) for each in (home / "github").iterdir()} == {0o600}
        assert github.apps[-1].hook_url == "https://bot.example/hooks/github"
        with pytest.raises(UsageMust) as refused:
            asyncio.run(installing.exchange(code, github.url, home))
        assert refused.value.code == "set-up"


def test_a_code_that_github_does_not_know_keeps_nothing(tmp_path: Path) -> None:
    with GitHubWorld(tmp_path / "world") as github:
        with pytest.raises(OperatorMust) as refused:
            asyncio.run(installing.exchange("../../users/x?a=b", github.url, tmp_path / "home"))
        assert refused.value.code == "bad-code"
        assert not (tmp_path / "home" / "github").exists()


@pytest.mark.parametrize(
    ("url", "org", "web", "option"),
    [
        ("", "", "https://github.com", "reaches the server"),
        ("bot.example", "", "https://github.com", "--url"),
        ("https://bot.example", "a/../b", "https://github.com", "--org"),
        ("https://bot.example", "", "http://ghe.example", "--web"),
        ("https://bot.example", "", "https://ghe.example/path", "--web"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_name_of_its_option(
    tmp_path: Path, url: str, org: str, web: str, option: str
) -> None:
    with pytest.raises(UsageMust, match=option):
        asyncio.run(installing.begin(installing.Asked(url, org, web), tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_an_app_that_is_there_is_taken_once_github_accepts_its_key(tmp_path: Path) -> None:
    key, secret, wrong = (tmp_path / name for name in ("key.pem", "secret", "wrong.pem"))
    secret.write_text("a secret of ours\n", encoding="utf-8")
    wrong.write_text("no key", encoding="utf-8")
    with GitHubWorld(tmp_path / "world") as github:
        key.write_text(github.app.private_key_pem, encoding="utf-8")
        home = tmp_path / "home"
        with pytest.raises(OperatorMust) as refused:
            asyncio.run(installing.adopt(installing.Existing(github.app.id, wrong, secret, github.url), home))
        assert refused.value.code == "credentials"
        assert not (home / "github").exists()
        asyncio.run(installing.adopt(installing.Existing(github.app.id, key, secret, github.url), home))
        kept = _kept(home)
        assert (kept["app_id"], kept["slug"], kept["bot_id"]) == (github.app.id, github.app.slug, github.app.bot.id)
        assert kept["webhook_secrets"] == ["a secret of ours"]


def test_s9_a_second_secret_is_kept_and_told_to_github_and_the_old_one_is_dropped_by_the_second_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, secret = tmp_path / "key.pem", tmp_path / "secret"
    secret.write_text("old", encoding="utf-8")
    home = tmp_path / "home"
    with GitHubWorld(tmp_path / "world") as github:
        key.write_text(github.app.private_key_pem, encoding="utf-8")
        with pytest.raises(UsageMust):
            asyncio.run(installing.rotate(home))
        asyncio.run(installing.adopt(installing.Existing(github.app.id, key, secret, github.url), home))
        capsys.readouterr()
        asyncio.run(installing.rotate(home))
        both = _kept(home)["webhook_secrets"]
        assert isinstance(both, list)
        assert both[1:] == ["old"]
        assert github.app.webhook_secret == both[0]
        assert "--rotate-secret" in capsys.readouterr().out
        asyncio.run(installing.rotate(home))
        assert _kept(home)["webhook_secrets"] == both[:1]


def test_what_was_read_from_a_file_is_read_again_when_the_file_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    reads: list[str] = []

    def read() -> str:
        reads.append(path.read_text(encoding="utf-8") if path.exists() else "")
        return reads[-1]

    fresh = Fresh(lambda: (path,), read)
    assert (fresh(), fresh(), len(reads)) == ("", "", 1)
    path.write_text("one", encoding="utf-8")
    assert (fresh(), fresh(), len(reads)) == ("one", "one", 2)
    path.write_text("two!", encoding="utf-8")
    assert (fresh(), len(reads)) == ("two!", 3)
