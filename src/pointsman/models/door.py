"""The governed door: every call to a model is checked, paid for in advance, permitted, sent once and settled."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pointsman.domain.breaker import OutageKind
from pointsman.domain.errors import OwnerMust, PointsmanError
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Model, Outage, Permit, Price, Provider, Reply, Usage
from pointsman.models.adapter import Adapter, Answer, Question, Trouble
from pointsman.models.costs import believable, cost_usd, estimated_tokens, known_price, reserved_usd
from pointsman.models.guard import Guard, QuarantineInMemory, forwarded, unlike
from pointsman.models.holding import Holding
from pointsman.models.identity import registered, require_within
from pointsman.models.judging import bad_key, outage_of, problem_of, seconds_of
from pointsman.models.keeping import kept
from pointsman.models.kinds import adapter_for
from pointsman.models.reading import told
from pointsman.models.transport import Exchange, origin_of, permitted
from pointsman.ports.breakers import Breakers
from pointsman.ports.clock import Clock
from pointsman.ports.ledger import Ledger
from pointsman.ports.models import Models
from pointsman.ports.quarantine import Quarantine
from pointsman.ports.texts import Texts

PROBE_SECONDS = 10.0
UNREADABLE = 502
"""What adapters call an answer that is none, though the transport said 200."""
_PLAIN = {
    "content-type": "application/json",
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "pointsman",
}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """One call on its way: what was ordered, what it may cost, and its line in the ledger.

    `is_uncharged` says that the provider said no instead of answering, which nobody charges for.
    """

    ask: Ask
    provider: Provider
    adapter: Adapter
    price: Price
    estimate: int
    question: Question
    exchange: Exchange
    record: CallRecord
    started: float
    is_uncharged: bool = False


class Door(Models):
    """Asks models over the providers that the installation names; `key_of` finds a credential by its place.

    Without a `quarantine`, what is found out about a provider is forgotten with the door.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        ledger: Ledger,
        clock: Clock,
        key_of: Callable[[str], str | None],
        *,
        quarantine: Quarantine | None = None,
        breakers: Breakers | None = None,
    ) -> None:
        self._providers = dict(providers)
        self._ledger = ledger
        self._clock = clock
        self._key_of = key_of
        self._holding = Holding(breakers)
        self._texts: Texts | None = None
        self._adapters: dict[str, Adapter] = {}
        self._guard = Guard(quarantine or QuarantineInMemory(), clock)

    def keeping(self, texts: Texts) -> "Door":
        """The same door, which tells `texts` what went over the wire; how long that is kept is said of each run."""
        self._texts = texts
        return self

    async def ask(self, ask: Ask) -> Reply | Outage:
        """One call to one model, without retries; see the port."""
        call = self._ordered(replace(ask, max_output_tokens=min(ask.max_output_tokens, ask.model.max_output)))
        await self._guard.admit(call.provider)
        async with self._holding.of(call.ask, call.provider, call.exchange) as held:
            if held.outage is not None:
                return held.outage
            held.result = await self._sent_and_settled(call)
            return held.result

    async def _sent_and_settled(self, call: _Call) -> Reply | Outage:
        ask = call.ask
        call.record = await self._ledger.open_call(call.record, ask.caps, ask.repository_id)
        call.started = self._clock.monotonic()
        try:
            result = await self._asked(call)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(call, "refused", why="cancelled", cost=self._unknown_cost(call)))
            raise
        except PointsmanError as error:
            await self._settle(call, "refused", why=error.code, cost=self._unknown_cost(call))
            raise
        if isinstance(result, Outage):
            result = replace(result, seconds=self._clock.monotonic() - call.started)
            await self._settle(call, "outage", why=result.kind, cost=self._unknown_cost(call))
        else:
            await self._settle(call, "answered", why="", cost=result.cost_usd, answer=result)
        return result

    def estimate_tokens(self, ask: Ask) -> int:
        """An upper estimate of the input tokens of `ask`, without a network call."""
        return estimated_tokens(ask)

    def _adapter(self, provider: Provider) -> Adapter:
        if provider.name not in self._adapters:
            self._adapters[provider.name] = adapter_for(provider, self._clock)
        return self._adapters[provider.name]

    def _key(self, provider: Provider) -> str:
        if not provider.key:
            return ""
        key = (self._key_of(provider.key) or "").strip()
        if not key:
            raise bad_key(provider, f"Provider {provider.name} has no credential")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise bad_key(provider, f"The credential of provider {provider.name} cannot be used in a header")
        return key

    def _ordered(self, ask: Ask) -> _Call:
        """Everything that is checked before money or bytes move. Raises what stands in the way."""
        model = ask.model
        provider = registered(model, self._providers)
        require_within(provider, ask.within)
        price = known_price(model)
        estimate = estimated_tokens(ask)
        if estimate + ask.max_output_tokens > model.window:
            raise OwnerMust(
                f"The prompt for {ask.phase.value} (about {estimate} tokens) and the reply ({ask.max_output_tokens}) "
                f"do not fit into the window of {model.name} ({model.window}).",
                code="context-window",
                hint="Route this phase to a model with a larger window, or lower the limits of its route.",
            )
        adapter = self._adapter(provider)
        question = adapter.question(ask, estimate)
        reserved = reserved_usd(price, estimate, ask.max_output_tokens)
        permit = Permit(
            ask.run_id, ask.call_id, ask.phase, provider.name, origin_of(provider), model.id, reserved, ask.within
        )
        exchange = self._exchange(provider, adapter, question, permit)
        record = self._record(ask, provider, exchange, reserved)
        return _Call(ask, provider, adapter, price, estimate, question, exchange, record, 0.0)

    def _exchange(self, provider: Provider, adapter: Adapter, question: Question, permit: Permit) -> Exchange:
        headers = _PLAIN | adapter.headers(self._key(provider))
        return Exchange(permit, question.method, question.path, question.body, headers)

    def _record(self, ask: Ask, provider: Provider, exchange: Exchange, reserved: float) -> CallRecord:
        return CallRecord(
            call_id=ask.call_id,
            attempt=1,
            run_id=ask.run_id,
            phase=ask.phase,
            model=ask.model.name,
            served="",
            provider=provider.name,
            perimeter=provider.perimeter,
            origin=exchange.permit.origin,
            template=ask.template,
            state="sent",
            sent_sha256=exchange.sent_sha256,
            received_sha256="",
            input_tokens=0,
            output_tokens=0,
            reserved_usd=reserved,
            cost_usd=0.0,
            seconds=0.0,
            at=self._clock.now(),
            requester=ask.requester,
        )

    async def _asked(self, call: _Call) -> Reply | Outage:
        elsewhere = await self._looked(call)
        if elsewhere is not None:
            return elsewhere
        await _sent(call.adapter, call.question, call.exchange, call.provider.timeout_seconds)
        failed = self._failed(call, call.exchange)
        if failed is not None:
            return failed
        answer = call.adapter.read(call.ask, call.exchange.body)
        if isinstance(answer, Trouble):
            return self._troubled(call, answer)
        usage = self._counted(call, answer)
        await self._require(call, unlike(call.ask.model, call.provider, answer))
        return self._reply(call, answer, usage)

    async def _looked(self, call: _Call) -> Outage | None:
        """Look where the model runs, if that can be asked and it is time to; raises when it is elsewhere."""
        model = call.ask.model
        question = call.adapter.look(model)
        if question is None or not self._guard.is_due(model):
            return None
        exchange = await self._probed(call.provider, call.adapter, question, model)
        failed = self._failed(call, exchange)
        if failed is not None:
            return failed
        remote = call.adapter.seen(exchange.body)
        if isinstance(remote, Trouble):
            return self._troubled(call, remote)
        await self._require(call, forwarded(model, call.provider, remote))
        self._guard.looked(model)
        return None

    async def _require(self, call: _Call, error: PointsmanError | None) -> None:
        if error is not None:
            await self._guard.hold(call.provider, error, call.ask.run_id)
            raise error

    def _failed(self, call: _Call, exchange: Exchange) -> Outage | None:
        """What went wrong on the wire, if anything; raises what is no outage."""
        if exchange.refusal:
            raise exchange.refusal
        if exchange.failure:
            kind, why = exchange.failure
            return self._outage(call, kind, f"{kind} ({why})", exchange.retry_after)
        if exchange.status >= 400:
            detail = call.adapter.detail(exchange.body)
            return self._troubled(call, Trouble(exchange.status, detail), exchange.retry_after)
        return None

    def _troubled(self, call: _Call, trouble: Trouble, retry_after: str = "") -> Outage:
        call.is_uncharged = call.exchange.status >= 400 or trouble.status != UNREADABLE
        kind = outage_of(trouble.status)
        if kind is None:
            raise problem_of(
                trouble.status,
                trouble.detail,
                model=call.ask.model,
                provider=call.provider,
                sent=call.question.body,
            )
        return self._outage(call, kind, f"{kind} ({trouble.status})", retry_after or call.exchange.retry_after)

    def _outage(self, call: _Call, kind: OutageKind, what: str, retry_after: str) -> Outage:
        return Outage(
            call.ask.call_id,
            call.ask.model.name,
            call.provider.name,
            kind,
            f"Provider {call.provider.name} at {call.exchange.permit.origin} did not answer: {what}.",
            seconds_of(retry_after, self._clock.now()),
        )

    def _counted(self, call: _Call, answer: Answer) -> Usage:
        """Put into the record what the answer cost and where it says it comes from, believed or not."""
        usage = believable(answer.usage, call.ask.model, call.estimate, call.ask.max_output_tokens)
        if usage.estimated:
            _log.warning("a provider gave no usage that can be used", extra={"provider": call.provider.name})
        call.record = replace(
            call.record,
            served=answer.served,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=cost_usd(call.price, usage),
            region=answer.region,
            via=answer.via,
        )
        return usage

    def _reply(self, call: _Call, answer: Answer, usage: Usage) -> Reply:
        ask, model = call.ask, call.ask.model
        said = told(ask, answer)
        return Reply(
            call_id=ask.call_id,
            model=model.name,
            served=answer.served,
            provider=call.provider.name,
            text=answer.text,
            data=said.data,
            calls=said.calls,
            ending=said.ending,
            usage=usage,
            cost_usd=call.record.cost_usd,
            seconds=self._clock.monotonic() - call.started,
            sent_sha256=call.exchange.sent_sha256,
            received_sha256=call.exchange.received_sha256,
            lifted=said.lifted,
            salvaged=said.salvaged,
            region=answer.region,
            via=answer.via,
        )

    def _unknown_cost(self, call: _Call) -> float:
        """What to book when bytes left and nothing came that can be counted: the provider may charge for it all."""
        record = call.record
        is_counted = record.input_tokens + record.output_tokens > 0
        return record.cost_usd if is_counted or call.is_uncharged or not call.exchange.left else record.reserved_usd

    async def _settle(
        self,
        call: _Call,
        state: Literal["answered", "outage", "refused"],
        *,
        why: str,
        cost: float,
        answer: Reply | None = None,
    ) -> None:
        settled = replace(
            call.record,
            state=state,
            why=why,
            cost_usd=cost,
            received_sha256=call.exchange.received_sha256,
            seconds=self._clock.monotonic() - call.started,
        )
        await self._ledger.close_call(settled, answer)
        await kept(self._texts, settled, call.exchange)

    async def probe(self, model: Model) -> str:
        """What stands in the way of asking `model` now, in one sentence; empty when nothing does."""
        try:
            provider = registered(model, self._providers)
            await self._guard.admit(provider)
            adapter = self._adapter(provider)
            answers: list[tuple[int, bytes]] = []
            for question in adapter.probes(model):
                exchange = await self._probed(provider, adapter, question, model)
                if exchange.status in (401, 403):
                    raise bad_key(provider, f"Provider {provider.name} refused the credential ({exchange.status})")
                if exchange.status >= 500 or exchange.status == 429:
                    return f"Provider {provider.name} answers with status {exchange.status}."
                if exchange.failure:
                    return (
                        f"Provider {provider.name} does not answer at {origin_of(provider)} ({exchange.failure[0]})."
                    )
                answers.append((exchange.status, exchange.body))
        except PointsmanError as error:
            return error.message
        trouble = adapter.missing(model, tuple(answers))
        if answers:
            await self._holding.probed(model, provider, is_ready=not trouble)
        return trouble

    async def _probed(self, provider: Provider, adapter: Adapter, question: Question, model: Model) -> Exchange:
        permit = Permit(
            "", "probe", Phase.TRIAGE, provider.name, origin_of(provider), model.id, 0.0, (provider.perimeter,)
        )
        exchange = self._exchange(provider, adapter, question, permit)
        await _sent(adapter, question, exchange, min(PROBE_SECONDS, provider.timeout_seconds))
        if exchange.refusal:
            raise exchange.refusal
        return exchange

    async def close(self) -> None:
        """Close every connection; the door can be used again afterwards."""
        adapters, self._adapters = self._adapters, {}
        for adapter in adapters.values():
            await adapter.close()


async def _sent(adapter: Adapter, question: Question, exchange: Exchange, seconds: float) -> None:
    """Send under the permit and within the whole time, however slowly bytes trickle in."""
    try:
        async with asyncio.timeout(seconds):
            with permitted(exchange):
                await adapter.send(question)
    except TimeoutError:
        exchange.failure = exchange.failure or ("timeout", f"{seconds:g} seconds")
