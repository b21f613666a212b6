"""Credentials that are made late, for one repository and one purpose, and are kept in memory only."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.domain.run import Repository
from pointsman.forges.github.account import Account
from pointsman.forges.github.client import Call, Client, Credential
from pointsman.forges.github.refusals import NotThere, Refused, Reply, seconds_until, unanswered
from pointsman.forges.github.rest_wire import Installation, Minted, read

Purpose = Literal["read", "talk", "check", "publish"]

PERMISSIONS: Final[Mapping[Purpose, Mapping[str, str]]] = {
    "read": {"contents": "read", "issues": "read", "pull_requests": "read", "metadata": "read"},
    "talk": {"issues": "write", "pull_requests": "write"},
    "check": {"checks": "write"},
    "publish": {"contents": "write", "pull_requests": "write"},
}
# GitHub documentation, "Generating a JSON Web Token (JWT) for a GitHub App": ten minutes at most, and dated back
# against clocks that differ.
_JWT_SECONDS, _DATED_BACK = 540, 30
_JWT_KEPT = 240.0
# The same, "Generating an installation access token for a GitHub App": an hour.
_TOKEN_SECONDS, _SPARED = 3600.0, 300.0


class Tokens:
    """What the App shows to GitHub. Blocks; `clock` counts seconds and never goes back."""

    def __init__(self, account: Account, client: Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._account = account
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._jwt: tuple[Credential, float] | None = None
        self._installations: dict[str, str] = {}
        self._tokens: dict[tuple[str, Purpose], tuple[Credential, float]] = {}

    def jwt(self) -> Credential:
        """The App's own credential. Raises OperatorMust(credentials) when its key cannot be used."""
        with self._lock:
            if self._jwt is None or self._jwt[1] <= self._clock():
                self._jwt = (Credential(self._signed()), self._clock() + _JWT_KEPT)
            return self._jwt[0]

    def token(self, repository: Repository, purpose: Purpose) -> Credential:
        """A token for this repository alone, with the least permissions for a purpose and minutes left to live.

        Raises OwnerMust(repository-gone, permissions), OperatorMust(credentials), TryAgain.
        """
        key = (repository.id, purpose)
        known = self._tokens.get(key)
        if known is not None and known[1] > self._clock():
            return known[0]
        # Two that mint at once both get a good one, and nobody waits for a stranger's repository.
        self._tokens[key] = made = self._mint(self.installation(repository), repository.id, purpose)
        if known is not None:
            self._client.forget(known[0])
        return made[0]

    def installation(self, repository: Repository) -> str:
        """The installation that a repository belongs to, as GitHub says. Raises OwnerMust(repository-gone)."""
        known = self._installations.get(repository.id)
        if known is not None:
            return known
        try:
            reply = self._client.send(Call("GET", f"/repos/{repository.name}/installation"), self.jwt())
        except NotThere as error:
            raise gone(repository.name) from error
        found = read(Installation, reply.text)
        if found is None:
            raise unanswered("what it said about the installation cannot be read")
        if found.suspended_at:
            raise gone(repository.name)
        self._installations[repository.id] = str(found.id)
        return str(found.id)

    def believe(self, repository_id: str, installation: str, name: str) -> None:
        """Take the installation that a payload names, once GitHub gives a token of it for the repository.

        Raises OwnerMust(repository-gone) when the repository does not belong to it.
        """
        if self._installations.get(repository_id) == installation:
            return
        if not installation.isdecimal():
            raise gone(name)
        made = self._mint(installation, repository_id, "read")
        self.drop(repository_id)
        self._installations[repository_id] = installation
        self._tokens[repository_id, "read"] = made

    def drop(self, repository_id: str) -> None:
        """Forget every token of a repository and where it belongs: its job is done, or they are refused."""
        self._installations.pop(repository_id, None)
        for purpose in PERMISSIONS:
            dropped = self._tokens.pop((repository_id, purpose), None)
            if dropped is not None:
                self._client.forget(dropped[0])

    def _mint(self, installation: str, repository_id: str, purpose: Purpose) -> tuple[Credential, float]:
        wanted = {"repository_ids": [int(repository_id)], "permissions": dict(PERMISSIONS[purpose])}
        path = f"/app/installations/{installation}/access_tokens"
        try:
            reply = self._client.send(Call("POST", path, body=wanted), self.jwt())
        except NotThere as error:
            self._installations.pop(repository_id, None)
            raise gone("The repository") from error
        except Refused as error:
            raise _not_given(error, purpose) from error
        minted = read(Minted, reply.text)
        if minted is None:
            raise unanswered("the token that it gave cannot be read")
        return Credential(minted.token), self._clock() + _lifetime(minted, reply) - _SPARED

    def _signed(self) -> str:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from github.Auth import AppAuth

        try:
            key = self._account.key_file.read_text(encoding="utf-8")
            # Looked at first: what signs has errors of its own for a key that is none.
            load_pem_private_key(key.encode(), password=None)
            auth = AppAuth(str(self._account.app_id), key, jwt_expiry=_JWT_SECONDS, jwt_issued_at=-_DATED_BACK)
            return auth.token
        # A key that is none is a ValueError, or a TypeError where it is locked or of another kind.
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise OperatorMust(
                f"The App's private key in {self._account.key_file} cannot be used.",
                code="credentials",
                hint="Put a new one there: the App's page at GitHub makes them under Private keys.",
            ) from error


def gone(name: str) -> OwnerMust:
    """The repository is not ours to serve, or not any more."""
    return OwnerMust(
        f"{name} is not there for the App: it was removed, archived, suspended or moved to another owner.",
        code="repository-gone",
        hint="Install the App there, or unarchive the repository, and trigger it again.",
    )


def _not_given(error: Refused, purpose: Purpose) -> OwnerMust:
    if error.status == 422 and "permission" in error.said.lower():
        names = ", ".join(f"{name}:{level}" for name, level in PERMISSIONS[purpose].items())
        return OwnerMust(
            f"The installation of the App does not have the permissions {names}.",
            code="permissions",
            hint="Accept the App's permissions on the page of its installation.",
        )
    return gone("The repository")


def _lifetime(minted: Minted, reply: Reply) -> float:
    """By GitHub's own clock, so that a wrong one here neither shortens nor prolongs it. Seconds."""
    try:
        left = seconds_until(datetime.fromisoformat(minted.expires_at), reply)
    except ValueError:
        left = None
    return _TOKEN_SECONDS if left is None else min(left, _TOKEN_SECONDS)
