"""Whether the policy allows a command, word by word."""

import shlex

from pointsman.policy.globs import matches_word


def allowed(argv: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether some pattern fits the whole command: the program by its full name, then word for word.

    A * within a word stands for any part of it; a * as the last word stands for any further words, or none.
    """
    return any(_fits(tuple(shlex.split(pattern)), argv) for pattern in patterns)


def _fits(words: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    if words[-1] == "*" and len(words) > 1:
        words, argv = words[:-1], argv[: len(words) - 1]
    return len(words) == len(argv) and all(matches_word(word, arg) for word, arg in zip(words, argv, strict=True))
