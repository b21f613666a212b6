"""How a command ends: its exit code, and on the standard error what a person needs to know."""

import logging
import sys
from collections.abc import Callable

from pointsman.domain.errors import PointsmanError


class Interrupted(Exception):
    """A person, or the machine that goes down, ended a command while its installation was open."""

    def __init__(self, home_option: str) -> None:
        super().__init__(home_option)
        self.home_option = home_option


logger = logging.getLogger(__name__)


def exit_code_after(command: Callable[[], int]) -> int:
    """Run `command`; an error of the four families is told in its own words, anything else is a bug and is logged."""
    try:
        return command()
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does; Typer ends quietly on this.
        raise
    except (PointsmanError, Interrupted, KeyboardInterrupt) as error:
        return _told(error)
    except Exception as error:
        logger.exception("a command failed by a bug")
        return _told(error)


def _told(error: BaseException) -> int:
    """Say what happened; what is needed for it is read from disk only now, since most commands end well."""
    from pointsman.entrypoints.cli.errors import TRY_AGAIN, exit_code_of, explain
    from pointsman.entrypoints.logs import log_path
    from pointsman.entrypoints.settings import program

    if isinstance(error, Interrupted):
        _say(f"Interrupted. What was finished is kept; `{program()} resume{error.home_option}` goes on.")
        return TRY_AGAIN
    if isinstance(error, KeyboardInterrupt):
        _say("Interrupted. What was finished is kept.")
        return TRY_AGAIN
    _say(explain(error, log=log_path()))
    return exit_code_of(error)


def _say(text: str) -> None:
    sys.stderr.write(text.rstrip() + "\n")
