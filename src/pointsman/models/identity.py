"""Whether a model may be asked where it says it lives, and whether the one that answered is the one asked."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Model, Provider, ProviderKind
from pointsman.models.transport import origin_of

_DATE = r"-(\d{8}|\d{4}-\d{2}-\d{2})"


def registered(model: Model, providers: Mapping[str, Provider]) -> Provider:
    """The provider that `model` names, as the installation knows it now. Raises OperatorMust when they differ."""
    named = model.provider
    known = providers.get(named.name)
    if known is None:
        raise _bad(f"Provider {named.name} of model {model.name} is not in the policy.", "unknown-provider")
    if _place(known) != _place(named) or origin_of(known) != origin_of(named):
        raise _bad(f"Provider {named.name} changed since model {model.name} was chosen.", "provider-changed")
    if known.kind is ProviderKind.SCRIPTED and known.perimeter is not Perimeter.LOCAL:
        raise _bad(f"Provider {named.name} is scripted, so its perimeter is local.", "bad-provider")
    if not any(fnmatchcase(model.id, pattern) for pattern in known.serves):
        raise _bad(f"Provider {named.name} may not serve {model.id}.", "not-served")
    if is_forwarded(model):
        raise _bad(
            f"Ollama forwards {model.id} to its cloud, but provider {named.name} is declared local.", "perimeter"
        )
    return known


def _place(provider: Provider) -> tuple[ProviderKind, Perimeter, str, str]:
    return provider.kind, provider.perimeter, provider.region, provider.project


def require_within(provider: Provider, within: tuple[Perimeter, ...]) -> None:
    """Nothing, or OwnerMust(perimeter) when the text of a call may not go where the provider runs.

    Policy decided so before; this asks again, of the provider as it is registered now.
    """
    if provider.perimeter not in within:
        inside = ", ".join(str(place) for place in within) or "nowhere"
        raise OwnerMust(
            f"Provider {provider.name} is {provider.perimeter}, and this text stays {inside}; nothing was sent.",
            code="perimeter",
            hint="Name a model that runs where this text may go.",
        )


def _bad(message: str, code: str) -> OperatorMust:
    return OperatorMust(message, code=code, hint="Correct the provider or the model in the policy.")


def is_forwarded(model: Model) -> bool:
    """Whether a local Ollama would send the prompt to its cloud (Ollama documentation, "Cloud models")."""
    provider = model.provider
    if provider.kind is not ProviderKind.OLLAMA or provider.perimeter is not Perimeter.LOCAL:
        return False
    return model.id.lower().endswith(("-cloud", ":cloud"))


def is_same(asked: str, served: str, kind: ProviderKind) -> bool:
    """Whether `served` is the name under which a provider answers for `asked`.

    Equal names; a name without its date (`gpt-5`, `gpt-5-2025-08-07`; `x-latest` and Anthropic's `x-0` stand for a
    dated `x`); for Ollama also `name` and `name:latest`; for a cloud also Anthropic's own id, which its answers name
    instead of the cloud's. Anything else is another model.
    """
    asked, served = asked.strip().casefold(), served.strip().casefold()
    if not served:
        return False
    if asked == served:
        return True
    if kind is ProviderKind.OLLAMA:
        return asked.removesuffix(":latest") == served.removesuffix(":latest")
    return any(_is_dated(name, served) for name in (asked, *_own_ids(asked, kind)))


def _is_dated(asked: str, served: str) -> bool:
    stem = re.sub(r"-(latest|0)$", "", asked)
    return asked == served or re.fullmatch(re.escape(stem) + _DATE, served) is not None


def _own_ids(asked: str, kind: ProviderKind) -> tuple[str, ...]:
    """Anthropic's ids of a model of a cloud (Anthropic documentation, "Models overview", ids by platform).

    `eu.anthropic.claude-x-20250929-v1:0` is `claude-x-20250929`, and so is Vertex's `claude-x@20250929`; the `-v2` of
    `claude-x-v2@20241022` is told by its date alone.
    """
    if kind is ProviderKind.ANTHROPIC_BEDROCK:
        plain = re.sub(r"-v\d+(:\d+)?$", "", asked.rpartition("anthropic.")[2])
        return plain, asked[asked.find("anthropic.") :]
    if kind is ProviderKind.ANTHROPIC_VERTEX:
        return asked.replace("@", "-"), re.sub(r"(-v\d+)?@", "-", asked)
    return ()
