"""What went over the wire, handed to where prompts and answers are kept; no call fails because that does."""

import logging

from pointsman.domain.errors import PointsmanError
from pointsman.domain.ledger import CallRecord
from pointsman.domain.texts import SentText, TextKind
from pointsman.models.transport import Exchange
from pointsman.ports.texts import Texts

_log = logging.getLogger(__name__)


async def kept(texts: Texts | None, call: CallRecord, exchange: Exchange) -> None:
    """Keep the bytes of a settled call, if any left. What cannot be kept is logged; the ledger has its digest."""
    if texts is None or not exchange.left:
        return
    both = [(_text("prompt", call.sent_sha256, call), exchange.content)]
    if call.received_sha256:
        both.append((_text("answer", call.received_sha256, call), exchange.body))
    try:
        await texts.keep(tuple(both))
    except PointsmanError as error:
        about = {"run": call.run_id, "call": call.call_id, "code": error.code}
        _log.warning("the texts of a call could not be kept", extra=about)


def _text(kind: TextKind, sha256: str, call: CallRecord) -> SentText:
    return SentText(kind, sha256, call.run_id, call.call_id, call.attempt, call.phase, call.model, call.at)
