"""Pictures and their lists as files named by the sha256 of their bytes, for the operator's eyes, for some days."""

import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Literal

from pointsman.domain.errors import OperatorMust

DAYS = 30
"""How long a picture is kept after it was last taken."""

Kind = Literal["png", "json"]
"""A picture, or the list of those that one page shows."""

_DAY_SECONDS = 86_400
_HEX = frozenset("0123456789abcdef")


class Gallery:
    """One folder below the installation's home; several processes may use it at once.

    `days` is how long what is kept now stays, at most DAYS; a picture that another run keeps longer stays longer.
    """

    def __init__(self, folder: Path, days: int = DAYS) -> None:
        self._folder = folder
        self._days = min(days, DAYS)

    def for_days(self, days: int) -> "Gallery":
        """The same pictures, for a run whose words are kept so long; a day is given to look at them in any case."""
        return Gallery(self._folder, max(1, days))

    def found(self, sha256: str) -> Path | None:
        """Where a picture lies; None once it is gone."""
        place = self._place(sha256, "png")
        return place if place.is_file() else None

    def keep(self, data: bytes, kind: Kind = "png") -> str:
        """Write the bytes once and return their sha256; kept anew, their days begin anew. Raises OperatorMust."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = self._place(sha256, kind)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Two runs may keep the same picture at once, in two threads of one process.
            handle, name = tempfile.mkstemp(prefix=".", dir=self._folder)
            draft = Path(name)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(data)
                self._date(draft, place)
                draft.replace(place)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise OperatorMust(
                f"A picture could not be written below {self._folder}: {error.strerror}.",
                code="disk-full" if error.errno == 28 else "home",
                hint="Make room or mend the folder's mode, then resume the run.",
            ) from error
        return sha256

    def _date(self, draft: Path, place: Path) -> None:
        """A file goes when it is DAYS old; one that is to go sooner is made to look older."""
        if self._days < DAYS:
            age = (DAYS - self._days) * _DAY_SECONDS
            before = place.stat().st_mtime if place.is_file() else 0.0
            moment = max(before, time.time() - age)
            os.utime(draft, (moment, moment))

    def load(self, sha256: str, kind: Kind = "png") -> bytes | None:
        """The bytes with this digest; None when they are gone, or are not what the digest names any more."""
        if len(sha256) != 64 or not _HEX.issuperset(sha256):
            return None
        try:
            data = self._place(sha256, kind).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def _place(self, sha256: str, kind: Kind) -> Path:
        return self._folder / f"{sha256}.{kind}"

    def sweep(self, now: float | None = None) -> int:
        """Take away what is older than its days; `now` in seconds since 1970. Returns how many files went."""
        now = time.time() if now is None else now
        gone = 0
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            try:
                facts = path.lstat()
            except FileNotFoundError:
                # Another process swept it, or gave it its name.
                continue
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < now - DAYS * _DAY_SECONDS:
                path.unlink(missing_ok=True)
                gone += 1
        return gone
