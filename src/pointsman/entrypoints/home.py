"""The installation's folder: made for its owner alone, and refused when others may write into it."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from pointsman.domain.errors import OperatorMust


def make_home(home: Path) -> None:
    """Make it ready. Raises OperatorMust(home) when it cannot be used or is not ours alone."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OperatorMust(
            f"The folder {home} cannot be made: {error.strerror}.", code="home", hint="Name another with --home."
        ) from error
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise OperatorMust(
            f"The folder {home} cannot be read and written by this user.",
            code="home",
            hint="Mend its owner or mode, or name another with --home.",
        )
    _require_own(home)
    for name in ("runs", "changes"):
        with suppress(OSError):
            (home / name).mkdir(exist_ok=True, mode=0o700)


def _require_own(home: Path) -> None:
    """Whoever may put files into the home chooses the policy, and with it where keys and code are sent."""
    found, me = home.stat(), os.getuid()
    if found.st_mode & stat.S_IWOTH or (me != 0 and found.st_uid not in (0, me)):
        raise OperatorMust(
            f"The folder {home} belongs to another user, or every user may write into it.",
            code="home",
            hint="Take it over with chown and `chmod go-w`, or name another with --home.",
        )
