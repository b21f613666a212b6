"""The words that git is called with, the same for every call; a module that is read from disk in no time."""

import os
from pathlib import Path

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin"

ENVIRONMENT = {
    "PATH": SEARCH_PATH,
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Objects are piped between repositories, so no transport is ever needed; a partial clone cannot start one either.
    "GIT_ALLOW_PROTOCOL": "none",
}

SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.logAllRefUpdates=false",
    "safe.bareRepository=explicit",
    "http.followRedirects=false",
    "diff.ignoreSubmodules=all",
    "gc.auto=0",
    "maintenance.auto=false",
)

# Without a working tree no attributes of the user's have a say, nor has a file of theirs that hides commits.
BLAMING = ("-c", "core.bare=true", "-c", "core.quotePath=false", "-c", "blame.ignoreRevsFile=")


def found_git() -> str:
    """The path of the git binary; empty when there is none in the usual places."""
    places = (Path(folder) / "git" for folder in SEARCH_PATH.split(":"))
    return next((str(place) for place in places if place.is_file() and os.access(place, os.X_OK)), "")


def command_line(binary: str, git_dir: str, args: tuple[str, ...]) -> list[str]:
    """The whole command line of one call."""
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    return [binary, f"--git-dir={git_dir}", "--literal-pathspecs", *settings, *args]


def git_dir_at(location: str) -> str:
    """The git directory of a working tree's top, or the bare repository, at `location`; empty where there is none."""
    if not location or "\0" in location:
        return ""
    folder = Path(os.path.realpath(location))
    if (folder / ".git").exists():
        return str(folder / ".git")
    return str(folder) if (folder / "HEAD").is_file() and (folder / "objects").is_dir() else ""


def blame_args(commit: str, path: str, first: int, last: int, *, copies: bool) -> tuple[str, ...]:
    """What git is asked for the lines of a file, from 1; 0 is its end."""
    flags = ("-C", "-C") if copies else ()
    span = ("-L", f"{first},{last or ''}")
    return (*BLAMING, "blame", "--porcelain", *flags, *span, commit, "--", path)
