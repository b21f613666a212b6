"""How the words of a run that has ended are taken away: what stays is written first, then the journal goes."""

from pointsman.domain.errors import UsageMust
from pointsman.domain.texts import Erasure
from pointsman.ports.clearing import Clearing
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.engine import Engine
from pointsman.runs.remains import NOTHING_LEFT, REMAINS, Remains, remains_of


async def left_by(engine: Engine, clearing: Clearing | None, run_id: str) -> Remains:
    """What later runs are decided by; it is known of a run whose words are gone as well."""
    cleared = await clearing.of(run_id) if clearing is not None else None
    if cleared is not None:
        return REMAINS.validate_json(cleared.remains)
    try:
        return remains_of(await engine.spec_of(run_id), await engine.end_of(run_id))
    except UsageMust:
        # It was written down and never begun.
        return NOTHING_LEFT


async def cleared(clearing: Clearing, engine: Engine, run_id: str, erasure: Erasure) -> bool:
    """Take the words of a run away. False, and nothing is done, as long as it goes on.

    Each step may be done again, so a crash between leaves nothing half done for long.
    """
    if await clearing.of(run_id) is None:
        if not await engine.ended(run_id):
            return False
        await clearing.leave(run_id, REMAINS.dump_json(await left_by(engine, clearing, run_id)).decode())
    if not await engine.drop(run_id):
        return False
    if erasure.why == "request":
        await _forget_review(engine, run_id)
    await clearing.clear(run_id, erasure)
    return True


async def _forget_review(engine: Engine, run_id: str) -> None:
    """What was said of the change in words is remembered beside the runs, for the next review of it."""
    memory, view = engine.adapters.memory, await engine.adapters.ledger.run(run_id)
    if memory is not None and view is not None and view.change:
        await memory.forget(view.repository_id, view.change, LAST_REVIEW)
