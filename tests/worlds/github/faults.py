"""What can go wrong on the way to GitHub: refusals, delays, lost answers, and a moment to act before or after."""

import fnmatch
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# A predicate over (method, path), a pattern as in `POST /repos/*/comments`, or the number of the call (from 1).
# Paths are those of the REST API without `/api/v3`; GraphQL is `/graphql`, git is `/owner/name.git/...`.
Match = Callable[[str, str], bool] | str | int

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, as often as `left` says."""

    match: Match
    kind: Literal["fail", "stall", "lose", "before", "after"]
    left: int
    status: int = 500
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    act: Callable[[], object] | None = None

    def fits(self, number: int, method: str, path: str) -> bool:
        if self.left <= 0:
            return False
        if isinstance(self.match, int):
            return number == self.match
        if isinstance(self.match, str):
            return fnmatch.fnmatchcase(f"{method} {path}", self.match)
        return self.match(method, path)


class Faults:
    """The faults that are set; each counts down as it strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def fail(
        self,
        match: Match,
        status: int = 500,
        *,
        headers: Mapping[str, str] | None = None,
        message: str = "",
        times: int = 1,
    ) -> None:
        """Answer with an error; nothing happens."""
        self._add(Fault(match, "fail", times, status=status, message=message, headers=headers or {}))

    def limit(self, match: Match, *, seconds: int = 1, status: int = 403, times: int = 1) -> None:
        """The secondary rate limit: 403 or 429 with `retry-after`."""
        self.fail(match, status, headers={"retry-after": str(seconds)}, message=SECONDARY, times=times)

    def exhaust(self, match: Match, *, reset: int, times: int = 1) -> None:
        """The primary rate limit: nothing remains until `reset` (seconds since 1970)."""
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset), "x-ratelimit-used": "5000"}
        self.fail(match, 403, headers=headers, message="API rate limit exceeded for installation.", times=times)

    def stall(self, match: Match, seconds: float, *, times: int = 1) -> None:
        """Answer late."""
        self._add(Fault(match, "stall", times, seconds=seconds))

    def lose_answer(self, match: Match, *, times: int = 1) -> None:
        """It happens, and the connection is cut before the answer."""
        self._add(Fault(match, "lose", times))

    def before(self, match: Match, act: Callable[[], object], *, times: int = 1) -> None:
        """Do something just before a call takes effect; the caller waits for it."""
        self._add(Fault(match, "before", times, act=act))

    def after(self, match: Match, act: Callable[[], object], *, times: int = 1) -> None:
        """Do something when a call has taken effect, just before its answer."""
        self._add(Fault(match, "after", times, act=act))

    def release(self) -> None:
        """End every stall."""
        self._released.set()

    def wait(self, seconds: float) -> None:
        self._released.wait(seconds)

    def striking(self, number: int, method: str, path: str) -> list[Fault]:
        """The faults that strike this call; each of them is used up by one."""
        with self._lock:
            found = [fault for fault in self._faults if fault.fits(number, method, path)]
            for fault in found:
                fault.left -= 1
            return found

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
