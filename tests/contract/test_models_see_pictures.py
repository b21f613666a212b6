"""Pictures in a question: sent in each provider's own dialect to a model that takes them, and to no other."""

import asyncio
import base64
import hashlib
from dataclasses import replace

from tests.contract.test_models_contract import every_http, staged
from tests.unit.models.models_world import Seen, ask, saying
from tests.worlds.pictures import png

from pointsman.domain.models import Image, Message, ProviderKind, Reply
from pointsman.models.picturing import Sighted

PICTURE = png(4, 3)
SHOWN = Image(hashlib.sha256(PICTURE).hexdigest(), 4, 3)


def picture_in(kind: ProviderKind, seen: Seen) -> object:
    """Where each dialect holds the picture of the first turn, and what it says of it."""
    turns = seen.data["messages"]
    assert isinstance(turns, list)
    turn = next(one for one in turns if one["role"] == "user")
    if kind is ProviderKind.OLLAMA:
        return turn["images"]
    return turn["content"][0]


@every_http
def test_a_model_that_takes_images_is_sent_the_picture_in_its_own_dialect(kind: ProviderKind) -> None:
    encoded = base64.b64encode(PICTURE).decode()
    with staged(kind, lambda _: saying(kind, "yes")) as stage:
        asked = ask(replace(stage.model, images=True), messages=(Message("user", "Look.", images=(SHOWN,)),))
        seeing = Sighted(stage.door, {SHOWN.sha256: PICTURE}.get)
        reply = asyncio.run(seeing.ask(asked))
        assert isinstance(reply, Reply) and stage.server
        (seen,) = stage.server.seen
    wanted: dict[str, object] = {
        "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": encoded}},
        "ollama": [encoded],
    }
    default = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}
    assert picture_in(kind, seen) == wanted.get(kind.value.partition("-")[0], default)
    assert seen.sha256 == reply.sent_sha256 == stage.ledger.opened[0].sent_sha256
    assert seeing.estimate_tokens(asked) > seeing.estimate_tokens(ask(stage.model, messages=asked.messages))


@every_http
def test_a_model_that_takes_none_is_sent_none_and_a_picture_that_is_gone_is_said_to_be(kind: ProviderKind) -> None:
    turn = (Message("user", "Look.", images=(SHOWN,)),)
    with staged(kind, lambda _: saying(kind, "yes")) as stage:
        asyncio.run(Sighted(stage.door, {SHOWN.sha256: PICTURE}.get).ask(ask(stage.model, messages=turn)))
        gone = replace(stage.model, images=True)
        asyncio.run(Sighted(stage.door, {"": b""}.get).ask(ask(gone, messages=turn, call_id="r-1:plan:1")))
        assert stage.server
        blind, lost = (seen.body.decode() for seen in stage.server.seen)
    assert "image" not in blind
    assert "iVBOR" not in blind + lost
    assert "not kept any more" in lost
