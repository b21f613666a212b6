"""The names of the files of a note, apart from what is in them."""

from datetime import datetime

_NAMED_BY_BRANCH = frozenset({"ready", "needs-person", "reviewed"})


def note_name(written_at: str, branch: str, run_id: str, *, result: str = "ready", sent: int = 0) -> str:
    """The file name of a note without folder and suffix: `<date>-<branch-slug>-<run>`.

    A run may end without a change more than once. So then the end takes the branch's place, with how often a
    model had been asked by then, each try of a call counted.
    """
    day = datetime.fromisoformat(written_at).date().isoformat()
    about = _slug(branch)[:40].strip("-") if result in _NAMED_BY_BRANCH else f"{_slug(result)}-after-{sent}"
    return f"{day}-{about or 'change'}-{_slug(run_id) or 'run'}"


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)
