"""Pictures in a question: which model is shown them, their bytes, and how many tokens they come to at most."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace

from pointsman.domain.models import Ask, Image, Message, Model, Outage, ProviderKind, Reply
from pointsman.ports.models import Models

PictureOf = Callable[[str], bytes | None]
"""Finds the bytes of a picture by their sha256; None once they are gone."""

MOST_BYTES = 3 * 2**20
"""Of one picture: as base64 it stays below the 5 MB that Anthropic takes (its documentation, "Vision")."""
_LOST = "(A picture belongs here that is not kept any more.)"
_TOO_LARGE = "(A picture belongs here that is too large to be sent.)"
_DEAR = "4o-mini"
_ANTHROPIC = frozenset({ProviderKind.ANTHROPIC, ProviderKind.ANTHROPIC_BEDROCK, ProviderKind.ANTHROPIC_VERTEX})


class Sighted(Models):
    """A door that finds the pictures of a question, for a model that takes them, just before it is sent."""

    def __init__(self, models: Models, picture_of: PictureOf) -> None:
        self._models = models
        self._picture_of = picture_of

    async def ask(self, ask: Ask) -> Reply | Outage:
        """One call; see the port."""
        return await self._models.ask(await asyncio.to_thread(with_pictures, ask, self._picture_of))

    def estimate_tokens(self, ask: Ask) -> int:
        """An upper estimate, pictures included."""
        return self._models.estimate_tokens(ask)

    async def probe(self, model: Model) -> str:
        """See the port."""
        return await self._models.probe(model)

    async def close(self) -> None:
        """Close every connection."""
        await self._models.close()


def with_pictures(ask: Ask, picture_of: PictureOf) -> Ask:
    """The question as its model can take it: with the bytes of its pictures, or without pictures.

    What is gone or too large is said in its place. The digests in the ask stay; the bytes go nowhere but to the wire.
    """
    if not any(message.images for message in ask.messages):
        return ask
    if not ask.model.images:
        return replace(ask, messages=tuple(replace(message, images=()) for message in ask.messages))
    return replace(ask, messages=tuple(_loaded(message, picture_of) for message in ask.messages))


def _loaded(message: Message, picture_of: PictureOf) -> Message:
    images: list[Image] = []
    notes: list[str] = []
    for image in message.images:
        data = picture_of(image.sha256)
        if data is None:
            notes.append(_LOST)
        elif len(data) > MOST_BYTES:
            notes.append(_TOO_LARGE)
        else:
            images.append(replace(image, data=data))
    return replace(message, text="\n".join((message.text, *notes)), images=tuple(images))


def encoded_picture(image: Image) -> str:
    """The bytes as base64."""
    return base64.b64encode(image.data).decode()


def data_uri(image: Image) -> str:
    """The bytes as an address that holds them."""
    return f"data:image/png;base64,{encoded_picture(image)}"


def tokens_of(image: Image, model: Model) -> int:
    """The most tokens that a picture comes to.

    Anthropic counts a token for 750 pixels, or for each patch of 28 by 28 (its documentation, "Vision"). OpenAI
    counts patches of 32 by 32 pixels, up to 2.46 tokens each, or 85 tokens and 170 for each tile of 512 by 512 of a
    picture made smaller, which is less; gpt-4o-mini 2,833 and 5,667 ("Images and vision"). Models behind other
    addresses cut pictures into patches of 28 pixels or more, or scale all to one size of at most 6,500 tokens.
    """
    kind = model.provider.kind
    patches = _tiles(image, 28)
    if kind in _ANTHROPIC:
        return max(-(-image.width * image.height // 750), patches) + 10
    most = max(_tiles(image, 32) * 5 // 2, 1_500)
    if _DEAR in model.id or _DEAR in model.answers_as:
        most = max(most, 2_833 + 5_667 * _tiles(image, 512))
    if kind in (ProviderKind.OPENAI, ProviderKind.AZURE_OPENAI):
        return most
    return max(most, patches, 6_500)


def _tiles(image: Image, side: int) -> int:
    return -(-image.width // side) * -(-image.height // side)
