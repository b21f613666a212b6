"""Ollama's native chat API, through the ollama package's client."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Ask, Model, Provider
from pointsman.models.adapter import Answer, Question, Trouble
from pointsman.models.encoding import encoded
from pointsman.models.ollama_wire import body_of, is_shown, remote_in, reply_of, tags_in
from pointsman.models.openai_wire import detail_of
from pointsman.models.pool import Clients, trust_for
from pointsman.models.transport import Gate, explained, origin_of

if TYPE_CHECKING:
    from ollama import AsyncClient

BYTES_PER_TOKEN_AT_MOST = 6
"""Running text and code have three to five bytes a token; a count far below that means that text was dropped."""
_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)


class _Raw:
    """Takes whatever the package parsed and forgets it: the exchange holds the bytes."""

    def __init__(self, **parsed: object) -> None:
        del parsed


class Ollama:
    """One provider of kind `ollama`. The package is imported at the first call."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._origin = origin_of(provider)
        self._base = urlsplit(provider.base_url).path.rstrip("/")
        self._clients: Clients[AsyncClient] = Clients(self._client, _closed)

    def _client(self) -> "AsyncClient":
        import ollama

        from pointsman.models.over_httpx import GovernedHttpx

        return ollama.AsyncClient(
            host=self._origin + self._base,
            headers={"authorization": "the transport sets it"},
            follow_redirects=False,
            trust_env=False,
            timeout=self._provider.timeout_seconds,
            transport=GovernedHttpx(Gate(self._provider), trust_for(self._origin)),
        )

    def question(self, ask: Ask, estimate: int) -> Question:
        body = encoded(body_of(ask, estimate))
        return Question("POST", f"{self._base}/api/chat", body, ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        return (Question("GET", f"{self._base}/api/tags", b""), self._show(model))

    def look(self, model: Model) -> Question | None:
        return self._show(model) if self._provider.perimeter is Perimeter.LOCAL else None

    def seen(self, body: bytes) -> str | Trouble:
        return remote_in(body) if is_shown(body) else Trouble(502, "the answer does not describe a model")

    def _show(self, model: Model) -> Question:
        return Question("POST", f"{self._base}/api/show", encoded({"model": model.id}))

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        names = tags_in(answers[0][1])
        if not {model.id, f"{model.id}:latest"} & names:
            return f"Ollama at {self._origin} does not have {model.id}; fetch it with `ollama pull {model.id}`."
        remote = remote_in(answers[1][1])
        if remote and self._provider.perimeter is Perimeter.LOCAL:
            return f"Ollama forwards {model.id} to {remote}, but provider {self._provider.name} is declared local."
        return ""

    def headers(self, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if key else {}

    async def send(self, question: Question) -> None:
        client = await self._clients.get()
        import httpx
        import ollama

        url = self._origin + question.path
        try:
            await client._request(_Raw, question.method, url, content=question.body)
        except (ollama.ResponseError, ConnectionError, httpx.HTTPError, ValueError, TypeError) as error:
            explained(error)

    def read(self, ask: Ask, body: bytes) -> Answer | Trouble:
        answer = reply_of(body)
        if isinstance(answer, Answer) and answer.usage and _was_cut(ask, answer.usage.input_tokens):
            return Trouble(
                400, "the prompt was cut: the input length exceeds the context length that the server gave"
            )
        return answer

    def detail(self, body: bytes) -> str:
        return detail_of(body)

    async def close(self) -> None:
        await self._clients.close()


async def _closed(client: "AsyncClient") -> None:
    # What the package's own close() does, which has no types.
    await client._client.aclose()


def _was_cut(ask: Ask, counted: int) -> bool:
    """Whether the server counted far fewer tokens than the text has, runs of one character counted as one."""
    text = "\n".join((ask.system, *(message.text for message in ask.messages)))
    if not counted or len(text) // BYTES_PER_TOKEN_AT_MOST <= counted + 64:
        return False
    return len(_RUN.sub(r"\1", text)) // BYTES_PER_TOKEN_AT_MOST > counted + 64
