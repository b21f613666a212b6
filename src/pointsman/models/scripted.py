"""Models that answer from a script on disk: for demonstrations, trials of a routing file, and tests."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pointsman.domain.breaker import OutageKind
from pointsman.domain.errors import OperatorMust
from pointsman.domain.json import JsonObject
from pointsman.domain.models import Ask, Model, Provider
from pointsman.models.adapter import Answer, NoLook, Question, Trouble
from pointsman.models.costs import estimated_tokens
from pointsman.models.scripted_wire import body_of, body_of_reply, reply_of
from pointsman.models.transport import Gate, origin_of
from pointsman.ports.clock import Clock

OUTAGES: tuple[OutageKind, ...] = ("connection", "timeout", "rate-limit", "server", "overloaded")


class Scripted(NoLook):
    """One provider of kind `scripted`; its base URL is the path of a script.

    A script maps a model's name (or `*`) to phases, a phase to a list of replies. A reply has `text`, `data`, `calls`
    or `outage`, and may have `usage` and `seconds`. The number at the end of the call id picks the reply, the last
    one when there are fewer; so a step that is repeated hears the same again.
    """

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._path = Path(provider.base_url)
        self._name = provider.name
        self._origin = origin_of(provider)
        self._gate = Gate(provider)
        self._clock = clock

    def question(self, ask: Ask, estimate: int) -> Question:
        return Question("POST", self._name, body_of(ask), ask)

    def probes(self, model: Model) -> tuple[Question, ...]:
        return ()

    def missing(self, model: Model, answers: tuple[tuple[int, bytes], ...]) -> str:
        try:
            self._phases(model)
        except OperatorMust as error:
            return error.message
        return ""

    def headers(self, key: str) -> dict[str, str]:
        return {}

    async def send(self, question: Question) -> None:
        exchange = self._gate.before(question.method, self._origin, question.body)
        if question.ask is None:
            return
        reply = self._reply(question.ask)
        seconds = reply.get("seconds", 0)
        if isinstance(seconds, int | float) and seconds > 0:
            await self._clock.sleep(float(seconds))
        outage = next((kind for kind in OUTAGES if kind == reply.get("outage")), None)
        if outage:
            exchange.left = False
            exchange.failure = (outage, "as the script says")
            return
        body = body_of_reply(reply, question.ask, estimated_tokens(question.ask))
        exchange.status, exchange.body, exchange.received_sha256 = 200, body, hashlib.sha256(body).hexdigest()

    def read(self, ask: Ask, body: bytes) -> Answer | Trouble:
        return reply_of(body)

    def detail(self, body: bytes) -> str:
        return ""

    async def close(self) -> None:
        """Nothing is open."""

    def _phases(self, model: Model) -> JsonObject:
        try:
            script: object = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise OperatorMust(f"The script of provider {self._name} cannot be read.", code="bad-script") from error
        models = script if isinstance(script, Mapping) else {}
        phases = next((models[name] for name in (model.name, model.id, "*") if name in models), None)
        if not isinstance(phases, Mapping):
            raise OperatorMust(
                f"The script of provider {self._name} has no model {model.name}.", code="unknown-model"
            )
        return phases

    def _reply(self, ask: Ask) -> JsonObject:
        replies = self._phases(ask.model).get(ask.phase.value)
        number = ask.call_id.rpartition(":")[2]
        index = int(number) if number.isdecimal() and len(number) < 9 else 0
        reply = replies[min(index, len(replies) - 1)] if isinstance(replies, list) and replies else None
        if not isinstance(reply, Mapping):
            raise OperatorMust(
                f"The script of provider {self._name} has no reply of {ask.model.name} for {ask.phase.value}.",
                code="bad-script",
            )
        return reply
