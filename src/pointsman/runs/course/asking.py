"""The models as a run hands them to its phases: each call a numbered step; outages are rerouted or waited out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import TypeAdapter

from pointsman.domain.breaker import OF_ONE_MODEL
from pointsman.domain.errors import Stopped, TryAgain
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Model, Outage, Reply
from pointsman.domain.outcome import Hop
from pointsman.policy.waiting import Patience, Pause, pause_after
from pointsman.ports.models import Models
from pointsman.runs.journal import TEXT, durable
from pointsman.runs.metering import CUT_OFF, Meter, in_time

_ANSWER: TypeAdapter[Reply | Outage] = TypeAdapter(Reply | Outage)


@dataclass
class DurableModels(Models):
    """Each call a step of its own; on outage the next model of the ask's fallback, each hop remembered.

    A call whose answer was paid for, but not yet in the journal when the process died, is not made again:
    `answer_of` finds the answer where the call was settled. `rest` waits until all are asked once more.
    """

    models: Models
    run_id: str
    answer_of: Callable[[str], Awaitable[Reply | None]]
    is_served: bool = False
    rest: Callable[[Pause], Awaitable[None]] | None = None
    hops: list[Hop] = field(default_factory=list)
    counted: dict[Phase, int] = field(default_factory=dict)
    answered: dict[Phase, list[str]] = field(default_factory=dict)
    waited: dict[Phase, float] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)

    async def ask(self, ask: Ask) -> Reply | Outage:
        """The first answer among the ask's model and its fallbacks, waited for if need be.

        Raises TryAgain when all of them are out and stay so.
        """
        waits, hops = 0, list[Hop]()
        while True:
            outages: list[Outage] = []
            answer = await self._among(ask, (ask.model, *ask.fallback), outages, hops)
            if answer is None and not self.is_served:
                answer = await self._pressed(ask, outages, hops)
            if answer is not None:
                self._remember(ask.phase, answer, hops)
                return answer
            pause = pause_after(outages, self._patience(ask, waits))
            if pause is None or self.rest is None:
                self.hops.extend(hops)
                raise _all_out(ask, outages)
            waits += 1
            self.waited[ask.phase] = self.waited.get(ask.phase, 0.0) + pause.seconds
            await self.rest(pause)

    async def _among(self, ask: Ask, models: Sequence[Model], outages: list[Outage], hops: list[Hop]) -> Reply | None:
        """The first answer of these models; what the others met is added to `outages`."""
        for model in models:
            last = outages[-1] if outages else None
            if last is None and hops:
                hops.append(replace(hops[-1], from_model=hops[-1].to_model, to_model=model.name, why=_WAITED))
            elif last is not None and last.model != model.name:
                hops.append(Hop(str(ask.phase), "fallback", last.model, model.name, _why(last, ask.unfit)))
            answer = await self._once(ask.put_to(model))
            if isinstance(answer, Reply):
                return answer
            outages.append(answer)
        return None

    async def _pressed(self, ask: Ask, outages: list[Outage], hops: list[Hop]) -> Reply | None:
        """Ask those once more that were held off although nobody asked for patience: a person waits for this run,
        and may just have started one of them.
        """
        held = {outage.model for outage in outages if outage.held and outage.kind not in OF_ONE_MODEL}
        again = [model for model in (ask.model, *ask.fallback) if model.name in held]
        pressed: list[Outage] = outages[-1:]
        answer = await self._among(replace(ask, pressing=True), again, pressed, hops)
        met = {outage.model: outage for outage in (*outages, *pressed)}
        outages[:] = met.values()
        return answer

    def _patience(self, ask: Ask, waits: int) -> Patience:
        key = f"{self.run_id}:{ask.phase}:{self.counted.get(ask.phase, 0)}"
        return Patience(ask.patience, self.waited.get(ask.phase, 0.0), waits, self.is_served, key)

    def _remember(self, phase: Phase, answer: Reply, hops: list[Hop]) -> None:
        """Who answered; and the hops that led there, unless the same model stood in for the call before as well."""
        answered = self.answered.setdefault(phase, [])
        if answered[-1:] != [answer.model]:
            self.hops.extend(hops)
        answered.append(answer.model)

    async def _once(self, ask: Ask) -> Reply | Outage:
        number = self.counted.get(ask.phase, 0)
        self.counted[ask.phase] = number + 1
        numbered = replace(ask, run_id=self.run_id, call_id=f"{self.run_id}:{ask.phase}:{number}")

        estimate = self.models.estimate_tokens(numbered)
        seconds = self.meter.require(numbered, estimate)

        async def asked() -> Reply | Outage:
            known = await self.answer_of(numbered.call_id)
            if known is not None:
                return known
            late = partial(self.meter.out_of_time, numbered)
            return await in_time(lambda: self.models.ask(numbered), seconds, late)

        try:
            answer = await durable(f"ask:{ask.phase}:{ask.model.name}", _ANSWER, asked, preemptible=True)
        except Stopped as error:
            if error.code in CUT_OFF:
                self.meter.cut_off(numbered, estimate, seconds or 0.0)
            raise
        self.meter.answered(ask.phase, answer)
        return answer

    def asked(self, phase: Phase) -> tuple[str, ...]:
        """The names of the calls of a phase so far, in their order."""
        return tuple(f"{self.run_id}:{phase}:{number}" for number in range(self.counted.get(phase, 0)))

    def estimate_tokens(self, ask: Ask) -> int:
        """Pure, so no step."""
        return self.models.estimate_tokens(ask)

    async def probe(self, model: Model) -> str:
        """Whether the model can be asked, as it was the first time."""
        return await durable(f"probe:{model.name}", TEXT, lambda: self.models.probe(model))

    async def close(self) -> None:
        """The run does not own the connections."""


_WAITED = "asked again after a wait"


def _why(outage: Outage, unfit: tuple[str, ...]) -> str:
    """Without the provider's address, since hops are told to everybody who reads the change."""
    said = "was held off after earlier outages; nothing was sent" if outage.held else "did not answer"
    return f"{outage.kind}: {outage.provider} {said}{_passed_over(unfit)}"


def _passed_over(unfit: tuple[str, ...]) -> str:
    """Which fallbacks were not asked because they cannot hold the question."""
    return f"; passed over, because the question does not fit its window: {', '.join(unfit)}" if unfit else ""


def _all_out(ask: Ask, outages: list[Outage]) -> TryAgain:
    tried = "; ".join(f"{o.model}: {o.message.rstrip('.')}" for o in outages)
    soonest = min((o for o in outages if o.retry_after), key=lambda o: o.retry_after, default=None)
    then = f" The first to be tried again is {soonest.model}." if soonest and len(outages) > 1 else ""
    return TryAgain(
        f"No model could be reached for {ask.phase}: {tried}{_passed_over(ask.unfit)}.{then}",
        after=soonest.retry_after if soonest else 0.0,
        code="outage",
        hint="Start the provider or wait, then resume the run; or name a fallback in the routing file.",
    )
