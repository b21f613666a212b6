"""What an installation writes down, each in the one database of the ledger, and its keys, of notes and of texts."""

import threading
from pathlib import Path

from pointsman.audit.keychain import KeyChain
from pointsman.audit.keys.place import KeyPlace
from pointsman.audit.ledger.breakers import SqlBreakers
from pointsman.audit.ledger.inbox import SqlInbox
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.marks import SqlMarks
from pointsman.audit.ledger.memory import SqlMemory
from pointsman.audit.ledger.notes import SqlNotes
from pointsman.audit.ledger.quarantine import SqlQuarantine
from pointsman.audit.texts.clearing import SqlClearing
from pointsman.audit.texts.key import TextKey, key_at, key_from
from pointsman.audit.texts.texts import SqlTexts
from pointsman.domain.errors import OperatorMust
from pointsman.entrypoints.settings import Settings, credential
from pointsman.ports.clock import Clock

_GIVEN = "POINTSMAN_TEXT_KEY names it: give its owner alone the right to read it, or name another place."


class Books:
    """One adapter for each thing that is written down; nothing is opened before it is wanted."""

    def __init__(self, url: str, settings: Settings, clock: Clock) -> None:
        self.text_key = TextKeyPlace(settings)
        self.ledger = SqlLedger(url)
        self.inbox = SqlInbox(url)
        self.notes = SqlNotes(url)
        self.memory = SqlMemory(url)
        self.marks = SqlMarks(url)
        self.quarantine = SqlQuarantine(url)
        self.breakers = SqlBreakers(url, clock)
        self.clearing = SqlClearing(url)
        self.texts = SqlTexts(url, self.text_key.opened)
        place = settings.home / "keys" / "signing.pem"
        given = KeyPlace(place, settings.signing_keys, settings.signing_passphrase, credential)
        self.keys = KeyChain(given, url, clock.now)

    def secret_files(self) -> tuple[Path, ...]:
        """The files with private keys, which no code of a repository may be able to read."""
        return (*self.keys.place.files, *self.text_key.files)

    def close(self) -> None:
        """Close every connection."""
        some = (self.ledger, self.inbox, self.notes, self.memory)
        for book in (*some, self.marks, self.quarantine, self.breakers, self.clearing, self.texts, self.keys):
            book.close()


class TextKeyPlace:
    """The key of one installation, opened when it is first wanted; many machines share one by a reference."""

    def __init__(self, settings: Settings) -> None:
        self._reference = settings.text_key
        self._own = settings.home / "keys" / "texts.key"
        self._key: TextKey | None = None
        self._opening = threading.Lock()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold a key: the home's own, which old texts may need still, and one that is given."""
        is_file = self._reference.startswith("file:")
        return (self._own, Path(self._reference.removeprefix("file:"))) if is_file else (self._own,)

    @property
    def holds_one(self) -> bool:
        """Whether a key is given or was made; nothing is made."""
        return bool(self._reference) or self._own.exists()

    def opened(self) -> TextKey:
        """The key; the home's own is made where there is none. Raises OperatorMust (`text-key`)."""
        with self._opening:
            if self._key is None:
                given = self._reference
                self._key = key_from(given, _given) if given else key_at(self._own, make=True)
            return self._key


def _given(reference: str) -> str | None:
    try:
        return credential(reference)
    except OperatorMust as error:
        raise OperatorMust(error.message, code="text-key", hint=_GIVEN) from error
