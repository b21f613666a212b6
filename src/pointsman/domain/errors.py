"""Error families by who can mend them; everything else that is raised is a bug.

A message says what happened, to what, and what to do. It never holds a secret, a prompt or a payload.
"""


class PointsmanError(Exception):
    """Base of the four families. `code` is stable and leads to a section of docs/errors.md."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class OwnerMust(PointsmanError):
    """Something in the repository or the request stands in the way; its owner can mend it."""

    code = "owner"


class UsageMust(OwnerMust):
    """The command was called with something that cannot be used: a missing file, an unknown run."""

    code = "usage"


class OperatorMust(PointsmanError):
    """The installation stands in the way: credentials, quota, disk, sandbox; its operator can mend it."""

    code = "operator"


class TryAgain(PointsmanError):
    """Something outside did not answer; the same call may work after `after` seconds."""

    code = "try-again"

    def __init__(self, message: str, *, after: float = 0.0, code: str | None = None, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.after = after


class Stopped(PointsmanError):
    """The run ended before its work did: cancelled, budget, time. The message says which limit and how far it got."""

    code = "stopped"
