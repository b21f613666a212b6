"""Keeps providers to their word: what an answer shows, what is looked at before, and whom nobody asks any more."""

import logging
from collections.abc import Mapping

from pointsman.domain.errors import OperatorMust, PointsmanError
from pointsman.domain.ledger import Quarantined
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Model, Provider
from pointsman.models.adapter import Answer
from pointsman.models.identity import is_same
from pointsman.ports.clock import Clock
from pointsman.ports.quarantine import Quarantine

LOOK_SECONDS = 600.0
"""How long a look at where a model runs holds: an alias can be pointed elsewhere while we work."""
_log = logging.getLogger(__name__)


class QuarantineInMemory:
    """A quarantine that ends with the process, for doors that are opened without a store."""

    def __init__(self) -> None:
        self._held: dict[str, Quarantined] = {}

    async def hold(self, found: Quarantined) -> None:
        self._held.setdefault(found.provider, found)

    async def held(self) -> tuple[Quarantined, ...]:
        return tuple(self._held[name] for name in sorted(self._held))

    async def lift(self, provider: str) -> bool:
        return self._held.pop(provider, None) is not None


class Guard:
    """Knows who is in quarantine and which models were looked at; `quarantine` is what outlives this process."""

    def __init__(self, quarantine: Quarantine, clock: Clock) -> None:
        self._quarantine = quarantine
        self._clock = clock
        self._unkept: dict[str, Quarantined] = {}
        self._looked: dict[tuple[str, str], float] = {}

    async def admit(self, provider: Provider) -> None:
        """Raises OperatorMust(quarantined) when the provider is not to be asked."""
        held: Mapping[str, Quarantined] = {one.provider: one for one in await self._quarantine.held()} | self._unkept
        found = held.get(provider.name)
        if found is not None:
            raise OperatorMust(
                f"Provider {found.provider} is in quarantine since {found.since}: {found.why}",
                code="quarantined",
                hint=f"Find out why and mend it, then call `pointsman quarantine --lift {found.provider}`.",
            )

    async def hold(self, provider: Provider, error: PointsmanError, run_id: str) -> None:
        """Keep the provider from being asked. Where that cannot be written down, it holds in this process."""
        found = Quarantined(provider.name, error.code, error.message, self._clock.now(), run_id)
        _log.warning("a provider was put in quarantine", extra={"provider": provider.name, "code": error.code})
        try:
            await self._quarantine.hold(found)
        except PointsmanError:
            self._unkept[provider.name] = found
            _log.exception("a quarantine could not be written down", extra={"provider": provider.name})

    def is_due(self, model: Model) -> bool:
        """Whether it is time to look where the model runs."""
        last = self._looked.get((model.provider.name, model.id))
        return last is None or self._clock.monotonic() - last >= LOOK_SECONDS

    def looked(self, model: Model) -> None:
        """The model was seen to run where its provider stands."""
        self._looked[model.provider.name, model.id] = self._clock.monotonic()


def forwarded(model: Model, provider: Provider, remote: str) -> OperatorMust | None:
    """What speaks against a provider that says it passes the model on to `remote`; None when it may, or does not."""
    if not remote or provider.perimeter is not Perimeter.LOCAL:
        return None
    return OperatorMust(
        f"Provider {provider.name} is declared local, but it forwards {model.id} to {_shown(remote)}.",
        code="perimeter",
        hint="Remove the alias from the server (OLLAMA_NO_CLOUD=1 forbids all), or declare the provider public.",
    )


def unlike(model: Model, provider: Provider, answer: Answer) -> OperatorMust | None:
    """What an answer shows that is not as the policy says; None when it shows nothing of the kind.

    Not to be told is as bad as to be told wrongly, where the provider's kind always tells.
    """
    if not is_same(model.answers_as or model.id, answer.served, provider.kind):
        said = f"answered with {_shown(answer.served)}" if answer.served else "did not say which model answered"
        return OperatorMust(
            f"Provider {provider.name} was asked for {model.answers_as or model.id} and {said}.",
            code="served-model",
            hint="If that is the same model, write the name it answers under into its entry in the policy "
            f"(answers_as); the provider is in quarantine until `pointsman quarantine --lift {provider.name}`.",
        )
    if provider.asked_region and answer.region != provider.asked_region:
        said = f"answered from {_shown(answer.region)}" if answer.region else "did not say where it answered"
        return OperatorMust(
            f"Provider {provider.name} was asked to keep to {provider.asked_region} and {said}.",
            code="region",
            hint="Ask the vendor; the provider is in quarantine until "
            f"`pointsman quarantine --lift {provider.name}`.",
        )
    return forwarded(model, provider, answer.remote)


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:100])
