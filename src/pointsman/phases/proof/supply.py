"""What a change brings in from elsewhere: packages, the places that they come from, scripts run at their install."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

from pointsman.phases.paths import is_lock

Said = tuple[int, str]

_SETTINGS = frozenset({"package.json", "composer.json", "pyproject.toml", "Cargo.toml", "Pipfile"})
_KEYS = frozenset(
    {
        "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "bundledDependencies",
        "dev-dependencies", "build-dependencies", "optional-dependencies", "dependency-groups",
        "require", "require-dev", "requires", "packages", "dev-packages",
        "source", "sources", "index", "registry", "registries", "repositories", "publishConfig",
        "patch", "replace", "overrides", "resolutions",
    }
)  # fmt: skip
_AT_INSTALL = re.compile(r"(pre|post)?(install|prepare|prepublish\w*|pack)(-cmd)?|(pre|post)-(install|update)-cmd")
_LINES = {
    r".*requirements.*\.(txt|in)|constraints.*\.txt": r"^[ \t]*([^#\s].*)$",
    r"go\.mod": r"^(?:require|replace)?[ \t]*([\w.-]+\.[\w./-]+[ \t].+)$",
    r"Gemfile|.*\.gemspec": r"^\s*((?:gem|source|git|\w+\.add_\w*dependency)\b.*)$",
    r"pom\.xml": r"<(?:artifactId|version|url)>([^<]+)<",
    r".*\.gradle(\.kts)?|libs\.versions\.toml": (
        r"^\s*(.*(?:['\"][\w.-]+:[\w.-]+(?::[^'\"]*)?['\"]|module\s*=|\burl\b|\bid[ (]['\"]).*)$"
    ),
    r".*\.(cs|fs|vb)proj|Directory\.Packages\.props|[Nn]u[Gg]et\.[Cc]onfig": r"(<(?:Package\w+|add)\b[^>]*>)",
    r"setup\.(py|cfg)": (
        r"((?:install_requires|setup_requires|extras_require|tests_require|dependency_links)\s*=\s*"
        r"(?:\[[^\]]*\]|\{[^}]*\}|.*(?:\n[ \t]+\S.*)*))"
    ),
    r"environment\.ya?ml": r"^\s*-\s*(\S.*)$",
    r"(.*\.)?(Dockerfile|Containerfile)(\..*)?": r"^\s*(FROM\b.*|ADD\s+\w+://.*)$",
}
_BY_LINE = tuple((re.compile(names), re.compile(lines, re.MULTILINE)) for names, lines in _LINES.items())


def brings(path: str) -> bool:
    """Whether the file says what is installed, and from where."""
    name = PurePosixPath(path).name
    return name in _SETTINGS or is_lock(path) or any(names.fullmatch(name) for names, _ in _BY_LINE)


def brought_in(path: str, before: str, after: str) -> tuple[Said, ...]:
    """What is new in such a file, each with its line where that can be told (else 0)."""
    if is_lock(path):
        return () if before == after else ((0, "what is locked to be installed is another"),)
    old, new = _asked_for(path, before), _asked_for(path, after)
    if new is None:
        return () if old is None and before else ((0, "what is installed cannot be read from it"),)
    fresh = [one for one in dict.fromkeys(new) if one not in (old or [])]
    return tuple((_line(after, one), f"brings in from elsewhere: `{' '.join(one.split())[:80]}`") for one in fresh)


def _asked_for(path: str, text: str) -> list[str] | None:
    """Everything that the file asks to be installed, or None where it cannot be read."""
    name = PurePosixPath(path).name
    if name not in _SETTINGS:
        pattern = next(lines for names, lines in _BY_LINE if names.fullmatch(name))
        return [found.group(1).strip() for found in pattern.finditer(text)]
    try:
        whole = json.loads(text or "{}") if name.endswith(".json") else tomllib.loads(text)
        return list(_below(whole))
    except (ValueError, RecursionError):
        return None


def _below(value: object, *, wanted: bool = False, named: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            is_script = named == "scripts" and _AT_INSTALL.fullmatch(str(key)) is not None
            yield from _below(inner, wanted=wanted or key in _KEYS or is_script, named=str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _below(inner, wanted=wanted, named="")
    elif wanted:
        yield f"{named} {value}".strip()


def _line(text: str, found: str) -> int:
    place = next((text.find(word) for word in (found, found.split(" ")[0]) if word and word in text), -1)
    return text.count("\n", 0, place) + 1 if place >= 0 else 0
