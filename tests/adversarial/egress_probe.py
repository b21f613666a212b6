"""Asks one model once, in a process of its own whose environment a test has poisoned; prints how it ended."""

import asyncio
import sys

from tests.unit.models.models_world import KEY, LedgerInMemory, WallClock, ask, base_url, model, provider

from pointsman.domain.errors import PointsmanError
from pointsman.domain.models import Outage, ProviderKind
from pointsman.models.door import Door


async def main(kind: ProviderKind, origin: str) -> str:
    where = provider(kind, base_url(kind, origin))
    ledger = LedgerInMemory()
    door = Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get)
    try:
        reply = await door.ask(ask(model(where)))
    except PointsmanError as error:
        return error.code
    finally:
        await door.close()
    return reply.kind if isinstance(reply, Outage) else f"{ledger.closed[0].sent_sha256} {reply.received_sha256}"


if __name__ == "__main__":
    print(asyncio.run(main(ProviderKind(sys.argv[1]), sys.argv[2])))
