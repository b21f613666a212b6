"""The App as it is registered at one GitHub: addresses, names and secrets, kept in a folder that is its owner's."""

import ipaddress
import json
import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from pointsman.domain.errors import OperatorMust
from pointsman.domain.run import Actor
from pointsman.forges.github.rest_wire import KeptAccount, read

_FOLDER, _FACTS, _KEY = "github", "app.json", "private-key.pem"


@dataclass(frozen=True, slots=True)
class Account:
    """One App. `web_url` is where its pages are, `api_url` its REST API; the newest webhook secret comes first.

    `spacing` is the least time between two writes of one installation, `timeout` the longest silence (seconds). An
    operator whose own GitHub has other limits than github.com writes others into the file.
    """

    web_url: str
    api_url: str
    app_id: int
    slug: str
    client_id: str
    bot: Actor
    webhook_secrets: tuple[str, ...] = field(repr=False)
    key_file: Path
    spacing: float = 1.0
    timeout: int = 20


@dataclass(frozen=True, slots=True)
class Conversion:
    """What GitHub made of a manifest; `page` is the App's own page, below which it is installed.

    `has_secret` is false when the webhook secret is ours and GitHub is still to be told.
    """

    web_url: str
    app_id: int
    slug: str
    client_id: str
    bot: Actor
    page: str
    webhook_secret: str = field(repr=False)
    private_key: str = field(repr=False)
    has_secret: bool = True


def api_of(web_url: str) -> str:
    """The REST API of a GitHub. Raises OperatorMust(bad-address) when the address cannot be one.

    github.com and its subdomains of data residency have a host for it, GitHub Enterprise Server a path (GitHub REST
    documentation, "Getting started" of each).
    """
    parts = urlsplit(web_url.rstrip("/"))
    host = parts.hostname or ""
    plain = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    if not plain or not host or parts.username or parts.query or parts.fragment or parts.path:
        raise OperatorMust(
            "The address of GitHub is not usable.",
            code="bad-address",
            hint="Give its address as https://host, without a path.",
        )
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{parts.scheme}://{parts.netloc}/api/v3"


def save_account(home: Path, conversion: Conversion) -> Account:
    """Keep a new App's credentials, readable by their owner alone.

    Raises OperatorMust when there are some already (app-exists) or they cannot be written (home).
    """
    folder = home / _FOLDER
    if (folder / _FACTS).exists():
        raise OperatorMust(
            f"There is an App in {folder} already; nothing was changed.",
            code="app-exists",
            hint="Move that folder away to register another App.",
        )
    _write(folder, _KEY, conversion.private_key)
    account = Account(
        web_url=conversion.web_url.rstrip("/"),
        api_url=api_of(conversion.web_url),
        app_id=conversion.app_id,
        slug=conversion.slug,
        client_id=conversion.client_id,
        bot=conversion.bot,
        webhook_secrets=(conversion.webhook_secret,),
        key_file=folder / _KEY,
    )
    _keep(folder, account)
    return account


def load_account(home: Path) -> Account | None:
    """The App of this home, None when there is none.

    Raises OperatorMust when others may read its files (credentials-open) or they cannot be understood (app-file).
    """
    folder = home / _FOLDER
    if not (folder / _FACTS).exists():
        return None
    for path in (folder, folder / _FACTS, folder / _KEY):
        _refuse_open(path)
    kept = read(KeptAccount, (folder / _FACTS).read_text(encoding="utf-8"))
    if kept is None:
        raise OperatorMust(
            f"The file {folder / _FACTS} cannot be understood.",
            code="app-file",
            hint="Restore it, or move the folder away and register the App anew with `pointsman setup github`.",
        )
    return Account(
        web_url=kept.web_url,
        api_url=api_of(kept.web_url),
        app_id=kept.app_id,
        slug=kept.slug,
        client_id=kept.client_id,
        bot=Actor(kept.bot_id, kept.bot_login, is_bot=True),
        webhook_secrets=kept.webhook_secrets,
        key_file=folder / _KEY,
        spacing=kept.write_spacing_seconds,
        timeout=kept.timeout_seconds,
    )


def facts_file(home: Path) -> Path:
    """The file of an App that changes when its secrets do."""
    return home / _FOLDER / _FACTS


def add_secret(home: Path, secret: str) -> Account:
    """Begin a rotation: webhooks signed with the new secret or the one before it are both taken."""
    account = _known(home)
    changed = replace(account, webhook_secrets=(secret, *account.webhook_secrets[:1]))
    _keep(home / _FOLDER, changed)
    return changed


def drop_old_secrets(home: Path) -> Account:
    """End a rotation: only the newest webhook secret is taken."""
    account = _known(home)
    changed = replace(account, webhook_secrets=account.webhook_secrets[:1])
    _keep(home / _FOLDER, changed)
    return changed


def _known(home: Path) -> Account:
    account = load_account(home)
    if account is None:
        raise OperatorMust(
            f"There is no App in {home}.", code="no-app", hint="Register one with `pointsman setup github`."
        )
    return account


def _keep(folder: Path, account: Account) -> None:
    kept = KeptAccount(
        web_url=account.web_url,
        app_id=account.app_id,
        slug=account.slug,
        client_id=account.client_id,
        bot_id=account.bot.id,
        bot_login=account.bot.login,
        webhook_secrets=account.webhook_secrets,
        write_spacing_seconds=account.spacing,
        timeout_seconds=account.timeout,
    )
    _write(folder, _FACTS, json.dumps(kept.model_dump(), indent=2) + "\n")


def _write(folder: Path, name: str, text: str) -> None:
    """The file is never there half, nor for a moment with other rights."""
    draft = folder / f"{name}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except OSError as error:
        raise OperatorMust(
            f"The file {folder / name} could not be written: {error.strerror}.",
            code="disk-full" if error.errno == 28 else "home",
            hint="Make room or name another folder with --home.",
        ) from error


def _refuse_open(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise OperatorMust(
            f"{path} cannot be read: {error.strerror}.",
            code="app-file",
            hint="Restore it, or move its folder away and register the App anew with `pointsman setup github`.",
        ) from error
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or found.st_uid not in (os.getuid(), 0):
        raise OperatorMust(
            f"{path} can be read by others than the user that the server runs as.",
            code="credentials-open",
            hint=f"Run `chmod {'700' if path.is_dir() else '600'} {path}`, and make sure that it is that user's own.",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
