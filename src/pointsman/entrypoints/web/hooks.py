"""The route of the webhooks: verify, filter, keep, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response

from pointsman.domain.errors import TryAgain
from pointsman.domain.events import Delivery, Ignored
from pointsman.entrypoints.web.answers import Refused, nothing
from pointsman.entrypoints.web.bodies import Bodies
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.parts import Intake, Unreadable

# Below this a signature and a look at the body take less than what it costs to ask another thread.
_QUICK = 256 << 10

Route = Callable[[Request], Awaitable[Response]]


def hook_route(front: Front, bodies: Bodies, *, forge: str, signature: str) -> Route:
    """The route that takes the webhooks of a forge; `signature` is the header with the proof of who sent them.

    202 once a delivery is on disk, now or before; 204 for what nobody wants; 401 without a valid signature over the
    raw body; 400 for what no forge sends; 404 when this forge is not set up; 503 when it cannot be kept, so that the
    forge counts it as not delivered.
    """

    async def take(request: Request) -> Response:
        served = await front.served()
        intake = served.intakes.get(forge) if served is not None else None
        if served is None or intake is None:
            raise Refused(404, "not-set-up", "This forge is not set up here.")
        body = await bodies.read(request)
        found = await _read(intake, request.headers, body, request.headers.get(signature))
        match found:
            case Delivery():
                await _keep(intake, found)
                served.worker.wake()
                return nothing(202)
            case Ignored():
                return nothing(204)
            case Unreadable(reason):
                raise Refused(400, "unreadable", reason)

    return take


async def _read(
    intake: Intake, headers: Mapping[str, str], body: bytes, proof: str | None
) -> Delivery | Ignored | Unreadable:
    def look() -> Delivery | Ignored | Unreadable | None:
        return intake.read(headers, body) if intake.signed(body, proof) else None

    found = look() if len(body) <= _QUICK else await asyncio.to_thread(look)
    if found is None:
        raise Refused(401, "signature", "The signature is missing or wrong.")
    return found


async def _keep(intake: Intake, delivery: Delivery) -> None:
    try:
        await intake.take(delivery)
    except TryAgain as error:
        raise Refused(503, error.code, error.message, retry_after=max(1, round(error.after))) from error
