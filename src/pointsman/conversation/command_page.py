"""The table of commands as people read it: the answer to `help`, and the page of the documentation."""

from pointsman.conversation.commands import COMMANDS, Command
from pointsman.conversation.tables import table

_PLACES = {"issue": "issues", "change": "changes", "both": "issues and changes"}

_OPENING = """# Commands in comments

This page is written from the code. A command is the first line of a comment on an issue or a change, in either form:

```
/pointsman <command>
@<bot> <command>
```

Here `<bot>` is the login of the bot; case does not matter. What stands below the first line is yours, except for
`ask`, where it belongs to the question. In a quote, in code, behind other text, or edited in later, it is none.

Every command wants write access. The forge is asked about yours when the command is read, and again before anything
is pushed. A refusal names its rule; the rules are told in [policy.md](policy.md).
"""

_THREADS = """## Answers in threads

In the thread of a finding, these words need no command; they count as the first sentence of the answer:

- `ignore`, `won't fix`, `not a bug`, `false positive`, `by design` and the like: the finding is not raised again.
- `fixed`, `done`, `fixed in 1a2b3c4`: it is noted, and the next review looks for itself.
- an answer that ends with a question mark is answered in the thread.

There, `/pointsman ignore` needs no id.
"""


def help_text(bot: str = "") -> str:
    """All commands in a table."""
    login = bot.removesuffix("[bot]")
    also = f", or `@{login}` in place of `/pointsman`" if login else ""
    rows = [(f"`/pointsman {_cell(command.usage)}`", command.does, _PLACES[command.place]) for command in COMMANDS]
    return (
        f"A command is the first line of a comment: `/pointsman <command>`{also}.\n\n"
        f"{table(('command', 'what it does', 'on'), rows)}\n\n"
        "All of them want write access."
    )


def comment_command_reference() -> str:
    """docs/comment-commands.md, as Markdown."""
    rows = [_row(command) for command in COMMANDS]
    head = ("command", "what it does", "on", "example")
    return f"{_OPENING}\n{table(head, rows)}\n\n{_THREADS}"


def _row(command: Command) -> tuple[str, ...]:
    usage = f"`{_cell(command.usage)}`"
    return usage, command.does, _PLACES[command.place], f"`/pointsman {command.example}`"


def _cell(usage: str) -> str:
    """A bar in a table's cell is escaped, also in code (GitHub Flavored Markdown specification, Tables)."""
    return usage.replace("|", "\\|")
