"""What can be done to check runs, by the app that owns them and by people who press their buttons."""

from tests.worlds.github.ground import Ground
from tests.worlds.github.state import Check, Person, Repository
from tests.worlds.github.wire import Json


def tell_check(
    ground: Ground, repository: Repository, by: Person, check: Check, action: str, more: Json | None = None
) -> None:
    """Send a webhook about a check; buttons and re-runs go to the owning app alone."""
    only = check.app if action in ("rerequested", "requested_action") else None
    shape = {"check_run": ground.shapes.hook_check(repository, check), **(more or {})}
    ground.tell("check_run", action, repository, by, shape, to=only)


def rerequest(ground: Ground, repository: Repository, by: Person, check: Check) -> None:
    """Somebody clicks on "Re-run"."""
    tell_check(ground, repository, by, check, "rerequested")


def press(ground: Ground, repository: Repository, by: Person, check: Check, identifier: str) -> None:
    """Somebody presses a button of a check. Raises AssertionError when it has no such button."""
    known = [action["identifier"] for action in check.actions]
    assert identifier in known, f"the check has the buttons {known}"
    more = {"requested_action": {"identifier": identifier}}
    tell_check(ground, repository, by, check, "requested_action", more)
