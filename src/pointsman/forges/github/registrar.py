"""The one App of a home: made by a browser's form, taken over, or given another webhook secret."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from pointsman.domain.run import NOBODY
from pointsman.forges.github.account import (
    Account,
    Conversion,
    add_secret,
    api_of,
    drop_old_secrets,
    load_account,
    save_account,
)


class GitHubRegistrar:
    """Keeps credentials below `home`; `new_word` makes words that nobody can guess. GitHub is asked off the loop."""

    def __init__(self, home: Path, new_word: Callable[[], str]) -> None:
        self._home = home
        self._new_word = new_word

    def done(self) -> bool:
        """Whether there are credentials. Raises OperatorMust when they are there and cannot be used."""
        return load_account(self._home) is not None

    def address(self, *, web: str, organization: str, state: str) -> str:
        """Where a browser posts the manifest."""
        from pointsman.forges.github.setup import form_address

        return form_address(web, organization=organization, state=state)

    def manifest(self, *, name: str, url: str) -> str:
        """The App to make, for a server that is reached at `url`. JSON."""
        from pointsman.forges.github.setup import manifest

        return manifest(name=name, url=url)

    def new_state(self) -> str:
        """A word that nobody can guess."""
        return self._new_word()

    async def register(self, web: str, code: str) -> str:
        """Exchange the code of the manifest flow for credentials and keep them; where the App is then installed.

        Raises OperatorMust (`bad-code`, `app-exists`, `home`), TryAgain.
        """
        from pointsman.forges.github.setup import convert

        return await asyncio.to_thread(lambda: self._kept(convert(web, code, new_secret=self._new_word)))

    async def adopt(self, web: str, app_id: int, *, key_file: Path, secret: str) -> str:
        """Keep an App that was made by hand, once GitHub takes its key; where it is installed.

        Raises OperatorMust (`credentials`, `app-exists`, `home`), TryAgain.
        """
        return await asyncio.to_thread(lambda: self._kept(_existing(web, app_id, key_file=key_file, secret=secret)))

    async def rotate(self) -> bool:
        """Begin to replace the webhook secret, or, when that was begun, end it. Whether it was begun."""
        return await asyncio.to_thread(self._rotate)

    def _kept(self, made: Conversion) -> str:
        from pointsman.forges.github.setup import give_secret, install_page

        account = save_account(self._home, made)
        if not made.has_secret:
            give_secret(account)
        return install_page(made.page)

    def _rotate(self) -> bool:
        from pointsman.forges.github.setup import give_secret

        account = load_account(self._home)
        if account is not None and len(account.webhook_secrets) > 1:
            drop_old_secrets(self._home)
            return False
        # Kept before GitHub hears of it, so that nothing it signs is ever unknown here.
        give_secret(add_secret(self._home, self._new_word()))
        return True


def _existing(web: str, app_id: int, *, key_file: Path, secret: str) -> Conversion:
    """The App with this number as GitHub tells it, which it does for the right key only."""
    from pointsman.forges.github import rest_wire as wire
    from pointsman.forges.github.app import GitHubApp, identity
    from pointsman.forges.github.client import Credential
    from pointsman.forges.github.refusals import unanswered

    unnamed = Account(web, api_of(web), app_id, "", "", NOBODY, (secret,), key_file)
    app = GitHubApp(unnamed, spacing=0.0)
    try:
        facts = wire.read(wire.AppFacts, app.as_app("GET", "/app").text)
        if facts is None:
            raise unanswered("what it said of the App cannot be read")
        bot = identity(app.client, facts.slug, Credential())
    finally:
        app.close()
    return Conversion(
        web_url=web,
        app_id=facts.id,
        slug=facts.slug,
        client_id=facts.client_id,
        bot=bot,
        page=facts.html_url,
        webhook_secret=secret,
        private_key=key_file.read_text(encoding="utf-8"),
    )
