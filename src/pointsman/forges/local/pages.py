"""Where the pages of a run lie on disk: its status, and the page, review and check of its change."""

from pathlib import Path

_SUFFIXES = (".md", ".review.md", ".check.json")


def status_page(home: Path, run_id: str) -> Path:
    """What is said of a run."""
    return home / "runs" / f"{run_id}.md"


def change_page(home: Path, repository_id: str, branch: str) -> Path:
    """The page of a change; its review and its check lie beside it."""
    return home / "changes" / repository_id / (branch.removeprefix("pointsman/").replace("/", "-") + ".md")


def pages_of(home: Path, run_id: str, repository_id: str, branch: str) -> tuple[Path, ...]:
    """The pages that there are of a run; `branch` is empty when it made none."""
    page = change_page(home, repository_id, branch)
    beside = tuple(page.with_suffix(suffix) for suffix in _SUFFIXES) if branch else ()
    return tuple(path for path in (status_page(home, run_id), *beside) if path.is_file())
