"""One call of git over https: to one address, with a credential in its environment only, within bounds."""

import asyncio
import base64
import contextlib
import ipaddress
import os
import re
import resource
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pointsman.domain.errors import OperatorMust, OwnerMust, TryAgain
from pointsman.workspaces.git import Asked, GitFailed, run
from pointsman.workspaces.mirror import MAX_BYTES

Operation = Literal["read", "write"]
Credential = Callable[[Operation], Awaitable[str]]
"""Gives a token that serves one operation; asked anew each time, so that none is kept."""

_USER = "x-access-token"
_PATH = re.compile(r"(?:/[A-Za-z0-9_~.-]+)+")
_LOOKS = 0.2
# Mistakes of old tools that harm nobody; what could harm is refused (git-fsck, Fsck messages).
_FORGIVEN = ("zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "badEmail")
_SETTINGS = (
    ("advice.graftFileDeprecated", "false"),
    ("credential.helper", ""),
    ("core.askPass", ""),
    ("core.bigFileThreshold", "16m"),
    ("fetch.fsckObjects", "true"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.unpackLimit", "1"),
    ("fetch.writeCommitGraph", "false"),
    ("http.emptyAuth", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
    # Empty, it keeps even the variables of proxies from having a say (git-config, http.proxy).
    ("http.proxy", ""),
    ("http.sslVerify", "true"),
    ("protocol.version", "2"),
    ("push.followTags", "false"),
    # Asks what the forge holds before anything is packed, so that a push is as small as its change.
    ("push.negotiate", "true"),
    ("push.recurseSubmodules", "no"),
    ("submodule.recurse", "false"),
    ("transfer.advertiseSID", "false"),
    ("transfer.bundleURI", "false"),
    ("transfer.credentialsInUrl", "die"),
    ("transfer.fsckObjects", "true"),
    *((f"fetch.fsck.{name}", "ignore") for name in _FORGIVEN),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one operation may take: bytes on disk (packed, and again unpacked) and seconds."""

    max_bytes: int = MAX_BYTES
    seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Transport:
    """Speaks to the one repository at `url`; made by `to`."""

    url: str
    credential: Credential
    bounds: Bounds

    @classmethod
    def to(cls, url: str, credential: Credential, bounds: Bounds) -> "Transport":
        """The transport to an address. Raises OperatorMust(bad-address) unless it is plain https.

        Plain http is taken for an address of this machine only. The address is not told back, since it may hold a
        password where none belongs.
        """
        if not _is_plain(url):
            raise OperatorMust(
                "The address of the repository is not a plain https address.",
                code="bad-address",
                hint="Set the forge's base address as https://host[:port], without a user name, password or query.",
            )
        return cls(url, credential, bounds)

    @property
    def name(self) -> str:
        """The repository as people know it: the path of its address."""
        return urlsplit(self.url).path.strip("/").removesuffix(".git")

    async def run(self, git_dir: Path, operation: Operation, *args: str) -> bytes:
        """What git prints for `args`, in `git_dir`, whose size is watched meanwhile.

        Raises GitFailed without any trace of the credential, OwnerMust(repository-too-large), TryAgain(unreachable)
        when the time is over.
        """
        _leave_no_core()
        token = await self.credential(operation)
        basic = base64.b64encode(f"{_USER}:{token}".encode()).decode()
        asked = Asked(git_dir, args, env=self._environment(basic), seconds=self.bounds.seconds)
        try:
            return await self._watched(asked)
        except GitFailed as error:
            failed = GitFailed(_without(error.message, token, basic), stderr=_without(error.stderr, token, basic))
        # Raised out here, the original, whose text may hold what a server echoed, is not kept as its context.
        raise failed

    def _environment(self, basic: str) -> dict[str, str]:
        settings = (*_SETTINGS, (f"http.{self.url}.extraHeader", f"Authorization: Basic {basic}"))
        told = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_ALLOW_PROTOCOL": urlsplit(self.url).scheme}
        for place, (key, value) in enumerate(settings):
            told |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
        return told

    async def _watched(self, asked: Asked) -> bytes:
        work = asyncio.create_task(run(asked))
        try:
            done: set[asyncio.Task[bytes]] = set()
            while not done:
                done, _ = await asyncio.wait({work}, timeout=_LOOKS)
                await self._refuse_large(asked.git_dir)
            return work.result()
        except OperatorMust as error:
            if error.code != "git-slow":
                raise
            raise TryAgain(
                f"{self.name} did not answer within {self.bounds.seconds:g} seconds.",
                after=30.0,
                code="unreachable",
            ) from error
        finally:
            work.cancel()
            await asyncio.wait({work})

    async def _refuse_large(self, folder: Path) -> None:
        if await asyncio.to_thread(_size, folder) > self.bounds.max_bytes:
            raise too_large(self.name, self.bounds.max_bytes)


def too_large(name: str, max_bytes: int) -> OwnerMust:
    """The refusal of a repository that is larger than one operation may take."""
    return OwnerMust(
        f"The repository {name} is too large: at most {max_bytes} bytes are taken.",
        code="repository-too-large",
        hint="Take large files out of it, or ask the operator for more room.",
    )


def _is_plain(url: str) -> bool:
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        return False
    place = f"[{host}]" if ":" in host else host
    plain = f"{split.scheme}://{place}{f':{port}' if port is not None else ''}{split.path}"
    if plain != url or not re.fullmatch(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", place):
        return False
    if not _PATH.fullmatch(split.path) or any(part in (".", "..") for part in split.path.split("/")):
        return False
    return split.scheme == "https" or (split.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _leave_no_core() -> None:
    """Let neither this process nor what it starts leave its memory on disk: a credential is in it from now on."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _size(folder: Path) -> int:
    """The bytes of all files below; files that come and go meanwhile do not count."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(path, name).lstat().st_size
    return total


def _without(text: str, *secrets: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text
