"""How a command ends: its exit code, and on the standard error what a person needs to know."""

import logging
import sys
from collections.abc import Callable

from pointsman.domain.errors import PointsmanError
from pointsman.entrypoints.cli.errors import TRY_AGAIN, exit_code_of, explain
from pointsman.entrypoints.logs import log_path

logger = logging.getLogger(__name__)


def exit_code_after(command: Callable[[], int]) -> int:
    """Run `command`; an error of the four families is told in its own words, anything else is a bug and is logged."""
    try:
        return command()
    except PointsmanError as error:
        _say(explain(error))
        return exit_code_of(error)
    except KeyboardInterrupt:
        _say("Interrupted. What was finished is kept; `pointsman resume` goes on.")
        return TRY_AGAIN
    except Exception as error:
        logger.exception("a command failed by a bug")
        _say(explain(error, log=log_path()))
        return exit_code_of(error)


def _say(text: str) -> None:
    sys.stderr.write(text.rstrip() + "\n")
