"""Where a home keeps its keys: the private half that signs, made or given, and the public halves of all it had."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pointsman.audit.keys.private_file import replace_whole
from pointsman.audit.keys.signing import SigningKey, key_of, load_or_make_key, read_signing_key
from pointsman.domain.errors import OperatorMust
from pointsman.domain.keys import KnownKey

_REVOKED = ".revoked.pem"
_KEPT = "kept in the home"


def _nothing(_reference: str) -> None:
    """No secret."""


@dataclass(frozen=True)
class KeyPlace:
    """The folder of keys, or a key that the operator gives.

    `given` are references to a private key, at most one: `file:/path` or `env:NAME`; `passphrase` is one to what
    opens it, empty for none; `secret` reads what a reference names.
    """

    path: Path
    given: tuple[str, ...] = ()
    passphrase: str = ""
    secret: Callable[[str], str | None] = _nothing

    @property
    def is_given(self) -> bool:
        """Whether the operator gives the key, so that none is made."""
        return bool(self.given)

    @property
    def holds_one(self) -> bool:
        """Whether there is a private half; nothing is made."""
        return self.is_given or self.path.exists()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold a private half."""
        given = tuple(Path(one.removeprefix("file:")) for one in self.given if one.startswith("file:"))
        return given or ((self.path, self.draft) if not self.given else ())

    @property
    def draft(self) -> Path:
        """Where the next key lies until it takes the place of this one."""
        return self.path.with_name("next.pem")

    def stamp(self) -> tuple[object, ...]:
        """What changes when the private half does; None where there is none."""
        return tuple(_stamp(path) for path in self.files[:1])

    def load(self) -> SigningKey:
        """The key that is given, else the one in the folder, made when there is none. Raises OperatorMust."""
        if not self.given:
            return load_or_make_key(self.path)
        if len(self.given) > 1:
            raise OperatorMust(
                "Two signing keys are given.",
                code="signing-key",
                hint="Set POINTSMAN_SIGNING_KEY_FILE or POINTSMAN_SIGNING_KEY, not both.",
            )
        return self._opened(self.given[0])

    def promote(self) -> None:
        """Let the next key take the place of this one, whose private half is gone then, if there is a next one."""
        with suppress(FileNotFoundError):
            self.draft.replace(self.path)

    def keep(self, key: SigningKey) -> None:
        """Keep the public half, so that old notes can be verified though the ledger is lost."""
        place = self._public / f"{key.key_id}.pem"
        if not place.exists() and not place.with_name(key.key_id + _REVOKED).exists():
            replace_whole(place, key.public_pem)

    def mark_revoked(self, key: KnownKey) -> None:
        """Keep that a key is revoked, so that a ledger restored from a backup learns it again."""
        replace_whole(self._public / f"{key.id}{_REVOKED}", key.pem.encode())
        (self._public / f"{key.id}.pem").unlink(missing_ok=True)

    def kept(self, at: str) -> tuple[KnownKey, ...]:
        """The keys whose public halves are kept here, by id; none of them is said to be active."""
        found = sorted(self._public.glob("*.pem"))
        return tuple(
            KnownKey(
                path.name.removesuffix(_REVOKED).removesuffix(".pem"),
                path.read_text(encoding="ascii"),
                "revoked" if path.name.endswith(_REVOKED) else "retired",
                since=at,
                until=at,
                reason=_KEPT,
            )
            for path in found
        )

    @property
    def _public(self) -> Path:
        return self.path.parent / "public"

    def _opened(self, reference: str) -> SigningKey:
        kind, _, name = reference.partition(":")
        if kind == "file":
            called, pem = name, _read(Path(name))
        else:
            called = f"in {name}"
            # Files of environments hold a value in one line, with its ends of lines spelt out.
            pem = (self.secret(reference) or "").replace("\\n", "\n").encode()
        return key_of(pem, called, (self.secret(self.passphrase) or "").encode() if self.passphrase else b"")


def _read(path: Path) -> bytes:
    try:
        # Secrets that are mounted into a container are links to the file of now.
        return read_signing_key(Path(os.path.realpath(path)))
    except OSError as error:
        raise OperatorMust(
            f"The signing key {path} cannot be read: {error.strerror}.",
            code="signing-key",
            hint="POINTSMAN_SIGNING_KEY_FILE names it; mend the name, or the file's owner.",
        ) from error


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
