"""The making of the App: the manifest that a browser posts, and the exchange of the code that comes back."""

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from pointsman.domain.errors import OperatorMust, PointsmanError
from pointsman.domain.run import Actor
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.account import Account, Conversion, api_of
from pointsman.forges.github.app import GitHubApp, identity
from pointsman.forges.github.client import Call, Client, Credential
from pointsman.forges.github.refusals import NotThere, Refused, unanswered
from pointsman.forges.github.webhook import SUBSCRIBED

# No `workflows` and no `administration`: what the App cannot do, nobody can make it do.
PERMISSIONS: Final = {
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
}
HOOK_PATH: Final = "/hooks/github"
DONE_PATH: Final = "/setup/github/done"


def manifest(*, name: str, url: str) -> str:
    """The App as GitHub is asked to make it, for a server that is reached at `url`. JSON.

    GitHub documentation, "Registering a GitHub App from a manifest".
    """
    base = url.rstrip("/")
    wanted = {
        "name": name,
        "url": base,
        "hook_attributes": {"url": f"{base}{HOOK_PATH}", "active": True},
        "redirect_url": f"{base}{DONE_PATH}",
        "description": "An issue becomes a reviewed, signed change.",
        "public": False,
        "default_events": list(SUBSCRIBED),
        "default_permissions": PERMISSIONS,
        "request_oauth_on_install": False,
        "setup_on_update": False,
    }
    return json.dumps(wanted, indent=2)


def form_address(web_url: str, *, organization: str = "", state: str) -> str:
    """Where the browser posts the manifest: for an account, or for an organisation."""
    whose = f"/organizations/{quote(organization, safe='')}" if organization else ""
    return f"{web_url.rstrip('/')}{whose}/settings/apps/new?{urlencode({'state': state})}"


def install_page(account_page: str) -> str:
    """Where the App is installed, from its own page."""
    return f"{account_page.rstrip('/')}/installations/new"


def convert(web_url: str, code: str, *, new_secret: Callable[[], str], timeout: int = 20) -> Conversion:
    """Exchange the code of the manifest flow for the App. Blocks; a code works once, within the hour.

    `new_secret` makes a webhook secret where GitHub made none; it is set by `give_secret`, once the key is kept.
    Raises OperatorMust(bad-code, bad-address), TryAgain.
    """
    client = Client(api_of(web_url), spacing=0.0, timeout=timeout)
    try:
        reply = client.send(Call("POST", f"/app-manifests/{quote(code, safe='')}/conversions"), Credential())
    except (NotThere, Refused) as error:
        raise OperatorMust(
            "GitHub does not know this code: it was used already, or is more than an hour old.",
            code="bad-code",
            hint="Begin again with the setup page.",
        ) from error
    made = wire.read(wire.AppMade, reply.text)
    if made is None:
        raise unanswered("what it said of the new App cannot be read")
    return Conversion(
        web_url=web_url.rstrip("/"),
        app_id=made.id,
        slug=made.slug,
        client_id=made.client_id,
        bot=_bot(client, made.slug),
        page=made.html_url,
        webhook_secret=made.webhook_secret or new_secret(),
        private_key=made.pem,
        has_secret=made.webhook_secret is not None,
    )


def give_secret(account: Account) -> None:
    """Tell GitHub the newest webhook secret: for a new App that has none, and in a rotation. Blocks."""
    app = GitHubApp(account, spacing=0.0)
    try:
        app.as_app("PATCH", "/app/hook/config", body={"secret": account.webhook_secrets[0]})
    finally:
        app.close()


def _bot(client: Client, slug: str) -> Actor:
    """The App's own user. The code is spent by now, so nothing here may lose the key; it is asked again later."""
    try:
        return identity(client, slug, Credential())
    except PointsmanError:
        return Actor(0, f"{slug}[bot]", is_bot=True)
