"""Where the key of kept prompts and answers is found: as the environment says, else in the home."""

import threading

from pointsman.audit.text_key import TextKey, key_at, key_from
from pointsman.entrypoints.settings import Settings, credential


class TextKeyPlace:
    """The key of one installation, opened when it is first wanted; many machines share one by a reference."""

    def __init__(self, settings: Settings) -> None:
        self._reference = settings.text_key
        self._own = settings.home / "keys" / "texts.key"
        self._key: TextKey | None = None
        self._opening = threading.Lock()

    def opened(self) -> TextKey:
        """The key; the home's own is made where there is none. Raises OperatorMust (`text-key`)."""
        with self._opening:
            if self._key is None:
                given = self._reference
                self._key = key_from(given, credential) if given else key_at(self._own, make=True)
            return self._key
