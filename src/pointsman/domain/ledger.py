"""What the installation remembers of its runs: calls, money, states, approvals."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.levels import Perimeter, Phase


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One model call as it went over the wire. Times in seconds, cost in US dollars.

    `state` is `sent` from before the first byte leaves until the answer is settled; a call that a crash cut off
    stays `sent` and is superseded by the repeat under the same id with the next `attempt`. `requester` is the forge
    and the numeric id of who asked for the run; empty for calls of releases that did not keep it. `region` and `via`
    are where the answer was made, as far as the provider tells: a region, and another provider behind it.
    """

    call_id: str
    attempt: int
    run_id: str
    phase: Phase
    model: str
    served: str
    provider: str
    perimeter: Perimeter
    origin: str
    template: str
    state: Literal["sent", "answered", "outage", "refused"]
    sent_sha256: str
    received_sha256: str
    input_tokens: int
    output_tokens: int
    reserved_usd: float
    cost_usd: float
    seconds: float
    at: str
    why: str = ""
    requester: str = ""
    region: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What is paid in one day (UTC), in US dollars: for one repository, for one requester, and for everything."""

    day: str
    repository_usd: float
    requester_usd: float
    installation_usd: float


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A provider that nobody asks until an operator lifts it: the code and sentence of what was found, when, by whom.

    `since` is ISO 8601 in UTC; `run_id` is the run whose call found it out.
    """

    provider: str
    code: str
    why: str
    since: str
    run_id: str = ""


RunStateName = Literal["queued", "running", "waiting", "done", "refused", "stopped", "failed", "cancelled"]

RESUMABLE: frozenset[RunStateName] = frozenset({"stopped", "failed", "cancelled"})
"""States of runs that ended before they were through, and can be gone on with."""

ENDED: frozenset[RunStateName] = RESUMABLE | {"done", "refused"}
"""States in which a run does nothing any more, and waits for nobody."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as people see it while it goes on: one row, edited in place.

    `result` is what it came to at its end: `ready`, `needs-person`, `planned`, `reviewed`, `answered`, or empty.
    `change` is the number of the change that it is about or has made, where the forge has numbers. `task` is the
    class of work, empty as long as nobody has said.
    """

    run_id: str
    repository_id: str
    repository: str
    issue: str
    title: str
    state: RunStateName
    phase: str
    model: str
    started_at: str
    updated_at: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    calls: int = 0
    branch: str = ""
    result: str = ""
    message: str = ""
    error_code: str = ""
    exit_code: int = 0
    parent: str = ""
    plan_hash: str = ""
    change: str = ""
    task: str = ""
