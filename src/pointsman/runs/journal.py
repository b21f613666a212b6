"""Effects as durable steps: what a step returned the first time is what every replay gets."""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from dbos import DBOS
from pydantic import BaseModel, ConfigDict, TypeAdapter

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped, TryAgain, UsageMust
from pointsman.ports.clock import Clock
from pointsman.runs.database import engine_database

T = TypeVar("T")

NOTHING: TypeAdapter[None] = TypeAdapter(None)
"""What a step returns that is done for its effect alone."""

TEXT: TypeAdapter[str] = TypeAdapter(str)
FLAG: TypeAdapter[bool] = TypeAdapter(bool)

PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Seconds between two tries, where the error asks for less."""

LONGEST_PAUSE = 3600.0
"""Seconds; GitHub's primary limit starts anew every hour (REST documentation, Rate limits)."""

Family = Literal["owner", "usage", "operator", "try-again", "stopped"]
_FAMILIES: dict[Family, type[PointsmanError]] = {
    "usage": UsageMust,
    "owner": OwnerMust,
    "operator": OperatorMust,
    "stopped": Stopped,
}


class Problem(BaseModel):
    """One of the four error families as data, so that a replay raises just what the first run raised."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    family: Family
    code: str
    message: str
    hint: str
    after: float = 0.0

    @classmethod
    def of(cls, error: PointsmanError) -> "Problem":
        """The data of an error."""
        if isinstance(error, TryAgain):
            return cls(family="try-again", code=error.code, message=error.message, hint=error.hint, after=error.after)
        for family, kind in _FAMILIES.items():
            if isinstance(error, kind):
                return cls(family=family, code=error.code, message=error.message, hint=error.hint)
        return cls(family="operator", code=error.code, message=error.message, hint=error.hint)

    def error(self) -> PointsmanError:
        """The error again."""
        if self.family == "try-again":
            return TryAgain(self.message, after=self.after, code=self.code, hint=self.hint)
        return _FAMILIES[self.family](self.message, code=self.code, hint=self.hint)


class Written(BaseModel):
    """What a step left in the journal: a value as JSON text, or a problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: str | None = None
    problem: Problem | None = None


async def durable(
    name: str, kind: TypeAdapter[T], act: Callable[[], Awaitable[T]], *, preemptible: bool = False
) -> T:
    """Do `act` once and keep what it returned; a replay gets the kept value without doing it again.

    After a crash in the middle of `act` it is done again: `act` must find its own effect by a stable key.
    `preemptible` lets a cancel cut it off. Raises what `act` raised, the first time and in every replay.
    """

    async def body() -> str:
        try:
            return Written(value=kind.dump_json(await act()).decode()).model_dump_json()
        except PointsmanError as error:
            return Written(problem=Problem.of(error)).model_dump_json()

    with engine_database():
        text = await DBOS.run_step_async({"name": name, "preemptible": preemptible}, body)
    written = Written.model_validate_json(text)
    if written.problem is not None:
        raise written.problem.error()
    return kind.validate_json(written.value or "null")


async def insisted(name: str, kind: TypeAdapter[T], act: Callable[[], Awaitable[T]], *, clock: Clock) -> T:
    """A durable step that is done again as long as it raises TryAgain, six times at most.

    Each try is a step of its own, and so is each pause, which a cancel cuts off. `act` finds its own effect by a
    stable key, since an answer may have been lost after the effect. Raises what the last try raised.
    """

    async def tried() -> T:
        return await durable(name, kind, act)

    async def paused(seconds: float) -> None:
        await durable("pause", NOTHING, lambda: clock.sleep(seconds), preemptible=True)

    return await patiently(tried, paused)


async def patiently(act: Callable[[], Awaitable[T]], sleep: Callable[[float], Awaitable[None]]) -> T:
    """The same outside the journal, for what is said when a run ends and may be said twice."""
    for pause in PAUSES:
        try:
            return await act()
        except TryAgain as error:
            await sleep(min(max(error.after, pause), LONGEST_PAUSE))
    return await act()
