"""The setup page as a browser without scripts gets it: its token, its form, its refusals, its headers."""

import html
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds.served import LABELLED, Answer, ServerWorld

from pointsman.domain.errors import OperatorMust, TryAgain
from pointsman.entrypoints.web.wishes import address, checked, is_loopback

TOKEN = "t0ken"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerWorld]:
    with ServerWorld(tmp_path, set_up=False) as world:
        yield world


def _page(server: ServerWorld, token: str = TOKEN, **fields: str) -> Answer:
    return server.get("/setup?" + urlencode({"token": token, **fields}))


def _posted_to(answer: Answer) -> str:
    found = re.search(r'<form method="post" action="([^"]+)"', answer.text)
    assert found is not None
    return html.unescape(found[1])


def test_without_its_token_the_page_says_where_to_find_it_and_nothing_more(server: ServerWorld) -> None:
    for path in ("/setup", "/setup?token=", "/setup?token=t0keN", "/setup?token=%ff", "/setup?token=%F0%9F%98%80"):
        answer = server.get(path)
        assert answer.status == 403
        assert "pointsman serve" in answer.text
        assert "manifest" not in answer.text
        assert TOKEN not in answer.text


def test_the_page_holds_one_form_that_makes_the_app_at_github(server: ServerWorld) -> None:
    answer = _page(server, url="https://bot.example.org/")
    assert answer.status == 200
    assert _posted_to(answer) == "https://github.com/settings/apps/new?state=state-0"
    assert "https://bot.example.org/hooks/github" in html.unescape(answer.text)
    assert "GitHub cannot reach" not in answer.text
    assert "<script" not in answer.text
    assert '<meta name="viewport"' in answer.text


def test_an_organisation_and_another_github_change_where_the_form_goes(server: ServerWorld) -> None:
    answer = _page(server, url="https://b.example", organization="acme-inc", web="https://ghe.example/", name="Bot")
    assert _posted_to(answer) == "https://ghe.example/organizations/acme-inc/settings/apps/new?state=state-0"
    assert "form-action 'self' https://ghe.example;" in answer.headers["content-security-policy"]
    assert server.registrar.names[-1] == "Bot"


def test_what_cannot_be_used_is_said_beside_its_field_and_nothing_of_it_is_believed(server: ServerWorld) -> None:
    odd = '"><script>alert(1)</script>'
    answer = _page(server, url="ftp://x", organization=odd, web="http://evil.example", name=odd * 3)
    assert answer.status == 422
    assert answer.text.count("aria-invalid=true") == 4
    assert "<script" not in answer.text
    assert _posted_to(answer).startswith("https://github.com/settings/apps/new?")


def test_whatever_host_it_was_opened_with_is_escaped_and_shown_with_what_will_not_work(server: ServerWorld) -> None:
    plain = _page(server)
    assert f"http://127.0.0.1:{server.port}/hooks/github" in plain.text
    assert "No webhook will arrive" in plain.text
    proxied = server.get("/setup?token=" + TOKEN, {"Host": "bot.example.org", "X-Forwarded-Proto": "https"})
    assert "https://bot.example.org/hooks/github" in proxied.text
    assert "note" not in re.sub("<style>.*</style>", "", proxied.text, flags=re.DOTALL)
    unsafe = server.get("/setup?token=" + TOKEN, {"Host": "bot.example.org"})
    assert "Without https everybody" in unsafe.text
    odd = server.get("/setup?token=" + TOKEN, {"Host": '"><script>alert(1)</script>'})
    assert odd.status in (400, 422)
    assert "<script" not in odd.text


def test_pages_run_nothing_load_nothing_are_not_framed_and_not_kept(server: ServerWorld) -> None:
    for answer in (_page(server), server.get("/setup"), server.get("/setup/github/done?code=x&state=y")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        # The setup token stands in the page's address, which must not travel to GitHub with the form.
        assert answer.headers["referrer-policy"] == "strict-origin"


def test_github_sends_the_browser_back_and_intake_begins_without_a_restart(server: ServerWorld) -> None:
    assert server.deliver(LABELLED).status == 404
    _page(server, web="https://ghe.example")
    done = server.get("/setup/github/done?code=abc&state=state-0")
    assert (done.status, done.headers["location"]) == (303, "https://ghe.example/apps/pointsman/installations/new")
    assert server.registrar.registered == [("https://ghe.example", "abc")]
    assert server.deliver(LABELLED).status == 202
    assert server.get("/healthz").json["engine"] == "running"


def test_a_state_that_was_not_begun_here_exchanges_nothing(server: ServerWorld) -> None:
    _page(server)
    for query in ("code=abc", "code=abc&state=", "code=abc&state=state-1", "state=state-0", "code=abc&state=%ff", ""):
        assert server.get(f"/setup/github/done?{query}").status == 403
    assert server.registrar.registered == []


def test_once_it_is_set_up_nothing_is_begun_and_nothing_is_exchanged_again(server: ServerWorld) -> None:
    _page(server)
    _page(server)
    assert server.get("/setup/github/done?code=abc&state=state-1").status == 303
    again = server.get("/setup/github/done?code=def&state=state-0")
    assert (again.status, _page(server).status) == (409, 409)
    assert len(server.registrar.registered) == 1


def test_two_that_come_back_at_once_are_exchanged_once(server: ServerWorld) -> None:
    _page(server)
    found: list[int] = []
    path = "/setup/github/done?code=abc&state=state-0"
    threads = [threading.Thread(target=lambda: found.append(server.get(path).status)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 409, 409, 409, 409]
    assert len(server.registrar.registered) == 1


def test_when_github_does_not_answer_the_page_says_so_and_can_be_loaded_again(server: ServerWorld) -> None:
    _page(server)
    path = "/setup/github/done?code=abc&state=state-0"
    server.registrar.refusal = TryAgain("GitHub does not answer.", after=5)
    away = server.get(path)
    assert (away.status, "GitHub does not answer." in away.text, "Load this page again" in away.text) == (
        502,
        True,
        True,
    )
    server.registrar.refusal = OperatorMust("The folder <home> is full.", hint="Free some space.")
    full = server.get(path)
    assert (full.status, "The folder &lt;home&gt; is full." in full.text) == (502, True)
    assert server.get(path).status == 303


def test_the_newest_pages_can_be_finished_however_many_were_opened(server: ServerWorld) -> None:
    for _ in range(60):
        _page(server)
    assert server.get("/setup/github/done?code=abc&state=state-3").status == 403
    assert server.get("/setup/github/done?code=abc&state=state-59").status == 303


@pytest.mark.parametrize(
    ("given_as", "meant"),
    [
        ("https://Bot.Example.org/", "https://bot.example.org"),
        (" http://127.0.0.1:8080 ", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/pointsman/", "http://[::1]:8080/pointsman"),
        ("https://user:word@bot.example", None),
        ("https://bot.example?x=1", None),
        ("https://bot.example#x", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://b ot", None),
        ("https://bot:99999", None),
        ("https://bot\n.example", "https://bot.example"),
        ("//bot.example", None),
        ("bot.example", None),
        ("", None),
    ],
)
def test_only_a_plain_address_is_an_address(given_as: str, meant: str | None) -> None:
    assert address(given_as) == meant


def test_addresses_of_the_own_machine_are_known_as_such() -> None:
    own = ("http://localhost:1", "http://127.0.0.2", "http://[::1]:80", "http://a.localhost")
    assert [is_loopback(each) for each in own] == [True] * 4
    assert not is_loopback("https://bot.example")


@given(st.dictionaries(st.sampled_from(["url", "web", "organization", "name"]), st.text(max_size=60)))
def test_whatever_is_typed_the_wish_holds_only_what_may_stand_in_a_form(fields: dict[str, str]) -> None:
    found = checked(fields, url="https://bot.example")
    assert address(found.wish.url) == found.wish.url
    assert address(found.wish.web) == found.wish.web
    assert 0 < len(found.wish.name) <= 34
    assert re.fullmatch(r"[A-Za-z0-9-]{0,39}", found.wish.organization)
