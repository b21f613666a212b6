"""Whether the policy allows a command, word by word."""

import shlex
from collections.abc import Iterator

from pointsman.config.commands import argv_of
from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.config.yaml_source import KeyPath
from pointsman.policy.globs import matches_word


def forbidden(routing: RoutingFile, policy: PolicyFile) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Each command that a routing file names and the policy does not allow: its place, its text, what is allowed."""
    verify, rules = routing.verify, policy.commands
    named: list[tuple[KeyPath, tuple[str, ...], tuple[str, ...]]] = [
        (("verify", "commands"), verify.commands, rules.verify)
    ]
    if verify.prepare is not None:
        named.append((("verify", "prepare", "commands"), verify.prepare.commands, rules.prepare.commands))
    for path, commands, patterns in named:
        for place, text in enumerate(commands):
            if not allowed(argv_of(text), patterns):
                yield (*path, place), text, patterns


def allowed(argv: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether some pattern fits the whole command: the program by its full name, then word for word.

    A * within a word stands for any part of it; a * as the last word stands for any further words, or none.
    """
    return any(_fits(tuple(shlex.split(pattern)), argv) for pattern in patterns)


def _fits(words: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    if words[-1] == "*" and len(words) > 1:
        words, argv = words[:-1], argv[: len(words) - 1]
    return len(words) == len(argv) and all(matches_word(word, arg) for word, arg in zip(words, argv, strict=True))
