"""Scripted models whose calls stand in the ledger, as those of the real door do."""

from dataclasses import dataclass, replace

from tests.unit.phases.phase_world import ScriptedModels
from tests.unit.runs.served_world import Served

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Ask, Outage, Reply


@dataclass
class BookedModels(ScriptedModels):
    """Each call is opened before the script is read and settled after it."""

    ledger: SqlLedger | None = None

    async def ask(self, ask: Ask) -> Reply | Outage:
        assert self.ledger is not None
        opened = await self.ledger.open_call(_record(ask), ask.caps, ask.repository_id)
        answer = await super().ask(ask)
        if isinstance(answer, Outage):
            await self.ledger.close_call(replace(opened, state="outage"))
        else:
            done = replace(opened, state="answered", input_tokens=10, output_tokens=10, seconds=answer.seconds)
            await self.ledger.close_call(done, answer)
        return answer


def booked(world: Served) -> Served:
    """The same world, with its calls in its ledger."""
    world.world.models = BookedModels(world.world.models.script, ledger=world.ledger)
    return world


def _record(ask: Ask) -> CallRecord:
    return CallRecord(
        call_id=ask.call_id,
        attempt=1,
        run_id=ask.run_id,
        phase=ask.phase,
        model=ask.model.name,
        served=ask.model.id,
        provider="home",
        perimeter=Perimeter.LOCAL,
        origin="http://127.0.0.1",
        template=ask.template,
        state="sent",
        sent_sha256="a",
        received_sha256="b",
        input_tokens=0,
        output_tokens=0,
        reserved_usd=0.001,
        cost_usd=0.0,
        seconds=0.0,
        at="2026-11-21T10:00:00Z",
    )
