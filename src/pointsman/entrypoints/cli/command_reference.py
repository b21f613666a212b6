"""The reference page of the commands, written from the commands themselves."""

import inspect
from collections.abc import Iterator
from typing import get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from pointsman.entrypoints.cli.app import app, audit, setup
from pointsman.entrypoints.cli.explaining_app import explaining
from pointsman.entrypoints.cli.figuring_app import figuring
from pointsman.entrypoints.cli.texts_app import texts

_OPENING = """# The commands

This page is written from the code. Exit codes and JSON are told in [cli.md](cli.md).
"""


def command_reference() -> str:
    """The page: a section for each command with its arguments and options."""
    plain = ((group, "pointsman") for group in (app, explaining, figuring))
    audits = ((group, "pointsman audit") for group in (audit, texts))
    groups = (*plain, (setup, "pointsman setup"), *audits)
    return "\n".join([_OPENING, *(section for group, called in groups for section in _sections(group, called))])


def _sections(group: typer.Typer, called: str) -> Iterator[str]:
    for command in group.registered_commands:
        if command.name is None or command.callback is None:
            continue
        does = inspect.cleandoc(command.callback.__doc__ or "")
        hints = get_type_hints(command.callback, include_extras=True)
        given = inspect.signature(command.callback).parameters
        lines = [_line(hint, given[name].default) for name, hint in hints.items() if name != "return"]
        yield f"## `{called} {command.name}`\n\n{does}\n\n" + "\n".join(lines) + "\n"


def _line(hint: object, default: object) -> str:
    """One argument or option: how it is typed, and what it is. Typer keeps an option's first name as its default."""
    about = next(each for each in getattr(hint, "__metadata__", ()) if isinstance(each, OptionInfo | ArgumentInfo))
    if isinstance(about, OptionInfo):
        return f"- `{about.default}`: {about.help}"
    typed = about.metavar if default is inspect.Parameter.empty else f"[{about.metavar}]"
    return f"- `{typed}`: {about.help}"
