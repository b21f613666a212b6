"""Commands that people may name: words for a program, never a line for a shell."""

import shlex

# Refused although nothing here ever reaches a shell: who writes one of these expects what will not happen.
_SHELL_SIGNS = ";&|<>$`\n\r\0"
MAX_COMMAND = 500


def argv_of(text: str) -> tuple[str, ...]:
    """The words of a command line. Raises ValueError with a sentence for what only a shell would understand."""
    if not text.strip() or len(text) > MAX_COMMAND:
        raise ValueError(f"a command has 1 to {MAX_COMMAND} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a command is plain text; half of a surrogate pair stands in it")
    for sign in _SHELL_SIGNS:
        if sign in text:
            shown = sign if sign.isprintable() else "a line break"
            raise ValueError(f"{shown} is a shell's sign; commands are run without a shell, one list entry each")
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError("a quote is opened in this command and not closed") from error
    if not words or not words[0]:
        raise ValueError("a command begins with the name of a program")
    if "=" in words[0]:
        raise ValueError("a command cannot set environment variables")
    return words


def refuse_bad_pattern(text: str) -> None:
    """Raise ValueError when `text` is no command pattern: words as in a command, whose program is named in full."""
    if "*" in argv_of(text)[0]:
        raise ValueError("a command pattern names its program in full; * may stand in the words after it")
