"""Anthropic's Messages API, through its package's low-level post."""

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pointsman.domain.models import Ask, Model, Provider
from pointsman.models.adapter import Answer, NoLook, Question, Trouble
from pointsman.models.anthropic_wire import body_of, reply_of
from pointsman.models.encoding import encoded
from pointsman.models.openai_wire import detail_of
from pointsman.models.pool import Clients, trust_for
from pointsman.models.transport import Gate, explained, origin_of

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

VERSION = "2023-06-01"
"""The `anthropic-version` header (Anthropic API documentation, "Versions")."""


class Anthropic(NoLook):
    """One provider of kind `anthropic`. The package is imported at the first call; clouds differ in path and key."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._origin = origin_of(provider)
        self._base = urlsplit(provider.base_url).path.rstrip("/").removesuffix("/v1")
        self._clients: Clients[AsyncAnthropic] = Clients(self._client, lambda client: client.close())

    def _client(self) -> "AsyncAnthropic":
        import anthropic

        from pointsman.models.over_httpx2 import governed_client

        # The package can be told by a variable to log whole requests; prompts never go to a log.
        logging.getLogger("anthropic").setLevel(logging.WARNING)
        seconds = self._provider.timeout_seconds
        return anthropic.AsyncAnthropic(
            api_key="the transport sets it",
            base_url=self._origin + self._base,
            max_retries=0,
            timeout=seconds,
            open_telemetry=False,
            http_client=governed_client(Gate(self._provider), trust_for(self._origin), seconds),
        )

    def question(self, ask: Ask, estimate: int) -> Question:
        body = encoded(body_of(ask))
        return Question("POST", f"{self._base}/v1/messages", body, ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        return (Question("GET", f"{self._base}/v1/models/{model.id}", b""),)

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        return f"Provider {self._provider.name} has no model {model.id}." if answers[0][0] == 404 else ""

    def headers(self, key: str) -> dict[str, str]:
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    async def send(self, question: Question) -> None:
        client = await self._clients.get()
        import anthropic
        import httpx2

        url = self._origin + question.path
        try:
            if question.method == "GET":
                await client.get(url, cast_to=httpx2.Response)
            else:
                await client.post(url, cast_to=httpx2.Response, content=question.body)
        except anthropic.AnthropicError as error:
            explained(error)

    def read(self, ask: Ask, body: bytes) -> Answer | Trouble:
        return reply_of(body, ask.shape.name if ask.shape else "")

    def detail(self, body: bytes) -> str:
        return detail_of(body)

    async def close(self) -> None:
        await self._clients.close()
