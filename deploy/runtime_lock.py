"""Prints the part of requirements.lock (standard input) that the program itself needs."""

import re
import sys

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*(?:\n[ #].*)*", re.MULTILINE)
_WANTED_BY = re.compile(r"^ +# (?:via)?(?P<who> .+)$", re.MULTILINE)
_OURS = "pointsman (pyproject.toml)"


def runtime_part(lock: str) -> str:
    """The entries that a dependency of the program leads to, with their hashes; what only tests use is left out."""
    entries = {found["name"]: found[0] for found in _ENTRY.finditer(lock)}
    wanted_by = {name: {who["who"].strip() for who in _WANTED_BY.finditer(text)} for name, text in entries.items()}
    kept = {_OURS}
    while more := {name for name, by in wanted_by.items() if name not in kept and by & kept}:
        kept |= more
    return "".join(f"{text}\n" for name, text in entries.items() if name in kept)


if __name__ == "__main__":
    sys.stdout.write(runtime_part(sys.stdin.read()))
