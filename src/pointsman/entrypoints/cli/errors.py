"""What a person reads when a command fails, and the exit code that a script sees."""

from pathlib import Path

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped, TryAgain, UsageMust
from pointsman.domain.ledger import RunView
from pointsman.entrypoints.settings import program

DONE = 0
REFUSED = 1
USAGE = 2
OPERATOR = 3
TRY_AGAIN = 4

_RESULTS_TO_LOOK_AT = frozenset({"needs-person"})


def exit_code_of(error: BaseException) -> int:
    """1 for what the owner of the repository can mend and for limits, 2 for usage, 3 for the operator, 4 for later.

    What belongs to no family is a bug, which only the operator can report: 3.
    """
    families: tuple[tuple[type[PointsmanError], int], ...] = (
        (UsageMust, USAGE),
        (OwnerMust, REFUSED),
        (Stopped, REFUSED),
        (OperatorMust, OPERATOR),
        (TryAgain, TRY_AGAIN),
    )
    return next((code for family, code in families if isinstance(error, family)), OPERATOR)


def exit_code_of_run(view: RunView) -> int:
    """The code that a command which followed a run ends with."""
    if view.state == "done" and view.result in _RESULTS_TO_LOOK_AT:
        return REFUSED
    return view.exit_code or {"failed": OPERATOR, "refused": REFUSED, "stopped": REFUSED, "cancelled": REFUSED}.get(
        view.state, DONE
    )


def explain(error: BaseException, run_id: str = "", log: Path | None = None) -> str:
    """The text for the terminal: what happened, what to do, and where to read more. No traceback, no payload."""
    about = f" (run {run_id})" if run_id else ""
    if not isinstance(error, PointsmanError):
        return (
            f"Pointsman came upon a fault of its own{about}: {type(error).__name__}.\n"
            f"{_where(log)}; please report it."
        )
    lines = [f"{error.message}{about}"]
    if error.hint:
        lines.append(error.hint)
    if isinstance(error, TryAgain) and error.after > 0:
        lines.append(f"It may work again in {error.after:.0f} seconds.")
    lines.append(f"({error.code}: docs/errors.md#{error.code})")
    return "\n".join(lines)


def ended_how(view: RunView) -> str:
    """The verb for a run that ended before its work was done: `failed`, `was stopped`."""
    return "failed" if view.state == "failed" else f"was {view.state}"


def explain_run(view: RunView, home_option: str, log: Path | None = None) -> str:
    """Why a run did not come to its end, how far it got, and the command to type next."""
    ended = ended_how(view)
    lines = [view.message or f"The run {ended}."]
    if view.error_code == "bug":
        lines.append(f"{_where(log)}; please report it.")
    where = f" in {view.phase}" if view.phase else ""
    lines.append(f"Run {view.run_id} {ended}{where}; what was finished is kept.")
    mended = view.state in ("failed", "cancelled")
    verb, gain = ("resume", "then goes on where it stopped") if mended else ("show", "tells how far it got")
    lines.append(f"`{program()} {verb} {view.run_id}{home_option}` {gain}.")
    if view.error_code:
        lines.append(f"({view.error_code}: docs/errors.md#{view.error_code})")
    return "\n".join(lines)


def _where(log: Path | None) -> str:
    return f"{log} holds the traceback" if log is not None else "It happened before there was a log"
