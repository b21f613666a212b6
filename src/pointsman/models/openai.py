"""OpenAI's chat completions and every server that speaks them, through the openai package's low-level post."""

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pointsman.domain.models import Ask, Model, Provider
from pointsman.models.adapter import Answer, NoLook, Question, Trouble
from pointsman.models.openai_wire import detail_of, encoded_body, growing, names_in, reply_of
from pointsman.models.pool import Clients, trust_for
from pointsman.models.transport import Gate, explained, origin_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class OpenAI(NoLook):
    """One provider of kind `openai` or `openai-compatible`. The package is imported at the first call."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._origin = origin_of(provider)
        self._base = urlsplit(provider.base_url).path.rstrip("/")
        self._turns = growing()
        self._clients: Clients[AsyncOpenAI] = Clients(self._client, lambda client: client.close())

    def _client(self) -> "AsyncOpenAI":
        import openai

        from pointsman.models.over_httpx2 import governed_client

        # The package can be told by a variable to log whole requests; prompts never go to a log.
        logging.getLogger("openai").setLevel(logging.WARNING)
        seconds = self._provider.timeout_seconds
        return openai.AsyncOpenAI(
            api_key="the transport sets it",
            organization="",
            project="",
            base_url=self._origin + self._base,
            max_retries=0,
            timeout=seconds,
            http_client=governed_client(Gate(self._provider), trust_for(self._origin), seconds),
        )

    def question(self, ask: Ask, estimate: int) -> Question:
        return Question("POST", f"{self._base}/chat/completions", encoded_body(ask, self._turns), ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        return (Question("GET", f"{self._base}/models", b""),)

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        status, body = answers[0]
        names = names_in(body)
        # A server without a list of models may still answer; only a list can say that one is missing.
        if status != 200 or not names or model.id in names:
            return ""
        some = ", ".join(sorted(names)[:5])
        return f"Provider {self._provider.name} does not offer {model.id}; it offers {some}."

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    async def send(self, question: Question) -> None:
        client = await self._clients.get()
        import httpx2
        import openai

        url = self._origin + question.path
        try:
            if question.method == "GET":
                await client.get(url, cast_to=httpx2.Response)
            else:
                await client.post(url, cast_to=httpx2.Response, content=question.body)
        except openai.OpenAIError as error:
            explained(error)

    def read(self, ask: Ask, body: bytes) -> Answer | Trouble:
        return reply_of(body, ask.shape.name if ask.shape else "")

    def detail(self, body: bytes) -> str:
        return detail_of(body)

    async def close(self) -> None:
        await self._clients.close()
