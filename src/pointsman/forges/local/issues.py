"""Issues as Markdown files: a heading is the title, the rest the body, an optional `Labels:` line the labels."""

import re
from pathlib import Path

from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.run import Issue, text_digest

MAX_BYTES = 256_000
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>.+?)[ \t#]*$")
_LABELS = re.compile(r"^labels?:[ \t]*(?P<labels>.*)$", re.IGNORECASE)


def read_issue(path: Path) -> Issue:
    """The issue in a file.

    Raises UsageMust when there is no such file, OwnerMust when it is empty, too long or not text.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageMust(
            f"There is no issue file at {path}.", code="no-issue", hint="Name a Markdown file with --issue."
        ) from error
    except (IsADirectoryError, PermissionError) as error:
        raise UsageMust(
            f"The issue file {path} cannot be read: {error.strerror}.",
            code="no-issue",
            hint="Name a Markdown file with --issue.",
        ) from error
    if len(data) > MAX_BYTES:
        raise OwnerMust(
            f"The issue file {path} has {len(data):,} bytes; {MAX_BYTES:,} is the most.",
            code="issue-too-long",
            hint="Keep the request in the issue and put long logs into a file of the repository.",
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise OwnerMust(
            f"The issue file {path} is not UTF-8 text (byte {error.start}).",
            code="issue-not-text",
            hint="Save it as UTF-8.",
        ) from error
    return _parsed(path, text)


def _parsed(path: Path, text: str) -> Issue:
    lines = text.strip().splitlines()
    if not lines:
        raise OwnerMust(
            f"The issue file {path} is empty.",
            code="empty-issue",
            hint="Write a heading that names the problem and a paragraph that says what should happen instead.",
        )
    heading = _HEADING.match(lines[0])
    title = heading["title"] if heading else lines[0].strip()
    labels: tuple[str, ...] = ()
    rest: list[str] = []
    for line in lines[1:]:
        found = _LABELS.match(line) if not labels and not any(rest) else None
        if found:
            labels = tuple(word.strip() for word in found["labels"].split(",") if word.strip())
        else:
            rest.append(line)
    body = "\n".join(rest).strip()
    return Issue(
        key=_key(path),
        title=title[:300],
        body=body,
        digest=text_digest(title, body),
        labels=labels,
        url=str(path.absolute()),
    )


def _key(path: Path) -> str:
    number = re.match(r"\d+", path.stem)
    return number[0] if number else re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40] or "issue"
