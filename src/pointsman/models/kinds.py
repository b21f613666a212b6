"""Which adapter speaks with which kind of provider."""

from collections.abc import Callable

from pointsman.domain.models import Provider, ProviderKind
from pointsman.models.adapter import Adapter
from pointsman.models.anthropic import Anthropic
from pointsman.models.anthropic_clouds import Bedrock, Vertex
from pointsman.models.azure_openai import AzureOpenAI
from pointsman.models.ollama import Ollama
from pointsman.models.openai import OpenAI
from pointsman.models.scripted import Scripted
from pointsman.ports.clock import Clock


def adapter_for(provider: Provider, clock: Clock) -> Adapter:
    """A new adapter for a provider; kinds that are not named here speak the OpenAI API."""
    if provider.kind is ProviderKind.SCRIPTED:
        return Scripted(provider, clock)
    makers: dict[ProviderKind, Callable[[Provider], Adapter]] = {
        ProviderKind.ANTHROPIC: Anthropic,
        ProviderKind.ANTHROPIC_BEDROCK: Bedrock,
        ProviderKind.ANTHROPIC_VERTEX: Vertex,
        ProviderKind.AZURE_OPENAI: AzureOpenAI,
        ProviderKind.OLLAMA: Ollama,
    }
    return makers.get(provider.kind, OpenAI)(provider)
