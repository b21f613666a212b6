"""The one place that reads the environment: folders, the user, and where credentials are found."""

import os
import pwd
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.errors import OperatorMust
from pointsman.domain.run import Actor

_SIGNING_KEY = "POINTSMAN_SIGNING_KEY"
_PASSPHRASE = "POINTSMAN_SIGNING_KEY_PASSPHRASE"
_TEXT_KEY = "POINTSMAN_TEXT_KEY"


@dataclass(frozen=True)
class Settings:
    """What the environment says.

    `home` holds the ledger, the mirrors and the pages; `named` tells that the command line named it, and
    `policy` is the file or preset that it named. `path` is searched for interpreters. `ollama_host` and whether
    there are keys is asked by the demo, to find real models. `text_key` points to the key that prompts and answers
    are encrypted under, as `env:NAME` or `file:/path`; without it the home has one of its own. `signing_keys` point
    to the signing keys that are given, of which one is right, and `signing_passphrase` to what opens it.
    """

    home: Path
    path: str
    actor: Actor
    ollama_host: str
    openai_key: bool
    anthropic_key: bool
    named: bool = False
    policy: Path | None = None
    text_key: str = ""
    signing_keys: tuple[str, ...] = ()
    signing_passphrase: str = ""

    @property
    def home_option(self) -> str:
        """What a command needs besides, to find this home again; with a blank before it."""
        return f" --home {shlex.quote(str(self.home))}" if self.named else ""

    @property
    def policy_option(self) -> str:
        """What a command needs besides, to go by this policy again; with a blank before it."""
        if self.policy is None:
            return ""
        is_file = self.policy.expanduser().is_file()
        return f" --policy {shlex.quote(str(self.policy.expanduser().absolute() if is_file else self.policy))}"


def read_settings(home: Path | None = None, policy: Path | None = None) -> Settings:
    """The settings of this process. `home` from the command line wins over POINTSMAN_HOME and XDG_STATE_HOME."""
    env = os.environ
    uid = os.getuid()
    return Settings(
        home=(home or _home(env.get("POINTSMAN_HOME"), env.get("XDG_STATE_HOME"))).expanduser().absolute(),
        path=env.get("PATH", os.defpath),
        actor=Actor(uid, _login(uid)),
        ollama_host=env.get("OLLAMA_HOST", ""),
        openai_key=bool(env.get("OPENAI_API_KEY")),
        anthropic_key=bool(env.get("ANTHROPIC_API_KEY")),
        named=home is not None,
        policy=policy,
        text_key=_reference(_TEXT_KEY, env.get(_TEXT_KEY, "")),
        signing_keys=_signing_keys(env.get(f"{_SIGNING_KEY}_FILE"), env.get(_SIGNING_KEY)),
        signing_passphrase=_reference(_PASSPHRASE, env.get(_PASSPHRASE, "")),
    )


def _signing_keys(file: str | None, key: str | None) -> tuple[str, ...]:
    given = (f"file:{Path(file).expanduser().absolute()}",) if file else ()
    return (*given, _reference(_SIGNING_KEY, key)) if key else given


def _reference(name: str, value: str) -> str:
    """What a variable points to, or the variable itself where it holds the secret: none stands among the settings."""
    return value if not value or value.startswith(("env:", "file:")) else f"env:{name}"


def program() -> str:
    """The name to type to call us again: `pointsman` where the PATH finds it, else the file as it was called."""
    called = Path(sys.argv[0])
    if called.name != "pointsman" or not called.is_file() or shutil.which("pointsman"):
        return "pointsman"
    here = Path.cwd()
    return str(called.absolute().relative_to(here) if called.absolute().is_relative_to(here) else called.absolute())


def credential(reference: str) -> str | None:
    """What a reference of the policy file points to: `env:NAME` or `file:/path`. None when there is nothing.

    Raises OperatorMust when a file is named that others may read, or that cannot be read.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        return os.environ.get(place) or None
    if kind == "file":
        return _from_file(Path(place))
    return None


def _from_file(path: Path) -> str | None:
    try:
        if path.stat().st_mode & 0o077:
            raise OperatorMust(
                f"The credential file {path} can be read by others.", code="key-file", hint=f"chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip() or None
    except OSError as error:
        raise OperatorMust(
            f"The credential file {path} cannot be read: {error.strerror}.",
            code="key-file",
            hint="Mend the provider's `key` in the policy file, or the file's owner.",
        ) from error


def _home(own: str | None, state: str | None) -> Path:
    if own:
        return Path(own)
    return (Path(state) if state else Path("~/.local/state")) / "pointsman"


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
