"""From nothing to an App: a person with a browser and the link in the log, and then the first webhook."""

import json
import stat
import uuid
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import title_contains
from selenium.webdriver.support.wait import WebDriverWait
from tests.worlds.browser import browser
from tests.worlds.github import GitHubWorld
from tests.worlds.served import headers_for
from tests.worlds.serving import Serving

BODY = json.dumps({"action": "labeled", "issue": {"number": 7}}).encode()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _deliver(server: Serving, secret: str) -> int:
    headers = headers_for(BODY, guid=str(uuid.uuid4()), secret=secret.encode())
    return server.ask("POST", "/hooks/github", BODY, headers)[0]


def test_a_person_clicks_from_the_link_in_the_log_to_the_page_where_the_app_is_installed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with GitHubWorld(tmp_path / "world") as github, Serving(home) as server, browser() as window:
        link = server.said(r"Open (http\S+/setup\?token=\S+) ")[1]
        assert server.ask("POST", "/hooks/github", BODY)[0] == 404

        window.get(link.partition("?")[0])
        assert "This page needs its token" in window.title

        window.get(link)
        window.find_element(By.TAG_NAME, "summary").click()
        for name, value in (("web", github.url), ("organization", "acme"), ("name", "Pointsman of acme")):
            field = window.find_element(By.ID, name)
            field.clear()
            field.send_keys(value)
        window.find_element(By.XPATH, "//button[text()='Show it with these']").click()
        window.find_element(By.CSS_SELECTOR, "button.main").click()
        WebDriverWait(window, 30).until(title_contains("Create GitHub App"))
        window.find_element(By.XPATH, "//button[text()='Create GitHub App']").click()
        WebDriverWait(window, 30).until(title_contains("Install Pointsman of acme"))

        app = next(one for one in github.apps if one.name == "Pointsman of acme")
        assert window.current_url == f"{github.url}/apps/{app.slug}/installations/new"
        assert "workflows" not in app.permissions
        assert "administration" not in app.permissions
        assert (_mode(home / "github"), *(_mode(each) for each in (home / "github").iterdir())) == (
            0o700,
            0o600,
            0o600,
        )
        kept = json.loads((home / "github" / "app.json").read_text(encoding="utf-8"))
        assert app.hook_url == f"http://127.0.0.1:{server.port}/hooks/github"
        assert (_deliver(server, kept["webhook_secrets"][0]), _deliver(server, "another")) == (202, 401)

        window.get(link)
        assert "It is set up already" in window.title
    told = "\n".join([*server.lines, *(log.read_text(encoding="utf-8") for log in home.glob("pointsman.log*"))])
    assert kept["webhook_secrets"][0] not in told
    assert "PRIVATE KEY" not in told
