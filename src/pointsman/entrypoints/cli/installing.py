"""The commands that set up a GitHub App on a machine without a browser, and that change its secret."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.entrypoints.settings import Settings, read_settings
from pointsman.entrypoints.web.pages import form_file
from pointsman.entrypoints.web.parts import form_for
from pointsman.entrypoints.web.wishes import GITHUB, checked, warnings
from pointsman.entrypoints.wiring import GitHubRegistrar, registrar_of

FORM = "setup-github.html"


@dataclass(frozen=True)
class Asked:
    """The App to make: where its server is reached, who owns it, and where GitHub's pages are."""

    url: str
    org: str
    web: str


@dataclass(frozen=True)
class Existing:
    """An App that is there: its number, and the files with its key and its secret."""

    app_id: int
    key: Path
    secret: Path
    web: str


async def begin(asked: Asked, home: Path | None) -> int:
    """Write the form to a file for any browser, and say what to do with it. Raises UsageMust for a bad address."""
    if not asked.url:
        raise UsageMust(
            "Where GitHub reaches the server is not said.", code="address", hint="Add --url https://bot.example.org."
        )
    fields = {"url": asked.url, "organization": asked.org, "web": asked.web}
    looked_at = checked(fields, url="")
    for name, problem in looked_at.problems.items():
        option = {"organization": "--org"}.get(name, f"--{name}")
        raise UsageMust(f"{option} cannot be used. {problem}", code="address")
    settings = read_settings(home)
    registrar = _new(settings)
    finish = f"pointsman setup github --code CODE{_web(looked_at.wish.web)}{settings.home_option}"
    form = form_for(registrar, looked_at.wish, registrar.new_state())
    path = settings.home / FORM
    _write(path, form_file(looked_at.wish, form, finish))
    for warning in warnings(looked_at.wish.url):
        _say(warning)
    _say(f"Open {path} in a browser, on any machine, and press its button.")
    _say("Afterwards the browser's address holds code=...; within the hour:")
    _say(f"  {finish}")
    return 0


async def exchange(code: str, web: str, home: Path | None) -> int:
    """Exchange GitHub's code for the App's credentials and keep them."""
    settings = read_settings(home)
    where = _github_at(web)
    install = await _new(settings).register(where, code.strip())
    (settings.home / FORM).unlink(missing_ok=True)
    _say(f"The App is made. Choose its repositories: {install}")
    _say(f"Then: pointsman serve{settings.home_option}")
    return 0


async def adopt(existing: Existing, home: Path | None) -> int:
    """Keep the credentials of an App that is there, once GitHub has taken them."""
    settings = read_settings(home)
    web = _github_at(existing.web)
    _read(existing.key)
    secret = _read(existing.secret).strip()
    registrar = _new(settings)
    install = await registrar.adopt(web, existing.app_id, key_file=existing.key.absolute(), secret=secret)
    _say(f"The App answers. Choose its repositories: {install}")
    return 0


async def rotate(home: Path | None) -> int:
    """Add a second webhook secret and tell GitHub; when there are two, drop the old one."""
    settings = read_settings(home)
    registrar = registrar_of(settings.home)
    if not registrar.done():
        raise UsageMust("GitHub is not set up here.", code="not-set-up", hint="Begin with `pointsman setup github`.")
    if await registrar.rotate():
        _say("GitHub signs with a new secret from now on; the old one is still taken, so that nothing is lost.")
        _say(f"After a day, drop the old one: pointsman setup github --rotate-secret{settings.home_option}")
    else:
        _say("The old secret is dropped; only the new one is taken.")
    return 0


def _new(settings: Settings) -> GitHubRegistrar:
    registrar = registrar_of(settings.home)
    if registrar.done():
        raise UsageMust(
            f"GitHub is set up already, in {settings.home}.",
            code="set-up",
            hint="To begin anew, stop the server and move the folder `github` of that home away.",
        )
    return registrar


def _github_at(web: str) -> str:
    looked_at = checked({"web": web}, url=GITHUB)
    if "web" in looked_at.problems:
        raise UsageMust(f"--web cannot be used. {looked_at.problems['web']}", code="address")
    return looked_at.wish.web


def _web(web: str) -> str:
    return "" if web == GITHUB else f" --web {web}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageMust(f"The file {path} cannot be read: {why}.", code="no-file") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OperatorMust(f"The file {path} cannot be written: {error.strerror}.", code="home") from error


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
