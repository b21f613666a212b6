"""What is wrong with a file that somebody wrote, said so that it can be mended at once."""

import re
from dataclasses import dataclass

# Shapes of credentials as their issuers document them: Anthropic and OpenAI, GitHub, GitLab, AWS, Google, Slack, PEM.
_CREDENTIAL = re.compile(
    r"sk-[A-Za-z0-9_-]{16}|gh[a-z]_[A-Za-z0-9]{16}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{12}"
    r"|AKIA[A-Z0-9]{12}|AIza[A-Za-z0-9_-]{20}|xox[a-z]-[A-Za-z0-9-]{10}|-----BEGIN"
)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One fault: where it stands (line and column from 1), what it is, and how to mend it."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


def looks_like_a_key(text: str) -> bool:
    """Whether `text` holds something with the shape of a credential; such text is never shown again."""
    return _CREDENTIAL.search(text) is not None


def quoted(text: str, limit: int = 60) -> str:
    """A word of the file for people's eyes: printable, short, in double quotes; a credential is left out."""
    if looks_like_a_key(text):
        return "(not shown)"
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])
    return f'"{shown}…"' if len(text) > limit else f'"{shown}"'
