"""The names of the files of a note, apart from what is in them."""

from datetime import datetime


def note_name(written_at: str, branch: str, run_id: str) -> str:
    """The file name of a note without folder and suffix: `<date>-<branch-slug>-<run>`."""
    day = datetime.fromisoformat(written_at).date().isoformat()
    return f"{day}-{_slug(branch)[:40].strip('-') or 'change'}-{_slug(run_id) or 'run'}"


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)
