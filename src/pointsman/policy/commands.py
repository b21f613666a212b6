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
    named: list[tuple[KeyPath, str, tuple[str, ...]]] = [
        (("verify", "commands", place), text, rules.verify) for place, text in enumerate(verify.commands)
    ]
    if verify.prepare is not None:
        prepared = enumerate(verify.prepare.commands)
        named += [(("verify", "prepare", "commands", at), text, rules.prepare.commands) for at, text in prepared]
    for task, wish in routing.tasks.items():
        if wish.preview is not None and wish.preview.command is not None:
            named.append((("tasks", task, "preview", "command"), wish.preview.command, rules.verify))
    for path, text, patterns in named:
        if not allowed(argv_of(text), patterns):
            yield path, text, patterns


def allowed(argv: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether some pattern fits the whole command: the program by its full name, then word for word.

    A * within a word stands for any part of it; a * as the last word stands for any further words, or none.
    """
    return any(_fits(tuple(shlex.split(pattern)), argv) for pattern in patterns)


def _fits(words: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    if words[-1] == "*" and len(words) > 1:
        words, argv = words[:-1], argv[: len(words) - 1]
    return len(words) == len(argv) and all(matches_word(word, arg) for word, arg in zip(words, argv, strict=True))
