"""Links to pictures that nobody can guess, that end by themselves, and that need nothing written down."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pointsman.domain.errors import OperatorMust
from pointsman.domain.moments import later
from pointsman.domain.pictures import Picture, Previews, Shown
from pointsman.domain.run import LOCAL, RunSpec
from pointsman.entrypoints.web.parts import PREVIEWS, ShownPage
from pointsman.workspaces.gallery import DAYS, Gallery

_SECONDS = DAYS * 86_400.0
_LONGEST = 300


class PreviewLinks:
    """Makes the links of an installation and opens them; `url` is where people reach its server, if they do.

    A link holds the digest of what it shows, when it ends, and an HMAC-SHA256 over both under a key of the home's.
    """

    def __init__(self, home: Path, gallery: Gallery, *, url: str, new_secret: Callable[[], str]) -> None:
        self._key_file = home / "previews.key"
        self._gallery = gallery
        self._url = url.rstrip("/")
        self._new_secret = new_secret

    async def show(self, run_id: str, spec: RunSpec, found: Previews) -> Shown:
        """Files for a repository on disk; else links, where the server has an address. The same whenever asked."""
        if spec.repository.forge == LOCAL:
            paths = {one.sha256: self._gallery.found(one.sha256) for one in found.pictures}
            return Shown("", {sha256: str(path) for sha256, path in paths.items() if path})
        if not self._url:
            return Shown()
        end = _compact(later(spec.admitted_at, _SECONDS))
        rows = [[_page(pair), *(one.sha256 if one else "" for one in pair)] for pair in found.pairs]
        listed = json.dumps({"run": run_id, "rows": rows}).encode()
        page = self._token("page", self._gallery.keep(listed, "json"), end)
        places = {
            one.sha256: f"{self._url}{PREVIEWS}/{self._token('png', one.sha256, end)}" for one in found.pictures
        }
        return Shown(f"{self._url}{PREVIEWS}/{page}", places)

    def open(self, token: str, now: str) -> bytes | ShownPage | None:
        """What a link shows at `now` (ISO 8601 in UTC): a picture, or a page of them; None when it shows nothing."""
        kind, sha256, end, _ = parts if len(parts := token.split(".")) == 4 and len(token) < _LONGEST else [""] * 4
        if kind not in ("page", "png") or not token.isascii() or _compact(now) > end:
            return None
        known: Literal["page", "png"] = "page" if kind == "page" else "png"
        if not hmac.compare_digest(token.encode(), self._token(known, sha256, end).encode()):
            return None
        if known == "png":
            return self._gallery.load(sha256)
        listed = self._gallery.load(sha256, "json")
        if listed is None:
            return None
        found = json.loads(listed)
        rows = tuple((page, self._open(old, end), self._open(new, end)) for page, old, new in found["rows"])
        return ShownPage(found["run"], rows)

    def _open(self, sha256: str, end: str) -> str:
        """The token of a picture that is still there; empty for one that is not, or that there never was."""
        return self._token("png", sha256, end) if sha256 and self._gallery.found(sha256) else ""

    def _token(self, kind: Literal["page", "png"], sha256: str, end: str) -> str:
        said = f"{kind}.{sha256}.{end}"
        mac = hmac.digest(self._key(), said.encode(), hashlib.sha256)
        return f"{said}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    def _key(self) -> bytes:
        """The home's own key, made the first time by whoever comes first. Raises OperatorMust(home)."""
        try:
            if not self._key_file.exists():
                draft = self._key_file.with_name(f".{self._key_file.name}.{os.getpid()}")
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
                with os.fdopen(os.open(draft, flags, 0o600), "w") as out:
                    out.write(self._new_secret())
                # A link is made only where there is none, so two processes that begin at once get one key.
                try:
                    os.link(draft, self._key_file)
                except FileExistsError:
                    pass
                finally:
                    draft.unlink()
            return self._key_file.read_bytes()
        except OSError as error:
            raise OperatorMust(
                f"The key of picture links, {self._key_file}, cannot be used: {error.strerror}.",
                code="home",
                hint="Mend its owner or mode, or move it away; links made with it then end.",
            ) from error


def _page(pair: tuple[Picture | None, Picture | None]) -> str:
    return next(one.page for one in pair if one is not None)


def _compact(at: str) -> str:
    return at.replace("-", "").replace(":", "")
