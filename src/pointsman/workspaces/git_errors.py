"""What a forge's git server said, told as an error by who can mend it."""

import re
import unicodedata

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, TryAgain
from pointsman.workspaces.git import GitFailed

_STATUS = re.compile(r"requested URL returned error: (\d{3})")
_REJECTED = re.compile(r"! \[(?:remote )?rejected\].*?\((?P<reason>[^\n]*)\)\s*$", re.MULTILINE)
_REMOTE_ERROR = re.compile(r"^remote:\s*(?:fatal|error):\s*(?P<text>\S[^\n]*)", re.MULTILINE)
_MAX_REASON = 300

# Words of git's own source (remote-curl.c, http.c, send-pack.c, receive-pack.c, fetch-pack.c, fsck.c) with LC_ALL=C.
_NO_CREDENTIAL = ("Authentication failed", "could not read Username", "could not read Password")
_NO_CERTIFICATE = ("SSL certificate", "server certificate", "unable to get local issuer")
_GONE = ("not found", "does not appear to be a git repository")
_READ_ONLY = ("archived so it is read-only",)
_HOSTILE = ("fsck error", "index-pack --strict", "fsck: ")
_NO_REVISION = ("couldn't find remote ref", "not our ref", "no such remote ref", "unadvertised object")
_MOVED = (
    "(stale info)",
    "(fetch first)",
    "(non-fast-forward)",
    "cannot lock ref",
    "incorrect old value",
    "reference already exists",
)
IN_THE_WAY = "exists; cannot create"


def told(failed: GitFailed, name: str) -> PointsmanError:
    """The error of an operation on the repository `name` (its full name on the forge)."""
    text = failed.stderr
    status = _STATUS.search(text)
    if any(sign in text for sign in _READ_ONLY):
        return _read_only(name)
    if status is not None:
        return _of_status(int(status.group(1)), name)
    if any(sign in text for sign in _NO_CREDENTIAL):
        return _no_credential(name)
    if any(sign in text for sign in _NO_CERTIFICATE):
        return OperatorMust(
            f"The certificate of the forge that holds {name} is not trusted.",
            code="certificate",
            hint="Install the certificate of its authority on this machine.",
        )
    return _of_words(failed, text, name)


def told_of_push(failed: GitFailed, name: str, branch: str) -> PointsmanError:
    """The error of a push of `branch`; the forge's own reason is given in plain, shortened words."""
    text = failed.stderr
    if IN_THE_WAY in text:
        return in_the_way(branch)
    if has_moved(failed):
        return moved(branch)
    if "shallow update not allowed" in text:
        return OwnerMust(
            f"The commit that {branch} starts from is not in {name} any more.",
            code="unrelated-commit",
            hint="Its branch was rewritten meanwhile. Run again.",
        )
    rejected = _REJECTED.search(text)
    if rejected is None:
        return told(failed, name)
    reason = "; ".join((rejected["reason"], *(each["text"] for each in _REMOTE_ERROR.finditer(text))))
    return OwnerMust(
        f"The forge refused {branch}: {plain(reason)}",
        code="push-refused",
        hint="A rule of the repository or a permission of the app stands in the way; nothing was pushed.",
    )


def has_moved(failed: GitFailed) -> bool:
    """Whether a push failed since the branch is not where it was expected."""
    return any(sign in failed.stderr for sign in _MOVED)


def moved(branch: str) -> OwnerMust:
    """The refusal for a branch that is not where it was expected."""
    return OwnerMust(
        f"The branch {branch} is not where it was: somebody else moved or made it meanwhile.",
        code="branch-moved",
        hint="Nothing was pushed. Run again, or delete the branch first.",
    )


def in_the_way(branch: str) -> OwnerMust:
    """The refusal for a branch beside another whose name is a folder of its own."""
    return OwnerMust(
        f"A branch stands in the way of {branch}: git cannot hold both names.",
        code="branch-in-the-way",
        hint=f"Rename the branch that is named like a folder of {branch}.",
    )


def plain(text: str) -> str:
    """Foreign words in one short line: no control characters, no mention of anybody, no markup."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or _harmless(char))
    line = " ".join("".join(kept).split())
    return line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 1].rstrip()}…"


def _harmless(char: str) -> bool:
    return char not in "@<>" and not unicodedata.category(char).startswith("C")


def _of_status(status: int, name: str) -> PointsmanError:
    if status in (401, 403):
        return _no_credential(name)
    if status in (404, 410, 451):
        return _gone(name)
    if status == 429:
        # At least a minute, where no header says more (GitHub REST documentation, Rate limits).
        return _unreachable(name, f"it said {status}", after=60.0)
    if status >= 500 or status == 408:
        return _unreachable(name, f"it said {status}")
    if 300 <= status < 400:
        return OwnerMust(
            f"The forge says that {name} lies elsewhere now; it was not followed there.",
            code="repository-moved",
            hint="Look whether the repository was renamed or moved, then run again.",
        )
    return OperatorMust(f"The forge answered git about {name} with status {status}.", code="git-failed")


def _of_words(failed: GitFailed, text: str, name: str) -> PointsmanError:
    if any(sign in text for sign in _HOSTILE):
        return OwnerMust(
            f"The repository {name} holds objects that git itself refuses to take.",
            code="hostile-tree",
            hint="`git fsck --strict` in a clone says which; remove them in a new commit.",
        )
    if any(sign in text for sign in _NO_REVISION):
        return unknown(name, "")
    if any(sign in text for sign in _GONE):
        return _gone(name)
    if "info/refs not valid" in text:
        return _unreachable(name, "what it said is not git's")
    if "unable to access" in text or _broken_off(text):
        return _unreachable(name, "the connection failed")
    return failed


def _broken_off(text: str) -> bool:
    return any(sign in text for sign in ("RPC failed", "early EOF", "hung up", "unexpected disconnect", "timed out"))


def unknown(name: str, revision: str) -> OwnerMust:
    """The refusal for a revision that the forge does not have."""
    what = f"commit or branch {revision[:300]!r}" if revision else "such commit or branch"
    return OwnerMust(
        f"{name} has no {what}.",
        code="unknown-revision",
        hint="Look whether the branch was renamed or deleted.",
    )


def _gone(name: str) -> OwnerMust:
    return OwnerMust(
        f"There is no repository {name}, or it is not open to this installation.",
        code="repository-gone",
        hint="Look whether it was renamed or deleted, or taken out of the app's installation.",
    )


def _read_only(name: str) -> OwnerMust:
    return OwnerMust(
        f"{name} is archived and cannot be written to.",
        code="repository-read-only",
        hint="Take it out of the archive first.",
    )


def _no_credential(name: str) -> OperatorMust:
    return OperatorMust(
        f"The forge did not accept the credential for {name}.",
        code="credentials",
        hint="Look at the app's key, its installation, and its permission `contents`.",
    )


def _unreachable(name: str, why: str, *, after: float = 30.0) -> TryAgain:
    return TryAgain(f"The git server of {name} did not answer: {why}.", after=after, code="unreachable")
